"""Small parameters that are updated together: the numbers are those of single updates, always."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
from nnkit.optim import flat, together
from nnkit.optim.together import Together

OPTIMIZERS = {
    "SGD": lambda ps: nn.optim.SGD(ps, lr=0.1),
    "momentum": lambda ps: nn.optim.SGD(ps, lr=0.1, momentum=0.9, weight_decay=0.01),
    "nesterov": lambda ps: nn.optim.SGD(ps, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": lambda ps: nn.optim.Adam(ps, lr=0.01),
    "amsgrad": lambda ps: nn.optim.Adam(ps, lr=0.01, amsgrad=True),
    "AdamW": lambda ps: nn.optim.AdamW(ps, lr=0.01),
    "RMSprop": lambda ps: nn.optim.RMSprop(ps, lr=0.01, momentum=0.5, centered=True),
    "Adagrad": lambda ps: nn.optim.Adagrad(ps, lr=0.01),
    "Lion": lambda ps: nn.optim.Lion(ps, lr=0.01),
    "Adafactor": lambda ps: nn.optim.Adafactor(ps, lr=0.01),
}


def parameters() -> list[nn.Parameter]:
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (4,), (2, 3, 5), (1,), (200, 100)]
    return [nn.Parameter(rng.normal(size=shape)) for shape in shapes]


def values(p: nn.Parameter) -> np.ndarray:
    return p.detach().numpy()


def run(
    make: Callable[[Any], Any], steps: int, between: Callable[..., None] | None = None
) -> tuple[list[nn.Parameter], Any]:
    params = parameters()
    optimizer = make(params)
    rng = np.random.default_rng(1)
    for step in range(steps):
        for p in params:
            g = rng.normal(size=p.shape).astype(np.float32)
            if p.requires_grad:
                p.grad = g
        if between is not None:
            between(step, params, optimizer)
        optimizer.step()
    return params, optimizer


def one_by_one(monkeypatch: pytest.MonkeyPatch, *args: Any) -> tuple[list[nn.Parameter], Any]:
    with monkeypatch.context() as patch:
        patch.setattr(Together, "rest", lambda self: self.group["params"])
        return run(*args)


def assert_same(a: tuple, b: tuple) -> None:
    for p, q in zip(a[0], b[0], strict=True):
        np.testing.assert_array_equal(values(p), values(q))
    for s, t in zip(a[1].state.values(), b[1].state.values(), strict=True):
        assert s.keys() == t.keys()
        for key in s:
            np.testing.assert_array_equal(s[key], t[key])


def is_joined(optimizer: Any) -> bool:
    return any(t.joined is not None for t in optimizer._together)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_numbers_are_the_same_to_the_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = run(OPTIMIZERS[name], 9)
    assert is_joined(joined[1]) == hasattr(type(joined[1]).update, "elementwise")
    assert_same(joined, one_by_one(monkeypatch, OPTIMIZERS[name], 9))


def later(step: int, params: list, optimizer: Any) -> None:
    group = optimizer.param_groups[0]
    if step == 4:
        group |= {"momentum": 0.5} if "momentum" in group else {}
        group |= {"amsgrad": True} if "amsgrad" in group else {}


@pytest.mark.parametrize("between", [None, later], ids=["", "a setting is switched on"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_large_parameters_go_through_in_blocks(
    name: str, between: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = one_by_one(monkeypatch, OPTIMIZERS[name], 9, between)
    monkeypatch.setattr(flat, "LARGE", 4)
    monkeypatch.setattr(flat, "BLOCK", 7)
    assert_same(one_by_one(monkeypatch, OPTIMIZERS[name], 9, between), whole)


def without_a_gradient(step: int, params: list, optimizer: Any) -> None:
    if step in (3, 4):
        params[step - 3].grad = None


def frozen(step: int, params: list, optimizer: Any) -> None:
    if step in (3, 6):
        params[0].requires_grad_(step == 6)


def bound_anew(step: int, params: list, optimizer: Any) -> None:
    if step == 4:
        params[1].data = np.ones(4, np.float32)


def written(step: int, params: list, optimizer: Any) -> None:
    if step == 4:
        with nn.no_grad():
            params[0][0] = 7.0


def another_rate(step: int, params: list, optimizer: Any) -> None:
    optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)


def loaded(step: int, params: list, optimizer: Any) -> None:
    if step == 4:
        optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))


def another_dtype(step: int, params: list, optimizer: Any) -> None:
    if step == 4:
        params[3].cast_(np.float64)
        optimizer.state[params[3]] = {
            k: v.astype(np.float64) if isinstance(v, np.ndarray) else v
            for k, v in optimizer.state[params[3]].items()
        }


def left_out(step: int, params: list, optimizer: Any) -> None:
    if step == 4:
        del optimizer.param_groups[0]["params"][1]
        del optimizer.state[params[1]]


def momentum_later(step: int, params: list, optimizer: Any) -> None:
    if step == 4 and "momentum" in optimizer.defaults:
        optimizer.param_groups[0]["momentum"] = 0.5


def handed_out(step: int, params: list, optimizer: Any) -> None:
    KEPT.append(values(params[0]))


KEPT: list[Any] = []
EVENTS = [
    without_a_gradient,
    frozen,
    bound_anew,
    written,
    another_rate,
    loaded,
    another_dtype,
    left_out,
    momentum_later,
    handed_out,
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ["SGD", "momentum", "Adam"])
def test_whatever_happens_between_two_steps(
    name: str, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = run(OPTIMIZERS[name], 9, event)
    assert_same(joined, one_by_one(monkeypatch, OPTIMIZERS[name], 9, event))


def test_memory_that_somebody_holds_stays_where_it_is() -> None:
    seen = []

    def hold(step: int, params: list, optimizer: Any) -> None:
        if step == 0:
            seen.append(params[0].detach().numpy())

    params, optimizer = run(OPTIMIZERS["SGD"], 9, hold)
    assert is_joined(optimizer)
    np.testing.assert_array_equal(seen[0], values(params[0]))


def test_a_read_only_weight_is_refused_as_ever() -> None:
    params, optimizer = run(OPTIMIZERS["Adam"], 5)
    before = [values(p).copy() for p in params]
    params[2]._value.flags.writeable = False
    with pytest.raises(Exception, match="read-only"):
        optimizer.step()
    for p, old in zip(params, before, strict=True):
        np.testing.assert_array_equal(values(p), old)


def test_large_parameters_keep_their_own_memory() -> None:
    params, optimizer = run(OPTIMIZERS["SGD"], 5)
    (found,) = optimizer._together
    assert params[4].size > together.SMALL
    assert [p is params[4] for p in found.others] == [True]
    assert all(p._value.base is found.flat.memory for p in params[:4])
    assert params[4]._value.base is not found.flat.memory


def test_a_graph_that_saved_a_weight_notices_the_step() -> None:
    params, optimizer = run(OPTIMIZERS["SGD"], 5)
    loss = (params[0] * params[0]).sum()
    optimizer.step()
    with pytest.raises(Exception, match="overwritten between the forward and the backward pass"):
        loss.backward()


def test_a_compiled_step_after_eager_ones_and_before_them() -> None:
    def train(compiled: bool) -> list[np.ndarray]:
        nn.seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
        x, y = np.ones((5, 3), np.float32), np.zeros((5, 1), np.float32)

        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

        quick = nn.compile(step) if compiled else step
        for f in (step, quick, step, quick):
            for _ in range(5):
                f(x, y)
        return [values(p).copy() for p in model.parameters()]

    for a, b in zip(train(True), train(False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_compiled_step_notices_that_one_parameter_had_no_step_meanwhile() -> None:
    def train(compiled: bool) -> list[np.ndarray]:
        nn.seed(0)
        model = nn.Linear(3, 1)
        optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
        x, y = np.ones((5, 3), np.float32), np.zeros((5, 1), np.float32)

        def gradients(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            return loss

        def step(x: Any, y: Any) -> Any:
            loss = gradients(x, y)
            optimizer.step()
            return loss

        quick = nn.compile(step) if compiled else step
        for alone in (False, True, False):
            for _ in range(4):
                if alone:
                    gradients(x, y)
                    model.bias.grad = None
                    optimizer.step()
                else:
                    quick(x, y)
        return [values(p).copy() for p in model.parameters()]

    for a, b in zip(train(True), train(False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_a_large_parameter_whose_state_lies_in_another_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flat, "LARGE", 6)
    results = []
    for turned in (False, True):
        p = nn.Parameter(np.arange(6.0).reshape(2, 3))
        optimizer = nn.optim.SGD([p], lr=0.1, momentum=0.9)
        for step in range(4):
            p.grad = np.arange(6.0).reshape(2, 3) + step
            optimizer.step()
            if turned:
                optimizer.state[p] |= {
                    k: np.asfortranarray(v)
                    for k, v in optimizer.state[p].items()
                    if isinstance(v, np.ndarray)
                }
        results.append(values(p))
    np.testing.assert_array_equal(*results)
