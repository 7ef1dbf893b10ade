"""Equations and their solutions as an operation: F(x, theta) = 0 defines x, whoever finds it.

With u = -(dF/dx)^-T g the share of theta in a cotangent g is u^T dF/dtheta; a tangent is
-(dF/dx)^-1 dF/dtheta dtheta. The linear system is itself an equation with a solution, which is all
there is to higher derivatives.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .batch import vmap
from .dispatch import Layered, is_traced, raw
from .errors import (
    AutogradError,
    DtypeError,
    GraphError,
    MissingRuleError,
    NotDifferentiableError,
    ShapeError,
    describe,
)
from .kernels import astype
from .nested import Nested
from .operators import jvp, name, vjp
from .trees import flatten, tree_map

__all__ = [
    "ConvergenceError",
    "difference",
    "holds_traced",
    "implicit",
    "refuse_traced",
    "singular",
    "solve_dense",
    "to_vector",
]

Function = Callable[..., Any]
ARRAYS: Any = (Layered, np.ndarray)
ALLOWED_STEP = 1e-3
"""A Newton step may move a solution by this part of its size, if it is to be differentiated."""


class ConvergenceError(AutogradError, RuntimeError):
    """An iteration that has not arrived, or a derivative that was asked where it stopped."""


# --- the equation ---------------------------------------------------------------------------------


class Equation:
    """One solution in the making: the equation, who solves it, and the form of the unknowns.

    Beneath the doors the unknowns are one real vector.
    """

    restore: Function  # from the vector to the form of the solution, once there is one

    def __init__(self, f: Function, solver: Function, solve: Function) -> None:
        self.f, self.solver, self.solve = f, solver, solve

    def residual(self, v: Any, theta: tuple) -> Any:
        """Evaluate the equation."""
        return to_vector(self.f(self.restore(v), *theta))[0]


class Linear(Equation):
    """A linear system A(*params) v = b; `f(*params)` returns the product with A."""

    def residual(self, v: Any, theta: tuple) -> Any:
        """Return A v - b."""
        b, *params = theta
        return self.f(*params)(v) - b


class Root(Nested):
    """The operation (equation, x0, *theta) -> x, as a vector."""

    opaque, stateless = True, True

    def evaluate(self, equation: Equation, x0: Any, *theta: Any) -> tuple[Any, Any]:
        """Call the solver, and see that nothing but its arguments went into the solution."""
        x = equation.solver(x0, *theta)
        refuse_traced(x, equation.solver, equation.f)
        vector, equation.restore = to_vector(x)
        vector = np.array(vector)  # the solver may use its array again
        zero = equation.residual(vector, theta)
        refuse_traced(zero, equation.f, equation.f)
        if np.shape(zero) != vector.shape:
            raise ShapeError(
                f"{name(equation.f)} must return as many numbers as there are unknowns: "
                f"{name(equation.solver)} found {len(vector)} (a complex one counts as two), and "
                f"{name(equation.f)} returned {len(zero)}"
            )
        return vector, None

    def pull(self, g: Any, y: Any, args: tuple, _kw: dict, _state: Any, needs: tuple) -> Any:
        """Solve (dF/dx)^T u = -g; the share of theta is u^T dF/dtheta."""
        equation, _x0, *rest = args
        theta = tuple(rest)
        self.inspect(equation, y, theta)
        moving = Moving(theta, needs[2:])
        _, shares = vjp(lambda *xs: equation.residual(y, moving.among(xs)), *moving.arrays)
        u = solved_system(across, equation, -g, y, theta)
        return (None, None, *moving.alone(shares(u)))

    def push(self, ts: tuple, y: Any, args: tuple, _kw: dict, _state: Any) -> Any:
        """Solve dF/dx t = -dF/dtheta dtheta."""
        equation, _x0, *rest = args
        theta, ts = tuple(rest), ts[2:]
        self.inspect(equation, y, theta)
        moving = Moving(theta, tuple(t is not None for t in ts))
        along_theta = lambda *xs: equation.residual(y, moving.among(xs))  # noqa: E731
        _, forced = jvp(along_theta, moving.arrays, moving.tangents(ts))
        return solved_system(along, equation, -forced, y, theta)

    def inspect(self, equation: Equation, y: Any, theta: tuple) -> None:
        """Refuse a derivative that would be wrong."""
        require_regular(equation, y, theta)


class System(Root):
    """The operation for linear systems, which need no inspection: they serve one that had it."""

    def evaluate(self, equation: Equation, _x0: None, *theta: Any) -> tuple[Any, Any]:
        """Solve the system."""
        b, *params = theta
        return equation.solve(equation.f(*params), b), None

    def inspect(self, equation: Equation, y: Any, theta: tuple) -> None:
        """Let it pass."""


class DenseSystem(System):
    """The same with `solve_dense`, which takes a batch as a whole."""

    opaque = False


ROOT, SYSTEM, DENSE_SYSTEM = Root("root"), System("linear system"), DenseSystem("linear system")


def implicit(f: Function, solver: Function, x0: Any, theta: tuple, solve: Function | None) -> Any:
    """Return `solver(x0, *theta)` with the derivative that f(x, *theta) = 0 gives it."""
    equation = Equation(f, solver, solve or solve_dense)
    vector = ROOT.run((equation, x0, *theta), {})
    return equation.restore(vector)


def difference(f: Function) -> Function:
    """Return the function that is zero at the fixed points of f."""

    def minus(x: Any, *args: Any) -> Any:
        return to_vector(f(x, *args))[0] - to_vector(x)[0]

    minus.__name__ = name(f)
    return minus


def solved_system(make: Function, equation: Equation, b: Any, y: Any, theta: tuple) -> Any:
    """Solve a system with the Jacobian of an equation, or its transpose: differentiable again."""
    product = functools.partial(make, equation)
    system = Linear(product, product, equation.solve)
    operation = DENSE_SYSTEM if equation.solve is solve_dense else SYSTEM
    return operation.run((system, None, b, y, theta), {})


def along(equation: Equation, y: Any, theta: tuple) -> Function:
    """Return v -> dF/dx v."""
    return lambda v: jvp(lambda x: equation.residual(x, theta), (y,), (v,))[1]


def across(equation: Equation, y: Any, theta: tuple) -> Function:
    """Return u -> (dF/dx)^T u."""
    _, pull = vjp(lambda x: equation.residual(x, theta), y)
    return lambda u: pull(u)[0]


def dense(matvec: Function, like: Any) -> Any:
    """Return the matrix behind a product with vectors, in one vectorised pass."""
    return vmap(matvec, out_axes=-1)(np.eye(like.shape[0], dtype=like.dtype))


def solve_dense(matvec: Function, b: Any) -> Any:
    """Form the matrix and solve."""
    if b.shape[0] == 0:
        return b
    try:
        return np.linalg.solve(dense(matvec, b), b)
    except np.linalg.LinAlgError:
        raise singular("the equation") from None


# --- when a derivative is right -------------------------------------------------------------------


def require_regular(equation: Equation, y: Any, theta: tuple) -> None:
    """Refuse where the Jacobian is singular, or where the solver has stopped on its way.

    With the Newton step s = J^-1 F, the solution lies within about h = 2 |s| + sqrt(eps) |x|.
    The Jacobian must keep its kind within h: if J^-1 d2F[h, h] is not small against h, a singular
    one is as near as the solution (Newton-Kantorovich); at a double root it is as large as h.
    """
    if y.shape[0] == 0:
        return
    what = name(equation.f)
    y, theta = tree_map(raw, y), tree_map(raw, theta)
    eps = float(np.finfo(y.dtype).eps)
    if equation.solve is solve_dense:
        inverse = inverted(dense(along(equation, y, theta), y), eps, what)
        solve: Function = lambda b: np.matmul(inverse, b)  # noqa: E731
    else:
        solve = lambda b: solved_system(along, equation, b, y, theta)  # noqa: E731
    step = solve(equation.residual(y, theta))
    moved, size = largest(step), largest(y)
    if not np.all(moved <= ALLOWED_STEP * (1 + size)):
        raise ConvergenceError(
            f"a derivative of {name(equation.solver)} was asked where {what} is not yet zero: a "
            f"Newton step would move the solution, of size {np.max(size):.3g}, by "
            f"{np.max(moved):.3g}. Solve to a smaller tolerance, or start nearer."
        )
    h = 2 * np.abs(step) + eps**0.5 * np.abs(y)

    def push(f: Function) -> Function:
        return lambda v: jvp(f, (v,), (h,))[1]

    try:
        bend = solve(push(push(lambda v: equation.residual(v, theta)))(y))
    except MissingRuleError:
        return  # an operation of the user's own without a second derivative: nothing to see there
    if not np.all(largest(bend) <= 0.5 * largest(h)):
        raise singular(what)


def inverted(J: Any, eps: float, what: str) -> Any:
    """Invert a Jacobian; refuse one that is singular but for rounding, whatever the units are."""
    rows = np.max(np.abs(J), axis=1, keepdims=True)
    columns = np.max(np.abs(J / np.where(rows == 0, 1, rows)), axis=0, keepdims=True)
    if not np.all(peel(rows)) or not np.all(peel(columns)):
        raise singular(what)
    try:
        inverse = np.linalg.inv(J / rows / columns)
    except np.linalg.LinAlgError:
        raise singular(what) from None
    if not np.all(largest(inverse) * eps < 0.1):
        raise singular(what)
    return inverse / columns.T / rows.T


def largest(x: Any) -> Any:
    """Return the largest absolute value, for each example of a batch."""
    return peel(np.max(np.abs(x)))


def peel(x: Any) -> Any:
    """Return the plain array beneath all layers; those of vmap become axes in front."""
    while isinstance(x, Layered):
        x = x._value
    return x


def singular(what: str) -> NotDifferentiableError:
    """Say that the solution has no derivative."""
    return NotDifferentiableError(
        f"the solution of {what} has no derivative here: its Jacobian with respect to the unknowns "
        f"is singular, as at a double root, at a turning point, or where an unknown (or a sum of "
        f"some) does not matter. Take such an unknown out, add an equation for it, or add a small "
        f"regularisation."
    )


def refuse_traced(values: Any, f: Function, equation: Function) -> None:
    """Refuse what depends on a Tensor that came in by the back door."""
    if holds_traced(values):
        raise GraphError(
            f"{name(f)} has used a Tensor that is not among its arguments and takes part in a "
            f"derivative (or a vmap), which would be lost. Pass it as an argument: "
            f"def {name(equation)}(x, a), and a among the args of the solver. If its gradient is "
            f"not wanted, use a.detach(), or solve under no_grad()."
        )


def holds_traced(tree: Any) -> bool:
    """Whether one of the leaves takes part in a derivative."""
    return any(is_traced(leaf) for leaf in flatten(tree)[0])


# --- vectors --------------------------------------------------------------------------------------


def to_vector(tree: Any) -> tuple[Any, Function]:
    """Return the numbers of a nested value as one real vector, and the way back to its form."""
    if isinstance(tree, ARRAYS) and tree.ndim == 1 and tree.dtype.kind == "f":
        own = tree.dtype  # the short way for what is most frequent: it is a vector
        return tree, lambda v: v if v.dtype == own else astype(v, own)
    leaves, rebuild = flatten(tree)
    leaves = [as_array(x) for x in leaves]
    forms = [(x.shape, x.dtype) for x in leaves]
    parts = [np.ravel(part) for x in leaves for part in real_parts(x)]
    vector = np.concatenate(parts) if parts else np.zeros(0)

    def restore(vector: Any) -> Any:
        found, start = [], 0
        for shape, dtype in forms:
            stop = start + math.prod(shape)
            x, start = vector[start:stop], stop
            if dtype.kind == "c":
                stop = start + math.prod(shape)
                x, start = x + 1j * vector[start:stop], stop
            x = np.reshape(x, shape)[()]
            found.append(x if x.dtype == dtype or dtype.kind not in "fc" else astype(x, dtype))
        return rebuild(found)

    return (vector if vector.dtype.kind == "f" else vector.astype(float)), restore


def as_array(x: Any) -> Any:
    """Check a part of a vector, and make an array of a number."""
    x = x if isinstance(x, Layered) else np.asarray(x)
    if x.dtype.kind not in "fciub":
        raise DtypeError(f"the unknowns and equations of a root are numbers, got {describe(x)}")
    return x


def real_parts(x: Any) -> tuple:
    """Return the real and the imaginary part of complex numbers; real ones as they are."""
    return (np.real(x), np.imag(x)) if x.dtype.kind == "c" else (x,)


class Moving:
    """The floating point arrays in those of the arguments theta that are differentiated."""

    def __init__(self, theta: tuple, flags: tuple) -> None:
        self.theta = theta
        self.leaves, self.rebuild = flatten(theta)
        pairs = zip(theta, flags, strict=True)
        flagged = [flag for x, flag in pairs for _ in flatten(x)[0]]
        self.places = [i for i, x in enumerate(self.leaves) if flagged[i] and is_float(x)]
        self.arrays = tuple(self.leaves[i] for i in self.places)

    def among(self, values: Any) -> tuple:
        """Return theta with other values for these arrays."""
        return self.filled(values, self.leaves)

    def alone(self, values: Any) -> tuple:
        """Return something like theta with values for these arrays, and None for the rest."""
        return self.filled(values, [None] * len(self.leaves))

    def filled(self, values: Any, others: list) -> tuple:
        """Put values into these places."""
        full = list(others)
        for i, x in zip(self.places, values, strict=True):
            full[i] = x
        return self.rebuild(full)

    def tangents(self, ts: tuple) -> tuple:
        """Pick the tangents of these arrays; `ts` has None for an argument that does not move."""
        found: list[Any] = []
        for x, t in zip(self.theta, ts, strict=True):
            tree_map(lambda _, d=None: found.append(d), x, *(() if t is None else (t,)))
        return tuple(found[i] for i in self.places)


def is_float(x: Any) -> bool:
    """Whether a leaf is an array that can have a gradient."""
    return getattr(getattr(x, "dtype", None), "kind", "") in ("f", "c")
