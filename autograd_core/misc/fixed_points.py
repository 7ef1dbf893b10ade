"""Fixed points, differentiated implicitly: without going through the iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..extend import defjvp_argnums, defvjp_argnums, primitive
from ..operators import jvp, vjp
from ..vectors import vspace

__all__ = ["fixed_point"]

Function = Callable[..., Any]


@primitive
def fixed_point(f: Function, a: Any, x0: Any, distance: Function, tol: float) -> Any:
    """Iterate x = f(a)(x) until it stands still.

    Parameters
    ----------
    f : callable
        `f(a)` returns a function of x that has an attracting fixed point.
    a : array_like or nested containers of arrays
        Parameters; the fixed point is differentiated with respect to them.
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
    (Christianson 1994, "Reverse accumulation and attractive fixed points").

    Examples
    --------
    >>> from autograd_core import grad
    >>> newton = lambda a: lambda x: 0.5 * (x + a / x)
    >>> root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12)
    >>> float(root(4.0)), float(grad(root)(4.0))
    (2.0, 0.25)
    """
    step = f(a)
    x, x_prev = step(x0), x0
    while distance(x, x_prev) > tol:
        x, x_prev = step(x), x
    return x


def fixed_point_vjp(argnums: tuple, ans: Any, args: tuple, _kwargs: dict) -> Function:
    """Find u = g + u A; the share of a is u B."""
    f, a, _x0, distance, tol = args
    space = vspace(ans)

    def adjoint_step(params: tuple) -> Function:
        a, x, g = params
        _, pull = vjp(f(a), x)
        return lambda u: space.add(pull(u)[0], g)

    def pulled(g: Any) -> list:
        u = fixed_point(adjoint_step, (a, ans, g), space.zeros(), distance, tol)
        _, pull = vjp(lambda a: f(a)(ans), a)
        return [pull(u)[0] if i == 1 else None for i in argnums]

    return pulled


def fixed_point_jvp(argnums: tuple, ts: list, ans: Any, args: tuple, _kwargs: dict) -> Any:
    """Find t = A t + B da."""
    f, a, _x0, distance, tol = args
    if 1 not in argnums:
        return None
    _, forced = jvp(lambda a: f(a)(ans), (a,), (ts[argnums.index(1)],))
    space = vspace(ans)

    def tangent_step(params: tuple) -> Function:
        a, x, forced = params
        return lambda t: space.add(jvp(f(a), (x,), (t,))[1], forced)

    return fixed_point(tangent_step, (a, ans, forced), space.zeros(), distance, tol)


defvjp_argnums(fixed_point, fixed_point_vjp)
defjvp_argnums(fixed_point, fixed_point_jvp)
