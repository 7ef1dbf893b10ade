"""Constraints of `minimize`: their Jacobians for SciPy, and their part in the derivative.

All kinds are seen as lower <= c(x, *args) <= upper, row by row. At a solution there are multipliers
y, one for each row, with

    x = clip(x - (df/dx - y dc/dx), bounds),    c = clip(c - y, lower, upper),

which are the conditions of Karush, Kuhn and Tucker: a row that does not hold the solution has
y = 0, and one that does stays at its limit, with y > 0 at the lower and y < 0 at the upper one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.optimize

from ...equations import to_vector
from ...errors import ArgumentError, describe
from ...gradients import grad
from ...operators import name
from .functions import ScalarFunction, VectorFunction

__all__ = ["Rows", "conditions", "multipliers", "rows_of"]

Function = Callable[..., Any]
NEAR = 1e-6
"""A row that is as near as this to its limit may hold the solution."""


class Rows:
    """One constraint of the user's: some rows lower <= c(x, *args) <= upper."""

    def __init__(self, given: Any, start: Any) -> None:
        self.given = given
        self.args: tuple = ()
        self.lower: Any = 0.0
        self.upper: Any = np.inf
        if isinstance(given, dict):
            if str(given.get("type")).lower() not in ("eq", "ineq") or "fun" not in given:
                raise ArgumentError(
                    f'a constraint in a dict has the keys "type", which is "eq" or "ineq", and '
                    f'"fun"; got {given}'
                )
            fun, self.args = given["fun"], tuple(given.get("args", ()))
            self.upper = 0.0 if given["type"].lower() == "eq" else np.inf
        elif isinstance(given, scipy.optimize.LinearConstraint):
            A = given.A if isinstance(given.A, np.ndarray) else given.A.toarray()
            fun = lambda x: A @ to_vector(x)[0]  # noqa: E731
            self.lower, self.upper = given.lb, given.ub
        elif isinstance(given, scipy.optimize.NonlinearConstraint):
            fun, self.lower, self.upper = given.fun, given.lb, given.ub
        else:
            raise ArgumentError(
                f"a constraint is a dict, a LinearConstraint or a NonlinearConstraint of "
                f"scipy.optimize; got {describe(given)}"
            )
        self.function = VectorFunction(fun, start)

    def for_scipy(self, args: tuple, fill: bool) -> Any:
        """Return the constraint as SciPy takes it, with its Jacobian if `fill` says so."""
        given, flat = self.given, self.function
        if isinstance(given, dict):
            theirs = given.get("jac")
            jac = self.in_vectors(theirs) if callable(theirs) else flat.jac if fill else theirs
            return given | {"fun": flat.fun, "args": args} | ({} if jac is None else {"jac": jac})
        if isinstance(given, scipy.optimize.LinearConstraint):
            return given
        theirs, second = given.jac, given.hess
        new = copy.copy(given)
        new.fun = flat.fun
        new.jac = self.in_vectors(theirs) if callable(theirs) else flat.jac if fill else theirs
        new.hess = self.in_vectors(second) if callable(second) else second
        return new

    def in_vectors(self, derivative: Function) -> Function:
        """Let a derivative of the user's see x in its form."""
        return lambda v, *args: derivative(self.function.unflatten(v), *args)


def rows_of(constraints: Any, start: Any) -> list[Rows]:
    """Read the argument `constraints`: nothing, one of them, or a sequence."""
    if constraints is None:
        return []
    several = isinstance(constraints, Sequence) and not isinstance(constraints, str)
    return [Rows(given, start) for given in (constraints if several else [constraints])]


def conditions(flat: ScalarFunction, rows: list[Rows]) -> Function:
    """Return the equation for (x, multipliers); theta is (*args, limits, rows_args)."""

    def equation(unknowns: Any, *theta: Any) -> list:
        (x, ys), (*args, limits, rows_args) = unknowns, theta
        lower, upper = (-np.inf, np.inf) if limits is None else limits

        def lagrangian(v: Any) -> Any:
            parts = zip(rows, ys, rows_args, strict=True)
            held = [np.sum(y * row.function.traced(v, a, {})) for row, y, a in parts]
            return flat.at(tuple(args))(v) - sum(held)

        v = to_vector(x)[0]
        found = [v - np.clip(v - grad(lagrangian)(v), lower, upper)]
        for row, y, a in zip(rows, ys, rows_args, strict=True):
            c = row.function.traced(v, a, {})
            found.append(c - np.clip(c - y, row.lower, row.upper))
        return found

    equation.__name__ = f"the conditions for a minimum of {name(flat.function)}"
    return equation


def multipliers(
    flat: ScalarFunction, rows: list[Rows], v: np.ndarray, *theta: Any
) -> list[np.ndarray]:
    """Find the multipliers at a solution: df/dx is the sum of y dc/dx over what holds it.

    They are those of least squares, with the signs that they must have.
    """
    *args, limits, rows_args = theta
    values = [row.function.fun(v, *a) for row, a in zip(rows, rows_args, strict=True)]
    slopes = [row.function.jac(v, *a) for row, a in zip(rows, rows_args, strict=True)]
    lower, upper = (-np.inf, np.inf) if limits is None else limits
    kinds = [(row.lower, row.upper) for row in rows] + [(lower, upper)]
    matrix = np.concatenate([*slopes, np.eye(len(v))]).T
    lows, highs = zip(
        *(signs(c, *k) for c, k in zip([*values, v], kinds, strict=True)), strict=True
    )
    low, high = np.concatenate(lows), np.concatenate(highs)
    holds = low < high
    y = np.zeros(len(holds))
    if np.any(holds):
        fit = scipy.optimize.lsq_linear(
            matrix[:, holds], flat.jac(v, *args), (low[holds], high[holds]), tol=1e-14
        )
        y[holds] = fit.x
    return np.split(y, np.cumsum([len(c) for c in values]))[:-1]


def signs(c: np.ndarray, lower: Any, upper: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the range of the multiplier of each row: up to infinity where it is at its limit."""
    at_lower = np.abs(c - lower) <= NEAR * (1 + np.abs(c))
    at_upper = np.abs(c - upper) <= NEAR * (1 + np.abs(c))
    return np.where(at_upper, -np.inf, 0.0), np.where(at_lower, np.inf, 0.0)
