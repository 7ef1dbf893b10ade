"""vmap: axes, containers, nesting with derivatives, what cannot be mapped."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ArgumentError,
    ConversionError,
    ShapeError,
    grad,
    hessian,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    tensor,
    vmap,
)

A = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("in_axes", "out_axes", "expected"),
    [
        ((0, None), 0, A @ np.ones((4, 2))),
        ((1, None), 0, (A.T @ np.ones((3, 2)))),
        ((0, None), 1, (A @ np.ones((4, 2))).T),
        ((0, None), -1, (A @ np.ones((4, 2))).T),
    ],
)
def test_axes(in_axes: Any, out_axes: int, expected: np.ndarray) -> None:
    w = np.ones((A.shape[1 - in_axes[0]], 2))
    np.testing.assert_array_equal(vmap(np.dot, in_axes, out_axes)(A, w), expected)


def test_containers_and_results_that_are_the_same_for_all() -> None:
    def model(p: Any, x: Any) -> Any:
        return {"y": x @ p["w"] + p["b"], "n": np.float64(len(x)), "shape": np.sum(x.shape)}

    p = {"w": np.ones((4, 2)), "b": np.arange(6.0).reshape(3, 2)}
    y = vmap(model, in_axes=({"w": None, "b": 0}, 0))(p, A)
    np.testing.assert_array_equal(y["y"], A @ p["w"] + p["b"])
    assert y["n"].tolist() == [4.0, 4.0, 4.0] and y["shape"].tolist() == [4, 4, 4]


def test_gradient_for_each_example() -> None:
    def loss(w: Any, x: Any) -> Any:
        return np.sum(np.tanh(x * w) ** 2)

    w = np.linspace(-1, 1, 4)
    each = np.stack([grad(loss)(w, x) for x in A])
    np.testing.assert_allclose(vmap(grad(loss), in_axes=(None, 0))(w, A), each, rtol=1e-13)
    total = grad(lambda v: np.sum(vmap(loss, in_axes=(None, 0))(v, A)))(w)
    np.testing.assert_allclose(total, each.sum(0), rtol=1e-13)


def test_nested_maps() -> None:
    x, y = np.arange(3.0), np.arange(4.0)
    table = vmap(lambda a: vmap(lambda b: a * np.sin(b))(y))(x)
    np.testing.assert_array_equal(table, np.outer(x, np.sin(y)))


def test_second_derivatives_inside_and_outside() -> None:
    f = lambda x: np.sum(x**3 * np.sin(x))
    xs = np.linspace(0.1, 1.2, 6).reshape(3, 2)
    each = np.stack([hessian(f)(x) for x in xs])
    np.testing.assert_allclose(vmap(hessian(f))(xs), each, rtol=1e-12)
    np.testing.assert_allclose(vmap(jacfwd(jacrev(f)))(xs), each, rtol=1e-12)
    np.testing.assert_allclose(vmap(jacrev(jacfwd(f)))(xs), each, rtol=1e-12)


def test_a_tape_under_a_map() -> None:
    w = tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    np.sum(vmap(lambda x: np.sum(x * w) ** 2)(A)).backward()
    assert w.grad is not None
    np.testing.assert_allclose(w.grad.numpy(), 2 * (A @ [1, 2, 3, 4]) @ A)


def test_polynomials_of_real_matrices_with_complex_eigenvalues_are_real() -> None:
    turns = np.array([[[0.0, -a], [a, 1.0]] for a in (0.5, 2.0, 3.0)])
    expected = np.stack([np.poly(m) for m in turns])
    np.testing.assert_allclose(vmap(np.poly)(turns), expected, rtol=1e-12, atol=1e-12)
    assert expected.dtype == vmap(np.poly)(turns).dtype == np.float64


def test_comparisons_and_choices() -> None:
    def leaky(x: Any) -> Any:
        return np.where(x > 0, x, 0.1 * x)

    x = np.array([[-1.0, 2.0], [3.0, -4.0]])
    np.testing.assert_array_equal(vmap(leaky)(x), leaky(x))
    slopes = vmap(grad(lambda v: np.sum(leaky(v))))(x)
    np.testing.assert_array_equal(slopes, np.where(x > 0, 1.0, 0.1))


def test_index_that_is_mapped() -> None:
    picked = vmap(lambda row, i: row[i], in_axes=(0, 0))(A, np.array([3, 0, 1]))
    assert picked.tolist() == [3.0, 4.0, 9.0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: vmap(np.add)(np.ones(3), np.ones(2)), ShapeError, ["3", "2", "[0][1]"]),
        (lambda: vmap(np.sin)(1.0), ShapeError, ["axis 0"]),
        (lambda: vmap(np.sin, in_axes=None)(np.ones(3)), ArgumentError, ["at least one"]),
        (lambda: vmap(np.sin, in_axes=(0, 0))(np.ones(3)), ArgumentError, ["2 axes for 1"]),
        (lambda: vmap(lambda x: x if x > 0 else -x)(np.ones(3)), ConversionError, ["np.where"]),
        (lambda: vmap(float)(np.ones(3)), ConversionError, ["vmap"]),
        (lambda: vmap(np.sin, in_axes=([0],))([np.ones(3), np.ones(3)]), ArgumentError, ["fit"]),
        (lambda: jacobian(lambda x: (x, x))(np.ones(2)), ShapeError, ["one array", "tuple"]),
    ],
)
def test_errors(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_forward_jacobian_of_a_wide_function() -> None:
    x = np.array([0.3, 0.7])
    W = np.arange(10.0).reshape(5, 2)
    J = np.cos(W @ x)[:, None] * W
    np.testing.assert_allclose(jacfwd(lambda v: np.sin(W @ v))(x), J, rtol=1e-13)
    np.testing.assert_allclose(jacrev(lambda v: np.sin(W @ v))(x), J, rtol=1e-13)
    assert jvp(lambda v: jacfwd(np.sin)(v), (x,), (np.ones(2),))[1].shape == (2, 2)


def test_an_index_that_differs_between_the_examples() -> None:
    X, index = np.arange(6.0).reshape(2, 3), np.array([0, 2])
    found = vmap(lambda x, i: grad(lambda y: np.sin(y[i]))(x))(X, index)
    np.testing.assert_allclose(found, [[1, 0, 0], [0, 0, np.cos(5)]])
    found = vmap(lambda i: grad(lambda y: np.sin(y[i]))(X[1]))(index)
    np.testing.assert_allclose(found, [[np.cos(3), 0, 0], [0, 0, np.cos(5)]])


def written(x: Any, i: Any, v: Any) -> Any:
    y = tensor(x) if isinstance(x, np.ndarray) else x * 1.0
    y[i] = v
    return y


INDEXED = {
    "x[i, 1]": lambda x, i: np.sum(x[i, 1] ** 2),
    "x[1, i]": lambda x, i: np.sum(x[1, i] ** 3),
    "x[(i,)]": lambda x, i: np.sum(np.sin(x[(i,)])),
    "x[i, i - 1]": lambda x, i: x[i, i - 1] ** 2,
    "x[i] = v": lambda x, i: np.sum(written(x, i, x[0] * 2.0) ** 2),
    "x[i, 0] = v": lambda x, i: np.sum(written(x, (i, 0), x[1, 1]) ** 2),
    "zeros[i] = v": lambda x, i: np.sum(written(np.zeros((3, 3)), i, x[1]) * x),
}


@pytest.mark.parametrize("name", INDEXED)
def test_a_mapped_index_anywhere(name: str) -> None:
    f, i = INDEXED[name], np.array([2, 0, 1, 2])
    X, shared = np.arange(36.0).reshape(4, 3, 3) / 7, np.arange(9.0).reshape(3, 3) / 7
    for g in (f, grad(f), hessian(f), jacfwd(f)):
        each = np.stack([g(x, k) for x, k in zip(X, i, strict=True)])
        np.testing.assert_allclose(vmap(g)(X, i), each, rtol=1e-12)
        each = np.stack([g(shared, k) for k in i])
        found = vmap(partial(g, tensor(shared)))(i)
        np.testing.assert_allclose(np.asarray(found), each, rtol=1e-12)
