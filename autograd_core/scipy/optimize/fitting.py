"""Least squares: `scipy.optimize.least_squares` and `curve_fit`, fed with derivatives, and
themselves differentiable.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from ...dispatch import array_of, operand_of, raw
from ...equations import holds_traced, implicit, refuse_traced, to_vector
from ...errors import MissingRuleError
from ...jacobians import jacfwd
from ...operators import name
from ...trees import tree_map
from .functions import VectorFunction, unknowns
from .minimizing import limits_of, stationarity
from .results import differentiable, information
from .systems import system_solver

__all__ = ["curve_fit", "least_squares"]

Function = Callable[..., Any]
LOSSES: dict[str, Function] = {
    "linear": lambda z: z,
    "soft_l1": lambda z: 2 * (np.sqrt(1 + z) - 1),
    "huber": lambda z: np.where(z <= 1, z, 2 * np.sqrt(np.maximum(z, 1)) - 1),
    "cauchy": np.log1p,
    "arctan": np.arctan,
}
"""The losses of `least_squares`, as functions of the square of a residual."""


def least_squares(fun: Function, x0: Any, jac: Any = None, *rest: Any, **options: Any) -> Any:
    """Minimise a sum of squares of residuals, as `scipy.optimize.least_squares`.

    Parameters
    ----------
    fun : callable
        `fun(x, *args, **kwargs)` returns the residuals, in an array, a list or nested containers.
        It is written in NumPy functions that differentiate.
    x0 : array_like, or nested containers of arrays
        Where to start; x has the same form and dtypes. A list of numbers is an array.
    jac : callable or str, optional
        As in SciPy. Default: by differentiation; "2-point" for SciPy's finite differences.
    *rest, **options
        As in SciPy: bounds, method, ftol, ..., loss, f_scale, ..., args, kwargs. The solution is
        differentiated with respect to `args` and `bounds`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        If `args` are being differentiated, `x`, `fun` and `cost` carry derivatives, and what else
        depends on `args` is left out.

    Raises
    ------
    GraphError
        If `fun` uses a Tensor that is being differentiated and is not among `args`.
    NotDifferentiableError, ConvergenceError
        In the derivative, as by `minimize`.

    Notes
    -----
    The equation that is differentiated says that the gradient of the cost vanishes, with all
    second derivatives, not those of Gauss and Newton only. Bounds are as for `minimize`.

    Examples
    --------
    >>> from autograd_core import grad
    >>> t, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.1, 3.9])
    >>> residuals = lambda p, y: p[0] * np.exp(p[1] * t) - y
    >>> rate = lambda y: least_squares(residuals, [1.0, 0.5], args=(y,)).x[1]
    >>> rate(y).round(4), grad(rate)(y).round(4)
    (np.float64(0.6534), array([-0.2639, -0.207 ,  0.1791]))
    """
    signature = inspect.signature(scipy.optimize.least_squares)
    given = signature.bind(fun, x0, jac, *rest, **options).arguments
    args, kwargs = given.get("args", ()), given.get("kwargs") or {}
    if holds_traced(kwargs):
        raise MissingRuleError(
            f"least_squares({name(fun)}) got a Tensor that is being differentiated in kwargs; its "
            f"solution is differentiated with respect to args"
        )
    args = args if isinstance(args, tuple) else (args,)
    start = unknowns(x0)
    flat = VectorFunction(fun, start)
    given |= {"fun": flat.fun, "x0": flat.x0, "jac": jacobian_for(flat, jac)}
    theta = (*args, two_limits(given.get("bounds")))
    traced, found = holds_traced(theta), []

    def solver(_start: Any, *theta: Any) -> Any:
        *args, limits = theta
        bounds = {"bounds": limits} if traced and limits else {}
        result = scipy.optimize.least_squares(**given | {"args": tuple(args)} | bounds)
        result.x = flat.unflatten(result.x)
        found.append(result)
        return result.x

    if not traced:
        solver(start, *tree_map(raw, theta))
        return found[0]

    def residuals(x: Any, *args: Any) -> Any:
        return to_vector(fun(x, *args, **kwargs))[0]

    def cost(x: Any, *args: Any) -> Any:
        loss, scale = given.get("loss", "linear"), given.get("f_scale", 1.0)
        return robust_cost(residuals(x, *args), loss, scale)

    solver.__name__, cost.__name__ = f"least_squares({name(fun)})", f"the cost of {name(fun)}"
    solve = system_solver(len(flat.x0), symmetric=theta[-1] is None)
    x = implicit(stationarity(cost), solver, start, theta, solve)
    return differentiable(found, x=x, fun=residuals(x, *args), cost=cost(x, *args))


def jacobian_for(flat: VectorFunction, jac: Any) -> Any:
    """Return the Jacobian as SciPy wants it."""
    if jac is None:
        return flat.jac
    return (lambda v, *a, **kw: jac(flat.unflatten(v), *a, **kw)) if callable(jac) else jac


def two_limits(bounds: Any) -> tuple | None:
    """Return the lower and the upper bounds, which come as two vectors or numbers."""
    if bounds is None or isinstance(bounds, scipy.optimize.Bounds):
        return limits_of(bounds)
    lower, upper = map(operand_of, bounds)
    return (lower, upper) if any(np.any(np.isfinite(raw(x))) for x in (lower, upper)) else None


def robust_cost(residuals: Any, loss: Any, scale: float) -> Any:
    """Return half the sum of what the loss makes of the squares, as SciPy has it."""
    squares = (residuals / scale) ** 2
    rho = loss(squares)[0] if callable(loss) else LOSSES[loss](squares)
    return 0.5 * scale**2 * np.sum(rho)


def curve_fit(
    f: Function,
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    *rest: Any,
    **options: Any,
) -> Any:
    """Fit a function to data by least squares, as `scipy.optimize.curve_fit`.

    Parameters
    ----------
    f : callable
        `f(xdata, *params)` returns the predictions. It is written in NumPy functions that
        differentiate.
    xdata, ydata : array_like
        The parameters are differentiated with respect to both.
    p0 : array_like, shape (n,), optional
        Where to start. Default: ones.
    sigma : array_like, optional
        Standard deviations of `ydata`, shape (m,), or their covariance matrix, shape (m, m). The
        parameters are differentiated with respect to it, too.
    absolute_sigma : bool, default False
    *rest, **options
        As in SciPy: check_finite, bounds, method, jac, full_output, ... `jac` is by differentiation
        if it is left out. The parameters are differentiated with respect to `bounds`, too.

    Returns
    -------
    popt : ndarray, shape (n,)
        The parameters.
    pcov : ndarray, shape (n, n)
        Their covariance. It carries derivatives, too.
    infodict, mesg, ier
        Only with `full_output`.

    Raises
    ------
    GraphError
        If `f` uses a Tensor that is being differentiated and is not in the data.
    NotDifferentiableError, ConvergenceError
        In the derivative, as by `minimize`.

    Examples
    --------
    >>> from autograd_core import jacobian
    >>> x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 6.0])
    >>> slope = lambda y: curve_fit(lambda x, a, b: a * x + b, x, y)[0][0]
    >>> abs(jacobian(slope)(y)).round(6)
    array([0.5, 0. , 0.5])
    """
    call = inspect.signature(scipy.optimize.curve_fit).bind(
        f, xdata, ydata, p0, sigma, absolute_sigma, *rest, **options
    )
    found: list[Any] = []
    data = tuple(array_of(d) if isinstance(d, (list, tuple)) else d for d in (xdata, ydata, sigma))
    theta = (*data, two_limits(call.arguments.get("bounds")))
    traced = holds_traced(theta)
    call.arguments["p0"] = raw(p0)

    @functools.wraps(f)  # SciPy counts the parameters in its signature
    def plain(x: Any, *params: Any) -> np.ndarray:
        value = f(x, *params)
        refuse_traced(value, f, f)
        return np.asarray(raw(value))

    def jac(x: Any, *params: Any) -> np.ndarray:
        predictions = lambda p: np.ravel(f(x, *p))  # noqa: E731
        return np.array(raw(jacfwd(predictions)(np.array(params, dtype=float))))

    call.arguments["f"] = plain
    if call.arguments.get("jac") is None:
        call.arguments["jac"] = jac

    def solver(_start: None, *theta: Any) -> Any:
        *data, limits = theta
        call.arguments.update(zip(("xdata", "ydata", "sigma"), data, strict=True))
        if traced and limits:
            call.arguments["bounds"] = limits
        popt, *more = scipy.optimize.curve_fit(*call.args, **call.kwargs)
        found.append(more)
        return popt

    if not traced:
        popt = solver(None, *tree_map(raw, theta))
        return (popt, *found[0])

    def residuals(params: Any, x: Any, y: Any, sigma: Any) -> Any:
        return weighted(np.ravel(f(x, *params)) - np.ravel(y), sigma)

    def cost(params: Any, *data: Any) -> Any:
        return 0.5 * np.sum(residuals(params, *data) ** 2)

    solver.__name__, cost.__name__ = f"curve_fit({name(f)})", f"the cost of {name(f)}"
    popt = implicit(stationarity(cost), solver, None, theta, None)
    J = jacfwd(lambda p: residuals(p, *data))(popt)
    pcov = covariance(J, cost(popt, *data), absolute_sigma)
    return (popt, pcov, *information([more[1:] for more in found], "curve_fit"))


def weighted(residuals: Any, sigma: Any) -> Any:
    """Divide by standard deviations, or by the Cholesky factor of a covariance matrix."""
    if sigma is None:
        return residuals
    if np.ndim(sigma) < 2:
        return residuals / sigma
    return np.linalg.solve(np.linalg.cholesky(sigma), residuals)


def covariance(J: Any, cost: Any, absolute: bool) -> Any:
    """Return the covariance of the parameters: (J^T J)^-1, scaled by the residuals if wished."""
    m, n = np.shape(J)
    inverse = np.linalg.inv(np.matmul(J.T, J))
    return inverse if absolute else inverse * (2 * cost / (m - n))
