"""Roots of several equations: those of `scipy.optimize`, fed with derivatives, and themselves
differentiable.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from ...dispatch import raw
from ...equations import difference, holds_traced, implicit, refuse_traced, to_vector
from ...operators import name
from ...trees import tree_map
from .functions import VectorFunction, unknowns
from .results import differentiable, information
from .systems import system_solver

__all__ = ["fixed_point", "fsolve", "root"]

Function = Callable[..., Any]
WITH_JAC = ("hybr", "lm")


def root(
    fun: Function,
    x0: Any,
    args: Any = (),
    method: str = "hybr",
    jac: Any = None,
    tol: float | None = None,
    callback: Function | None = None,
    options: dict | None = None,
) -> Any:
    """Find a root of several equations, as `scipy.optimize.root`.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)` returns as many numbers as x has, in an array, a list or nested containers.
        It is written in NumPy functions that differentiate.
    x0 : array_like, or nested containers of arrays
        Where to start; x has the same form and dtypes. A list of numbers is an array. The root
        does not depend on the start: its gradient is zero.
    args : tuple, default ()
        What the root is differentiated with respect to, and other arguments of `fun`.
    method, tol, callback, options : optional
        As in SciPy.
    jac : bool or callable, optional
        As in SciPy. Default: by differentiation, for the methods that use it ("hybr" and "lm");
        `False` for SciPy's finite differences.

    Returns
    -------
    scipy.optimize.OptimizeResult
        If `args` are being differentiated, `x` carries derivatives, and what else depends on
        `args` is left out.

    Raises
    ------
    GraphError
        If `fun` uses a Tensor that is being differentiated and is not among `args`.
    NotDifferentiableError
        In the derivative, if the Jacobian is singular at the root.
    ConvergenceError
        In the derivative, if a Newton step would still move the root by more than
        1e-3 (1 + max |x|).

    Examples
    --------
    >>> from autograd_core import jacobian
    >>> f = lambda x, a: [x[0] ** 2 + x[1] ** 2 - a, x[0] - x[1]]
    >>> point = lambda a: root(f, [1.0, 1.0], args=(a,)).x
    >>> point(2.0).round(6)
    array([1., 1.])
    >>> jacobian(point)(2.0).round(6)
    array([0.25, 0.25])
    """
    args = args if isinstance(args, tuple) else (args,)
    start, equations = unknowns(x0), (lambda *xs: fun(*xs)[0]) if jac is True else fun
    flat = VectorFunction(equations, start)
    functions = chosen_jacobian(flat, fun, jac, method.lower() in WITH_JAC)
    found: list[Any] = []

    def solver(_start: Any, *args: Any) -> Any:
        result = scipy.optimize.root(
            x0=flat.x0,
            args=args,
            method=method,
            tol=tol,
            callback=callback,
            options=options,
            **functions,
        )
        result.x = flat.unflatten(result.x)
        found.append(result)
        return result.x

    if not holds_traced(args):
        solver(start, *tree_map(raw, args))
        return found[0]
    solver.__name__ = f"root({name(fun)})"
    x = implicit(equations, solver, start, args, system_solver(len(flat.x0), symmetric=False))
    return differentiable(found, x=x)


def chosen_jacobian(flat: VectorFunction, fun: Function, jac: Any, used: bool) -> dict[str, Any]:
    """Choose what SciPy gets for `fun` and `jac`."""

    def given(v: Any, *args: Any) -> np.ndarray:
        return flat.plain(jac(flat.unflatten(v), *args))

    def both(v: Any, *args: Any) -> tuple[np.ndarray, np.ndarray]:
        values, J = fun(flat.unflatten(v), *args)
        return flat.plain(to_vector(values)[0]), flat.plain(J)

    if jac is True:
        return {"fun": both, "jac": True}
    if jac is None:
        return {"fun": flat.fun, "jac": flat.jac if used else None}
    return {"fun": flat.fun, "jac": given if callable(jac) else jac}


def fsolve(func: Function, x0: Any, args: Any = (), *rest: Any, **options: Any) -> Any:
    """Find the roots of several equations, as `scipy.optimize.fsolve`.

    Parameters
    ----------
    func : callable
        As `fun` of `root`.
    x0 : array_like, or nested containers of arrays
        Where to start.
    args : tuple, default ()
        What the root is differentiated with respect to, and other arguments of `func`.
    *rest, **options
        As in SciPy. `fprime` is by differentiation if it is left out.

    Returns
    -------
    x : like `x0`
    infodict, ier, mesg
        Only with `full_output`; if `args` are being differentiated, `infodict` has the counts only.

    Raises
    ------
    GraphError, NotDifferentiableError, ConvergenceError
        As by `root`.

    Examples
    --------
    >>> from autograd_core import grad
    >>> grad(lambda a: fsolve(lambda x, a: x**2 - a, 1.0, args=(a,))[0])(4.0).round(9)
    np.float64(0.25)
    """
    call = inspect.signature(scipy.optimize.fsolve).bind(func, x0, args, *rest, **options)
    args = args if isinstance(args, tuple) else (args,)
    flat = VectorFunction(func, x0)
    fprime = call.arguments.get("fprime")
    call.arguments |= {
        "func": flat.fun,
        "x0": flat.x0,
        "fprime": flat.jac if fprime is None else lambda v, *xs: fprime(flat.unflatten(v), *xs),
    }
    if fprime is None:
        call.arguments["col_deriv"] = 0
    found: list[Any] = []

    def solver(_start: Any, *args: Any) -> Any:
        call.arguments["args"] = args
        result = scipy.optimize.fsolve(*call.args, **call.kwargs)
        x, *more = result if call.arguments.get("full_output") else (result,)
        found.append(more)
        return flat.unflatten(x)

    solver.__name__ = f"fsolve({name(func)})"
    if not holds_traced(args):
        x, info = solver(None, *tree_map(raw, args)), found[0]
    else:
        x = implicit(func, solver, None, args, system_solver(len(flat.x0), symmetric=False))
        info = information(found, "fsolve")
    return (x, *info) if info else x


def fixed_point(func: Function, x0: Any, args: Any = (), **options: Any) -> Any:
    """Find a fixed point, as `scipy.optimize.fixed_point`.

    Parameters
    ----------
    func : callable
        `func(x, *args)` returns x at the fixed point. It is written in NumPy functions that
        differentiate.
    x0 : array_like
        Where to start.
    args : tuple, default ()
        What the fixed point is differentiated with respect to, and other arguments of `func`.
    **options
        As in SciPy: xtol, maxiter, method.

    Returns
    -------
    x : like `x0`

    Raises
    ------
    GraphError, NotDifferentiableError, ConvergenceError
        As by `root`.

    Examples
    --------
    >>> from autograd_core import grad
    >>> settle = lambda a: fixed_point(lambda x, a: 0.5 * (x + a / x), 1.0, args=(a,))
    >>> grad(settle)(4.0).round(9)
    np.float64(0.25)
    """
    args = args if isinstance(args, tuple) else (args,)
    x0 = np.asarray(tree_map(raw, x0))

    def plain(x: Any, *args: Any) -> np.ndarray:
        value = func(x, *args)
        refuse_traced(value, func, func)
        return np.asarray(raw(value))

    def solver(_start: None, *args: Any) -> Any:
        return np.asarray(scipy.optimize.fixed_point(plain, x0, args=args, **options))[()]

    if not holds_traced(args):
        return solver(None, *tree_map(raw, args))
    solver.__name__ = f"fixed_point({name(func)})"
    solve = system_solver(x0.size, symmetric=False)
    return implicit(difference(func), solver, None, args, solve)
