"""Deep and wide graphs: no recursion, little memory, nothing left behind."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograd_core import Tensor, grad, jvp, tensor
from autograd_core.kernels import scatter
from autograd_core.rules import indexing
from tests.amounts import amount

DEPTH = amount("DEPTH", 100_000, 1_000_000)
WIDTH = amount("WIDTH", 10_000, 100_000)
NESTED = 100
FEW_FRAMES = 150  # much less than the depth, so that recursion would show


@pytest.fixture
def few_frames() -> Iterator[None]:
    """Let no recursion go deep."""
    before, frame, here = sys.getrecursionlimit(), sys._getframe(), 0
    while frame is not None:
        frame, here = frame.f_back, here + 1  # type: ignore[assignment]
    sys.setrecursionlimit(here + FEW_FRAMES)
    yield
    sys.setrecursionlimit(before)


def times_and_plus(y: Any) -> Any:
    return y * 1.0 + 1.0


def functions(y: Any) -> Any:
    return np.add(np.positive(y), np.ones(()))


def writes(y: Any) -> Any:
    y[...] = y * 1.0
    return y


def splits(y: Any) -> Any:
    return np.stack(np.split(np.stack([y, y]), 2))[0, 0]


STEPS = [times_and_plus, functions, writes, splits]


@pytest.mark.usefixtures("few_frames")
@pytest.mark.parametrize("step", STEPS, ids=lambda f: f.__name__)
def test_a_deep_chain(step: Callable[[Any], Any]) -> None:
    gc.collect()
    x = tensor(1.0, requires_grad=True)
    y = x * 1.0
    for _ in range(DEPTH // 2 if step is times_and_plus else DEPTH // 20):
        y = step(y)
    y.backward(retain_graph=True)
    assert x.grad is not None and x.grad.item() == 1.0
    del y  # the chain is freed whole, without recursion
    assert gc.collect() < 100


@pytest.mark.usefixtures("few_frames")
def test_a_deep_chain_in_forward_mode_and_at_second_order() -> None:
    def f(x: Any) -> Any:
        y = x * x
        for _ in range(DEPTH // 20):
            y = times_and_plus(y)
        return y

    assert jvp(f, (3.0,), (1.0,))[1] == 6.0
    assert grad(grad(f))(3.0) == 2.0


def test_a_deep_graph_is_freed_without_a_backward_pass() -> None:
    gc.collect()
    y = tensor(1.0, requires_grad=True)
    for _ in range(DEPTH // 5):
        y = y + 1.0
    del y
    assert gc.collect() < 100


@pytest.mark.parametrize(
    ("step", "kept"),
    [(lambda y: y + 1.0, 0), (lambda y: y * 0.5, 0), (np.tanh, 1), (lambda y: y * y, 1)],
    ids=["plus", "times", "tanh", "square"],
)
def test_memory_for_each_operation(step: Callable[[Any], Any], kept: int) -> None:
    """At most 1 kB, beyond the arrays that the derivative needs, of which none is copied."""
    count, length = 2_000, 1_000
    x = tensor(np.full(length, 0.5), requires_grad=True)
    step(step(x))  # fills what is read once from a rule
    tracemalloc.start()
    try:
        y = x
        for _ in range(count):
            y = step(y)
        used = tracemalloc.get_traced_memory()[0]
        np.sum(y).backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    array = length * 8
    assert (used - array) / count - kept * array <= 1024
    assert peak <= used + 10 * array


def test_a_wide_node() -> None:
    x = tensor(2.0, requires_grad=True)
    total = sum((x * float(i) for i in range(WIDTH)), start=tensor(0.0))
    np.stack([total, *(x for _ in range(WIDTH))]).sum().backward()
    assert x.grad is not None and x.grad.item() == WIDTH * (WIDTH - 1) // 2 + WIDTH


def test_many_leaves() -> None:
    xs = [tensor(float(i), requires_grad=True) for i in range(WIDTH)]
    np.sum(np.stack(xs) ** 2).backward()
    assert [x.grad.item() for x in xs if x.grad is not None] == [2.0 * i for i in range(WIDTH)]


def test_nested_gradients() -> None:
    f: Any = np.exp
    for _ in range(NESTED):
        f = grad(f)
    np.testing.assert_allclose(f(0.5), np.exp(0.5), rtol=1e-12)


def test_nested_mixtures_of_both_modes() -> None:
    """Few of them: forward mode calculates value and tangent, so each level doubles the work."""
    f: Any = np.exp
    for _ in range(4):
        f = grad(lambda x, f=f: jvp(f, (x,), (1.0,))[1])
    np.testing.assert_allclose(f(0.5), np.exp(0.5), rtol=1e-12)


def test_training_steps_leave_nothing_behind() -> None:
    """With the cycle collector off: on the tape, through the functions, with failures."""

    def step(i: int) -> None:
        w.grad = None
        np.mean(np.tanh(w @ w) ** 2).backward()
        grad(lambda v: np.sum(np.sin(v) * v))(np.ones(3))
        jvp(grad(np.sin), (1.0,), (1.0,))
        try:
            grad(lambda v: np.sum(v @ np.ones(4)))(np.ones(3))
        except ValueError:
            pass

    w: Tensor = tensor(np.ones((3, 3)), requires_grad=True)
    for i in range(20):
        step(i)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before, objects = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
        for i in range(amount("STEPS", 300, 10_000)):
            step(i)
        assert len(gc.get_objects()) - objects <= 100
        assert tracemalloc.get_traced_memory()[0] - before <= 2**20
    finally:
        tracemalloc.stop()
        gc.enable()


PARTS: dict[str, Any] = {  # how part t of an array (n, 3) is read
    "rows": lambda x, t: x[t],
    "numbers": lambda x, t: x[t, 1],
    "slices that overlap": lambda x, t: x[max(0, t - 2) : t + 1],
    "lists that name a row twice": lambda x, t: x[[t, t, 0]],
    "columns of rows": lambda x, t: x[t : t + 1, ::2],
}


@pytest.mark.parametrize("is_leaf", [True, False])
@pytest.mark.parametrize("name", PARTS)
def test_parts_are_added_in_place(
    name: str, is_leaf: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part of an array adds its gradient to one array, whatever their number is."""
    made, part, n = [], PARTS[name], 50
    monkeypatch.setattr(indexing, "scatter", lambda *args: made.append(1) or scatter(*args))

    def f(x: Any) -> Any:
        y, total = x if is_leaf else x * 2.0, 0.0
        for t in range(n):
            total = total + np.sum(part(y, t) ** 3) * (t + 1)
        return total + np.sum(y)

    x = np.random.default_rng(0).standard_normal((n, 3))
    found = grad(f)(x)
    assert len(made) == 1
    monkeypatch.undo()
    places, scale = np.arange(3 * n).reshape(n, 3), 1.0 if is_leaf else 2.0
    expected = np.full(3 * n, scale)
    for t in range(n):
        at = np.ravel(part(places, t))
        np.add.at(expected, at, 3 * (t + 1) * scale * (scale * x).reshape(-1)[at] ** 2)
    np.testing.assert_allclose(found, expected.reshape(n, 3), rtol=1e-12)


def test_the_gradient_of_a_part_stays_what_it_is() -> None:
    """What a hook or `.grad` got is not what the next part is added to."""
    x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    seen = []
    y = x * 1.0
    parts = [y[0], y[1:], y[0]]
    for p in parts:
        p.retain_grad()
        p.register_hook(lambda g: seen.append(np.array(g)))
    y.retain_grad()
    loss = sum(np.sum(p * (i + 2.0)) for i, p in enumerate(parts))
    loss.backward(retain_graph=True)
    first = y.grad
    np.testing.assert_array_equal(first, [6.0, 3.0, 3.0])
    assert [np.ravel(p.grad).tolist() for p in parts] == [[2.0], [3.0, 3.0], [4.0]]
    loss.backward()
    np.testing.assert_array_equal(x.grad, [12.0, 6.0, 6.0])
    assert [np.ravel(p.grad).tolist() for p in parts] == [[4.0], [6.0, 6.0], [8.0]]
    assert len(seen) == 6
