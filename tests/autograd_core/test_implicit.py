"""Implicit differentiation: any solver, both modes, any order; and what is refused."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_core import (
    ArgumentError,
    ConvergenceError,
    GraphError,
    MissingRuleError,
    NotDifferentiableError,
    ShapeError,
    custom_fixed_point,
    custom_root,
    fixed_point,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    tensor,
    vjp,
    vmap,
)
from autograd_core.test_util import check_equivalent, check_grads

A = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, -0.3], [0.5, -0.3, 1.5]])
B = np.array([1.0, -2.0, 0.7])


class Line(NamedTuple):
    slope: Any
    offset: Any


def opaque(x: Any) -> Any:
    """See that no Tensor arrives: a solver may be compiled code."""
    assert isinstance(x, (float, complex, np.ndarray, np.generic))
    return x


# --- solutions with a formula ---------------------------------------------------------------------


@custom_root(lambda x, a: x**3 - a)
def cube_root(_x0: Any, a: Any) -> Any:
    return float(opaque(a)) ** (1 / 3)


@custom_root(lambda x, A, b: A @ x - b)
def linear_system(_x0: Any, A: Any, b: Any) -> Any:
    return np.linalg.solve(opaque(A), b)


@custom_root(lambda x, p: {"u": x["u"] ** 2 + x["v"] ** 2 - p.slope, "v": x["u"] - 2 * x["v"]})
def circle_and_line(_x0: Any, p: Line) -> Any:
    return {"u": 2 * np.sqrt(opaque(p.slope) / 5), "v": np.sqrt(p.slope / 5)}


def ridge_loss(w: Any, strength: Any, y: Any) -> Any:
    return np.sum((A @ w - y) ** 2) + strength * np.sum(w**2)


@custom_root(grad(ridge_loss))
def ridge(w0: Any, strength: Any, y: Any) -> Any:
    return np.linalg.solve(A.T @ A + opaque(strength) * np.eye(3), A.T @ y)


@custom_fixed_point(lambda x, a: 0.5 * (x + a / x))
def square_root(x0: Any, a: Any) -> Any:
    x = x0
    while np.any(abs(x * x - opaque(a)) > 1e-14 * a):
        x = 0.5 * (x + a / x)
    return x


@custom_root(lambda z, a: z**2 - a)
def complex_root(_z0: Any, a: Any) -> Any:
    return np.sqrt(opaque(a))


@custom_root(lambda z, a: z + 0.5 * np.conj(z) - a)
def not_holomorphic(_z0: Any, a: Any) -> Any:
    return (opaque(a) - 0.5 * np.conj(a)) / 0.75


def conjugate_gradients(matvec: Any, b: Any) -> Any:
    """Solve without a matrix, on plain arrays only."""
    x, r = np.zeros_like(opaque(b)), b
    p = r
    while np.linalg.norm(r) > 1e-13 * np.linalg.norm(b):
        Ap = matvec(p)
        step = r @ r / (p @ Ap)
        r_next = r - step * Ap
        x, p, r = x + step * p, r_next + (r_next @ r_next) / (r @ r) * p, r_next
    return x


@custom_root(grad(ridge_loss), solve=conjugate_gradients)
def large_ridge(w0: Any, strength: Any, y: Any) -> Any:
    return np.linalg.solve(A.T @ A + opaque(strength) * np.eye(3), A.T @ y)


def ridge_formula(strength: Any, y: Any) -> Any:
    return np.linalg.solve(A.T @ A + strength * np.eye(3), A.T @ y)


F8 = np.float64
SOLUTIONS = [
    ("opaque", lambda a: cube_root(None, a), np.cbrt, (F8(8.0),)),
    ("linear", lambda A, b: linear_system(None, A, b), np.linalg.solve, (A, B)),
    (
        "trees",
        lambda p: circle_and_line(None, p),
        lambda p: {"u": 2 * np.sqrt(p.slope / 5), "v": np.sqrt(p.slope / 5)},
        (Line(F8(4.0), [B]),),
    ),
    ("ridge", lambda s, y: ridge(None, s, y), ridge_formula, (F8(0.3), B)),
    ("fixed", lambda a: square_root(np.ones(3), a), np.sqrt, (np.array([0.5, 2.0, 7.0]),)),
    ("complex", lambda a: complex_root(None, a), np.sqrt, (np.complex128(1 + 2j),)),
    (
        "conjugate",
        lambda a: not_holomorphic(None, a),
        lambda a: (a - 0.5 * np.conj(a)) / 0.75,
        (np.array([1 + 2j, -0.3j]),),
    ),
    ("no matrix", lambda s, y: large_ridge(None, s, y), ridge_formula, (F8(0.3), B)),
    (
        "iterated",
        lambda a: fixed_point(lambda x, a: [np.cos(a * x[0]), x[1] / 2 + a], [0.1, B], a),
        None,
        (F8(0.9),),
    ),
]


@pytest.mark.parametrize(
    ("solution", "formula", "args"), [row[1:] for row in SOLUTIONS], ids=[r[0] for r in SOLUTIONS]
)
def test_derivatives_are_those_of_the_formula(solution: Any, formula: Any, args: tuple) -> None:
    check_grads(solution, order=2)(*args)  # against differences of the whole solution
    if formula is None:
        return
    check_equivalent(solution(*args), formula(*args))
    y, pull = vjp(solution, *args)
    check_equivalent(pull(y), vjp(formula, *args)[1](y))
    check_equivalent(jvp(solution, args, args), jvp(formula, args, args))


def test_orders_modes_and_doors_mix() -> None:
    f = lambda a: cube_root(None, a)
    third = 10 / 27 * 8 ** (-8 / 3)
    push = lambda h: lambda a: jvp(h, (a,), (np.ones_like(a),))[1]
    for derivative in (
        grad(grad(grad(f))),
        push(push(push(f))),
        grad(push(grad(f))),
        push(grad(push(f))),
        grad(hessian(f)),
    ):
        np.testing.assert_allclose(derivative(F8(8.0)), third, rtol=1e-10)
    a = np.array([0.5, 2.0, 7.0])
    for jacobian_of in (jacrev, jacfwd):
        found = jacobian_of(lambda a: square_root(np.ones(3), a))(a)
        np.testing.assert_allclose(found, np.diag(0.5 / np.sqrt(a)))
    x = tensor(a, requires_grad=True)
    np.sum(square_root(np.ones(3), x)).backward(create_graph=True)
    first, x.grad = x.grad, None
    np.sum(first).backward()
    np.testing.assert_allclose(x.grad.numpy(), -0.25 * a**-1.5)


@pytest.mark.parametrize("solver", [ridge, large_ridge], ids=["dense", "no matrix"])
def test_vmap(solver: Any) -> None:
    ys = np.stack([B, 2 * B, B**2])
    f = lambda s, y: solver(None, s, y)
    expected = [ridge_formula(0.3, y) for y in ys]
    np.testing.assert_allclose(vmap(f, (None, 0))(0.3, ys), expected)
    slope = lambda y: grad(lambda s: np.sum(f(s, y) ** 3))(F8(0.3))
    np.testing.assert_allclose(vmap(slope)(ys), [slope(y) for y in ys])
    along = lambda y: jvp(lambda y: f(F8(0.3), y), (y,), (B,))[1]
    np.testing.assert_allclose(vmap(along)(ys), [along(y) for y in ys])
    curved = lambda y: hessian(lambda y: np.sum(f(F8(0.3), y) ** 3))(y)
    np.testing.assert_allclose(vmap(curved)(ys), [curved(y) for y in ys])


def test_float32_stays() -> None:
    a = np.float32([0.5, 2.0])
    f = lambda a: fixed_point(lambda x, a: 0.5 * (x + a / x), np.ones(2, np.float32), a)
    y, t = jvp(f, (a,), (a,))
    assert y.dtype == t.dtype == jacrev(f)(a).dtype == np.float32
    np.testing.assert_allclose(t, 0.5 * np.sqrt(a), rtol=1e-5)


def test_arguments_that_have_no_gradient() -> None:
    @custom_root(lambda x, p, n, f: f(x) ** n - p["a"])
    def solve(x0: Any, p: Any, n: int, f: Any, *, digits: int = 15) -> Any:
        return np.round(p["a"] ** (1 / n) / 2, digits)

    f = lambda a: solve(1.0, {"a": a, "count": np.arange(3), "name": "b"}, 2, lambda x: 2 * x)
    check_grads(f)(F8(9.0))
    assert grad(lambda x0: solve(x0, {"a": 9.0}, 2, lambda x: 2 * x, digits=3))(1.0) == 0.0
    assert grad(lambda a: np.sum(fixed_point(lambda x, a: x * a, np.ones(0), a)))(0.5) == 0.0


def test_aux() -> None:
    @custom_root(lambda x, a: x**2 - a, has_aux=True)
    def solve(x0: Any, a: Any) -> Any:
        return np.sqrt(opaque(a)), {"steps": int(a)}

    value, aux = grad(lambda a: solve(None, a), has_aux=True)(F8(4.0))
    assert value == 0.25 and aux == {"steps": 4}
    each: list = []
    vmap(lambda a: each.append(solve(None, a)[1]) or a)(np.array([4.0, 9.0]))
    assert each == [[{"steps": 4}, {"steps": 9}]]


def test_the_iteration_is_not_recorded() -> None:
    """Memory does not grow with the steps, and what is thrown away is not differentiated."""
    steps = []
    f = lambda x, a: steps.append(type(x)) or 0.99 * x + a
    y, pull = vjp(lambda a: fixed_point(f, F8(0.0), a, maxiter=5000), F8(1.0))
    assert len(steps) > 1000 and set(steps) == {np.float64}
    np.testing.assert_allclose([y, *pull(1.0)], [100.0, 100.0])


# --- what is refused ------------------------------------------------------------------------------


def root_of(F: Any, solver: Any, **options: Any) -> Any:
    return lambda a: custom_root(F, **options)(solver)(None, a)


REFUSED = [
    (
        "double root",
        lambda: grad(root_of(lambda x, a: (x - a) ** 2, lambda _, a: a + 1e-8))(1.0),
        NotDifferentiableError,
        ["singular", "double root"],
    ),
    (
        "triple root at zero",
        lambda: jvp(root_of(lambda x, a: x**3 - a, lambda _, a: 1e-13), (0.0,), (1.0,)),
        NotDifferentiableError,
        ["singular"],
    ),
    (
        "flat minimum, half way",
        lambda: grad(root_of(grad(lambda x, a: (x - a) ** 4), lambda _, a: a + 1e-3))(1.0),
        NotDifferentiableError,
        ["singular"],
    ),
    (
        "an unknown that does not matter",
        lambda: grad(
            lambda a: root_of(lambda x, a: np.stack([x[0] - a, 0 * x[1]]), lambda _, a: B[:2])(a)[0]
        )(1.0),
        NotDifferentiableError,
        ["unknown", "regularisation"],
    ),
    (
        "singular but for rounding",
        lambda: jacrev(
            root_of(
                lambda x, a: np.array([[1.0, 1.0], [1.0, 1.0 + 4e-16]]) @ x - a, lambda _, a: 0 * a
            )
        )(np.zeros(2)),
        NotDifferentiableError,
        ["singular"],
    ),
    (
        "one of a batch",
        lambda: vmap(grad(root_of(lambda x, a: x**2 - a, lambda _, a: np.sqrt(a))))(
            np.array([4.0, 0.0])
        ),
        NotDifferentiableError,
        ["singular"],
    ),
    (
        "not converged",
        lambda: grad(root_of(lambda x, a: x * a - 1, lambda _, a: 1 / a + 0.1))(1.0),
        ConvergenceError,
        ["Newton step", "0.1", "tolerance"],
    ),
    (
        "not finite",
        lambda: grad(root_of(lambda x, a: x - a, lambda _, a: np.nan))(1.0),
        ConvergenceError,
        ["nan"],
    ),
    (
        "equation closes over a Tensor",
        lambda: grad(lambda a: root_of(lambda x, b: x - a * b, lambda _, b: b)(F8(1.0)))(1.0),
        GraphError,
        ["not among its arguments", "args"],
    ),
    (
        "solver closes over a Tensor",
        lambda: grad(lambda a: root_of(lambda x, b: x - b, lambda _, b: a * b)(F8(1.0)))(1.0),
        GraphError,
        ["not among its arguments"],
    ),
    (
        "iteration closes over a Tensor of the tape",
        lambda: fixed_point(lambda x: 0.5 * x + tensor(1.0, requires_grad=True), 1.0),
        GraphError,
        ["not among its arguments"],
    ),
    (
        "traced keyword",
        lambda: grad(lambda a: cube_root(None, a=a))(1.0),
        MissingRuleError,
        ["keyword", "positional"],
    ),
    (
        "fewer equations than unknowns",
        lambda: root_of(lambda x, a: x[:1] - a, lambda _, a: np.ones(2))(F8(1.0)),
        ShapeError,
        ["2", "1"],
    ),
    (
        "complex equation for a real unknown",
        lambda: root_of(lambda x, a: x + 1j, lambda _, a: a)(F8(1.0)),
        ShapeError,
        ["complex"],
    ),
    (
        "no aux",
        lambda: root_of(lambda x, a: x - a, lambda _, a: a, has_aux=True)(F8(1.0)),
        ArgumentError,
        ["(x, aux)"],
    ),
    (
        "repelling fixed point",
        lambda: fixed_point(lambda x: 2 * x, 1.0, maxiter=20),
        ConvergenceError,
        ["20 iterations", "not attracting"],
    ),
    (
        "another form",
        lambda: fixed_point(lambda x: np.ones(3), 1.0),
        ShapeError,
        ["1 numbers", "3"],
    ),
]


@pytest.mark.parametrize(
    ("call", "error", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(call: Any, error: type, words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_singular_jacobian_with_a_solver_of_least_squares() -> None:
    """Of two unknowns only the sum is determined; the derivative of the sum is right."""

    def least_squares(matvec: Any, b: Any) -> Any:
        return np.linalg.lstsq(np.stack([matvec(e) for e in np.eye(2)], axis=1), b)[0]

    @custom_root(grad(lambda x, a: (np.sum(x) - a**3) ** 2), solve=least_squares)
    def solve(_x0: Any, a: Any) -> Any:
        return np.stack([a**3 - 5.0, 5.0])

    np.testing.assert_allclose(grad(lambda a: np.sum(solve(None, a)))(2.0), 12.0)
    np.testing.assert_allclose(grad(grad(lambda a: np.sum(solve(None, a))))(F8(2.0)), 12.0)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_units_do_not_matter(scale: float) -> None:
    """What is refused does not depend on the unit of x, of the equation, or of its parts."""

    @custom_root(lambda x, a: np.stack([(x[0] ** 2 - a) / scale**3, x[1] * a - scale]))
    def solve(_x0: Any, a: Any) -> Any:
        return np.stack([np.sqrt(a), scale / a])

    a = F8(scale**2)
    expected = [0.5 / np.sqrt(a), -scale / a**2]
    np.testing.assert_allclose(jacfwd(lambda a: solve(None, a))(a), expected, rtol=1e-12)


def test_an_argument_that_changes_before_the_pullback_is_noticed() -> None:
    a = np.array([1.0, 4.0])
    _, pull = vjp(lambda a: square_root(np.ones(2), a), a)
    a[:] = 100.0
    with pytest.raises(GraphError):
        pull(np.ones(2))
