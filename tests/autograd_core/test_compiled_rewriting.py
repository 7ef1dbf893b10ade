"""What `compile` rewrites gives the same bits, also where numbers are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_core import compile, grad, jacobian
from autograd_core.kernels import scatter

rng = np.random.default_rng(0)


def squashed(x: Any, A: Any) -> Any:
    return np.tanh(A @ x)


def warmed(f: Any, *args: Any) -> Any:
    compiled = compile(f)
    for _ in range(3):
        compiled(*args)
    return compiled


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (1, 3), (2, 1)])
def test_the_jacobian_of_what_is_elementwise_on_what_is_linear_scales_rows(shape, dtype):
    A, x = (rng.standard_normal(s).astype(dtype) for s in (shape, shape[1]))
    compiled = warmed(jacobian(squashed), x, A)
    assert ("scaled_rows" in compiled.source) == (shape[0] > 1)
    for special in (1.0, -0.0, np.inf, np.nan, 1e30):
        B = A.copy()
        B[0, 0] = special
        with np.errstate(all="ignore"):
            expected = jacobian(squashed)(x, B)
            np.testing.assert_array_equal(compiled(x, B), expected)
            assert compiled(x, B).dtype == expected.dtype


def test_another_matrix_than_the_identity_is_multiplied():
    def f(d, b):
        return (PERMUTED * d) @ b

    d, b = rng.standard_normal(3), rng.standard_normal((3, 2))
    compiled = warmed(f, d, b)
    assert "scaled_rows" not in compiled.source
    np.testing.assert_array_equal(compiled(2 * d, b), f(2 * d, b))


def test_the_product_with_the_identity_is_there_where_it_is_asked_for():
    def f(d, b):
        diagonal = np.eye(3) * d
        return diagonal, diagonal @ b

    d, b = rng.standard_normal(3), rng.standard_normal((3, 2))
    compiled = warmed(f, d, b)
    for ours, expected in zip(compiled(2 * d, b), f(2 * d, b), strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.matmul([[1.0, 2.0]], x),
        lambda x: np.add([1.0, 2.0], x),
        lambda x: np.add(-x * x, [1.0, 2.0]),
    ],
)
def test_lists_are_operands_too(f):
    x = rng.standard_normal(2)
    compiled = warmed(f, x)
    assert "def function" in compiled.source
    np.testing.assert_array_equal(compiled(2 * x), f(2 * x))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.float32])
def test_negative_whole_numbers_wrap_around_before_they_are_widened(dtype):
    """For zeros, as in the calls that are compared, nothing shows it."""

    def f(x, y):
        return x + (-y) * 0.5, y + (-y) * y, x - (-y) * np.int64(3)

    x, zeros = rng.standard_normal(3), np.zeros(3, dtype)
    compiled = warmed(f, x, zeros)
    y = np.array([0, 5, -128]).astype(dtype)
    for ours, expected in zip(compiled(x, y), f(x, y), strict=True):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("settings", [{"initial": 5.0}, {"where": np.arange(200) > 50}])
def test_sums_of_something_else_than_all_elements_stay_whole(settings, monkeypatch):
    """They are not added up block by block, which the comparison of two calls would find wrong."""
    monkeypatch.setattr("autograd_core.chains.LEAST", 100)
    compiled = compile(lambda x: np.add.reduce(np.tanh(x) * x, **settings))
    x = rng.standard_normal(200)
    for _ in range(3):
        value = compiled(x)
        assert "blocks of" in compiled.source and "s0_0" not in compiled.source
    np.testing.assert_allclose(value, np.add.reduce(np.tanh(x) * x, **settings), rtol=1e-13)
    assert [r.exact for r in compiled.recordings.values()] == [False]


PERMUTED = np.eye(3)[[1, 0, 2]]


# --- gradients of parts ---------------------------------------------------------------------------

PARTS: dict[str, tuple[list[Any], str]] = {  # indexes of a (4, 3) array, and what is written down
    "rows": ([0, 1, 2, 3], "False, out="),
    "rows backwards, some by negative numbers": ([-1, 2, -3, 0], "False, out="),
    "columns": ([(slice(None), 0), (..., 1), (slice(None), -1)], "False, out="),
    "slices": ([slice(0, 3), slice(3, 4)], "False, out="),
    "steps": ([slice(0, None, 2), slice(None, 0, -2)], "False, out="),
    "numbers and rows": ([(0, 0), (0, slice(1, None)), slice(1, None)], "False, out="),
    "with new axes": ([(None, 0), (slice(1, 4), None)], "False, out="),
    "rows, one left out": ([0, 2, 3], "True, out="),
    "slices that overlap": ([slice(0, 3), slice(1, 4)], "True, out="),
    "one row twice": ([1, 1, 1], "True, out="),
    "a mask and two rows": ([np.array([False, True, True, False]), 0, 3], "True, out="),
    "places that are named twice, and two rows": ([([1, 1, 2],), 0, 3], "add("),
}


def of_parts(indexes: list[Any]) -> Any:
    def f(x: Any) -> Any:
        y, total = x * 1.5, 0.0
        for i, index in enumerate(indexes):
            total = total + np.sum(y[index] ** 2 * (i + 1.0))
        return total

    return f


@pytest.mark.parametrize("name", PARTS)
def test_gradients_of_parts_are_put_together(name: str) -> None:
    indexes, written = PARTS[name]
    f = of_parts(indexes)
    x = rng.standard_normal((4, 3))
    compiled = warmed(grad(f), x)
    weights = np.zeros((4, 3))
    for i, index in enumerate(indexes):
        np.add.at(weights, index, i + 1.0)
    np.testing.assert_allclose(compiled(2 * x), weights * 2.25 * 4 * x, rtol=1e-14)
    np.testing.assert_array_equal(compiled(2 * x), grad(f)(2 * x))
    assert written in compiled.source


def test_a_gradient_of_parts_that_is_asked_for_itself_stays():
    def f(g):
        first = scatter(g, 0, (2, 3))
        return first, first + scatter(g, 1, (2, 3))

    g = rng.standard_normal(3)
    compiled = warmed(f, g)
    for ours, expected in zip(compiled(2 * g), f(2 * g), strict=True):
        np.testing.assert_array_equal(ours, expected)
