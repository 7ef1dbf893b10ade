"""Minimisers: `scipy.optimize.minimize` and `minimize_scalar`, fed with derivatives, and themselves
differentiable.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize
from scipy.optimize import Bounds

from ...dispatch import array_of, operand_of, raw
from ...equations import holds_traced, implicit, to_vector
from ...gradients import grad
from ...operators import name
from ...trees import tree_map
from .constraints import Rows, conditions, multipliers, rows_of
from .functions import ScalarFunction, one_number, plain_number, unknowns
from .results import differentiable
from .systems import system_solver

__all__ = ["minimize", "minimize_scalar"]

Function = Callable[..., Any]
WITHOUT_JAC = ("nelder-mead", "powell", "cobyla", "cobyqa")
WITH_HESS = ("newton-cg", "trust-ncg", "trust-krylov", "trust-constr", "dogleg", "trust-exact")
WITHOUT_HESSP = ("dogleg", "trust-exact")
LARGE = 200
"""From this number of unknowns on, Hessians are multiplied with vectors, not formed."""


def minimize(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: float | None = None,
    callback: Function | None = None,
    options: dict | None = None,
) -> Any:
    """Minimise a function of one or more variables, as `scipy.optimize.minimize`.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)` returns one real number. It is written in NumPy functions that
        differentiate (for a method without derivatives, only if the solution is differentiated).
    x0 : array_like, or nested containers of arrays
        Where to start; x has the same form and dtypes. A list of numbers is an array. The solution
        does not depend on the start: its gradient is zero.
    args : tuple, default ()
        What the solution is differentiated with respect to, and other arguments of `fun`.
    method : str or callable, optional
        As in SciPy.
    jac, hess, hessp : optional
        Default: by differentiation, those that the method uses; value and gradient come from one
        evaluation, and `hess` is given up to 200 unknowns, `hessp` for more. If one of them is
        given (a function; `True`; "2-point"), SciPy gets what was given and nothing else.
    tol, callback, options : optional
        As in SciPy.
    bounds : sequence of pairs, or scipy.optimize.Bounds, optional
        As in SciPy, for the numbers of x0 in their order. The solution is differentiated with
        respect to them, too.
    constraints : optional
        As in SciPy; their Jacobians are by differentiation, too, if they are left out. The solution
        is differentiated with respect to the `args` of a constraint in a dict, as well.

    Returns
    -------
    scipy.optimize.OptimizeResult
        If something is being differentiated, `x` and `fun` carry derivatives, and what else depends
        on it is left out.

    Raises
    ------
    GraphError
        If `fun` or a constraint uses a Tensor that is being differentiated and is not among its
        `args`.
    NotDifferentiableError
        In the derivative, if the Hessian is singular at the solution, or if the constraints that
        hold it depend on each other.
    ConvergenceError
        In the derivative, if a Newton step would still move the solution by more than
        1e-3 (1 + max |x|). `success` is not asked: a line search that ends in rounding errors does
        no harm.

    Notes
    -----
    The gradient vanishes at the solution, which is the equation that is differentiated. With
    bounds it is x = clip(x - gradient, lower, upper), the conditions of Karush, Kuhn and Tucker:
    an unknown that is held by its bound does not move. Constraints add their multipliers to the
    unknowns. Where a bound or a constraint is touched but does not hold the solution, there is a
    kink, and the derivative is that of one side.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> rosen = lambda x, a: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (a - x[:-1]) ** 2)
    >>> solution = lambda a: minimize(rosen, [0.0, 0.0], args=(a,), tol=1e-10).x
    >>> solution(2.0).round(6)
    array([2., 4.])
    >>> grad(lambda a: solution(a)[1])(2.0).round(6)  # of a^2
    np.float64(4.0)
    """
    args = args if isinstance(args, tuple) else (args,)
    start = unknowns(x0)
    scalar: Function = (lambda *xs: fun(*xs)[0]) if jac is True else fun
    flat, rows = ScalarFunction(scalar, start), rows_of(constraints, start)
    given = any(d is not None for d in (jac, hess, hessp))
    if given:
        functions = given_functions(flat, fun, jac, hess, hessp)
    else:
        functions = own_functions(flat, method, bounds, rows)
    fills = not given and "jac" in functions
    feasible = getattr(bounds, "keep_feasible", False)
    theta = (*args, limits_of(bounds), [row.args for row in rows])
    traced, found = holds_traced(theta), []

    def solve(*theta: Any) -> Any:
        *args, limits, rows_args = theta
        result = scipy.optimize.minimize(
            x0=flat.x0,
            args=tuple(args),
            method=method,
            bounds=Bounds(*limits, feasible) if traced and limits else bounds,
            constraints=[row.for_scipy(a, fills) for row, a in zip(rows, rows_args, strict=True)],
            tol=tol,
            callback=in_form(callback, flat.unflatten),
            options=options,
            **functions,
        )
        result.x = flat.unflatten(result.x)
        found.append(result)
        return result.x

    if not traced:
        solve(*tree_map(raw, theta))
        return found[0]
    x = differentiable_minimum(flat, rows, solve, theta)
    return differentiable(found, x=x, fun=one_number(scalar(x, *args), fun))


def differentiable_minimum(
    flat: ScalarFunction, rows: list[Rows], solve: Function, theta: tuple
) -> Any:
    """Return the solution with its derivative."""
    *args_and_limits, rows_args = theta

    def without_rows(_start: None, *theta: Any) -> Any:
        return solve(*theta, rows_args)

    def with_rows(_start: None, *theta: Any) -> Any:
        x = solve(*theta)
        return x, multipliers(flat, rows, to_vector(x)[0], *theta)

    with_rows.__name__ = without_rows.__name__ = f"minimize({name(flat.function)})"
    if rows:
        return implicit(conditions(flat, rows), with_rows, None, theta, None)[0]
    how = system_solver(len(flat.x0), symmetric=theta[-2] is None)
    return implicit(stationarity(flat.function), without_rows, None, tuple(args_and_limits), how)


def own_functions(flat: ScalarFunction, method: Any, bounds: Any, rows: list) -> dict[str, Any]:
    """Choose what SciPy gets for `fun`, `jac`, `hess` and `hessp`: the derivatives it will use."""
    if callable(method):
        return {"fun": flat.fun, "jac": flat.jac, "hess": flat.hess, "hessp": flat.hessp}
    if method is None:
        method = "slsqp" if rows else "bfgs" if bounds is None else "l-bfgs-b"
    method = method.lower()
    if method in WITHOUT_JAC:
        return {"fun": flat.fun}
    chosen: dict[str, Any] = {"fun": flat.fun_and_jac, "jac": True}
    if method in WITH_HESS:
        form = method in WITHOUT_HESSP or len(flat.x0) <= LARGE
        chosen |= {"hess": flat.hess} if form else {"hessp": flat.hessp}
    return chosen


def given_functions(
    flat: ScalarFunction, fun: Function, jac: Any, hess: Any, hessp: Any
) -> dict[str, Any]:
    """Bring what the user has given for `fun`, `jac`, `hess` and `hessp` into SciPy's form."""

    def vector(tree: Any) -> np.ndarray:
        return flat.plain(to_vector(tree)[0])

    def value_and_gradient(v: Any, *args: Any) -> tuple[float, np.ndarray]:
        value, gradient = fun(flat.unflatten(v), *args)
        return float(flat.plain(value)), vector(gradient)

    def gradient(v: Any, *args: Any) -> np.ndarray:
        return vector(jac(flat.unflatten(v), *args))

    def matrix(v: Any, *args: Any) -> Any:
        return hess(flat.unflatten(v), *args)

    def product(v: Any, p: Any, *args: Any) -> np.ndarray:
        return vector(hessp(flat.unflatten(v), flat.unflatten(p), *args))

    return {
        "fun": value_and_gradient if jac is True else flat.fun,
        "jac": gradient if callable(jac) else jac,
        "hess": matrix if callable(hess) else hess,
        "hessp": product if callable(hessp) else hessp,
    }


def stationarity(f: Function) -> Function:
    """Return the equation (x, *args, limits) for a minimum of f.

    Its gradient vanishes, but where one of the limits, a lower and an upper bound, holds x.
    """
    gradient = grad(lambda x, *args: one_number(f(x, *args), f))

    def equation(x: Any, *args_and_limits: Any) -> Any:
        *args, limits = args_and_limits
        slopes = tree_map(np.conj, gradient(x, *args))  # of a complex x: towards larger values
        g = to_vector(slopes)[0]
        if limits is None:
            return g
        v = to_vector(x)[0]
        return v - np.clip(v - g, *limits)

    equation.__name__ = f"the gradient of {name(f)}"
    return equation


def limits_of(bounds: Any) -> tuple | None:
    """Return the lower and the upper bounds as arrays; None if there are none."""
    if bounds is None:
        return None
    if isinstance(bounds, Bounds):
        return operand_of(bounds.lb), operand_of(bounds.ub)
    lower = [-np.inf if low is None else low for low, _ in bounds]
    upper = [np.inf if high is None else high for _, high in bounds]
    return array_of(lower), array_of(upper)


def in_form(callback: Function | None, unflatten: Function) -> Function | None:
    """Let a callback see x in its form; SciPy reads from its signature what it wants."""
    if callback is None:
        return None

    @functools.wraps(callback)
    def called(*args: Any, **kwargs: Any) -> Any:
        if args:
            args = (unflatten(args[0]), *args[1:])
        elif "intermediate_result" in kwargs:
            result = kwargs["intermediate_result"]
            result.x = unflatten(result.x)
        return callback(*args, **kwargs)

    return called


def minimize_scalar(
    fun: Function,
    bracket: Any = None,
    bounds: Any = None,
    args: Any = (),
    method: str | None = None,
    tol: float | None = None,
    options: dict | None = None,
) -> Any:
    """Minimise a function of one number, as `scipy.optimize.minimize_scalar`.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)` returns one real number. It is written in NumPy functions that
        differentiate, if the solution is differentiated.
    bracket, method, tol, options : optional
        As in SciPy.
    bounds : pair of floats, optional
        As in SciPy. The solution is differentiated with respect to them, too.
    args : tuple, default ()
        What the solution is differentiated with respect to, and other arguments of `fun`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        If something is being differentiated, `x` and `fun` carry derivatives.

    Raises
    ------
    GraphError, NotDifferentiableError, ConvergenceError
        As by `minimize`.

    Examples
    --------
    >>> from autograd_core import grad
    >>> solution = lambda a: minimize_scalar(lambda x, a: (x - a**2) ** 2, args=(a,)).x
    >>> grad(solution)(3.0).round(6)
    np.float64(6.0)
    """
    args = args if isinstance(args, tuple) else (args,)
    theta = (*args, None if bounds is None else tuple(bounds))
    found: list[Any] = []

    def number(x: Any, *args: Any) -> float:
        return plain_number(fun(x, *args), fun)

    def solver(_start: None, *theta: Any) -> Any:
        result = scipy.optimize.minimize_scalar(
            number,
            bracket=tree_map(raw, bracket),
            bounds=theta[-1],
            args=theta[:-1],
            method=method,
            tol=tol,
            options=options,
        )
        found.append(result)
        return np.float64(result.x)

    if not holds_traced(theta):
        solver(None, *tree_map(raw, theta))
        return found[0]
    solver.__name__ = f"minimize_scalar({name(fun)})"
    x = implicit(stationarity(fun), solver, None, theta, None)
    return differentiable(found, x=x, fun=one_number(fun(x, *args), fun))
