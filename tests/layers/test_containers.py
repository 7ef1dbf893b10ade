"""Containers of modules and of parameters: a dict is a dict, a list a list, and all is learned."""

import copy

import numpy as np
import pytest

import nnkit as nn
from autograd_core import tensor


def dictionary():
    return nn.ModuleDict({"a": nn.Linear(2, 3), "b": nn.ReLU()})


def test_module_dict_is_a_dict():
    parts = dictionary()
    a, b = parts["a"], parts["b"]
    assert (len(parts), list(parts), "a" in parts, "c" in parts) == (2, ["a", "b"], True, False)
    assert list(parts.items()) == [("a", a), ("b", b)]
    assert list(parts.values()) == [a, b]
    parts["c"] = nn.Tanh()
    parts["a"] = new = nn.Linear(1, 1)
    assert parts["a"] is new
    assert parts.pop("b") is b
    parts.update([("d", nn.Sigmoid())])
    assert list(parts.keys()) == ["a", "c", "d"]
    del parts["c"]
    parts.clear()
    assert len(parts) == 0


def test_what_is_in_a_module_dict_is_learned_and_saved():
    parts = dictionary()
    assert [name for name, _ in parts.named_parameters()] == ["a.weight", "a.bias"]
    other = dictionary()
    other.load_state_dict(parts.state_dict())
    assert (other["a"].weight == parts["a"].weight).all()
    assert parts.eval()["b"].training is False


def test_parameter_list_is_a_list():
    weights = nn.ParameterList([np.zeros(2), nn.Parameter([1.0])])
    assert [p.shape for p in weights] == [(2,), (1,)]
    weights.append(np.ones((1, 2))).extend([np.ones(3)])
    assert len(weights) == 4
    assert weights[-1].shape == (3,)
    assert [p.shape for p in weights[1:3]] == [(1,), (1, 2)]
    weights[0] = np.full(5, 2.0)
    assert weights[0].shape == (5,)
    assert [name for name, _ in weights.named_parameters()] == ["0", "1", "2", "3"]
    assert all(isinstance(p, nn.Parameter) and p.dtype == np.float32 for p in weights)


def test_parameter_dict_is_a_dict():
    weights = nn.ParameterDict({"a": np.zeros(2)})
    weights["b"] = np.ones(3)
    weights.update({"c": nn.Parameter([1.0])})
    assert list(weights) == ["a", "b", "c"] == weights.keys()
    assert ("b" in weights, weights.get("z"), len(weights)) == (True, None, 3)
    assert weights.pop("b").shape == (3,)
    assert [k for k, _ in weights.items()] == ["a", "c"]
    assert list(weights.state_dict()) == ["a", "c"]
    weights.clear()
    assert len(weights.values()) == 0
    assert repr(weights) == "ParameterDict()"


def test_parameters_in_containers_learn():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scales = nn.ParameterList([np.ones(1), np.ones(1)])
            self.shift = nn.ParameterDict({"x": np.zeros(1)})

        def forward(self, x):
            return x * self.scales[0] * self.scales[1] + self.shift["x"]

    net = Net()
    (net(np.array([2.0], np.float32)) ** 2).sum().backward()
    grads = {name: p.grad.item() for name, p in net.named_parameters()}
    assert grads == {"scales.0": 8.0, "scales.1": 8.0, "shift.x": 4.0}
    twin = copy.deepcopy(net)
    assert list(twin.state_dict()) == list(net.state_dict())


@pytest.mark.parametrize(
    ("sizes", "shape", "expected"),
    [
        ((1, (3, 4)), (2, 12), (2, 3, 4)),
        ((-1, (2, -1)), (5, 6), (5, 2, 3)),
        ((0, [2, 1, 2]), (4, 3), (2, 1, 2, 3)),
        ((1, (0, 3)), (2, 0), (2, 0, 3)),
    ],
)
def test_unflatten(sizes, shape, expected):
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    y = nn.Unflatten(*sizes)(x)
    np.testing.assert_array_equal(y, x.reshape(expected))
    start = sizes[0] % len(shape)
    np.testing.assert_array_equal(nn.Flatten(start, start + len(sizes[1]) - 1)(y), x)


def test_lambda_in_a_sequential():
    model = nn.Sequential(nn.Lambda(lambda x: x.reshape(len(x), -1)), nn.Linear(4, 1))
    assert model(np.ones((3, 2, 2))).shape == (3, 1)
    assert repr(nn.Lambda(np.tanh)) == "Lambda(tanh)"
    assert nn.Lambda(lambda x, y: x + y)(1, y=2) == 3


MISTAKES = [
    (lambda: dictionary()["c"], KeyError, ["no module 'c'", "a, b"]),
    (lambda: nn.ModuleDict({"a": 3}), TypeError, ["ModuleDict holds modules", "'a'", "got 3"]),
    (lambda: nn.ModuleDict({"a": nn.ReLU}), TypeError, ["ReLU()"]),
    (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), ValueError, ["without dots"]),
    (lambda: nn.ModuleDict({"keys": nn.ReLU()}), ValueError, ["attribute 'keys'"]),
    (lambda: dictionary()(1), NotImplementedError, ["ModuleDict only holds"]),
    (lambda: nn.ParameterList([1, 2]), TypeError, ["ParameterList", "place 0", "got 1"]),
    (lambda: nn.ParameterList([])[0], IndexError, ["has 0 parameters", "index 0"]),
    (lambda: nn.ParameterDict({"a": "x"}), TypeError, ["ParameterDict", "'a'", "'x'"]),
    (lambda: nn.ParameterDict()["a"], KeyError, ["no parameter 'a'", "none"]),
    (lambda: nn.ParameterList([])(1), NotImplementedError, ["only holds parameters"]),
    (lambda: nn.Lambda(3), TypeError, ["Lambda needs a function", "got 3"]),
    (lambda: nn.Unflatten(1, (2, 5))(np.ones((2, 12))), ValueError, ["(2, 12)", "(2, 5)"]),
    (lambda: nn.Unflatten(1, (5, -1))(np.ones((2, 12))), ValueError, ["(2, 12)", "(5, -1)"]),
    (lambda: nn.Unflatten(3, (2,))(np.ones((2, 2))), ValueError, ["no axis 3"]),
    (lambda: nn.Unflatten(1, (-1, -1)), ValueError, ["one may be -1"]),
    (lambda: nn.Bilinear(2, 0, 1), ValueError, ["Bilinear: in2_features", "got 0"]),
    (
        lambda: nn.Bilinear(2, 3, 1)(np.ones((4, 2)), np.ones((4, 2))),
        ValueError,
        ["(4, 2) and (4, 2)", "(1, 2, 3)"],
    ),
    (lambda: nn.Dropout2d()(np.ones((2, 3))), ValueError, ["dropout2d", "3 or 4 axes", "(2, 3)"]),
    (lambda: nn.AlphaDropout(-0.1), ValueError, ["between 0 and 1", "-0.1"]),
    (lambda: nn.FeatureAlphaDropout()(np.ones(3)), ValueError, ["(N, C, ...)", "(3,)"]),
]


@pytest.mark.parametrize(("call", "kind", "words"), MISTAKES)
def test_the_message_helps(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleList])
def test_a_module_can_be_taken_out(kind):
    parts = [nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)]
    box = kind(*parts) if kind is nn.Sequential else kind(parts)
    assert box.pop() is parts[2] and box.pop(0) is parts[0]
    assert [name for name, _ in box.named_children()] == ["0"] and box[0] is parts[1]
    with pytest.raises(IndexError, match="1 modules; index 3"):
        box.pop(3)


def test_a_dict_of_parameters_does_what_dicts_do():
    box = nn.ParameterDict.fromkeys(["a", "b"], np.ones(2))
    assert box["a"] is not box["b"]
    twin = box.copy()
    assert twin["a"] is box["a"] and list(twin) == ["a", "b"]
    assert box.setdefault("a", np.zeros(3)) is twin["a"]
    assert box.setdefault("c", np.zeros(3)).shape == (3,)
    assert box.popitem()[0] == "c" and list(box) == ["a", "b"] == list(twin)
    with pytest.raises(KeyError, match="it has: none"):
        nn.ParameterDict().popitem()


def test_relu_waits_for_the_pooling_unless_somebody_looks():
    x = np.round(np.random.default_rng(0).normal(size=(3, 2, 7, 6)))  # with ties, many at 0
    relu, pool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
    sizes = []

    def look(module, args, output):
        sizes.append(args[0].shape[2:])

    def run(model):
        t = tensor(x, requires_grad=True)
        y = model(t)
        (y * np.arange(y.size).reshape(y.shape)).sum().backward()
        return y.detach().numpy(), t.grad.numpy()

    swapped = run(nn.Sequential(nn.Identity(), relu, pool, nn.Identity()))
    with relu.register_forward_hook(look), pool.register_forward_hook(look):
        written = run(nn.Sequential(nn.Identity(), relu, pool, nn.Identity()))
    assert sizes == [(7, 6), (7, 6)]
    for a, b in zip(swapped, written, strict=True):
        np.testing.assert_array_equal(a, b)
    relu.forward = np.abs
    np.testing.assert_array_equal(nn.Sequential(relu, pool)(x), pool(np.abs(x)))


def test_relu_does_not_wait_where_the_order_counts():
    relu, pool = nn.ReLU(), nn.MaxPool1d(2)
    whole = np.arange(-4, 4).reshape(1, 1, 8)
    np.testing.assert_array_equal(nn.Sequential(relu, pool)(whole), pool(relu(whole)))
    # the only window lies in the padding
    wide = nn.MaxPool1d(2, stride=1, padding=1, dilation=2)
    one = np.ones((1, 1, 1))
    assert nn.Sequential(relu, wide)(one).item() == wide(relu(one)).item() == -np.inf
