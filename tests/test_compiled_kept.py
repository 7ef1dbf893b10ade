"""Gradients of compiled steps that are kept, and what compiled steps return: nothing that somebody
has in hand is written again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
from autograd_core.dispatch import raw

X = np.arange(5, dtype=np.float32)


def step_of(a: Any, b: Any, optimizer: Any, way: list[str]) -> Callable[..., Any]:
    """Make what is compiled."""

    def step(x: Any) -> Any:
        if "zero inside" in way:
            optimizer.zero_grad()
        if "zeros inside" in way:
            optimizer.zero_grad(set_to_none=False)
        loss = ((a * x) ** 2).sum() + (b @ (a * x)).sum()
        loss.backward()
        if "clip inside" in way:
            nn.utils.clip_grad_norm_([a, b], 1.0)
        if "halve inside" in way:
            a.grad *= 0.5
        if "update inside" in way:
            optimizer.step()
        return loss

    return step


class Scene:
    """Two parameters, an optimizer, and what was kept of their gradients."""

    def __init__(self, way: str) -> None:
        self.a, self.b = nn.Parameter(np.ones(5)), nn.Parameter(np.full((2, 5), 2.0))
        self.both = [self.a, self.b]
        self.optimizer = nn.optim.SGD(self.both, lr=0.01, momentum=0.9)
        self.way = way.split(", ")
        self.step = step_of(self.a, self.b, self.optimizer, self.way)
        self.kept: list[Any] = []
        self.twin = nn.Parameter(np.ones(5))
        self.other = nn.optim.SGD([self.twin], lr=0.1)

    def before(self, i: int) -> None:
        """Do what comes before the step."""
        if "zero outside" in self.way or ("zero at times" in self.way and i % 3 == 0):
            self.optimizer.zero_grad()
        if "zeros outside" in self.way:
            self.optimizer.zero_grad(set_to_none=False)

    def after(self) -> None:
        """Do what comes after the step, and the look at the gradients."""
        if "clip outside" in self.way:
            nn.utils.clip_grad_norm_(self.both, 1.0)
        if "halve outside" in self.way:
            self.a.grad *= 0.5
        if "update outside" in self.way:
            self.optimizer.step()


def other_state(s: Scene) -> Any:
    s.other.state.setdefault(s.twin, {}).setdefault("kept", []).append(s.b.grad)
    return s.other.state[s.twin]["kept"][-1]


def other_gradient(s: Scene) -> Any:
    s.twin.grad = s.a.grad
    s.other.step()
    return s.twin.grad


def in_a_closure(s: Scene) -> Any:
    g = s.a.grad
    return lambda: g


def the_last_alone(s: Scene) -> Any:
    s.kept.clear()
    return s.a.grad


KEEPS: dict[str, Callable[[Scene], Any]] = {
    "a list": lambda s: [s.a.grad, s.b.grad],
    "the last alone": the_last_alone,
    "np.asarray": lambda s: np.asarray(s.a.grad),
    "numpy": lambda s: s.b.grad.numpy(),
    "a view": lambda s: s.b.grad[1:, ::2],
    "a view of the array": lambda s: s.b.grad.numpy().T[2:],
    "detach": lambda s: s.b.grad.detach(),
    "data": lambda s: s.a.grad.data,
    "a buffer": lambda s: np.asarray(memoryview(np.asarray(s.a.grad))),
    "dlpack": lambda s: np.from_dlpack(s.a.grad),
    "a closure": in_a_closure,
    "the state of another optimizer": other_state,
    "the gradient of another parameter": other_gradient,
    "one of them": lambda s: s.a.grad if len(s.kept) % 3 == 1 else 0.0,
}
WAYS = """zero inside; zero inside, update inside; zero inside, clip inside, update inside
zero inside, update outside; zero inside, clip outside, update outside; zero outside
zero inside, halve outside, update outside; zero inside, halve inside, update inside
zero outside, update inside; zero outside, update outside; zeros inside; zeros inside, update inside
zeros inside, halve outside; zeros outside, update inside; zeros outside, halve outside
accumulate; accumulate, update inside; accumulate, clip inside, update inside
accumulate, halve outside, update outside; accumulate, halve inside, update inside
zero at times; zero at times, update inside; zero at times, halve outside, update inside
zero at times, halve inside, update outside; zero at times, clip outside, update outside"""


def plainly(kept: Any) -> list[Any]:
    """Return copies of the numbers of what was kept."""
    if callable(kept):
        return plainly(kept())
    if isinstance(kept, list):
        return [a for x in kept for a in plainly(x)]
    return [np.array(kept)]


@pytest.mark.parametrize("way", [w.strip() for w in WAYS.replace("\n", ";").split(";")])
@pytest.mark.parametrize("name", KEEPS)
def test_gradients_that_are_kept_are_those_of_the_function_itself(name: str, way: str) -> None:
    """Whoever keeps a gradient has what the function as it is would have left there."""
    found = []
    for compiled in (False, True):
        s = Scene(way)
        run: Any = nn.compile(s.step, fallback=False, exact=True) if compiled else s.step
        losses = []
        for i in range(14):
            s.before(i)
            losses.append(run(X + i % 5).item())
            s.after()
            s.kept.append(KEEPS[name](s))
        found.append([losses, *plainly(s.kept), *(p.detach().numpy().copy() for p in s.both)])
    assert {r.state for r in run.recordings.values()} <= {"ready", "recorded"}
    assert len(found[0]) == len(found[1])
    for now, wanted in zip(*found, strict=True):
        np.testing.assert_array_equal(now, wanted)


@pytest.mark.parametrize("way", ["zero inside", "zeros inside", "accumulate", "zero at times"])
@pytest.mark.parametrize("looks", [1, 2, 3])
def test_who_looks_at_gradients_does_not_leave_the_short_way(way: str, looks: int) -> None:
    s = Scene(way)
    run = nn.compile(s.step, fallback=False)
    long_ways = []
    for i in range(40):
        if i == 25:
            run._call = lambda args, kwargs: long_ways.append(args)  # type: ignore[method-assign]
        s.before(i)
        run(X)
        if i % looks == 0:
            s.kept.append([p.grad for p in s.both])
    assert not long_ways


def keeping(kept: list[Any]) -> Callable[..., None]:
    """Make a hook that keeps gradients."""

    def hook(optimizer: Any, *_: Any) -> None:
        kept.append([p.grad for p in optimizer.param_groups[0]["params"]])

    return hook


def halving(optimizer: Any, *_: Any) -> None:
    optimizer.param_groups[0]["params"][0].grad *= 0.5


def replacing(optimizer: Any, *_: Any) -> None:
    p = optimizer.param_groups[0]["params"][0]
    p.grad = p.grad * 0.5


HOOKS = {
    "keeping": lambda kept: [keeping(kept)],
    "halving": lambda _kept: [halving],
    "both": lambda kept: [keeping(kept), halving, keeping(kept)],
    "replacing": lambda kept: [replacing, keeping(kept)],
}


@pytest.mark.filterwarnings("ignore::autograd_core.compiled.CompileWarning")
@pytest.mark.parametrize(
    "way",
    ["zero inside, update inside", "accumulate, update inside", "zero at times, update inside"],
)
@pytest.mark.parametrize("name", HOOKS)
def test_hooks_of_an_optimizer_in_the_step_may_keep_and_change_gradients(
    name: str, way: str
) -> None:
    """What a hook keeps is a copy, also where gradients are added up, and it would grow else."""
    found = []
    for compiled in (False, True):
        s = Scene(way)
        hooks, got, grads = HOOKS[name](s.kept), list[float](), list[Any]()
        calls = 1 + sum(hook.__name__ == "hook" for hook in hooks)
        for hook in hooks:
            s.optimizer.register_step_pre_hook(hook)
        s.optimizer.register_step_post_hook(keeping(s.kept))
        run: Any = nn.compile(s.step) if compiled else s.step
        for i in range(12):
            s.before(i)
            n = len(s.kept)
            got.append(run(X + i % 5).item())
            del s.kept[n : n + (len(s.kept) - n) // calls * calls - calls]  # compared in this call
            grads += [p.grad.numpy().copy() for p in s.both]
        found.append([np.array(got), *grads, *plainly(s.kept if "zero inside" in way else [])])
    assert len(found[0]) == len(found[1])
    for now, wanted in zip(*found, strict=True):
        np.testing.assert_array_equal(now, wanted)


class Keeps(nn.optim.Optimizer):
    """An optimizer of one's own, which remembers the last gradients themselves."""

    def __init__(self, params: Any) -> None:
        super().__init__(params, {"lr": 0.01})

    def update(self, value: Any, grad: Any, state: Any, group: Any) -> None:
        last = state.setdefault("last", [])
        value -= group["lr"] * (grad + sum(last))
        last.append(grad)
        del last[:-2]


@pytest.mark.parametrize("way", ["zero inside, update inside", "zero inside, update outside"])
def test_an_optimizer_of_ones_own_may_keep_gradients(way: str) -> None:
    found = []
    for compiled in (False, True):
        s = Scene(way)
        s.optimizer = Keeps(s.both)  # type: ignore[assignment]
        s.step = step_of(s.a, s.b, s.optimizer, s.way)
        run: Any = nn.compile(s.step, fallback=False, exact=True) if compiled else s.step
        for i in range(9):
            run(X + i)
            s.after()
        found.append([p.detach().numpy() for p in s.both])
    assert run.last.state == "ready", run.report()
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])


@pytest.mark.filterwarnings("ignore::autograd_core.compiled.CompileWarning")
@pytest.mark.parametrize("way", ["zero inside", "zeros inside", "accumulate", "zero at times"])
@pytest.mark.parametrize("array", [False, True])
def test_an_argument_that_is_the_gradient_itself(way: str, array: bool) -> None:
    found = []
    for compiled in (False, True):
        s = Scene(way)
        run: Any = nn.compile(s.step) if compiled else s.step
        got = []
        for i in range(20):
            s.before(i)
            x = s.a.grad if i in (8, 14) and s.a.grad is not None else X * 0.1 + i % 3
            got.append(run(np.asarray(x) if array else x).item())
            if i % 3:
                s.kept.append(s.a.grad)
        found.append([got, *plainly(s.kept)])
    for now, wanted in zip(*found, strict=True):
        np.testing.assert_array_equal(now, wanted)


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize("way", ["zero inside", "accumulate", "zero at times"])
def test_recordings_of_several_shapes_share_gradients(way: str, look: bool) -> None:
    found = []
    for compiled in (False, True):
        s = Scene(way)

        def first(x: Any, a: Any = s.a, b: Any = s.b, o: Any = s.optimizer, way: Any = way) -> Any:
            if way == "zero inside":
                o.zero_grad()
            loss = ((a * x) ** 2).sum() + (b @ (a * x).T).sum()
            loss.backward()
            return loss

        run: Any = nn.compile(first, fallback=False, exact=True) if compiled else first
        got = []
        for i in range(30):
            s.before(i)
            got.append(run(np.stack([X + i, X * i])[: 1 + i % 2]).item())
            if look:
                s.kept.append([s.a.grad, s.b.grad])
        found.append([got, *plainly(s.kept), s.a.grad.numpy(), s.b.grad.numpy()])
    for now, wanted in zip(*found, strict=True):
        np.testing.assert_array_equal(now, wanted)


@pytest.mark.parametrize("look", [False, True])
def test_a_second_compiled_function_uses_what_the_first_left(look: bool) -> None:
    found = []
    for compiled in (False, True):
        s = Scene("zero inside")

        def update(x: Any, s: Any = (s.a, s.b, s.optimizer)) -> Any:
            *both, optimizer = s
            nn.utils.clip_grad_norm_(both, 1.0)
            optimizer.step()
            return x + 1

        backward: Any = s.step
        if compiled:
            backward, update = nn.compile(s.step, fallback=False), nn.compile(update)
        for i in range(12):
            backward(X + i % 4)
            if look:
                s.kept.append([p.grad for p in s.both])
            update(X)
            if look:
                s.kept.append([p.grad for p in s.both])
        found.append([*plainly(s.kept), *(p.detach().numpy() for p in s.both)])
    for now, wanted in zip(*found, strict=True):
        np.testing.assert_array_equal(now, wanted)


@pytest.mark.filterwarnings("ignore::autograd_core.compiled.CompileWarning")
def test_gradients_that_leave_through_another_function_that_is_compiled() -> None:
    """It returns them, or puts them into a list: neither is recorded, and both are kept."""
    for way in ("returned", "put into a list", "as an array"):
        found = []
        for compiled in (False, True):
            s, kept = Scene("zero inside"), list[Any]()

            def look(x: Any, a: Any = s.a, kept: Any = kept, way: str = way) -> Any:
                if way != "returned":
                    kept.append(a.grad if way == "put into a list" else np.asarray(a.grad)[1:])
                return a.grad if way == "returned" else x + 1

            backward: Any = nn.compile(s.step, fallback=False) if compiled else s.step
            for i in range(12):
                backward(X + i)
                if i == 6 and compiled:
                    look = nn.compile(look)
                if i >= 6:
                    g = look(X)
                    if way == "returned":
                        kept.append(g)
            found.append(plainly(kept))
        for now, wanted in zip(*found, strict=True):
            np.testing.assert_array_equal(now, wanted)


# --- what is returned -----------------------------------------------------------------------------

RETURNED: dict[str, Callable[..., Any]] = {
    "the loss": lambda loss, _y, _a: loss,
    "results": lambda _loss, y, _a: (y.detach(), [y.detach() * 2]),
    "views of results": lambda _loss, y, _a: (y.detach()[1:], y.detach().T, y.detach().reshape(-1)),
    "a gradient": lambda _loss, _y, a: a.grad,
    "a gradient and a view of it": lambda _loss, _y, a: {"g": a.grad, "view": a.grad[::2]},
    "a constant": lambda _loss, _y, _a: (np.zeros(3), np.arange(4.0)[1:]),
    "one array twice": lambda _loss, y, a: (y.detach(), y.detach(), a.grad + 0.0, a.grad + 0.0),
    "plain arrays": lambda _loss, y, a: (y.detach().numpy() + 1, np.asarray(a.grad.detach()) * 1),
}


@pytest.mark.filterwarnings("ignore::autograd_core.compiled.CompileWarning")
@pytest.mark.parametrize("update", [False, True])
@pytest.mark.parametrize("name", RETURNED)
def test_what_is_returned_is_not_written_again(name: str, update: bool) -> None:
    found = []
    for compiled in (False, True):
        a = nn.Parameter(np.ones(5))
        optimizer = nn.optim.SGD([a], lr=0.01)

        def step(x: Any, a: Any = a, optimizer: Any = optimizer) -> Any:
            optimizer.zero_grad()
            y = nn.functional.relu(a * x[:, None] + 1.0)
            loss = (y**2).sum()
            loss.backward()
            if update:
                optimizer.step()
            return RETURNED[name](loss, y, a)

        run: Any = nn.compile(step) if compiled else step
        given = [run(X + i) for i in range(7)]
        found.append([np.array(raw(x)) for x in leaves_of(given)])
    arrays = [raw(x) for call in given for x in leaves_of(call)]
    n = len(arrays) // len(given)
    for i in range(n, len(arrays)):
        assert not any(np.shares_memory(arrays[i], a) for a in arrays[: i - i % n])
    for now, wanted in zip(*found, strict=True):
        np.testing.assert_array_equal(now, wanted)


def leaves_of(tree: Any) -> list[Any]:
    """Return the arrays in nested results."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    return [x for part in tree for x in leaves_of(part)] if type(tree) in (list, tuple) else [tree]
