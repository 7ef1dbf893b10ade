"""Weight decay without biases and norms, by one argument."""

import numpy as np
import pytest

import nnkit as nn
from nnkit.optim import SGD, AdamW


class ScaleNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(np.ones(3))
        self.bias = nn.Parameter(np.ones(3))

    def forward(self, x):
        return x * self.weight + self.bias


def model():
    return nn.Sequential(nn.Linear(2, 3), ScaleNorm(), nn.Linear(3, 1))


NAMES = [name for name, _ in model().named_parameters()]


@pytest.mark.parametrize(
    ("no_decay", "spared"),
    [
        ("bias", ["0.bias", "1.bias", "2.bias"]),
        ("norm", ["1.weight", "1.bias"]),
        (("bias", "norm"), ["0.bias", "1.weight", "1.bias", "2.bias"]),
        (["2.*"], ["2.weight", "2.bias"]),
        (["bias", "*.bias"], ["0.bias", "1.bias", "2.bias"]),
        ((), []),
    ],
)
def test_who_is_spared(no_decay, spared):
    net = model()
    names = {id(p): name for name, p in net.named_parameters()}
    optimizer = AdamW(net, weight_decay=0.1, no_decay=no_decay)
    found = {g["weight_decay"]: [names[id(p)] for p in g["params"]] for g in optimizer.param_groups}
    assert found.pop(0.1) == [name for name in NAMES if name not in spared]
    assert found == ({0: spared} if spared else {})


def test_groups_keep_their_own_settings():
    net = model()
    groups = [
        {"params": net.get_submodule("0").named_parameters(), "lr": 0.5, "weight_decay": 0.2},
        {"params": net.get_submodule("2").named_parameters()},
    ]
    optimizer = SGD(groups, lr=0.1, weight_decay=0.1, no_decay="bias")
    found = [(g["lr"], g["weight_decay"]) for g in optimizer.param_groups]
    assert found == [(0.5, 0.2), (0.5, 0), (0.1, 0.1), (0.1, 0)]


def test_only_the_others_shrink():
    net = model()
    for p in net.parameters():
        p.grad = np.zeros(p.shape)
    before = {name: p.tolist() for name, p in net.named_parameters()}
    SGD(net, lr=0.5, weight_decay=0.5, no_decay=("bias", "norm")).step()
    for name, p in net.named_parameters():
        factor = 0.75 if name in ("0.weight", "2.weight") else 1
        np.testing.assert_allclose(p.detach(), factor * np.array(before[name], np.float32))


@pytest.mark.parametrize(
    ("params", "no_decay", "words"),
    [
        (lambda m: m.parameters(), "bias", ["by their names", "SGD(model, ...)"]),
        (lambda m: m.named_parameters(), "norm", ["Give the model itself"]),
        (lambda m: m, "blas", ["no parameter has a name like 'blas'", "0.weight, 0.bias"]),
        (lambda m: m, [nn.Linear], ["patterns of parameter names", "Linear"]),
    ],
)
def test_errors(params, no_decay, words):
    with pytest.raises(ValueError) as info:  # noqa: PT011 -- the words are checked
        SGD(params(model()), no_decay=no_decay)
    assert all(word in str(info.value) for word in words), info.value
