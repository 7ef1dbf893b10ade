"""Ordinary differential equations, with derivatives of their solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.integrate

from ..dispatch import Layered
from ..errors import ArgumentError, DtypeError, describe
from ..extend import defjvp_argnums, defvjp_argnums, primitive
from ..misc.flatten import flatten
from ..operators import jvp, vjp
from ..trees import flatten as leaves_of
from .arrays import as_array, as_float, values_of

__all__ = ["odeint"]

Function = Callable[..., Any]
FORWARD_ONLY = ("Dfun", "col_deriv", "full_output", "ml", "mu", "printmessg")
"""Options of SciPy that make no sense for the equation of the derivative."""


def odeint(
    func: Function, y0: Any, t: Any, args: tuple = (), *, tfirst: bool = False, **options: Any
) -> Any:
    """Solve dy/dt = func(y, t, *args) and return y at the times t.

    Parameters
    ----------
    func : callable
        Written in NumPy functions that differentiate. What a gradient is wanted for must be among
        its arguments.
    y0 : array_like, shape (n,)
        y at the time t[0].
    t : array_like, shape (m,)
        In rising or falling order.
    args : tuple
        Further arguments of `func`: numbers, arrays, or nested containers of them.
    tfirst : bool, default False
        `func` is called as func(t, y, *args).
    **options
        As for `scipy.integrate.odeint`: rtol, atol, mxstep, tcrit, ...; derivatives are calculated
        with the same.

    Returns
    -------
    y : ndarray, shape (m, n)

    Raises
    ------
    ArgumentError
        If `args` is no tuple, or `full_output` is asked for.
    DtypeError
        If y0, or an argument that is differentiated, is complex: the equations are real.

    Notes
    -----
    In reverse mode the adjoint equation da/dt = -a df/dy is solved from each time back to the one
    before, together with y; in forward mode the equation ds/dt = df/dy s + df/dargs dargs, together
    with y. Both can be differentiated again.

    References
    ----------
    Froehlich, Loos and Hasenauer 2017, "Scalable inference of ordinary differential equation
    models of biochemical processes", section 2.4.2.

    Examples
    --------
    >>> from autograd_core import grad
    >>> y = lambda rate: odeint(lambda y, t, k: -k * y, [1.0], [0.0, 1.0], (rate,))[-1, 0]
    >>> round(float(y(2.0)), 5), round(float(grad(y)(2.0)), 5)  # e^-2, -e^-2
    (0.13534, -0.13534)
    """
    field = (lambda y, t, *args: func(t, y, *args)) if tfirst else func
    if options.get("full_output"):
        raise ArgumentError(
            "odeint(full_output=True) has a result that is no array; call scipy.integrate.odeint "
            "for it"
        )
    if not isinstance(args, (tuple, list)):
        raise ArgumentError(f"odeint(args=...) is a tuple, got {describe(args)}; write args=(p,)")
    y0 = np.atleast_1d(as_float(y0))
    refuse_complex("y0", y0)
    for x in leaves_of(tuple(args))[0]:
        if isinstance(x, Layered):
            refuse_complex("args", x)
    return solution(field, y0, as_float(t), tuple(args), **options)


def refuse_complex(name: str, x: Any) -> None:
    """Refuse what the solver would cut the imaginary part of, or the derivative miss."""
    if x.dtype.kind == "c":
        raise DtypeError(
            f"odeint solves real equations with real parameters, got {name} with {describe(x)}. "
            f"Let the real and the imaginary parts be two numbers each."
        )


@primitive
def solution(field: Function, y0: Any, t: Any, args: tuple, **options: Any) -> Any:
    """Call SciPy."""
    return scipy.integrate.odeint(field, y0, t, args, **options)


class Equation:
    """The equation of a call, with its parameters in one vector."""

    def __init__(self, field: Function, args: tuple, options: dict) -> None:
        leaves, rebuild = leaves_of(args)
        self.places = [i for i, x in enumerate(leaves) if is_inexact(x)]
        self.vector, self.unflatten = flatten([leaves[i] for i in self.places])
        self.leaves, self.rebuild, self.f = leaves, rebuild, field
        self.options = {k: v for k, v in options.items() if k not in FORWARD_ONLY}

    def args(self, vector: Any, others: list | None = None) -> tuple:
        """Return the arguments of the field that a vector stands for."""
        full = list(self.leaves) if others is None else list(others)
        for i, x in zip(self.places, self.unflatten(vector), strict=True):
            full[i] = x
        return self.rebuild(full)

    def field(self, y: Any, t: Any, vector: Any) -> Any:
        """Return dy/dt."""
        return as_vector(self.f(y, t, *self.args(vector)))

    def velocities(self, ys: Any, t: Any) -> Any:
        """Return dy/dt at each of the times."""
        rows = [self.field(y, s, self.vector) for y, s in zip(ys, t, strict=True)]
        return np.stack(rows)

    def solve_back(self, field: Function, y: Any, t: Any, earlier: Any) -> Any:
        """Solve another equation with these parameters back to an earlier time.

        SciPy knows critical times on the way forward only; here the solver stops at each.
        """
        options = {k: v for k, v in self.options.items() if k != "tcrit"}
        times = [t, *self.critical_times(values_of(t), values_of(earlier)), earlier]
        return solution(field, y, np.stack(times), (self.vector,), **options)[-1]

    def critical_times(self, t: Any, earlier: Any) -> list:
        """Return the times of `tcrit` on the way from t back."""
        given = self.options.get("tcrit")
        if given is None or t is None or earlier is None:
            return []
        inside = [c for c in np.ravel(given) if min(t, earlier) < c < max(t, earlier)]
        return sorted(map(float, inside), reverse=bool(t > earlier))


def is_inexact(x: Any) -> bool:
    """Whether a part of the arguments is a floating point number, or an array of them."""
    return isinstance(x, float) or getattr(getattr(x, "dtype", None), "kind", "") == "f"


def as_vector(x: Any) -> Any:
    """Make a vector of what a field returned: an array, or a list of numbers."""
    return np.atleast_1d(as_array(x))


def odeint_vjp(argnums: tuple, ys: Any, args: tuple, options: dict) -> Function:
    """Solve the adjoint equation backwards."""
    f, _y0, t, params = args
    equation = Equation(f, params, options)
    n, theta = ys.shape[1], equation.vector

    def backwards(state: Any, t: Any, theta: Any) -> Any:
        velocity, pull = vjp(lambda y, p: equation.field(y, t, p), state[:n], theta)
        along_y, along_theta = pull(-state[n : 2 * n])
        return np.concatenate([velocity, along_y, along_theta])

    def pulled(g: Any) -> list:
        a, of_theta = 0.0 * g[0], 0.0 * theta
        for i in range(len(t) - 1, 0, -1):
            start = np.concatenate([ys[i], a + g[i], of_theta])
            end = equation.solve_back(backwards, start, t[i], t[i - 1])
            a, of_theta = end[n : 2 * n], end[2 * n :]
        shares: dict[int, Any] = {
            1: a + g[0],
            2: of_times(a, g, equation.velocities(ys, t)) if 2 in argnums else None,
            3: equation.args(of_theta, [None] * len(equation.leaves)),
        }
        return [shares[i] for i in argnums]

    return pulled


def of_times(a: Any, g: Any, velocities: Any) -> Any:
    """A later time moves its own y; a later start is like a start that lies behind."""
    later = np.sum(g * velocities, axis=1)[1:]
    return np.concatenate([-np.sum(a * velocities[:1], axis=1), later])


def odeint_jvp(argnums: tuple, ts: list, ys: Any, args: tuple, options: dict) -> Any:
    """Solve for y and its tangent together."""
    f, y0, t, params = args
    given = dict(zip(argnums, ts, strict=True))
    equation = Equation(f, params, options)
    n, theta = ys.shape[1], equation.vector
    velocities: Any = equation.velocities(ys, t) if 2 in given else None
    start = given.get(1, 0.0 * y0)
    d_theta = 0.0 * theta
    if 3 in given:
        parts, _ = leaves_of(given[3])
        at = [i for i, x in enumerate(equation.leaves) if is_array(x)]
        moved = dict(zip(at, parts, strict=True))
        zero = [0.0 * np.asarray(equation.leaves[i]) for i in equation.places if i not in moved]
        d_theta, _ = flatten([moved[i] if i in moved else zero.pop(0) for i in equation.places])
    if 2 in given:
        start = start - velocities[0] * given[2][0]

    def both(state: Any, t: Any, params: Any) -> Any:
        theta, d_theta = params
        velocity, change = jvp(
            lambda y, p: equation.field(y, t, p), (state[:n], theta), (state[n:], d_theta)
        )
        return np.concatenate([velocity, change])

    joint = solution(both, np.concatenate([y0, start]), t, ((theta, d_theta),), **equation.options)
    tangent = joint[:, n:]
    return tangent + velocities * given[2][:, None] if 2 in given else tangent


def is_array(x: Any) -> bool:
    """Whether a part of the arguments has a tangent of its own."""
    return isinstance(x, (Layered, np.ndarray, np.generic))


defvjp_argnums(solution, odeint_vjp)
defjvp_argnums(solution, odeint_jvp)
