"""What a compiled function reaches without being given it: a change is noticed."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_core import compile, tensor


class Slots:
    __slots__ = ("factor",)

    def __init__(self) -> None:
        self.factor = 2.0


class Attributes(dict):
    """A dict with attributes."""

    factor = 2.0


def attribute(x: Any) -> list[Any]:
    return [x.factor]


def attribute_and_items(x: Any) -> list[Any]:
    return [x.factor, *x.values()]


def change(name: str, value: Any) -> Callable[[Any], None]:
    return lambda x: setattr(x, name, value)


def twins() -> list[float]:
    return [2.0, 2.0]


CAPTURED: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "a list grows": (twins, list, lambda x: x.append(3.0)),
    "a list shrinks": (twins, list, lambda x: x.pop()),
    "an item of a list": (twins, list, lambda x: x.__setitem__(1, 3.0)),
    "a list in a tuple": (lambda: ([2.0],), lambda x: x[0], lambda x: x[0].append(3.0)),
    "a dict grows": (lambda: {"a": 2.0}, lambda x: x.values(), lambda x: x.update(b=3.0)),
    "an item of a dict": (lambda: {"a": 2.0}, lambda x: x.values(), lambda x: x.update(a=3.0)),
    "another key": (
        lambda: {1: 2.0},
        lambda x: list(x),
        lambda x: (x.pop(1), x.__setitem__(5, 2.0)),
    ),
    "a set grows": (lambda: {2.0}, list, lambda x: x.add(3.0)),
    "another member of a set": (lambda: {2.0}, list, lambda x: (x.clear(), x.add(3.0))),
    "a deque": (lambda: collections.deque([2.0]), list, lambda x: x.append(3.0)),
    "a deque that is full": (
        lambda: collections.deque([2.0, 2.0], 2),
        list,
        lambda x: x.append(3.0),
    ),
    "a default dict": (
        lambda: collections.defaultdict(float, a=2.0),
        lambda x: x.values(),
        lambda x: x.update(b=3.0),
    ),
    "an attribute of a dict": (
        lambda: Attributes(a=2.0),
        attribute_and_items,
        change("factor", 3.0),
    ),
    "a slot": (Slots, attribute, change("factor", 3.0)),
    "a slot in a list": (
        lambda: [Slots()],
        lambda x: [x[0].factor],
        lambda x: change("factor", 3.0)(x[0]),
    ),
}


@pytest.mark.parametrize("name", CAPTURED)
def test_a_change_of_what_is_captured_takes_effect(name: str) -> None:
    make, numbers_of, act = CAPTURED[name]
    captured = make()

    def function(x: Any) -> Any:
        for number in numbers_of(captured):
            x = x * number
        return x

    x, step = np.array([1.0, -3.0]), compile(function)
    for _ in range(4):
        before = step(x)
    assert "recorded" in step.report(), step.report()
    act(captured)
    expected = function(x)
    assert not np.array_equal(before, expected)
    for _ in range(4):
        np.testing.assert_array_equal(step(x), expected)


@pytest.mark.parametrize("is_earlier", [True, False])
def test_a_hook_of_a_leaf_that_is_registered_later_is_called(is_earlier: bool) -> None:
    w = tensor([1.0, 2.0], requires_grad=True)
    if is_earlier:  # there is a place for hooks already
        w.register_hook(lambda g: None).remove()

    def function(x: Any) -> Any:
        w.grad = None
        (w * x).sum().backward()
        return w.grad

    x, step = np.array([1.0, -3.0]), compile(function)
    for _ in range(4):
        np.testing.assert_array_equal(step(x).numpy(), x)
    handle = w.register_hook(lambda g: g * 10)
    for _ in range(4):
        np.testing.assert_array_equal(step(x).numpy(), 10 * x)
    handle.remove()
    for _ in range(4):
        np.testing.assert_array_equal(step(x).numpy(), x)
