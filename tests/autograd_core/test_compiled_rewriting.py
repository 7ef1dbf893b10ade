"""What `compile` rewrites gives the same bits, also where numbers are not finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_core import compile, jacobian

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
