"""The operators: each against the closed form, and against HIPS autograd where it is installed."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import autograd_core as ac
from autograd_core import ArgumentError, DtypeError, ShapeError, tensor
from autograd_core.test_util import check_grads

A = np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]])
X = np.array([0.3, -0.8, 1.1])


def cubes(x: Any) -> Any:
    return np.sum(x**3) * x[0]


def gradient(x: np.ndarray) -> np.ndarray:
    return 3 * x**2 * x[0] + np.eye(3)[0] * np.sum(x**3)


def hessian(x: np.ndarray) -> np.ndarray:
    H = np.diag(6 * x * x[0])
    H[0] += 3 * x**2
    H[:, 0] += 3 * x**2
    return H


def curve(x: Any) -> Any:
    return np.tanh(A @ x)


J = (1 - np.tanh(A @ X) ** 2)[:, None] * A
V, U = np.array([1.0, -2.0, 0.5]), np.array([0.7, -0.2])

CLOSED_FORMS = {
    "grad": (lambda: ac.grad(cubes)(X), gradient(X)),
    "value_and_grad": (lambda: ac.value_and_grad(cubes)(X)[1], gradient(X)),
    "grad_and_aux": (lambda: ac.grad_and_aux(lambda x: (cubes(x), x.shape))(X)[0], gradient(X)),
    "grad_named": (lambda: ac.grad_named(lambda a, x: a * cubes(x), "x")(2.0, X), 2 * gradient(X)),
    "multigrad_dict": (lambda: ac.multigrad_dict(lambda x: cubes(x))(X)["x"], gradient(X)),
    "elementwise_grad": (lambda: ac.elementwise_grad(np.sin)(X), np.cos(X)),
    "deriv": (lambda: ac.deriv(lambda t: np.sin(t * X))(0.5), X * np.cos(0.5 * X)),
    "holomorphic_grad": (lambda: ac.holomorphic_grad(np.exp)(1.0 + 2.0j), np.exp(1.0 + 2.0j)),
    "jacobian": (lambda: ac.jacobian(curve)(X), J),
    "jacrev": (lambda: ac.jacrev(curve)(X), J),
    "jacfwd": (lambda: ac.jacfwd(curve)(X), J),
    "hessian": (lambda: ac.hessian(cubes)(X), hessian(X)),
    "make_vjp": (lambda: ac.make_vjp(curve)(X)[0](U), U @ J),
    "make_jvp": (lambda: ac.make_jvp(curve)(X)(V)[1], J @ V),
    "make_hvp": (lambda: ac.make_hvp(cubes)(X)[0](V), hessian(X) @ V),
    "hvp": (lambda: ac.hvp(cubes, (X,), (V,))[1][0], hessian(X) @ V),
    "hessian_tensor_product": (lambda: ac.hessian_tensor_product(cubes)(X, V), hessian(X) @ V),
    "hessian_vector_product": (lambda: ac.hessian_vector_product(cubes)(X, V), hessian(X) @ V),
    "tensor_jacobian_product": (lambda: ac.tensor_jacobian_product(curve)(X, U), U @ J),
    "vector_jacobian_product": (lambda: ac.vector_jacobian_product(curve)(X, U), U @ J),
    "make_ggnvp": (lambda: ac.make_ggnvp(curve)(X)(V), J.T @ (J @ V)),
    "linearize": (lambda: ac.linearize(curve, X)[1](V), J @ V),
    "checkpoint": (lambda: ac.grad(ac.checkpoint(cubes))(X), gradient(X)),
    "vjp": (lambda: ac.vjp(curve, X)[1](U)[0], U @ J),
    "jvp": (lambda: ac.jvp(curve, (X,), (V,))[1], J @ V),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_closed_form(name: str) -> None:
    calculate, expected = CLOSED_FORMS[name]
    np.testing.assert_allclose(calculate(), expected, rtol=1e-12)


# of the package autograd, 1.9.1
HIPS = {
    *("grad", "value_and_grad", "grad_and_aux", "grad_named", "multigrad_dict", "hessian"),
    *("elementwise_grad", "deriv", "holomorphic_grad", "jacobian", "make_vjp", "make_jvp"),
    *("make_hvp", "make_ggnvp", "hessian_vector_product", "hessian_tensor_product"),
    *("tensor_jacobian_product", "vector_jacobian_product", "checkpoint"),
}


def test_all_nineteen_operators_of_hips_autograd_are_there_and_take_its_arguments() -> None:
    assert len(HIPS) == 19
    for name in HIPS:
        ours = getattr(ac, name)
        assert name in CLOSED_FORMS and name in ac.__all__
        if name not in ("grad_named", "multigrad_dict", "make_ggnvp", "checkpoint"):
            assert list(inspect.signature(ours).parameters)[:2] == ["fun", "argnum"]


@pytest.mark.parametrize("name", ["make_hvp", "make_vjp", "make_ggnvp", "make_jvp"])
def test_the_form_of_the_result_is_that_of_hips_autograd(name: str) -> None:
    theirs = pytest.importorskip("autograd")
    anp = pytest.importorskip("autograd.numpy")

    def f(x: Any) -> Any:
        return anp.tanh(anp.dot(A, x))

    def scalar(x: Any) -> Any:
        return anp.sum(x**3)

    if name == "make_jvp":
        (y, t), (y0, t0) = ac.make_jvp(curve)(X)(V), theirs.make_jvp(f)(X)(V)
        np.testing.assert_allclose([*y, *t], [*y0, *t0])
    elif name == "make_ggnvp":
        np.testing.assert_allclose(ac.make_ggnvp(curve)(X)(V), theirs.make_ggnvp(f)(X)(V))
    elif name == "make_hvp":
        ours, other = ac.make_hvp(lambda x: np.sum(x**3))(X), theirs.make_hvp(scalar)(X)
        np.testing.assert_allclose(ours[0](V), other[0](V))
        np.testing.assert_allclose(ours[1], other[1])
    else:
        ours, other = ac.make_vjp(curve)(X), theirs.make_vjp(f)(X)
        np.testing.assert_allclose(ours[0](U), other[0](U))
        np.testing.assert_allclose(ours[1], other[1])


def test_the_jacobian_of_no_outputs_is_empty() -> None:
    for jacobian in (ac.jacobian, ac.jacrev, ac.jacfwd):
        J = jacobian(lambda x: x[:0] * 2.0)(A.astype(np.float32))
        assert (J.shape, J.dtype) == ((0, 3, 2, 3), np.float32)
    of_both = ac.jacobian(lambda p: p["a"][:0] * p["b"])({"a": X, "b": 2.0})
    assert of_both["a"].shape == (0, 3) and of_both["b"].shape == (0,)


def test_argnum_by_name_number_and_tuple() -> None:
    def f(a: Any, b: Any, c: Any = 2.0) -> Any:
        return a**2 * b * c

    assert ac.grad(f, "b")(3.0, 5.0) == 18.0
    assert ac.grad(f, "b")(3.0, b=5.0) == 18.0
    assert ac.grad(f, -1)(3.0, 5.0) == 18.0
    assert ac.grad(f, ("a", 1))(3.0, 5.0) == (60.0, 18.0)
    assert ac.grad(f, "c")(3.0, 5.0, c=1.0) == 45.0
    assert ac.grad(f).__name__ == "grad_of_f_wrt_argnum_0"
    with pytest.raises(ArgumentError, match="a, b, c"):
        ac.grad(f, "d")(1.0, 2.0)


def test_has_aux() -> None:
    (value, aux), g = ac.value_and_grad(lambda x: (x**2, {"twice": 2 * x}), has_aux=True)(3.0)
    assert (value, g) == (9.0, 6.0) and aux == {"twice": 6.0}
    assert isinstance(aux["twice"], np.floating)
    with pytest.raises(ShapeError, match="has_aux"):
        ac.grad(lambda x: x, has_aux=True)(1.0)


def test_holomorphic_grad_wants_a_complex_argument() -> None:
    with pytest.raises(DtypeError, match="complex"):
        ac.holomorphic_grad(np.sin)(1.0)


def test_linearize_does_not_evaluate_the_function_again() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        return np.sin(x)

    _, push = ac.linearize(f, X)
    np.testing.assert_allclose(push(V), np.cos(X) * V)
    np.testing.assert_allclose(push(2 * V), 2 * np.cos(X) * V)
    assert len(calls) == 1


# --- checkpoint -----------------------------------------------------------------------------------


def block(x: Any, w: Any) -> Any:
    return np.tanh(x * w) + np.sin(x)


def test_checkpoint_in_both_modes_to_second_order() -> None:
    check_grads(ac.checkpoint(block))(X, V)


def test_checkpoint_keeps_only_its_arguments() -> None:
    x = tensor(X, requires_grad=True)
    y = ac.checkpoint(lambda v: block(block(v, 2.0), 3.0))(x)
    (node,) = y._trace.parents
    assert node.parents == (x._trace,) and [o is x._value for o in node.operands] == [True]


def test_checkpoint_on_the_tape_reaches_what_the_function_closes_over() -> None:
    w = tensor(V, requires_grad=True)
    for x in (tensor(X, requires_grad=True), X):
        w.grad = None
        np.sum(ac.checkpoint(lambda v: block(v, w))(x)).backward()
        expected = ac.grad(lambda u: np.sum(block(X, u)))(V)
        np.testing.assert_allclose(w.grad.numpy(), expected)


def test_checkpoint_of_containers() -> None:
    def f(p: Any, scale: float, name: str) -> Any:
        return {"y": np.sin(p["a"]) * scale, "z": p["b"] ** 2}

    def loss(wrap: Any) -> Any:
        def run(p: Any) -> Any:
            out = wrap(f)(p, 2.0, name="n")
            return np.sum(out["y"]) + np.sum(out["z"])

        return run

    p = {"a": X, "b": V}
    ours, plain = ac.grad(loss(ac.checkpoint))(p), ac.grad(loss(lambda g: g))(p)
    np.testing.assert_allclose(ours["a"], plain["a"])
    np.testing.assert_allclose(ours["b"], plain["b"])


@pytest.mark.parametrize("x", [2.0, np.float64(2.0), np.float32(2.0), np.array(2.0)])
@pytest.mark.parametrize(
    "f",
    [
        np.sum,
        lambda x: x * x + x,
        lambda x: np.where(x > 0, x, 0.0),
        lambda x: 3.0,
        lambda x: np.reshape(x, ()),
        lambda x: np.sum(x * np.ones(3, np.float32)),
    ],
)
def test_the_gradient_of_a_number_is_a_number(f: Any, x: Any) -> None:
    assert type(ac.grad(f)(x)) is np.asarray(x).dtype.type
