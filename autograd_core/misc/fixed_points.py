"""Fixed points, differentiated implicitly: without going through the iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..equations import implicit, to_vector

__all__ = ["fixed_point"]

Function = Callable[..., Any]


def fixed_point(f: Function, a: Any, x0: Any, distance: Function, tol: float) -> Any:
    """Iterate x = f(a)(x) until it stands still.

    Parameters
    ----------
    f : callable
        `f(a)` returns a function of x that has an attracting fixed point.
    a : array_like or nested containers of arrays
        Parameters; the fixed point is differentiated with respect to them. A Tensor that `f` takes
        from elsewhere is refused.
    x0 : array_like or nested containers of arrays
        Where to start. The fixed point does not depend on it: its gradient is zero.
    distance : callable
        `distance(x, x_prev)` says how far apart two iterates are.
    tol : float
        The iteration ends when the distance is not above it. Derivatives are found by an iteration
        of the same kind and have a like accuracy.

    Returns
    -------
    x : like `x0`

    Notes
    -----
    With A and B the Jacobians of f(a)(x) with respect to x and a, the fixed point has the
    derivative dx = A dx + B da, so its tangent and its cotangent are fixed points, too
    (Christianson 1994, "Reverse accumulation and attractive fixed points"). No matrix is formed.
    `autograd_core.fixed_point` has a plainer signature and solves with the Jacobian.

    Examples
    --------
    >>> from autograd_core import grad
    >>> newton = lambda a: lambda x: 0.5 * (x + a / x)
    >>> root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12)
    >>> float(root(4.0)), float(grad(root)(4.0))
    (2.0, 0.25)
    """

    def iterate(x0: Any, a: Any) -> Any:
        step = f(a)
        x, x_prev = step(x0), x0
        while distance(x, x_prev) > tol:
            x, x_prev = step(x), x
        return x

    def iterate_linear(matvec: Function, b: Any) -> Any:
        _, restore = to_vector(x0)
        v, v_prev = -b, 0.0 * b
        while distance(restore(v), restore(v_prev)) > tol:
            v, v_prev = v + matvec(v) - b, v
        return v

    def minus(x: Any, a: Any) -> Any:
        return to_vector(f(a)(x))[0] - to_vector(x)[0]

    return implicit(minus, iterate, x0, (a,), iterate_linear)
