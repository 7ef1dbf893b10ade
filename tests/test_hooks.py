"""Hooks on modules: what torch's do in the same scenarios, and what their errors say."""

import collections
import json
from pathlib import Path

import numpy as np
import pytest

import nnkit as nn
from autograd_core import grad, jvp
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from tests.hook_scenarios import SCENARIOS, linear

STORED = json.loads((Path(__file__).parent / "reference" / "hooks.json").read_text())


def tensor(data, requires_grad=False):
    return nn.tensor(np.array(data, np.float32), requires_grad=requires_grad)


@pytest.mark.parametrize("name", SCENARIOS)
def test_as_in_torch(name):
    log, stored = flat(SCENARIOS[name](nn, tensor)), flat(STORED[name])
    assert list(log) == list(stored)
    for path, value in stored.items():
        near = pytest.approx(value, rel=1e-4, abs=1e-4) if type(value) is float else value
        assert log[path] == near, path


def flat(log):
    """Return a log as one dict of paths and values."""
    if isinstance(log, (list, dict)):
        pairs = log.items() if isinstance(log, dict) else enumerate(log)
        return {f"{i}/{k}": v for i, part in pairs for k, v in flat(part).items()} or {"": "empty"}
    return {"": log}


def backward(hook, kind="register_full_backward_hook"):
    layer = linear(nn, tensor)
    getattr(layer, kind)(hook)
    layer(tensor([[1.0, 2.0]], requires_grad=True)).sum().backward()


WRONG = [
    (lambda: backward(lambda m, gi, go: ()), ArgumentError, "return None or 1 gradients"),
    (lambda: backward(lambda m, gi, go: (go[0],)), ShapeError, "shape \\(1, 2\\) it gave"),
    (lambda: backward(lambda m, gi, go: (None,)), ShapeError, "it gave None"),
    (
        lambda: backward(lambda m, go: (go[0], go[0]), "register_full_backward_pre_hook"),
        ArgumentError,
        "pre-hook of Linear must return None or 1",
    ),
    (lambda: nn.ReLU().register_forward_pre_hook(3), TypeError, "a hook must be a function"),
    (lambda: nn.ReLU().register_full_backward_hook(3), TypeError, "a hook must be a function"),
]


@pytest.mark.parametrize(("call", "error", "words"), WRONG)
def test_what_a_hook_must_not_return(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_pre_hook_with_keywords_returns_both():
    layer = nn.ReLU()
    layer.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(DtypeError, match="the pair \\(args, kwargs\\)"):
        layer(tensor([1.0]))


def test_a_gradient_from_nowhere_is_refused():
    layer = linear(nn, tensor)
    layer.register_full_backward_hook(lambda m, gi, go: (go[0],))
    with pytest.raises(ArgumentError, match="none of its inputs has one"):
        layer(tensor([[1.0, 2.0]])).sum().backward()


def test_an_output_that_is_no_tuple_is_said():
    class Dict(nn.Module):
        def forward(self, x):
            return {"y": x}

    module = Dict()
    module.register_full_backward_hook(lambda m, gi, go: None)
    with pytest.warns(UserWarning, match="backward hooks of Dict are not called"):
        module(tensor([1.0], requires_grad=True))


def test_a_named_tuple_stays_one():
    Pair = collections.namedtuple("Pair", "a b")

    class Both(nn.Module):
        def forward(self, x):
            return Pair(x * 2, "word")

    module, seen = Both(), []
    module.register_full_backward_hook(lambda m, gi, go: seen.append(go[1]))
    y = module(tensor([1.0], requires_grad=True))
    y.a.sum().backward()
    assert isinstance(y, Pair) and y.b == "word"
    assert seen == [None]


def test_the_operators_call_them_too():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,))
    x = np.array([0.3, -0.4])
    slope = 1 - np.tanh(x) ** 2
    np.testing.assert_allclose(grad(lambda x: layer(x).sum())(x), 2 * slope)
    np.testing.assert_allclose(jvp(layer, (x,), (np.ones(2),))[1], slope)


def test_writing_into_what_comes_out_does_not_reach_what_went_in():
    layer = nn.Identity()
    layer.register_full_backward_hook(lambda m, gi, go: None)
    x = tensor([1.0, 2.0], requires_grad=True)
    y = layer(x)
    y *= 3
    y.sum().backward()
    assert x.tolist() == [1.0, 2.0] and x.grad.tolist() == [3.0, 3.0]


def test_no_hooks_under_no_grad():
    layer, seen = linear(nn, tensor), []
    layer.register_full_backward_hook(lambda m, gi, go: seen.append(1))
    with nn.no_grad():
        assert not layer(tensor([[1.0, 2.0]])).requires_grad
    assert not seen


def test_a_compiled_step_calls_them_each_time():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    optimizer = nn.optim.SGD(model, lr=0.1)
    x, target, seen = np.ones((4, 2), np.float32), np.zeros((4, 1), np.float32), []

    def step(x, target):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        return loss

    fast = nn.compile(step)
    for _ in range(4):
        fast(x, target)
    with model[1].register_forward_hook(lambda m, args, y: seen.append(y.shape)):
        with pytest.warns(UserWarning, match="Tanh has hooks, which are called in each step"):
            fast(x, target)
        for _ in range(4):
            fast(x, target)
    assert seen == [(4, 3)] * 5
    fast(x, target)
    assert len(seen) == 5
