"""Freezing by pattern and counting: what is meant, what happens to optimisers, and the errors."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core.errors import ArgumentError, DtypeError


class Net(nn.Module):
    def __init__(self):
        self.encoder = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 3))
        self.encoder2 = nn.Linear(3, 3, bias=False)
        self.norm = nn.BatchNorm1d(3)
        self.head = nn.Linear(3, 3, bias=False)
        self.head.weight = self.encoder2.weight  # tied

    def forward(self, x):
        return self.head(self.norm(self.encoder2(self.encoder(x))))


ENCODER = ["encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias"]
MEANT = [
    ("*", [*ENCODER, "encoder2.weight", "norm.weight", "norm.bias", "head.weight"]),
    ("encoder", ENCODER),
    ("encoder.*", ENCODER),
    ("encoder*", [*ENCODER, "encoder2.weight"]),
    ("encoder.[12]", ENCODER[2:]),
    ("*.bias", ["encoder.0.bias", "encoder.1.bias", "norm.bias"]),
    ("encoder.?.bias", ["encoder.0.bias", "encoder.1.bias"]),
    (["norm.bias", "encoder.0"], [*ENCODER[:2], "norm.bias"]),
    (lambda m: m.encoder[1], ENCODER[2:]),
    (lambda m: m.head, ["encoder2.weight", "head.weight"]),
    (lambda m: [m.norm.weight, "encoder.0.bias"], ["encoder.0.bias", "norm.weight"]),
    (lambda m: m.encoder[1].parameters(), ENCODER[2:]),
]


@pytest.mark.parametrize(("pattern", "expected"), MEANT)
def test_what_a_pattern_means(pattern, expected):
    model = Net()
    given = pattern if isinstance(pattern, (str, list)) else pattern(model)
    assert nn.freeze(model, given) == expected
    frozen = {id(p) for p in model.parameters() if not p.requires_grad}
    assert frozen == {id(model.get_parameter(name)) for name in expected}
    given = pattern if isinstance(pattern, (str, list)) else pattern(model)
    assert nn.unfreeze(model, given) == expected
    assert all(p.requires_grad for p in model.parameters())


WRONG = [
    ("encodr", ArgumentError, ["'encodr'", "Did you mean 'encoder'", "encoder.0.weight"]),
    ("bias", ArgumentError, ["'encoder.0.bias'", "All of them are '*.bias'"]),
    ("encoder.0.wieght", ArgumentError, ["'encoder.0.weight'"]),
    (["encoder", "zzz"], ArgumentError, ["'zzz'", "Parameters: encoder.0.weight"]),
    ([], ArgumentError, ["the list of patterns is empty"]),
    (nn.Linear(1, 1), ArgumentError, ["this Linear is no part of the Net"]),
    (nn.ReLU(), ArgumentError, ["this ReLU has no parameters"]),
    (3, DtypeError, ["a pattern is a string", "got 3"]),
]


@pytest.mark.parametrize("call", [nn.freeze, nn.unfreeze])
@pytest.mark.parametrize(("pattern", "error", "words"), WRONG)
def test_a_pattern_that_means_nothing_changes_nothing(call, pattern, error, words):
    model = Net()
    model.norm.bias.requires_grad_(False)
    with pytest.raises(error) as caught:
        call(model, pattern)
    assert str(caught.value).startswith(call.__name__ + ": ")
    for word in words:
        assert word in str(caught.value)
    assert [p.requires_grad for p in model.parameters()].count(False) == 1


@pytest.mark.parametrize("call", [nn.freeze, nn.unfreeze, nn.count_parameters])
@pytest.mark.parametrize(("model", "words"), [(Net, r"Write Net\(\)"), (3, "got 3")])
def test_no_model_no_answer(call, model, words):
    with pytest.raises(DtypeError, match=words):
        call(model)


def test_each_number_counts_once():
    model = Net()
    assert nn.count_parameters(model) == (2 * 3 + 3) + (3 * 3 + 3) + 3 * 3 + 6
    nn.freeze(model, "encoder.0")
    assert nn.count_parameters(model, trainable=False) == 9
    assert nn.count_parameters(model, trainable=True) == nn.count_parameters(model) - 9
    assert nn.count_parameters(nn.ReLU()) == 0


@pytest.mark.parametrize("make", [nn.optim.SGD, nn.optim.Adam, nn.optim.AdamW, nn.optim.RMSprop])
def test_an_optimizer_leaves_out_what_is_frozen_and_remembers(make):
    """Freeze between backward and step, and again later: the state is that of before."""
    nn.seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    settings = {"momentum": 0.9} if make is nn.optim.SGD else {}
    optimizer = make(model.parameters(), lr=0.1, weight_decay=0.1, **settings)
    x = np.ones((4, 2), np.float32)

    def step():
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()

    step()
    frozen = [p for _, p in model[0].named_parameters()]
    before = [p.tolist() for p in frozen]
    state = [{k: np.copy(v) for k, v in optimizer.state[p].items()} for p in frozen]
    optimizer.zero_grad()
    model(x).sum().backward()
    nn.freeze(model, "0")
    optimizer.step()
    step()
    assert [p.tolist() for p in frozen] == before
    assert all(p.grad is None for p in frozen)
    for p, old in zip(frozen, state, strict=True):
        for key, value in optimizer.state[p].items():
            np.testing.assert_array_equal(value, old[key])
    nn.unfreeze(model, "0")
    step()
    assert [p.tolist() for p in frozen] != before
