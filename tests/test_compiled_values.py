"""Values of parameters that a compiled step uses besides its gradients follow the updates."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
from autograd_core import no_grad, tensor

X = np.arange(4, dtype=np.float32) + 1

DETACHED: dict[str, Callable[..., Any]] = {
    "an element of a copy": lambda p, x: p.detach().copy()[0],
    "a clone": lambda p, x: (p.detach().clone() * x).sum(),
    "a sum": lambda p, x: p.detach().sum(),
    "a norm": lambda p, x: np.linalg.norm(p.detach()),
    "a part": lambda p, x: np.exp(p.data[1:]).max() + (p.detach() * p * x).sum(),
}


def sgd(p: Any) -> Callable[[], None]:
    return nn.optim.SGD([p], lr=1e-4).step


def by_hand(p: Any) -> Callable[[], None]:
    def update() -> None:
        with no_grad():
            p.sub_(p.grad * 1e-4)

    return update


def trained(use: Callable[..., Any], make_update: Any, compiled: bool, **how: Any) -> list:
    p = nn.Parameter(np.arange(1.0, 5.0))
    update = make_update(p)

    def step(x: Any) -> Any:
        p.grad = None
        loss = (p * p * x).sum() * use(p, x)
        loss.backward()
        update()
        return loss.detach()

    run: Any = nn.compile(step, exact=True, **how) if compiled else step
    return [[run(X + k).item(), *p.tolist()] for k in range(7)]


@pytest.mark.parametrize("update", [sgd, by_hand])
@pytest.mark.parametrize("name", DETACHED)
def test_a_detached_parameter_is_that_of_the_call(name: str, update: Any) -> None:
    """Not the one that it was after the call that was recorded."""
    wanted = trained(DETACHED[name], update, False)
    np.testing.assert_array_equal(trained(DETACHED[name], update, True, fallback=False), wanted)


READ: dict[str, Callable[..., Any]] = {
    "any": lambda p, x: 2.0 if np.any(p.detach().numpy() < 0.5) else 3.0,
    "item": lambda p, x: 2.0 if p.detach()[:1].item() < 0.97 else 3.0,
    "tolist": lambda p, x: 2.0 if p.tolist()[0] < 0.97 else 3.0,
    "asarray": lambda p, x: 1.0 + np.searchsorted(np.asarray(p.detach()), 0.97),
    "in": lambda p, x: 2.0 if 1.0 in p.detach() else 3.0,
    "another Tensor": lambda p, x: np.trunc(tensor(p.detach()) + 0.05).sum(),
    "a copy": lambda p, x: 2.0 if copy.copy(p.detach().numpy())[0] < 0.97 else 3.0,
}


@pytest.mark.parametrize("update", [sgd, by_hand])
@pytest.mark.parametrize("name", READ)
def test_a_parameter_that_is_read_by_hand_and_changed(name: str, update: Any) -> None:
    """What was found in the first two calls need not be so in a later one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.CompileWarning)
        found = trained(READ[name], update, True)
    np.testing.assert_array_equal(found, trained(READ[name], update, False))


def test_a_parameter_that_is_read_by_hand_and_changed_outside() -> None:
    p = nn.Parameter(np.arange(1.0, 5.0))
    predict = nn.compile(lambda x: (p * x).detach() * (2 if p.tolist()[0] > 2 else 1))
    for k in range(5):
        p.data[0] = k
        np.testing.assert_array_equal(predict(X), p.detach().numpy() * X * (2 if k > 2 else 1))
