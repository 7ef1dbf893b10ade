"""scipy.optimize: what SciPy gets, that it gives the same, and the derivatives of solutions."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import scipy.optimize

from autograd_core import (
    AutogradError,
    ConvergenceError,
    GraphError,
    MissingRuleError,
    NotDifferentiableError,
    ShapeError,
    grad,
    hessian,
    holomorphic_grad,
    jacfwd,
    jacrev,
    jvp,
    no_grad,
    tensor,
    vmap,
)
from autograd_core.errors import ArgumentError, DtypeError
from autograd_core.scipy import optimize
from autograd_core.scipy.optimize import ScalarFunction, VectorFunction, systems

A = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, -0.3], [0.5, -0.3, 1.5]])
B = np.array([1.0, -2.0, 0.7])
T = np.linspace(0.0, 2.0, 7)
Y = 2 * np.exp(-0.7 * T) + 0.3 + 0.05 * np.cos(9 * T)
FINE = {"xtol": 1e-14, "ftol": 1e-14, "gtol": 1e-14}
F8 = np.float64


def rosenbrock(x: Any, a: Any = 1.0) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (a - x[:-1]) ** 2)


def bowl(x: Any, b: Any) -> Any:
    return 0.5 * x @ A @ x - b @ x + 0.05 * np.sum(x**4)


def curve(x: Any, a: Any, b: Any, c: Any) -> Any:
    return a * np.exp(-b * x) + c


def difference(f: Any, h: float = 3e-4) -> Any:
    """Derivative at 0 by central differences of fourth order, each of which is a whole solution."""
    near, far = ((f(F8(s)) - f(F8(-s))) / (2 * s) for s in (h, 2 * h))
    return (4 * near - far) / 3


# --- what SciPy gets ------------------------------------------------------------------------------

METHODS = {
    "CG": "jac",
    "BFGS": "jac",
    "L-BFGS-B": "jac",
    "TNC": "jac",
    "SLSQP": "jac",
    "Newton-CG": "hess",
    "dogleg": "hess",
    "trust-ncg": "hess",
    "trust-krylov": "hess",
    "trust-exact": "hess",
    "trust-constr": "hess",
    "Nelder-Mead": "",
    "Powell": "",
    "COBYLA": "",
}


@pytest.mark.parametrize("method", METHODS)
def test_minimize_takes_the_way_of_scipy_with_exact_derivatives(method: str) -> None:
    x0 = np.array([1.1, 1.2, 1.4])
    by_hand: dict[str, Any] = {}
    if METHODS[method]:
        by_hand = {"jac": scipy.optimize.rosen_der}
    if METHODS[method] == "hess":
        by_hand["hess"] = scipy.optimize.rosen_hess
    theirs = scipy.optimize.minimize(scipy.optimize.rosen, x0, method=method, **by_hand)
    ours = optimize.minimize(rosenbrock, x0, method=method)
    np.testing.assert_allclose(ours.x, theirs.x, rtol=1e-5)
    assert ours.keys() == theirs.keys() and type(ours) is type(theirs)
    for count in ("nfev", "nit", "success"):
        assert ours.get(count) == theirs.get(count)


@pytest.mark.parametrize("method", [m for m, use in METHODS.items() if use == "hess"])
def test_large_hessians_are_multiplied_not_formed(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    formed = []
    real = ScalarFunction.hess
    monkeypatch.setattr(ScalarFunction, "hess", lambda *a: formed.append(1) or real(*a))
    monkeypatch.setattr(optimize.minimizing, "LARGE", 2)
    result = optimize.minimize(rosenbrock, np.array([1.1, 1.2, 1.4]), method=method)
    np.testing.assert_allclose(result.x, 1.0, rtol=1e-3)
    assert bool(formed) == (method in ("dogleg", "trust-exact"))


GIVEN = [
    {"jac": lambda x, a: -2 * (a - x)},
    {"jac": "2-point"},
    {"jac": lambda x, a: -2 * (a - x), "hess": lambda x, a: 2 * np.eye(2), "method": "dogleg"},
    {"jac": lambda x, a: -2 * (a - x), "hessp": lambda x, p, a: 2 * p, "method": "trust-ncg"},
    {
        "jac": "2-point",
        "hess": scipy.optimize.SR1(),
        "method": "trust-constr",
        "options": {"gtol": 1e-12},
    },
]


@pytest.mark.parametrize("given", GIVEN, ids=lambda g: "-".join(g))
def test_what_is_given_is_used(given: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    solution = lambda a: optimize.minimize(lambda x, a: np.sum((x - a) ** 2), B[:2], (a,), **given)
    np.testing.assert_allclose(grad(lambda a: solution(a).x[0])(F8(3.0)), 1.0, rtol=1e-6)
    monkeypatch.setattr(ScalarFunction, "fun_and_jac", None)
    monkeypatch.setattr(ScalarFunction, "hess", None)
    np.testing.assert_allclose(solution(3.0).x, 3.0, rtol=1e-5)


def test_value_and_gradient_of_the_users() -> None:
    both = lambda x, a: (np.sum((x - a) ** 2), 2 * (x - a))
    f = lambda a: optimize.minimize(both, [0.0, 0.0], args=a, jac=True)
    assert f(2.0).fun < 1e-12 and grad(lambda a: np.sum(f(a).x))(2.0) == 2.0
    pair = lambda x, a: ([x[0] ** 2 - a], [[2 * x[0]]])
    found = grad(lambda a: optimize.root(pair, [1.0], args=(a,), jac=True).x[0])(4.0)
    np.testing.assert_allclose(found, 0.25)
    several = lambda x, a: (x**2 - a, 2 * x)
    f = lambda a: optimize.root_scalar(several, args=(a,), x0=1.0, fprime=True).root
    np.testing.assert_allclose(grad(f)(4.0), 0.25)


def test_start_in_any_form() -> None:
    loss = lambda p, a: np.sum((p["w"] @ A - a) ** 2) + (p["b"] - 1.0) ** 2
    start = {"w": np.zeros((2, 3), np.float32), "b": 0.0}
    seen: list[Any] = []
    solve = lambda a, **kw: optimize.minimize(loss, start, args=(a,), tol=1e-10, **kw).x
    x = solve(B, callback=lambda x: seen.append(x["w"].shape))
    np.testing.assert_allclose(x["w"], np.stack([np.linalg.solve(A, B)] * 2), rtol=1e-5)
    assert x["w"].dtype == np.float32 and set(seen) == {(2, 3)}
    solve(B, callback=lambda intermediate_result: seen.append(intermediate_result.x["b"].shape))
    assert () in seen
    found = jacrev(lambda a: solve(a)["w"][0])(B)
    np.testing.assert_allclose(found, np.linalg.inv(A), rtol=1e-4, atol=1e-5)
    assert optimize.minimize(lambda x: np.sum(x**2), 3).x.shape == (1,)
    assert optimize.root(lambda x: [x[0] - 1, x[1]], [2, 3]).x.tolist() == [1.0, 0.0]
    z = optimize.minimize(lambda z: np.abs(z[0] - 1j) ** 2, np.array([1 + 1j])).x
    np.testing.assert_allclose(z, [1j], atol=1e-6)


# --- functions for who calls SciPy ----------------------------------------------------------------


def test_functions_on_vectors() -> None:
    x0 = {"w": np.float32([1, 2]), "z": 3 + 4j}
    f = ScalarFunction(lambda p, a: a * np.sum(p["w"] ** 3) + np.abs(p["z"]) ** 2, x0)
    assert f.x0.tolist() == [1, 2, 3, 4] and f.x0.dtype == np.float64
    back = f.unflatten(f.x0)
    assert back["w"].dtype == np.float32 and back["z"] == 3 + 4j
    value, slope = f.fun_and_jac(f.x0, 2.0)
    assert type(value) is float and value == f.fun(f.x0, 2.0) == 43.0
    H = np.diag([12.0, 24.0, 2.0, 2.0])
    for found, expected in (
        (slope, [6.0, 24.0, 6.0, 8.0]),
        (f.jac(f.x0, 2.0), slope),
        (f.hess(f.x0, 2.0), H),
        (f.hessp(f.x0, np.arange(4), 2.0), H @ np.arange(4)),
        (VectorFunction(lambda x, k: [k * x, x[0] * x[1]], B).jac(B, k=2), None),
    ):
        assert type(found) is np.ndarray and found.dtype == np.float64
        assert found.flags.c_contiguous and found.flags.writeable
        if expected is not None:
            np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(found, [[2, 0, 0], [0, 2, 0], [0, 0, 2], [B[1], B[0], 0]])


def test_functions_evaluate_once_and_do_not_keep_scipys_buffer() -> None:
    calls: list[Any] = []
    f = ScalarFunction(lambda x: calls.append(x) or np.sum(x**2), B)
    buffer = B.copy()
    f.fun_and_jac(buffer)
    assert len(calls) == 1
    f.fun(buffer)
    buffer[:] = np.nan
    np.testing.assert_array_equal(calls[1], B)


# --- derivatives of solutions ---------------------------------------------------------------------

SOLUTIONS: dict[str, tuple] = {
    **{
        f"minimize-{m}": (lambda b, m=m: optimize.minimize(bowl, B, (b,), m, tol=1e-12).x, B)
        for m in ("Nelder-Mead", "Powell", "CG", "BFGS", "SLSQP", "trust-exact", "trust-constr")
    },
    "minimize-fun": (lambda b: optimize.minimize(bowl, B, (b,), tol=1e-10).fun, B),
    "minimize-bounds": (
        lambda b: (
            optimize.minimize(
                bowl, 0 * B, (b,), bounds=[(None, 0.2), (-0.4, 0.4), (None, None)], tol=1e-14
            ).x
        ),
        B,
    ),
    "minimize-moving-bounds": (
        lambda u: (
            optimize.minimize(
                bowl, 0 * B, (B,), bounds=[(None, u[0]), (u[1], 0.4), (None, u[2])], tol=1e-14
            ).x
        ),
        np.array([0.2, -0.4, 9.0]),
    ),
    "minimize-equality": (
        lambda b: (
            optimize.minimize(
                bowl,
                0 * B,
                (b,),
                constraints={"type": "eq", "fun": lambda x, s: np.sum(x) - s, "args": (b[0] ** 2,)},
                tol=1e-14,
            ).x
        ),
        B,
    ),
    "minimize-constraints": (
        lambda b: (
            optimize.minimize(
                bowl,
                0.1 * B,
                (b,),
                bounds=[(None, None), (-0.4, None), (None, None)],
                constraints=[
                    scipy.optimize.NonlinearConstraint(lambda x: np.sum(x**2), -np.inf, 0.5),
                    scipy.optimize.LinearConstraint(np.ones((1, 3)), 0.3, 9.0),
                    {"type": "ineq", "fun": lambda x: 5.0 - x[0]},
                ],
                tol=1e-14,
            ).x
        ),
        B,
    ),
    "minimize_scalar": (
        lambda a: optimize.minimize_scalar(lambda x, a: np.cosh(x - a**2), args=(a,), tol=1e-12).x,
        F8(1.3),
    ),
    "minimize_scalar-bounded": (
        lambda a: (
            optimize.minimize_scalar(
                lambda x, a: (x - a) ** 2, args=a, bounds=(0, 1), method="bounded"
            ).x
        ),
        F8(0.4),
    ),
    "minimize_scalar-moving-bound": (
        lambda a: (
            optimize.minimize_scalar(
                lambda x: (x - 3) ** 2, bounds=(0, a), options={"xatol": 1e-9}
            ).x
        ),
        F8(0.4),
    ),
    **{
        f"least_squares-{loss}": (
            lambda y, loss=loss: (
                optimize.least_squares(
                    lambda p, y: curve(T, *p) - y,
                    [2, 1, 0],
                    args=(y,),
                    loss=loss,
                    f_scale=0.05,
                    **FINE,
                ).x
            ),
            Y,
        )
        for loss in ("linear", "soft_l1", "huber", "cauchy", "arctan")
    },
    "least_squares-bounds": (
        lambda y: (
            optimize.least_squares(
                lambda p, y: {"r": curve(T, *p) - y},
                [1.5, 1, 0.1],
                bounds=([0, 0, 0], [1.9, 9, 9]),
                args=(y,),
                **FINE,
            ).x
        ),
        Y,
    ),
    "least_squares-moving-bounds": (
        lambda u: (
            optimize.least_squares(
                lambda p: curve(T, *p) - Y, [1.5, 1, 0.1], bounds=([0, 0, 0], [u, 9, 9]), **FINE
            ).x
        ),
        F8(1.7),
    ),
    "curve_fit-moving-bounds": (
        lambda u: optimize.curve_fit(
            curve, T, Y, [1.5, 1, 0.1], bounds=(0, np.stack([u, 9 * u, 9 * u])), **FINE
        )[0],
        F8(1.7),
    ),
    "least_squares-cost": (
        lambda y: (
            optimize.least_squares(lambda p, y: curve(T, *p) - y, [2, 1, 0], args=(y,), **FINE).cost
        ),
        Y,
    ),
    "curve_fit-y": (lambda y: optimize.curve_fit(curve, T, y, [2, 1, 0], **FINE)[0], Y),
    "curve_fit-x": (lambda x: optimize.curve_fit(curve, x, Y, [2, 1, 0], **FINE)[0], T),
    "curve_fit-sigma": (
        lambda s: optimize.curve_fit(curve, T, Y, [2, 1, 0], sigma=s, **FINE)[0],
        0.1 + T,
    ),
    "curve_fit-covariance": (
        lambda y: optimize.curve_fit(curve, T, y, [2, 1, 0], sigma=np.diag(0.1 + T) + 0.02, **FINE)[
            1
        ],
        Y,
    ),
    "root": (lambda b: optimize.root(lambda x, b: x**3 + A @ x - b, B, (b,), tol=1e-14).x, B),
    "root-lm": (
        lambda b: optimize.root(lambda x, b: x**3 + A @ x - b, B, (b,), "lm", tol=1e-14).x,
        B,
    ),
    "root-krylov": (
        lambda b: optimize.root(lambda x, b: x**3 + A @ x - b, B, (b,), "krylov", tol=1e-12).x,
        B,
    ),
    "fsolve": (lambda b: optimize.fsolve(lambda x, b: x**3 + A @ x - b, B, (b,), xtol=1e-14), B),
    "fixed_point": (lambda b: optimize.fixed_point(lambda x, b: np.cos(x * b), B, (b,)), B),
    **{
        f"{f.__name__}": (lambda a, f=f: f(lambda x, a: x**3 - a, 0.0, 9.0, args=(a,)), F8(8.0))
        for f in (
            optimize.brentq,
            optimize.brenth,
            optimize.ridder,
            optimize.bisect,
            optimize.toms748,
        )
    },
    **{
        f"root_scalar-{k}": (
            lambda a, kw=kw: optimize.root_scalar(lambda x, a: x**3 - a, args=(a,), **kw).root,
            F8(8.0),
        )
        for k, kw in {
            "bracket": {"bracket": [0, 9]},
            "start": {"x0": 1.0},
            "newton": {"x0": 1.0, "method": "newton"},
            "halley": {"x0": 1.0, "method": "halley"},
            "secant": {"x0": 1.0, "x1": 3.0},
        }.items()
    },
    "newton": (lambda a: optimize.newton(lambda x, a: x**3 - a, 1.0, args=(a,)), F8(8.0)),
    "newton-array": (
        lambda b: optimize.newton(lambda x, b: x**3 + x - b, np.ones(3), args=(b,)),
        B,
    ),
}


@pytest.mark.parametrize("name", SOLUTIONS)
def test_derivatives_of_solutions(name: str) -> None:
    """Both modes at x, and first and second order along a line, against differences."""
    solution, x = SOLUTIONS[name]
    rough = {"rtol": 2e-3, "atol": 2e-4} if "trust-constr" in name else {"rtol": 1e-4, "atol": 1e-5}
    direction = np.cos(np.arange(1.0, 1 + np.size(x))).reshape(np.shape(x))
    line = lambda t: solution(x + t * direction)
    along = lambda t: np.sum(np.sin(line(t)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # solvers that are asked for more than they can do
        reverse, forward = jacrev(solution)(x), jacfwd(solution)(x)
        np.testing.assert_allclose(forward, reverse, rtol=1e-6, atol=1e-8)
        found = np.tensordot(reverse, direction, axes=np.ndim(x))
        np.testing.assert_allclose(found, difference(line), **rough)
        np.testing.assert_allclose(hessian(along)(F8(0.0)), difference(grad(along)), **rough)


SIGMAS = [None, 0.1 + T, np.diag(0.1 + T) + 0.02]


@pytest.mark.parametrize("sigma", SIGMAS, ids=["none", "deviations", "covariance"])
@pytest.mark.parametrize("absolute", [False, True])
def test_curve_fit_gives_what_scipy_gives(sigma: Any, absolute: bool) -> None:
    options = FINE | {"sigma": sigma, "absolute_sigma": absolute}
    theirs = scipy.optimize.curve_fit(curve, T, Y, **options)
    plain = optimize.curve_fit(curve, T, Y, **options)
    (popt, pcov), _ = jvp(lambda y: optimize.curve_fit(curve, T, y, **options), (Y,), (Y,))
    for found in (plain, (popt, pcov)):
        np.testing.assert_allclose(found[0], theirs[0], rtol=1e-6)
        np.testing.assert_allclose(found[1], theirs[1], rtol=1e-4, atol=1e-8)


def test_full_output() -> None:
    f = lambda x, a: x**3 - a
    reports: dict[str, Any] = {}

    def keep(name: str, result: tuple) -> Any:
        reports[name] = result[1:]
        return np.sum(result[0])

    for name, solve in {
        "brentq": lambda a: optimize.brentq(f, 0, 9, (a,), full_output=True),
        "newton": lambda a: optimize.newton(f, 1.0, args=(a,), full_output=True),
        "array": lambda a: optimize.newton(f, np.ones(2), args=(a,), full_output=True),
        "fsolve": lambda a: optimize.fsolve(f, 1.0, (a,), full_output=True),
    }.items():
        plain = solve(8.0)
        slope = grad(lambda a, name=name, solve=solve: keep(name, solve(a)))(F8(8.0))
        np.testing.assert_allclose(slope, np.size(plain[0]) / 12)
    assert reports["brentq"][0].converged and reports["brentq"][0].iterations > 3
    expected = optimize.newton(f, 1.0, args=(8.0,), full_output=True)[1].function_calls
    assert reports["newton"][0].function_calls == expected
    assert reports["array"][0].tolist() == [True, True]
    assert reports["fsolve"][0].keys() == {"nfev", "njev"} and reports["fsolve"][1] == 1


def test_complex_roots() -> None:
    root = lambda a: optimize.newton(lambda z, a: z**2 - a, 1 + 1j, args=(a,))
    np.testing.assert_allclose(holomorphic_grad(root)(-4 + 0j), -0.25j, atol=1e-12)


def test_vmap_and_the_tape() -> None:
    solve = lambda b: optimize.minimize(bowl, B, (b,), "trust-exact", tol=1e-7)
    bs = np.stack([B, 2 * B, B**2])
    np.testing.assert_allclose(vmap(lambda b: solve(b).x)(bs), [solve(b).x for b in bs])
    slope = grad(lambda b: solve(b).fun)
    np.testing.assert_allclose(vmap(slope)(bs), [slope(b) for b in bs], rtol=1e-6)
    checked: list[Any] = []
    vmap(lambda b: checked.append(solve(b)) or b)(bs)
    assert checked[0].success is True and "nit" not in checked[0]
    b = tensor(B, requires_grad=True)
    solve(b).fun.backward()
    np.testing.assert_allclose(b.grad.numpy(), -solve(B).x, rtol=1e-5)  # the envelope theorem
    with no_grad():
        assert isinstance(solve(b).x, type(b)) and not solve(b).x.requires_grad


@pytest.mark.parametrize("bounds", [None, [(None, 0.2), (-0.4, 0.4), (None, None)]])
def test_many_unknowns_without_a_matrix(bounds: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    solve = lambda b: optimize.minimize(bowl, 0 * B, (b,), bounds=bounds, tol=1e-12).x
    expected = jacrev(solve)(B)
    monkeypatch.setattr(systems, "LARGE", 2)
    monkeypatch.setattr("autograd_core.equations.solve_dense", None)
    np.testing.assert_allclose(jacrev(solve)(B), expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(jacfwd(solve)(B), expected, rtol=1e-7, atol=1e-9)


# --- what is refused ------------------------------------------------------------------------------


def of_result(key: str) -> Any:
    def f(a: Any) -> Any:
        return np.sum(optimize.minimize(lambda x, a: np.sum((x - a) ** 2), B, (a,))[key])

    return lambda: grad(f)(1.0)


REFUSED = [
    *(
        (
            f"closure-{f.__name__}-{options}",
            lambda f=f, options=options: grad(
                lambda a: f(lambda x: np.sum((x - a) ** 2), *options) and a
            )(1.0),
            GraphError,
            ["not among its arguments", "args"],
        )
        for f, options in [
            (optimize.minimize, (B,)),
            (optimize.minimize, (B, (), "Nelder-Mead")),
            (optimize.minimize_scalar, ()),
            (optimize.root, ([1.0],)),
            (optimize.fsolve, ([1.0],)),
            (optimize.fixed_point, ([1.0],)),
            (optimize.least_squares, ([1.0],)),
            (optimize.brentq, (0.0, 2.0)),
            (optimize.newton, (0.0,)),
        ]
    ),
    (
        "closure-constraint",
        lambda: grad(
            lambda a: (
                optimize.minimize(
                    lambda x: np.sum(x**2), B, constraints={"type": "eq", "fun": lambda x: x[0] - a}
                ).fun
            )
        )(1.0),
        GraphError,
        ["not among its arguments"],
    ),
    (
        "closure-curve",
        lambda: grad(lambda a: optimize.curve_fit(lambda x, b: a * x + b, T, Y)[0][0])(1.0),
        GraphError,
        ["not among its arguments"],
    ),
    ("jac", of_result("jac"), NotDifferentiableError, ["result.jac", "result.x"]),
    ("hess_inv", of_result("hess_inv"), NotDifferentiableError, ["result.hess_inv"]),
    ("no such field", of_result("optimum"), KeyError, ["optimum"]),
    (
        "flat direction",
        lambda: grad(
            lambda a: optimize.minimize(lambda x, a: (x[0] + x[1] - a) ** 2, B[:2], (a,)).x[0]
        )(1.0),
        NotDifferentiableError,
        ["singular", "gradient of"],
    ),
    (
        "not converged",
        lambda: grad(
            lambda a: optimize.minimize(rosenbrock, -B, (a,), options={"maxiter": 3}).x[0]
        )(1.0),
        ConvergenceError,
        ["minimize(rosenbrock)", "gradient of rosenbrock", "tolerance"],
    ),
    (
        "double root",
        lambda: grad(lambda a: optimize.fsolve(lambda x, a: (x - a) ** 2, 0.5, (a,))[0])(1.0),
        NotDifferentiableError,
        ["double root"],
    ),
    (
        "dependent constraints",
        lambda: grad(
            lambda a: optimize.minimize(
                lambda x, a: np.sum((x - a) ** 2),
                0 * B,
                (a,),
                constraints=[
                    {"type": "ineq", "fun": lambda x: 1 - x[0]},
                    {"type": "ineq", "fun": lambda x: 2 - 2 * x[0]},
                ],
            ).x[1]
        )(3.0),
        NotDifferentiableError,
        ["singular"],
    ),
    (
        "kwargs of least_squares",
        lambda: grad(lambda a: optimize.least_squares(lambda x, a: x - a, B, kwargs={"a": a}).cost)(
            1.0
        ),
        MissingRuleError,
        ["kwargs", "args"],
    ),
    (
        "not a number",
        lambda: optimize.minimize(lambda x: x**2, B),
        ShapeError,
        ["one number", "np.sum", "least_squares"],
    ),
    (
        "complex",
        lambda: optimize.minimize(lambda x: 1j * np.sum(x), B),
        DtypeError,
        ["real number"],
    ),
    ("text", lambda: optimize.minimize(rosenbrock, ["a", "b"]), DtypeError, ["x0", "args"]),
    (
        "constraint",
        lambda: optimize.minimize(rosenbrock, B, constraints=[lambda x: x]),
        ArgumentError,
        ["NonlinearConstraint"],
    ),
    (
        "kind of constraint",
        lambda: optimize.minimize(rosenbrock, B, constraints={"type": "less", "fun": abs}),
        ArgumentError,
        ["ineq", "less"],
    ),
    (
        "full output under vmap",
        lambda: vmap(lambda a: optimize.fsolve(lambda x, a: x - a, 1.0, (a,), full_output=True)[0])(
            B
        ),
        ArgumentError,
        ["full_output", "3 examples"],
    ),
    (
        "other functions",
        lambda: grad(lambda A: np.sum(optimize.nnls(A, B)[0]))(A),
        MissingRuleError,
        ["scipy.optimize.nnls"],
    ),
    (
        "singular system",
        lambda: optimize.solve_cg(lambda v: 0 * v, B),
        ConvergenceError,
        ["3 unknowns", "singular"],
    ),
    (
        "singular system, gmres",
        lambda: optimize.solve_gmres(lambda v: v * np.array([1.0, 1.0, 0.0]), B),
        ConvergenceError,
        ["3 unknowns"],
    ),
]


@pytest.mark.parametrize(
    ("call", "error", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(call: Any, error: Any, words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert error is KeyError or isinstance(caught.value, AutogradError)


def test_the_namespace_is_that_of_scipy() -> None:
    missing = [n for n in scipy.optimize.__all__ if n not in optimize.__all__]
    assert all(isinstance(getattr(scipy.optimize, n), ModuleType) for n in missing)
    assert all(hasattr(optimize, n) for n in optimize.__all__)
    assert optimize.Bounds is scipy.optimize.Bounds
    assert optimize.minimize is not scipy.optimize.minimize
