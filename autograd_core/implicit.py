"""Derivatives of solutions: of what is defined by an equation, whoever solved it.

If F(x, theta) = 0 holds at the x that a solver has returned, then

    dF/dx dx + dF/dtheta dtheta = 0,    so    dx = -(dF/dx)^-1 dF/dtheta dtheta.

No step of the solver is differentiated, so it may be anything: SciPy, compiled code, a table.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .equations import (
    ConvergenceError,
    difference,
    holds_traced,
    implicit,
    refuse_traced,
    to_vector,
)
from .errors import ArgumentError, MissingRuleError, ShapeError, describe
from .operators import name

__all__ = ["custom_fixed_point", "custom_root", "fixed_point"]

Function = Callable[..., Any]


def custom_root(
    optimality_fun: Function, has_aux: bool = False, solve: Function | None = None
) -> Function:
    """Return a decorator that makes a solver differentiable, by the equation that it solves.

    Parameters
    ----------
    optimality_fun : callable
        `optimality_fun(x, *args)` is zero at the solution, and of the form of x. It is written in
        NumPy functions that differentiate. For a minimiser it is the gradient.
    has_aux : bool, default False
        The solver returns (x, aux). Under `vmap`, aux is a list with one for each example.
    solve : callable, optional
        `solve(matvec, b)` returns the v of shape (n,) with matvec(v) = b, where matvec multiplies
        with the Jacobian of `optimality_fun` or its transpose: conjugate gradients, say. Default:
        the Jacobian is formed and factorised, which takes n^2 numbers. If it is singular, but only
        in directions that do not matter, give one that returns the solution of least squares.

    Returns
    -------
    callable
        Takes `solver(x0, *args, **options)` and returns a function of the same signature. The
        solution is differentiated with respect to `args`, not to the start x0 or to options. The
        solver always receives plain arrays, and may calculate as it likes.

    Raises
    ------
    GraphError
        If the solver or `optimality_fun` uses a Tensor that is not among `args`.
    ShapeError
        If `optimality_fun` does not return as many numbers as x has.
    NotDifferentiableError
        In the derivative, if the Jacobian is singular at the solution.
    ConvergenceError
        In the derivative, if a Newton step would still move the solution by more than
        1e-3 (1 + max |x|).

    Notes
    -----
    dx = -(dF/dx)^-1 dF/dtheta dtheta, in both modes and to any order (Blondel et al. 2022,
    "Efficient and modular implicit differentiation"). Real and imaginary parts of complex unknowns
    are unknowns of their own, so F need not be holomorphic.

    Examples
    --------
    >>> from autograd_core import custom_root, grad
    >>> @custom_root(lambda x, a: x**3 - a)
    ... def cube_root(x0, a):
    ...     return float(a) ** (1 / 3)  # no derivative is taken of this
    >>> round(float(grad(cube_root, 1)(None, 8.0)), 12)  # 1 / (3 x^2)
    0.083333333333
    """

    def decorate(solver: Function) -> Function:
        @functools.wraps(solver)
        def solved(x0: Any, *args: Any, **options: Any) -> Any:
            if holds_traced(options):
                raise MissingRuleError(
                    f"{name(solver)} got a Tensor that is being differentiated as a keyword "
                    f"argument. The solution is differentiated with respect to positional "
                    f"arguments; pass it as one of these, also to {name(optimality_fun)}."
                )
            found: list[Any] = []

            def run(x0: Any, *args: Any) -> Any:
                result = solver(x0, *args, **options)
                if not has_aux:
                    return result
                if not isinstance(result, tuple) or len(result) != 2:
                    raise ArgumentError(
                        f"with has_aux, {name(solver)} must return (x, aux), two things; got "
                        f"{describe(result)}"
                    )
                found.append(result[1])
                return result[0]

            run.__name__ = name(solver)
            x = implicit(optimality_fun, run, x0, args, solve)
            return (x, found[0] if len(found) == 1 else found) if has_aux else x

        return solved

    return decorate


def custom_fixed_point(
    fixed_point_fun: Function, has_aux: bool = False, solve: Function | None = None
) -> Function:
    """Return a decorator that makes a solver of x = f(x, *args) differentiable.

    Parameters
    ----------
    fixed_point_fun : callable
        `fixed_point_fun(x, *args)` returns x at the solution.
    has_aux, solve
        As for `custom_root`, whose equation is f(x, *args) - x = 0.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import custom_fixed_point, grad
    >>> @custom_fixed_point(lambda x, a: np.cos(a * x))
    ... def settle(x, a):
    ...     for _ in range(100):
    ...         x = np.cos(a * x)
    ...     return x
    >>> round(float(grad(settle, 1)(0.5, 1.0)), 6)
    -0.297474
    """
    return custom_root(difference(fixed_point_fun), has_aux, solve)


def fixed_point(
    f: Function,
    x0: Any,
    *args: Any,
    tol: float | None = None,
    maxiter: int = 1000,
    solve: Function | None = None,
) -> Any:
    """Iterate x = f(x, *args) until it stands still; return x, which can be differentiated.

    Parameters
    ----------
    f : callable
        Has an attracting fixed point near x0; returns what has the form of x.
    x0 : array_like or nested containers of arrays
        Where to start. The fixed point does not depend on it: its gradient is zero.
    *args : array_like or nested containers of arrays
        What the fixed point is differentiated with respect to.
    tol : float, optional
        The iteration ends when no number moves by more than tol (1 + max |x|). Default: the 0.75th
        power of the spacing of floating point numbers, 2e-12 for float64, 6e-6 for float32.
    maxiter : int, default 1000
    solve : callable, optional
        As for `custom_root`.

    Returns
    -------
    x : like `x0`

    Raises
    ------
    ConvergenceError
        If it still moves after `maxiter` iterations.
    GraphError, NotDifferentiableError
        As for `custom_root`.

    Examples
    --------
    >>> from autograd_core import fixed_point, grad
    >>> root = lambda a: fixed_point(lambda x, a: 0.5 * (x + a / x), 1.0, a)
    >>> root(4.0), grad(root)(4.0), grad(grad(root))(4.0)
    (np.float64(2.0), np.float64(0.25), np.float64(-0.03125))
    """

    def iterate(x0: Any, *args: Any) -> Any:
        x, restore = to_vector(x0)
        allowed = np.finfo(x.dtype).eps ** 0.75 if tol is None else tol
        for _ in range(maxiter):
            previous, (x, _) = x, to_vector(f(restore(x), *args))
            if x.shape != previous.shape:
                raise ShapeError(
                    f"fixed_point: {name(f)} must return what has the form of x0, "
                    f"{len(previous)} numbers; got {len(x)}"
                )
            refuse_traced(x, f, f)
            moved = np.max(np.abs(x - previous), initial=0.0)
            if moved <= allowed * (1 + np.max(np.abs(x), initial=0.0)):
                return restore(x)
        raise ConvergenceError(
            f"fixed_point: {name(f)} still moves x by {moved:.3g} after {maxiter} iterations. "
            f"Start nearer, allow more (maxiter=), or a larger step (tol=); if it runs away, the "
            f"fixed point is not attracting: find it with a root finder and custom_fixed_point."
        )

    return implicit(difference(f), iterate, x0, args, solve)
