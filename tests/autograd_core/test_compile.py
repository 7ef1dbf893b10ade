"""`compile`: each operation of the sample table gives compiled what it gives eagerly."""

from __future__ import annotations

import contextlib
import itertools
import re
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_core import (
    Compiled,
    absorbing_zeros,
    blocks,
    compile,
    grad,
    hessian,
    layout,
    records,
    script,
    tensor,
    value_and_grad,
    vjp,
)  # fmt: skip
from autograd_core.trees import flatten
from tests.ops import SAMPLES, Sample


def leaves_of(tree: Any) -> list:
    return [np.asarray(x) for x in flatten(tree)[0]]


def value_and_pullback(op: Sample) -> Any:
    """Make the function that gives the value and the gradients of a weighted sum of it."""

    def run(*xs: np.ndarray) -> Any:
        y, pull = vjp(op, *xs)
        leaves, rebuild = flatten(y)
        rng = np.random.default_rng(1)
        return y, pull(rebuild([rng.normal(size=np.shape(v)).astype(v.dtype) for v in leaves]))

    return run


def results(f: Any, *args: Any) -> Any:
    try:
        with np.errstate(all="ignore"):
            return leaves_of(f(*args))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("op", SAMPLES, ids=lambda op: op.id)
def test_value_and_gradient_of_each_operation(op: Sample) -> None:
    eager = value_and_pullback(op)
    compiled = compile(eager)
    for seed in (0, 0, 1, 2):
        xs = op.draw(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got, wanted = results(compiled, *xs), results(eager, *xs)
        if isinstance(wanted, type):
            assert got is wanted
            continue
        assert len(got) == len(wanted)
        for a, b in zip(got, wanted, strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape
            # a product of two complex numbers rounds otherwise than one of two arrays
            rtol = 1e-14 if a.dtype.kind == "c" else 0
            np.testing.assert_allclose(a, b, rtol=rtol, atol=0)
    assert isinstance(compiled, Compiled)


def expression(x: Any) -> Any:
    return np.sum(np.tanh(x) * np.exp(-(x**2)) + np.log1p(x**2)) / np.size(x)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", [(300_007,), (3, 200, 500)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_chains_over_large_arrays(
    shape: tuple[int, ...], dtype: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut into blocks, gradients stay what they are; only a sum is added up in another order."""
    monkeypatch.setattr(blocks, "threads_allowed", lambda: threads)
    monkeypatch.setattr(blocks, "SHARED", 0)
    eager = value_and_grad(expression)
    compiled = compile(eager)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(size=shape).astype(dtype)
        (value, gradient), (expected, right) = compiled(x), eager(x)
        np.testing.assert_allclose(value, expected, rtol=1e-6 if dtype == "float32" else 1e-14)
        np.testing.assert_array_equal(gradient, right)
    assert "blocks of" in compiled.source


SEVERAL: dict[str, Any] = {  # results of a chain, and for how many others there is more memory
    "the last of all": (lambda x: np.exp(-np.square(np.tanh(x) * x)) + x, 0),
    "one that is read afterwards": (lambda x: (y := np.tanh(x), np.exp(-y) * x + y), 0),
    "two at the end": (lambda x: ((y := np.sin(x) * 0.5) + x, np.cos(y) - x), 0),
    "of another dtype": (lambda x: np.sin(np.cos(x)) * x > 0.1, 1),
    "chosen": (lambda x: np.where(np.sin(x * x) > 0, np.cos(x + 1.0), x), 1),
}


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("threads", [1, 2])
def test_results_of_chains_hold_others_before(
    name: str, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "threads_allowed", lambda: threads)
    monkeypatch.setattr(blocks, "SHARED", 0)
    f, more = SEVERAL[name]
    compiled, kept = compile(f), []
    for seed in range(4):
        x = np.random.default_rng(seed).normal(size=150_001)
        kept.append((compiled(x), f(x)))
    for ours, expected in kept:
        np.testing.assert_array_equal(ours, expected)
    assert len(set(re.findall(r"\bt\d+\b", compiled.source))) == more


PIECEWISE: dict[str, Any] = {
    "huber": lambda x: np.sum(np.where(np.abs(x) < 1, 0.5 * x * x, np.abs(x) - 0.5)),
    "a leak": lambda x: np.mean(np.where(x > 0, x, 0.1 * x) ** 2),
    "clip": lambda x: np.sum(np.sin(np.clip(x, -0.5, 1)) * x),
    "clip on one side": lambda x: np.mean(np.clip(x * x, None, 2.0) * x),
    "clip by arrays": lambda x: np.sum(np.clip(x, -x * x, np.array(0.7))),
    "a mask": lambda x: np.sum(np.where(x > np.mean(x), np.exp(x), x) * 2.0),
    "of numbers": lambda x: np.sum(np.where(x > 0, 2.0, -1.0) * x),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PIECEWISE)
def test_piecewise_functions_in_blocks(name: str, dtype: str) -> None:
    """`where` and `clip` go through with the ufuncs beside them; also those that are asked for."""
    eager = value_and_grad(lambda x: (PIECEWISE[name](x), np.where(x > 0, x, 0.0)), has_aux=True)
    compiled = compile(eager, fallback=False)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(size=200_003).astype(dtype)
        for a, b in zip(leaves_of(compiled(x)), leaves_of(eager(x)), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=3e-6 if dtype == "float32" else 1e-13)
    run = compiled.source[compiled.source.rindex("def ") :]
    assert " where(" not in run
    assert " clip(" not in run


def test_captured_numbers_in_chains() -> None:
    """Arrays of one element have names of their own beside the blocks of the others."""
    scale, rate = np.array(2.0), np.array([3.0])
    eager = value_and_grad(
        lambda x, y, z: np.mean(np.tanh(x) * scale + np.sin(y) * rate * z), argnum=(0, 1, 2)
    )
    compiled = compile(eager, fallback=False)
    for seed in range(4):
        xs = np.random.default_rng(seed).normal(size=(3, 200_000))
        (value, gradients), (expected, right) = compiled(*xs), eager(*xs)
        np.testing.assert_allclose(value, expected, rtol=1e-13)
        for a, b in zip(gradients, right, strict=True):
            np.testing.assert_array_equal(a, b)
    assert compiled.source.count("blocks of") == 1, compiled.source


@pytest.mark.parametrize("f", [np.sum, np.mean, lambda x: np.tanh(x).sum() + (x * x).mean()])
def test_exact_keeps_the_order_of_sums(f: Any) -> None:
    """Also where chains go through in blocks."""
    eager = value_and_grad(lambda x: f(np.exp(np.sin(x) * 3)))
    exact = compile(eager, exact=True)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(size=300_007).astype("float32")
        for a, b in zip(exact(x), eager(x), strict=True):
            np.testing.assert_array_equal(a, b)
    assert "blocks of" in exact.source and "= add_reduce(s" not in exact.source
    other = compile(eager)
    other(x)
    assert "= add_reduce(s" in other.source


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 2, 3, 17, 300])
def test_products_with_vectors_keep_their_bits(n: int, dtype: str) -> None:
    """They are calls of `dot` when they are compiled."""
    eager = value_and_grad(lambda A, x: np.sum(np.sin(A @ x)) + np.sum(x @ A.T), argnum=(0, 1))
    compiled = compile(eager, exact=True)
    rng = np.random.default_rng(n)
    for m in (1, 2, 33, 33, 33):
        A, x = rng.normal(size=(m, n)).astype(dtype), rng.normal(size=n).astype(dtype)
        got, wanted = leaves_of(compiled(A, x)), leaves_of(eager(A, x))
        for a, b in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(a, b)
    assert [r.state for r in compiled.recordings.values()][-1] == "ready", compiled.report()


def steps(x: Any) -> Any:
    for k in range(40):
        x = np.sin(x) * (0.5 + k) + np.cos(x[::-1])
    return np.sum(x * x)


def test_a_long_recording_is_cut_into_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "PART", 7)
    compiled = compile(value_and_grad(steps), exact=True)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(size=9)
        for a, b in zip(compiled(x), value_and_grad(steps)(x), strict=True):
            np.testing.assert_array_equal(a, b)
    assert compiled.source.count("def ") > 20
    assert [r.state for r in compiled.recordings.values()] == ["ready"], compiled.report()


def test_what_repeats_is_a_loop() -> None:
    def f(x: Any) -> Any:
        for _ in range(50):
            x = x * 0.5 + 1
        return x

    compiled = compile(f)
    for k in range(3):
        np.testing.assert_array_equal(compiled(np.arange(4.0) * k), f(np.arange(4.0) * k))
    assert "for _ in range(" in compiled.source and compiled.source.count("multiply") < 5


def test_results_that_are_needed_at_one_time_have_places_of_their_own() -> None:
    """Random lifetimes: places overlap only where times do not."""
    rng = np.random.default_rng(0)
    for most in (0, 10_000):
        found = layout.Layout()
        for begin in range(150):
            nbytes = int(rng.choice([0, 8, 40, 4_096, 5_000, 70_000]))
            found.add(records.Storage(), nbytes, begin, begin + int(rng.integers(0, 30)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layout, "MOST", most)
            found.settle()
        for a, b in itertools.combinations(found.places, 2):
            at_one_time = a.begin <= b.end and b.begin <= a.end
            apart = a.offset + a.nbytes <= b.offset or b.offset + b.nbytes <= a.offset
            assert apart or not at_one_time
            assert a.offset % 64 == 0 and a.offset + a.nbytes <= found.bytes
        needed = max(
            sum(p.nbytes for p in found.places if p.begin <= t <= p.end) for t in range(150)
        )
        assert found.bytes < needed * (1.3 if most else 2)


def test_nothing_is_calculated_twice_or_in_vain() -> None:
    def f(x: Any) -> Any:
        np.cosh(x)  # nobody needs it
        return np.exp(x) * x + x * np.exp(x) + 1.0 * np.sin(x)

    compiled = compile(f)
    for _ in range(3):
        np.testing.assert_array_equal(compiled(np.arange(3.0)), f(np.arange(3.0)))
    text = compiled.source
    assert "cosh" not in text
    assert text.count("exp") == text.count("multiply") == text.count("sin") == 1


def test_results_are_arrays_of_their_own() -> None:
    compiled = compile(lambda x: (x * 2, x * 2, x, x[::2]))
    for _ in range(2):
        compiled(np.ones(4))
    first = compiled(np.ones(4))
    second = compiled(np.zeros(4))
    for a in first:
        a[...] = 7
    np.testing.assert_array_equal(np.concatenate(second), 0)
    assert not np.shares_memory(first[0], first[1])


class Pair(NamedTuple):
    first: Any
    second: Any


def test_results_in_containers() -> None:
    """Of any kind, made anew in each call; what is not calculated is the same object."""
    word = object()

    def f(x: Any, t: Any) -> Any:
        t = t * 2
        return {"t": t, "more": [x + 1, (x * 3, word, None)], "pair": Pair(t, x - 1)}, "text"

    compiled = compile(f)
    for k in range(4):
        x = np.arange(3.0) + k
        got, wanted = compiled(x, tensor(x)), f(x, tensor(x))
        assert got[1] == "text" and list(got[0]) == list(wanted[0])
        assert got[0]["more"][1][1] is word and type(got[0]["pair"]) is Pair
        assert type(got[0]["t"]) is type(got[0]["pair"].first) is type(wanted[0]["t"])
        for a, b in zip(flatten(got)[0], flatten(wanted)[0], strict=True):
            if isinstance(b, np.ndarray):
                np.testing.assert_array_equal(a, b)
        got[0]["more"].append(1)
    assert [r.state for r in compiled.recordings.values()] == ["ready"], compiled.report()


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_numbers_in_chains_over_large_arrays(shape: tuple[int, ...]) -> None:
    """They are arguments, or calculated, and handed to the loop."""
    eager = value_and_grad(lambda x, k: np.sum(np.tanh(x * k) * np.sin(np.sum(k)) * k), (0, 1))
    compiled = compile(eager, exact=True)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        x, k = rng.normal(size=(300, 1000)), np.asarray(rng.normal(size=shape))
        for a, b in zip(leaves_of(compiled(x, k)), leaves_of(eager(x, k)), strict=True):
            np.testing.assert_array_equal(a, b)
    assert "blocks of" in compiled.source


def test_derivatives_of_compiled_functions() -> None:
    f = compile(lambda x: np.sum(np.sin(x) * x))
    x = np.array([0.3, 1.2])
    for _ in range(3):
        f(x)
    np.testing.assert_allclose(grad(f)(x), np.cos(x) * x + np.sin(x))
    np.testing.assert_allclose(hessian(f)(x), np.diag(2 * np.cos(x) - x * np.sin(x)), atol=1e-12)


OPERATORS = {"grad": grad, "value_and_grad": value_and_grad, "hessian": hessian}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_compiled(name: str) -> None:
    eager = OPERATORS[name](lambda x, a: np.sum(np.exp(x) ** 2 * a) + np.prod(x))
    compiled = compile(eager)
    for seed in range(4):
        x = np.random.default_rng(seed).normal(size=3)
        for a, b in zip(
            leaves_of(compiled(x, 0.5 + seed)), leaves_of(eager(x, 0.5 + seed)), strict=True
        ):
            np.testing.assert_array_equal(a, b)
    assert [r.state for r in compiled.recordings.values()] == ["ready"], compiled.report()


def test_numbers_and_tensors_as_arguments() -> None:
    compiled = compile(lambda x, k, n: x * k**n)
    for k in (2.0, 3.0, 4.0):
        assert compiled(np.float32(1.5), k, 2) == np.float32(1.5) * k**2
        out = compiled(tensor([1.0, 2.0]), k, 2)
        np.testing.assert_array_equal(out.numpy(), np.array([1.0, 2.0]) * k**2)
    assert [r.state for r in compiled.recordings.values()] == ["ready", "ready"]


TOLD_APART: dict[str, Any] = {
    "identity": lambda a, b: a * (2.0 if a is b else 1.0),
    "a function that gives its arguments back": lambda a, b: np.broadcast_arrays(a, b),
    "and calculates with them": lambda a, b: np.subtract(*np.atleast_1d(a, b)),
    "their memory": lambda a, b: a * np.shares_memory(a, b),
}


@pytest.mark.parametrize("make", [np.asarray, tensor])
@pytest.mark.parametrize("name", TOLD_APART)
def test_one_array_as_two_arguments_is_another_case(name: str, make: Any) -> None:
    eager = TOLD_APART[name]
    compiled = compile(eager, fallback=False)
    x, y = make(np.arange(4.0)), make(np.arange(4.0) + 5)
    for a, b in [(x, x)] * 3 + [(x, y)] * 3 + [(y, y), (y, x)] * 2:
        for got, wanted in zip(leaves_of(compiled(a, b)), leaves_of(eager(a, b)), strict=True):
            np.testing.assert_array_equal(got, wanted)
    assert [r.state for r in compiled.recordings.values()] == ["ready"] * 2


def test_zeros_absorb_where_a_call_says_so() -> None:
    eager = grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))
    compiled = compile(eager)
    x = np.array([0.0, 4.0])
    with np.errstate(all="ignore"):
        for k in range(8):
            with absorbing_zeros() if k % 4 > 1 else contextlib.nullcontext():
                np.testing.assert_array_equal(compiled(x), eager(x))


def test_arguments_that_are_nested_in_another_way_are_others() -> None:
    def total(a: Any, b: Any, k: float = 1.0) -> Any:
        return sum(a or [0.0]) * 2 + sum(b or [0.0]) * k

    compiled = compile(total)
    one, two, three = np.array([1.0]), np.array([2.0]), np.array([3.0])
    ways: list[tuple[Any, Any]] = [
        ([one], [two, three]),
        ([one, two], [three]),
        ((one, two), [three]),
        ([one, two, three], None),
        (None, [one, two, three]),
    ]
    for way in [*ways, *ways, *ways, *ways]:
        np.testing.assert_array_equal(compiled(*way), total(*way))
        np.testing.assert_array_equal(compiled(*way, k=3.0), total(*way, k=3.0))


def test_arrays_that_are_made_in_a_run_are_others_each_time() -> None:
    compiled = compile(lambda x: (x * 2, np.zeros(2), tensor(np.ones(2)), {"a": np.arange(3.0)}))
    kept = []
    for _ in range(5):
        kept.append(compiled(np.ones(2)))
        np.testing.assert_array_equal(kept[-1][1], [0.0, 0.0])
        np.testing.assert_array_equal(kept[-1][2].numpy(), [1.0, 1.0])
        np.testing.assert_array_equal(kept[-1][3]["a"], [0.0, 1.0, 2.0])
        for x in (kept[-1][1], kept[-1][2].numpy(), kept[-1][3]["a"]):
            x[:] = 7.0
    assert all(a[3]["a"] is not b[3]["a"] for a, b in itertools.pairwise(kept))
