"""Roots of one equation with one unknown: those of `scipy.optimize`, fed with derivatives, and
themselves differentiable.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from ...dispatch import raw
from ...equations import holds_traced, implicit, refuse_traced, singular
from ...operators import jvp, name
from ...trees import tree_map
from .functions import one_number, plain_number
from .results import differentiable, information

__all__ = ["bisect", "brenth", "brentq", "newton", "ridder", "root_scalar", "toms748"]

Function = Callable[..., Any]


def newton(func: Function, x0: Any, fprime: Any = None, args: Any = (), **options: Any) -> Any:
    """Find a root near a start, as `scipy.optimize.newton`.

    Parameters
    ----------
    func : callable
        `func(x, *args)`, written in NumPy functions that differentiate. For an array x0 it works
        element by element.
    x0 : float, complex, or sequence of these
        Where to start.
    fprime : callable, optional
        The derivative. Default: by differentiation; with `x1` the secant method, as in SciPy.
    args : tuple, default ()
        What the root is differentiated with respect to, and other arguments of `func`.
    **options
        As in SciPy: tol, maxiter, fprime2, x1, rtol, full_output, disp.

    Returns
    -------
    root : float, complex or ndarray
    more
        With `full_output`, as in SciPy.

    Raises
    ------
    RuntimeError
        If there is no root found, as in SciPy.
    GraphError, NotDifferentiableError, ConvergenceError
        As by `root`.

    Examples
    --------
    >>> from autograd_core import grad
    >>> cube_root = lambda a: newton(lambda x, a: x**3 - a, 2.0, args=(a,))
    >>> grad(cube_root)(8.0).round(9), grad(grad(cube_root))(8.0).round(9)
    (np.float64(0.083333333), np.float64(-0.006944444))
    """
    x0, options = np.asarray(tree_map(raw, x0))[()], tree_map(raw, options)
    if fprime is None and options.get("x1") is None:
        fprime = plain_slope(func)

    def run(f: Function, args: tuple) -> Any:
        return scipy.optimize.newton(f, x0, fprime=fprime, args=args, **options)

    many = np.size(x0) > 1 and np.isrealobj(x0)
    return with_root(*number_from(run, func, args, "newton", solve_diagonal if many else None))


def root_scalar(f: Function, args: Any = (), method: str | None = None, **options: Any) -> Any:
    """Find a root of a function of one number, as `scipy.optimize.root_scalar`.

    Parameters
    ----------
    f : callable
        `f(x, *args)` returns one number. It is written in NumPy functions that differentiate (for
        a method without derivatives, only if the root is differentiated).
    args : tuple, default ()
        What the root is differentiated with respect to, and other arguments of `f`.
    method : str, optional
        As in SciPy.
    **options
        As in SciPy: bracket, fprime, fprime2, x0, x1, xtol, rtol, maxiter, options. For the methods
        that use them, `fprime` and `fprime2` are by differentiation if they are left out.

    Returns
    -------
    scipy.optimize.RootResults
        If `args` are being differentiated, `root` carries derivatives.

    Raises
    ------
    GraphError, NotDifferentiableError, ConvergenceError
        As by `root`.

    Examples
    --------
    >>> from autograd_core import grad
    >>> root_of = lambda a: root_scalar(lambda x, a: x**3 - a, args=(a,), method="halley", x0=2.0)
    >>> grad(lambda a: root_of(a).root)(8.0).round(9)
    np.float64(0.083333333)
    """
    options, many = tree_map(raw, options), options.get("fprime") is True
    many = many or options.get("fprime2") is True  # f gives its derivatives, too
    value = (lambda *xs: f(*xs)[0]) if many else f
    chosen = method.lower() if method else "newton" if starts_anywhere(options) else ""
    if chosen in ("newton", "halley") and options.get("fprime") is None:
        options["fprime"] = plain_slope(value)
    if chosen == "halley" and options.get("fprime2") is None:
        options["fprime2"] = plain_slope(slope(value))

    def run(plain: Function, args: tuple) -> Any:
        function = f if many else plain
        return scipy.optimize.root_scalar(function, args=args, method=method, **options)

    return with_root(*number_from(run, value, args, "root_scalar"))


def starts_anywhere(options: dict) -> bool:
    """Whether SciPy would choose Newton's method."""
    return all(options.get(k) is None for k in ("bracket", "x1"))


def bracketing(finder: Function) -> Function:
    """Make a differentiable root finder of one of SciPy's that narrows an interval."""
    signature, what = inspect.signature(finder), finder.__name__

    def find(f: Function, a: Any, b: Any, args: Any = (), *rest: Any, **options: Any) -> Any:
        call = signature.bind(f, *tree_map(raw, (a, b)), args, *rest, **options)

        def run(plain: Function, args: tuple) -> Any:
            call.arguments |= {"f": plain, "args": args}
            return finder(*call.args, **call.kwargs)

        return with_root(*number_from(run, f, args, what))

    find.__name__ = find.__qualname__ = what
    find.__doc__ = f"""Find a root between a and b, as `scipy.optimize.{what}`.

    Parameters
    ----------
    f : callable
        `f(x, *args)` returns one number, of opposite signs at a and b. It is written in NumPy
        functions that differentiate, if the root is differentiated.
    a, b : float
        The ends of an interval. The root does not depend on them: their gradient is zero.
    args : tuple, default ()
        What the root is differentiated with respect to, and other arguments of `f`.
    *rest, **options
        As in SciPy: xtol, rtol, maxiter, full_output, disp.

    Returns
    -------
    root : float
    r : scipy.optimize.RootResults
        Only with `full_output`.

    Raises
    ------
    GraphError, NotDifferentiableError, ConvergenceError
        As by `root`.

    Examples
    --------
    >>> from autograd_core import grad
    >>> grad(lambda a: {what}(lambda x, a: x**3 - a, 0.0, 9.0, args=(a,)))(8.0).round(9)
    np.float64(0.083333333)
    """
    return find


brentq = bracketing(scipy.optimize.brentq)
brenth = bracketing(scipy.optimize.brenth)
ridder = bracketing(scipy.optimize.ridder)
bisect = bracketing(scipy.optimize.bisect)
toms748 = bracketing(scipy.optimize.toms748)


# --- what they share ------------------------------------------------------------------------------


def number_from(
    run: Function, f: Function, args: Any, what: str, solve: Function | None = None
) -> tuple[Any, list, bool]:
    """Let `run` find one root, or an array of them, of a function on plain numbers.

    Returns the root, what `run` has returned (for each example of a vmap), and whether the root
    carries derivatives.
    """
    args = args if isinstance(args, tuple) else (args,)
    found: list[Any] = []

    def plain(x: Any, *args: Any) -> Any:
        value = f(x, *args)
        if np.ndim(x) == 0 and not np.iscomplexobj(value):
            return plain_number(value, f)
        refuse_traced(value, f, f)
        return np.asarray(raw(value))[()]

    def equation(x: Any, *args: Any) -> Any:
        value = f(x, *args)
        return one_number(value, f) if np.ndim(x) == 0 and not np.iscomplexobj(value) else value

    def solver(_start: None, *args: Any) -> Any:
        result = run(plain, args)
        found.append(result)
        x = result.root if hasattr(result, "root") else result
        return np.asarray(x[0] if isinstance(x, tuple) else x)[()]

    equation.__name__, solver.__name__ = name(f), f"{what}({name(f)})"
    if not holds_traced(args):
        return solver(None, *tree_map(raw, args)), found, False
    return implicit(equation, solver, None, args, solve), found, True


def with_root(x: Any, found: list, traced: bool) -> Any:
    """Return what SciPy has returned, with x for the root."""
    first = found[0]
    if not traced:
        return first
    if isinstance(first, scipy.optimize.OptimizeResult):
        return differentiable(found, root=x)
    if hasattr(first, "_replace"):
        information(found, "newton")
        return first._replace(root=x)
    if isinstance(first, tuple):
        return x, differentiable([r for _, r in found], root=x)
    return x


def slope(f: Function) -> Function:
    """Return the derivative of a function of one number, or one that works element by element."""
    return lambda x, *args: jvp(lambda x: f(x, *args), (x,), (np.ones_like(x),))[1]


def plain_slope(f: Function) -> Function:
    """Return the derivative as SciPy wants it."""

    def fprime(x: Any, *args: Any) -> Any:
        value = slope(f)(x, *args)
        refuse_traced(value, f, f)
        return np.asarray(raw(value))[()]

    return fprime


def solve_diagonal(matvec: Function, b: Any) -> Any:
    """Solve equations with one unknown each."""
    diagonal = matvec(np.ones_like(b))
    if not np.all(diagonal):
        raise singular("one of the equations")
    return b / diagonal
