"""What a compiled function reaches without being given it: a change is noticed."""

from __future__ import annotations

import array
import collections
import contextlib
import contextvars
import threading
import types
import warnings
import weakref
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


class Meta(type):
    factor = 2.0


class Scaled(metaclass=Meta):
    """What has no attributes of its own."""


INNER: dict[str, float] = {}
KEPT = Attributes()


def local() -> Any:
    made = threading.local()
    made.factor = 2.0
    return made


def scales() -> Any:
    made = contextvars.ContextVar[list[float]]("scales")
    made.set(twins())
    return made


def in_order(x: Any) -> list[Any]:
    return [v + k for k, v in enumerate(x.values())]


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
    "the sign of a zero": (
        lambda: [2.0, 0.0],
        lambda x: [x[0], np.copysign(1.0, x[1])],
        lambda x: x.__setitem__(1, -0.0),
    ),
    "the order of a dict": (
        lambda: {"a": 2.0, "b": 3.0},
        in_order,
        lambda x: x.__setitem__("a", x.pop("a")),
    ),
    "the order of an ordered dict": (
        lambda: collections.OrderedDict(a=2.0, b=3.0),
        in_order,
        lambda x: x.move_to_end("a"),
    ),
    "what a proxy shows": (
        lambda: (types.MappingProxyType(INNER), INNER.update(a=2.0))[0],
        lambda x: x.values(),
        lambda x: INNER.update(a=3.0),
    ),
    "memory": (
        lambda: memoryview(bytearray([2, 2])),
        list,
        lambda x: x.__setitem__(0, 3),
    ),
    "a context variable": (
        lambda: contextvars.ContextVar("scale", default=2.0),
        lambda x: [x.get()],
        lambda x: x.set(3.0),
    ),
    "a context variable of lists": (
        scales,
        lambda x: x.get(),
        lambda x: x.get().append(3.0),
    ),
    "an attribute of a thread": (local, attribute, change("factor", 3.0)),
    "an attribute by its name": (
        lambda: (type("Named", (), {"gain": 2.0}), "gain"),
        lambda x: [getattr(*x)],
        lambda x: setattr(*x, 3.0),
    ),
    "an attribute of a class of a class": (
        lambda: Scaled,
        attribute,
        lambda x: change("factor", 3.0)(Meta),
    ),
    "a weak reference": (
        lambda: weakref.ref(KEPT),
        lambda x: [x().factor],
        lambda x: change("factor", 3.0)(KEPT),
    ),
    "a weak proxy": (
        lambda: weakref.proxy(KEPT),
        attribute,
        lambda x: change("factor", 4.0)(KEPT),
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
    with warnings.catch_warnings(action="ignore") if "weak" in name else contextlib.nullcontext():
        for _ in range(4):
            before = step(x)
    assert "recorded" in step.report() or "weak" in name, step.report()
    act(captured)
    expected = function(x)
    assert not np.array_equal(before, expected)
    for _ in range(4):
        np.testing.assert_array_equal(step(x), expected)


class Base:
    scale = 2.0


class Rule(Base):
    limits = [2.0]

    def scaled(self, x: Any) -> Any:
        return x * FACTORS[0] * self.scale * self.limit

    @property
    def limit(self) -> float:
        return self.limits[0]

    @staticmethod
    def shifted(x: Any, by: float = 2.0) -> Any:
        return x - by

    @classmethod
    def made(cls, x: Any) -> Any:
        return x * cls.scale

    def unused(self) -> Any:
        return HUGE


FACTORS = [2.0]
HUGE = np.zeros(200_000)
things = types.ModuleType("things")
exec("scale = 2.0\ndef scaled(x): return x * scale", vars(things))
things.inner = types.ModuleType("things.inner")  # type: ignore[attr-defined]
things.inner.scale = 2.0


def with_default(x: Any, by: float = 2.0, *, times: float = 2.0) -> Any:
    return (x - by) * times * with_default.scale  # type: ignore[attr-defined]


def other_code(x: Any, by: float = 2.0, *, times: float = 2.0) -> Any:
    return x + by


with_default.scale = 2.0  # type: ignore[attr-defined]
raw_bytes = array.array("d", [2.0])
rule = Rule()
Definitions = tuple[Callable[[Any], Any], Any, str, Any]
OF_CODE: dict[str, Definitions] = {
    "a class attribute": (lambda x: x * Rule.scale, Base, "scale", 3.0),
    "one of an instance": (lambda x: x * rule.scale, Base, "scale", 3.0),
    "one that hides that of a base": (lambda x: x * rule.scale, Rule, "scale", 3.0),
    "a method": (lambda x: rule.scaled(x), Rule, "scaled", lambda self, x: x),
    "what a method uses": (lambda x: rule.scaled(x), FACTORS, "0", 3.0),
    "what a property uses": (lambda x: rule.scaled(x), Rule.limits, "0", 3.0),
    "a static method": (lambda x: Rule.shifted(x), Rule.shifted, "__defaults__", (3.0,)),
    "a class method": (lambda x: Rule.made(x), Base, "scale", 3.0),
    "by name": (lambda x: x * getattr(rule, "scale"), Base, "scale", 3.0),  # noqa: B009
    "a module": (lambda x: things.scaled(x), things, "scale", 3.0),
    "a module in a module": (lambda x: x * things.inner.scale, things.inner, "scale", 3.0),
    "defaults": (lambda x: with_default(x), with_default, "__defaults__", (3.0,)),
    "keyword defaults": (lambda x: with_default(x), with_default, "__kwdefaults__", {"times": 3.0}),
    "an attribute of a function": (lambda x: with_default(x), with_default, "scale", 3.0),
    "code": (lambda x: with_default(x), with_default, "__code__", other_code.__code__),
    "bytes": (lambda x: x * raw_bytes[0], raw_bytes, "0", 3.0),
}


@pytest.mark.parametrize("name", OF_CODE)
def test_a_change_of_classes_modules_and_functions_takes_effect(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, owner, key, value = OF_CODE[name]
    x, step = np.array([1.0, -3.0]), compile(function)
    with warnings.catch_warnings(action="ignore") if "weak" in name else contextlib.nullcontext():
        for _ in range(4):
            before = step(x)
    assert "recorded" in step.report() or "weak" in name, step.report()
    if key == "0":
        old, owner[0] = owner[0], value
    else:
        monkeypatch.setattr(owner, key, value)
    expected = function(x)
    assert not np.array_equal(before, expected)
    for _ in range(4):
        np.testing.assert_array_equal(step(x), expected)
    if key == "0":
        owner[0] = old


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


# What a cell of a notebook defines, and what stands under these names when it runs again.
CELLS: dict[str, tuple[str, str]] = {
    "its own name is that of a method": ("def sum(x):\n    return x.sum() * factor", "sum"),
    "a counter has the name of a method": ("def f(x):\n    return x.sum() * factor", "sum = i"),
    "a result has the name of a key": (
        "def f(x):\n    return {'loss': x.sum() * factor}['loss']",
        "loss = result",
    ),
    "a module has the name of an attribute": ("def f(x):\n    return x.T.sum() * factor", "T = i"),
    "it calls another compiled one": (
        "@compile\ndef g(x):\n    return x.sum() * factor\n\ndef f(x):\n    return g(x)",
        "g(x[:2])",
    ),
    "its global is found by text": (
        "def f(x):\n    return x.sum() * globals()['factor']",
        "pass",
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_only_variables_that_are_looked_up_are_watched(name: str) -> None:
    cell, after_each_call = CELLS[name]
    x = np.arange(4.0)
    space: dict[str, Any] = {"compile": compile, "factor": 2.0, "x": x}
    exec(cell, space)
    function = "sum" if "sum(x):" in cell else "f"
    space[function] = step = compile(space[function])
    for i in range(5):
        space |= {"i": i, "result": step(x)}
        assert space["result"] == 12.0
        exec(after_each_call, space)
    assert "runs as it is" not in step.report(), step.report()
    assert step.last is not None
    assert step.last.renewed == 0  # nothing was recorded anew
    space["factor"] = 3.0
    assert step(x) == 18.0
    assert step(x) == 18.0
