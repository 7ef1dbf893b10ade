"""Gradients that a compiled function leaves behind belong to whoever changes them afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn

X = np.arange(5, dtype=np.float32)
THREES = np.full(5, 3.0, np.float32)

LOSSES: dict[str, Callable[..., Any]] = {
    "a sum": lambda a, b, x: a.sum() + (b * x).sum(),
    "a product with a number": lambda a, b, x: (a * 2.0).sum() + (b * 2.0).sum(),
    "a captured array": lambda a, b, x: a @ THREES + (b * THREES).sum() * 2.0,
    "an array that is made inside": lambda a, b, x: (a * np.full(5, 3.0, np.float32) + b).sum(),
    "equal ones": lambda a, b, x: ((a + b) * x).sum(),
    "equal constants": lambda a, b, x: (a + b).sum() * 0.5,
    "equal ones, after more": lambda a, b, x: ((a + b) ** 2 * x).sum(),
    "turned ones": lambda a, b, x: (a * x).sum() + (b[::-1] * x[::-1]).sum(),
    "one of one element": lambda a, b, x: (a[:1] + b[:1]).sum() + (a * b * x).sum(),
}


def halve(a: Any) -> None:
    a.grad *= 0.5


def forget(a: Any) -> None:
    a.grad = None


def fill(a: Any) -> None:
    a.grad.zero_()


def leave(a: Any) -> None:
    """Do nothing."""


def replace(a: Any) -> None:
    a.grad.data = a.grad.data * 0.5


def differentiate(a: Any) -> None:
    a.grad.requires_grad_()


CHANGES = {f.__name__: f for f in (halve, forget, fill, leave, replace, differentiate)}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("optimizer", ["", "SGD", "Adam"])
def test_what_is_done_to_one_gradient_is_done_to_it_alone(
    name: str, change: str, optimizer: str
) -> None:
    """Neither to that of another parameter, nor to that of the next call; also where it is always
    the same one, as of the last bias of a critic.
    """
    found = []
    for compiled in (False, True):
        a, b = nn.Parameter(np.ones(5)), nn.Parameter(np.full(5, 2.0))
        update = getattr(nn.optim, optimizer)([a, b], lr=0.1) if optimizer else None

        def step(x: Any, a: Any = a, b: Any = b, update: Any = update) -> Any:
            a.grad = b.grad = None
            loss = LOSSES[name](a, b, x)
            loss.backward()
            if update is not None:
                update.step()
            return loss

        run: Any = nn.compile(step, fallback=False, exact=True) if compiled else step
        got = []
        for k in range(6):
            loss = run(X + k).item()
            CHANGES[change](a)
            grads = [0.0 if p.grad is None else p.grad.detach().numpy().copy() for p in (a, b)]
            got.append([loss, *grads, a.detach().numpy().copy(), b.detach().numpy().copy()])
        found.append(got)
    assert run.last.state == "ready", run.report()
    for now, wanted in zip(*found, strict=True):
        for x, y in zip(now, wanted, strict=True):
            np.testing.assert_array_equal(x, y)


def test_gradients_clipped_outside_of_the_step() -> None:
    """Both biases of a recurrent layer have one gradient; each is scaled once."""
    found = []
    for compiled in (False, True):
        nn.seed(0)
        model = nn.LSTM(3, 4)
        optimizer = nn.optim.SGD(model.parameters(), lr=0.1)

        def backward(x: Any, model: Any = model, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = (model(x)[0] ** 2).sum()
            loss.backward()
            return loss

        run: Any = nn.compile(backward, fallback=False) if compiled else backward
        for seed in range(5):
            run(np.random.default_rng(seed).normal(size=(6, 2, 3)).astype(np.float32))
            nn.utils.clip_grad_norm_(model.parameters(), 0.01)
            optimizer.step()
        found.append([p.detach().numpy().copy() for p in model.parameters()])
    for now, wanted in zip(*found, strict=True):
        np.testing.assert_array_equal(now, wanted)


@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
def test_gradients_that_are_set_to_zero_are_clipped_in_each_call(clip: Any) -> None:
    """Also where those of the calls that were compared are too small for it to show."""
    found = []
    for compiled in (False, True):
        p = nn.Parameter(np.ones(5))
        optimizer = nn.optim.SGD([p], lr=0.1)

        def step(x: Any, p: Any = p, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad(set_to_none=False)
            loss = (p * x).sum()
            loss.backward()
            clip([p], 6.0)
            optimizer.step()
            return loss

        run: Any = nn.compile(step, fallback=False, exact=True) if compiled else step
        found.append([[run(X * 0.3 * k).item(), *p.tolist(), *p.grad.tolist()] for k in range(9)])
    assert [r.state for r in run.recordings.values()][-1] == "ready"
    np.testing.assert_array_equal(found[0], found[1])


def test_a_closure_for_lbfgs_can_be_compiled() -> None:
    """What L-BFGS does depends on values, but not the loss and the gradients that it asks for."""
    found = []
    for compiled in (False, True):
        p = nn.Parameter([-1.0, 2.0], dtype=np.float64)
        optimizer = nn.optim.LBFGS([p], line_search_fn="strong_wolfe")

        def closure(p: Any = p, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            loss = (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2
            loss.backward()
            return loss

        run: Any = nn.compile(closure, fallback=False, exact=True) if compiled else closure
        found.append([optimizer.step(run).item() for _ in range(3)] + p.tolist())
    assert run.last.state == "ready"
    assert found[0] == found[1]
