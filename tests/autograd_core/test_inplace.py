"""Writes into Tensors and views have the gradient of the values they produce."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    ConversionError,
    DtypeError,
    GraphError,
    NotDifferentiableError,
    ShapeError,
    checkpoint,
    grad,
    jvp,
    no_grad,
    stop_gradient,
    tensor,
    value_and_grad,
    vmap,
)
from autograd_core.test_util import check_grads


def write(x: Any, index: Any, v: Any) -> Any:
    x[index] = v
    return x


def program(body: Any) -> Any:
    """Run in-place statements on a copy of the argument; works on Tensors and on arrays."""

    def f(x: Any) -> Any:
        y = x * 1.0
        result = body(y, x)
        return y if result is None else result

    f.__name__ = body.__name__
    return f


def slice_assign(y: Any, x: Any) -> None:
    y[1:3] = x[0] * x[2:4]


def mask_assign(y: Any, x: Any) -> None:
    y[np.array([True, False, True, False, True])] = np.sin(x[:3])


def scalar_from_neighbour(y: Any, x: Any) -> None:
    y[0] = y[1] ** 2
    y[1] = y[0] * y[2]


def duplicate_index(y: Any, x: Any) -> None:
    y[np.array([0, 0, 1])] = x[2:5]


def recurrence(y: Any, x: Any) -> None:
    for i in range(1, 5):
        y[i] = y[i - 1] * x[i] + np.sin(y[i])


def augmented(y: Any, x: Any) -> None:
    y += x
    y *= np.exp(x)
    y -= 1.0
    y /= 1 + x**2
    y **= 2


def augmented_item(y: Any, x: Any) -> None:
    y[2] += x[0] ** 2
    y[1:4] *= x[:3]


def through_a_view(y: Any, x: Any) -> None:
    v = y[1:4]
    v[0] = v[1] ** 2
    v *= x[:3]


def through_a_view_of_a_view(y: Any, x: Any) -> None:
    v = y[1:]
    w = v[::2]
    w[0] = x[0] * w[1]
    v[1] += w[0]


def view_sees_the_base(y: Any, x: Any) -> Any:
    v = y[::2]
    y[0] = x[1] ** 3
    return v * y[:3]


def two_views(y: Any, x: Any) -> Any:
    v, w = y[:3], y[2:]
    v[2] = x[0] * 2.0
    w[1] = w[0] ** 2
    return v[2] * w + y[3]


def reshaped(y: Any, x: Any) -> Any:
    m = np.reshape(y[:4], (2, 2))
    m.T[0, 1] = x[4] ** 2
    m[:, 0] *= 3.0
    return y * np.sum(m)


def out_argument(y: Any, x: Any) -> Any:
    np.multiply(y, x, out=y)
    np.add(y, 1.0, out=y)


def out_where(y: Any, x: Any) -> Any:
    np.multiply(y, x, out=y, where=np.array([True, True, False, True, False]))


def saved_before_written(y: Any, x: Any) -> Any:
    z = y * y  # keeps the old y
    y[:] = 7.0 * x
    return z + y


PROGRAMS = [
    slice_assign,
    mask_assign,
    scalar_from_neighbour,
    duplicate_index,
    recurrence,
    augmented,
    augmented_item,
    through_a_view,
    through_a_view_of_a_view,
    view_sees_the_base,
    two_views,
    reshaped,
    out_argument,
    out_where,
    saved_before_written,
]
X = np.array([0.7, -1.2, 0.4, 1.5, -0.6])


@pytest.mark.parametrize("body", PROGRAMS, ids=lambda f: f.__name__)
def test_values_and_gradients_to_second_order_in_both_modes(body: Any) -> None:
    f = program(body)
    x = tensor(X, requires_grad=True)
    np.testing.assert_array_equal(f(x).detach().numpy(), f(X))
    check_grads(f)(X)


@pytest.mark.parametrize("body", PROGRAMS, ids=lambda f: f.__name__)
def test_on_the_tape_with_a_graph_of_the_gradient(body: Any) -> None:
    f = program(body)
    x = tensor(X, requires_grad=True)
    np.sum(np.sin(f(x))).backward(create_graph=True)
    first = x.grad
    np.testing.assert_allclose(first.detach().numpy(), grad(lambda v: np.sum(np.sin(f(v))))(X))
    x.grad = None
    np.sum(first * X).backward()
    twice = grad(lambda u: np.sum(grad(lambda v: np.sum(np.sin(f(v))))(u) * X))(X)
    np.testing.assert_allclose(x.grad.detach().numpy(), twice)


@pytest.mark.parametrize("body", PROGRAMS, ids=lambda f: f.__name__)
def test_under_vmap(body: Any) -> None:
    batch = np.stack([X, 2 * X, X - 0.3])
    np.testing.assert_allclose(vmap(program(body))(batch), [program(body)(x) for x in batch])


def test_buffer_that_starts_as_zeros() -> None:
    def powers(x: Any) -> Any:
        out = tensor(np.zeros(4))
        for i in range(4):
            out[i] = x**i
        return np.sum(out)

    x = 1.5
    assert grad(powers)(x) == 1 + 2 * x + 3 * x**2
    assert grad(grad(powers))(x) == 2 + 6 * x
    assert jvp(powers, (x,), (1.0,))[1] == 1 + 2 * x + 3 * x**2
    assert vmap(grad(powers))(np.array([x, 0.0])).tolist() == [grad(powers)(x), 1.0]


def test_the_callers_array_is_not_written() -> None:
    x = X.copy()
    grad(lambda v: np.sum(write(v, 0, v[1] * 2.0)))(x)
    np.testing.assert_array_equal(x, X)


def test_a_filled_buffer_is_not_copied_each_time() -> None:
    x = tensor(2.0, requires_grad=True)
    out = tensor(np.zeros(1000))
    out[0] = x
    address = out._value.ctypes.data
    for i in range(1, 1000):
        out[i] = x * float(i)
    assert out._value.ctypes.data == address
    out.sum().backward()
    assert x.grad is not None and x.grad.item() == 1 + sum(range(1000))


def test_updating_a_leaf_under_no_grad() -> None:
    w = tensor([1.0, 2.0], requires_grad=True)
    memory = w.detach().numpy()
    for _ in range(2):
        w.grad = None
        np.sum(w * w).backward()
        with no_grad():
            w -= 0.25 * w.grad
    assert w.requires_grad and w.is_leaf
    assert memory.tolist() == w.tolist() == [0.25, 0.5]


def test_a_leaf_written_before_backward_is_noticed() -> None:
    w = tensor([1.0, 2.0], requires_grad=True)
    loss = np.sum(w * w)
    with no_grad():
        w *= 2.0
    with pytest.raises(GraphError, match=r"operand 0 of np.multiply.*Call backward first"):
        loss.backward()
    harmless = np.sum(w + 1.0)  # an addition saves nothing
    with no_grad():
        w *= 2.0
    harmless.backward()
    assert w.grad is not None and w.grad.tolist() == [1.0, 1.0]


def test_plain_tensors_share_memory_as_arrays_do() -> None:
    x = tensor(np.zeros(4))
    v = x[1:3]
    v[0] = 5.0
    x[2] = 7.0
    assert x.tolist() == [0.0, 5.0, 7.0, 0.0] and v.tolist() == [5.0, 7.0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: write(x, 0, 1.0), GraphError, ["leaf", "x.copy()", "no_grad"]),
        (lambda x: write(x[1:], 0, 1.0), GraphError, ["view", "x.copy()", "no_grad"]),
        (lambda x: write(x[1:][:1], 0, 1.0), GraphError, ["view", "x.copy()"]),
        (lambda x: np.sum(x, out=np.zeros(())), NotDifferentiableError, ["np.sum", "tensor(y)"]),
        (lambda x: np.cumsum(x, out=tensor(np.zeros(2))), ShapeError, ["np.cumsum", "(2,)"]),
        (
            lambda x: np.add.reduce(x, out=tensor(np.zeros(2))),
            ShapeError,
            ["np.add.reduce", "(2,)"],
        ),
        (lambda x: np.add(x[None], 1.0, out=x * 1.0), ShapeError, ["(1, 3)", "(3,)"]),
        (lambda x: operator.iadd(x * 1.0, np.ones((1, 3))), ShapeError, ["(1, 3)", "(3,)"]),
        (lambda x: np.sum(x, out=3.0), DtypeError, ["np.sum(out=...)", "3.0"]),
        (lambda x: np.sin(x, out=[0.0] * 3), DtypeError, ["np.sin(out=...)", "a list"]),
        (lambda x: np.cumsum(x, out=tensor([0, 0, 0])), DtypeError, ["int64", "astype"]),
        (lambda x: write(x * 1.0, slice(2), np.ones(3)), ShapeError, ["(3,)", "(2,)"]),
        (lambda x: write(x * 1.0, 0, 1j), DtypeError, ["complex128", "float64"]),
        (lambda x: write(np.zeros(3), slice(None), x), ConversionError, ["tensor(np.zeros"]),
        (lambda x: write(np.split(x * 1.0, 3)[0], 0, 1.0), GraphError, ["np.split", "indexing"]),
        (lambda x: write(tensor([1, 2, 3]), 0, x[0]), DtypeError, ["int64"]),
        (
            lambda x: np.add(x, 1, where=np.array([True, False, True])),
            NotDifferentiableError,
            ["np.where"],
        ),
        (lambda x: write(x * 1.0, 7, 1.0), IndexError, ["7"]),
    ],
)
def test_errors(call: Any, error: type[Exception], words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call(tensor([1.0, 2.0, 3.0], requires_grad=True))
    for word in words:
        assert word in str(caught.value)


def test_a_number_written_into_a_plain_buffer_is_refused_with_the_fix() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match="setting an array element") as caught:
        np.zeros(3)[0] = x[0]  # NumPy's own error, caused by ours
    assert "tensor(np.zeros(3))" in str(caught.value.__cause__)


M = np.linspace(-1.0, 1.3, 12).reshape(3, 4)
MASK = M > -0.6
OUT = {
    "sum": (lambda x, out: np.sum(x, axis=1, out=out), (3,)),
    "max": (lambda x, out: np.max(x, axis=1, out=out), (3,)),
    "x.max": (lambda x, out: x.max(axis=1, out=out), (3,)),
    "std": (lambda x, out: np.std(x, axis=1, out=out), (3,)),
    "median": (lambda x, out: np.median(x, axis=1, out=out), (3,)),
    "trace": (lambda x, out: np.trace(x, out=out), ()),
    "cumprod": (lambda x, out: np.cumprod(x, axis=1, out=out), (3, 4)),
    "clip": (lambda x, out: np.clip(x, -0.5, 0.5, out=out), (3, 4)),
    "take": (lambda x, out: np.take(x, [2, 0], axis=1, out=out), (3, 2)),
    "concatenate": (lambda x, out: np.concatenate([x, x], out=out), (6, 4)),
    "dot": (lambda x, out: np.dot(x, x.T, out=out), (3, 3)),
    "einsum": (lambda x, out: np.einsum("ij,ij->i", x, x, out=out), (3,)),
    "a view": (lambda x, out: np.sum(x, axis=1, out=out[:, 1]), (3, 2)),
    "a tuple": (lambda x, out: np.add.reduce(x, axis=1, out=(out,)), (3,)),
    "reduce": (lambda x, out: np.add.reduce(x, 1, where=MASK, out=out), (3,)),
    "its place": (lambda x, out: np.sum(x, 1, None, out, True), (3, 1)),
    "place of a method": (lambda x, out: x.sum(0, None, out), (4,)),
    "place in clip": (lambda x, out: np.clip(x, -0.5, 0.5, out), (3, 4)),
    "place in dot": (lambda x, out: np.dot(x, x.T, out), (3, 3)),
    "of several": (lambda x, out: np.modf(0.9 * x, out=(out, None)), (3, 4)),
}


@pytest.mark.parametrize("name", OUT)
def test_out_takes_the_result_and_its_gradient(name: str) -> None:
    f, shape = OUT[name]

    def written(x: Any) -> Any:
        buffer = tensor(np.zeros(shape))
        f(x, buffer)
        return np.sum(buffer**2 * np.cos(buffer))

    plain = np.zeros(shape)
    f(M, plain)
    assert float(written(tensor(M)).item()) == np.sum(plain**2 * np.cos(plain))
    check_grads(written, order=2)(M)


def stale(t):
    """Return a view that was made before its base was written."""
    y = t * 1.0
    view = y[0:1]
    y[0] = y[1] * 3.0
    return view


def test_a_view_that_a_function_returns_is_read_again():
    x, along = np.array([1.0, 2.0]), np.array([5.0, 7.0])
    value, gradient = value_and_grad(stale)(x)
    np.testing.assert_array_equal([*value, *gradient], [6.0, 0.0, 3.0])
    value, gradient = value_and_grad(stale, argnum=(0,))(x)
    np.testing.assert_array_equal([*value, *gradient[0]], [6.0, 0.0, 3.0])
    np.testing.assert_array_equal(np.concatenate(jvp(stale, (x,), (along,))), [6.0, 21.0])
    np.testing.assert_array_equal(vmap(stale)(np.stack([x, x])), [[6.0], [6.0]])
    (_, aux), _ = value_and_grad(lambda t: (np.sum(t), stale(t)), has_aux=True)(x)
    np.testing.assert_array_equal(aux, [6.0])
    for within in (
        lambda v: grad(lambda u: np.sum(u * u) / 2.0)(v),
        vmap(lambda u: u * 1.0),
        lambda v: stop_gradient(v) + v - 6.0,
        checkpoint(lambda u: u * 1.0),
    ):
        value, gradient = value_and_grad(lambda t, f=within: np.sum(f(stale(t))))(x)
        np.testing.assert_array_equal([value, *gradient], [6.0, 0.0, 3.0])
