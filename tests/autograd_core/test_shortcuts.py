"""The short ways: they give what `apply` gives, and the watch over saved arrays sees as much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd_core import GraphError, ShapeError, grad, jvp, read_only, tensor, value_and_grad, vmap
from autograd_core.rules.reductions import mean_of_all, sum_of_all
from autograd_core.shortcuts import OPERATORS

C = np.array([[2.0, 3.0], [4.0, 5.0]])
PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "x + c": lambda x, c: x + c,
    "c + x": lambda x, c: c + x,
    "x - c": lambda x, c: x - c,
    "c - x": lambda x, c: c - x,
    "x * c": lambda x, c: x * c,
    "c * x": lambda x, c: c * x,
    "x / c": lambda x, c: x / c,
    "c / x": lambda x, c: c / x,
    "x @ c": lambda x, c: x @ c,
    "c @ x": lambda x, c: c @ x,
    "power": lambda x, c: np.power(x, c),
    "arctan2": lambda x, c: np.arctan2(c, x),
    "maximum": lambda x, c: np.maximum(x, c),
    "dot, second": lambda x, c: np.dot(c, x),
    "dot, first": lambda x, c: np.dot(x, c),
    "row": lambda x, c: x * c[0],
    "outer": lambda x, c: x[:, None] * c,
    "view": lambda x, c: x[1:] * c[:1],
    "transposed": lambda x, c: x.T / c,
}
SAVE = [name for name in PAIRS if name not in ("x + c", "c + x", "x - c", "c - x", "c / x")]


def weighted(f: Callable[[Any, Any], Any], c: Any) -> Callable[[Any], Any]:
    """Make a scalar function whose gradient depends on each element of f."""

    def loss(x: Any) -> Any:
        y = f(x, c)
        return np.sum(y * np.cos(np.arange(float(y.size))).reshape(y.shape))

    return loss


@pytest.mark.parametrize("name", PAIRS)
def test_with_an_array_the_gradient_is_that_of_forward_mode(name: str) -> None:
    x = np.array([[0.5, 1.5], [2.5, 3.5]])
    loss = weighted(PAIRS[name], C)
    found = grad(loss)(x)
    for i in np.ndindex(2, 2):
        direction = np.zeros((2, 2))
        direction[i] = 1.0
        np.testing.assert_allclose(found[i], jvp(loss, (x,), (direction,))[1], rtol=1e-12)


@pytest.mark.parametrize("name", SAVE)
def test_a_saved_array_that_changes_is_noticed(name: str) -> None:
    x, c = tensor([[0.5, 1.5], [2.5, 3.5]], requires_grad=True), C.copy()
    loss = weighted(PAIRS[name], c)(x)
    c[0] += 1.0
    with pytest.raises(GraphError, match="was changed between"):
        loss.backward()


@pytest.mark.parametrize("name", SAVE)
def test_what_nobody_can_write_is_not_copied(name: str) -> None:
    x = tensor([[0.5, 1.5], [2.5, 3.5]], requires_grad=True)
    y = PAIRS[name](x, read_only(C))
    assert y._trace.prints is None


INDICES: list[Any] = [
    1,
    -1,
    slice(1, None),
    (0, 1),
    (slice(None), 1),
    None,
    ...,
    (..., 0),
    [0, 0],
    True,
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_an_index_gives_what_numpys_gives_and_its_view_is_known(index: Any) -> None:
    x = tensor(C, requires_grad=True) * 1.0
    part = x[index]
    np.testing.assert_array_equal(part.detach().numpy(), C[index])
    (part * part).sum().backward()
    x[...] = 7.0  # a view is read anew, a copy is not
    is_view = C[index].ndim > 0 and np.shares_memory(C, C[index])
    np.testing.assert_array_equal(
        part.detach().numpy(), np.full_like(C[index], 7.0) if is_view else C[index]
    )


def test_a_write_into_a_view_reaches_its_base_and_the_gradients_are_right() -> None:
    leaf = tensor(C, requires_grad=True)
    x = leaf * 1.0
    row = x[1]
    first = row * 2.0
    row[0] = 10.0
    (x * C + first).sum().backward()
    # `first` has both old numbers, twice by broadcasting; the number written has no history
    np.testing.assert_array_equal(leaf.grad.numpy(), [[2.0, 3.0], [4.0, 5.0 + 4.0]])


def test_several_operands_and_settings_go_the_long_way() -> None:
    assert OPERATORS[np.matmul] is not None
    assert OPERATORS[np.concatenate] is None
    x = tensor([[1.0, 2.0]], requires_grad=True)
    np.matmul(x, np.ones((2, 3)), dtype=float).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[3.0, 3.0]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex128, int, bool])
@pytest.mark.parametrize("size", [1, 2, 9, 1_000, 4_097])
def test_sum_and_mean_of_all_are_numpys_to_the_bit(dtype: Any, size: int) -> None:
    x = np.random.default_rng(size).normal(size=(size, 3)).astype(dtype)
    for v in (x, x[::2], x.T, x[:, 1], np.asfortranarray(x)):
        for ours, numpys in ((sum_of_all(v), np.sum(v)), (mean_of_all(v), np.mean(v))):
            assert type(ours) is type(numpys)
            np.testing.assert_array_equal(ours, numpys)


def test_a_mean_over_nothing_warns_as_numpys_does() -> None:
    x = tensor(np.zeros((0, 2)), requires_grad=True)
    with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        np.mean(x)


@pytest.mark.parametrize(
    ("f", "value", "gradient"),
    [
        (lambda x: np.float64(3.0), 3.0, [0.0, 0.0]),
        (lambda x: np.sum(np.ones(2)), 2.0, [0.0, 0.0]),
        (lambda x: np.sum(x, keepdims=True), [3.0], [1.0, 1.0]),
        (lambda x: x[1], 2.0, [0.0, 1.0]),
        (lambda x: x.sum() * grad(lambda v: v**2)(3.0), 18.0, [6.0, 6.0]),
    ],
)
def test_value_and_grad_of_one_array(f: Any, value: Any, gradient: Any) -> None:
    y, g = value_and_grad(f)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(y, value)
    np.testing.assert_array_equal(g, gradient)


def test_vmap_meets_arithmetic_directly() -> None:
    rows, other = np.arange(12.0).reshape(4, 3), np.arange(8.0).reshape(4, 2)

    def f(x: Any, y: Any) -> Any:
        part = x[1:]
        return (
            (2.0 * part - y) / (np.array([3.0, 4.0]) + np.exp(-part))
            + x[0] * y
            + np.ones((5, 1, 2))
        )

    found = vmap(f)(rows, other)
    for i in range(4):
        np.testing.assert_allclose(found[i], f(rows[i], other[i]))


@pytest.mark.parametrize("f", [np.dot, np.inner, np.outer, np.convolve])
@pytest.mark.parametrize("number", [3, 0.5, 0.0])
def test_a_number_is_an_array_to_what_is_no_ufunc(f: Any, number: float) -> None:
    x = np.array([1.0, 2.0, 4.0], np.float32)
    for swapped in (False, True):
        t = tensor(x, requires_grad=True)
        y = f(number, t) if swapped else f(t, number)
        expected = f(number, x) if swapped else f(x, number)
        np.testing.assert_array_equal(y.detach().numpy(), expected)
        assert y.dtype == expected.dtype
        y.sum().backward()
        np.testing.assert_array_equal(t.grad.numpy(), np.full(3, number, np.float32))
        assert t.grad.dtype == np.float32


def test_a_number_too_large_for_the_dtype_is_warned_of_each_time() -> None:
    x = tensor(np.ones(3, np.float32), requires_grad=True)
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match="overflow"):
            x * 1e300


def test_a_matrix_product_of_numbers_says_what_it_needs() -> None:
    with pytest.raises(ShapeError, match="each needs an axis"):
        grad(lambda s: s @ s)(np.float32(2.0))
