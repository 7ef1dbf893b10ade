"""The two products with the Jacobian of a plain function, on which all other operators stand:
`vjp` (reverse mode) and `jvp` (forward mode).

Arguments and results may be nested lists, tuples, dicts, namedtuples and dataclasses of arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .dispatch import Layered
from .errors import ArgumentError, DtypeError, ShapeError, describe
from .forward import Tangent
from .graph import Node, conform, new_level
from .guard import Sink
from .live import widened
from .reverse import backward
from .tensor import Tensor, require_float
from .trees import flatten, leaves_with_paths, tree_map

__all__ = [
    "jvp",
    "vjp",
]

Function = Callable[..., Any]
ARRAYS: Any = (Layered, np.ndarray, np.generic)
NUMBERS: Any = (*ARRAYS, int, float, complex)


def array_leaf(x: Any, wish: str) -> Any:
    """Check a value that a derivative is asked for, and make an array of a Python number."""
    if isinstance(x, (bool, int)) or not isinstance(x, (*ARRAYS, float, complex)):
        require_float(x, wish)
    value = widened(np.float64, x) if x.__class__ is float else x
    value = widened(np.complex128, value) if value.__class__ is complex else value
    require_float(value, wish)
    return value


def checked_leaves(tree: Any, wish: str) -> tuple[list, Callable[[list], Any]]:
    """Flatten an argument, naming the place of a leaf that cannot be differentiated."""
    leaves, rebuild = flatten(tree)
    for i, leaf in enumerate(leaves):
        dtype = getattr(leaf, "dtype", None)
        if dtype is None or dtype.kind not in "fc":
            path, _ = list(leaves_with_paths(tree))[i]
            if wish not in ("vjp", "jvp"):  # these take several arguments, the others one
                path = path.removeprefix("[0]")
            place = f"argument{path}" if path else "the argument"
            leaves[i] = array_leaf(leaf, f"{wish}: {place}")
    return leaves, rebuild


def outputs_of(result: Any, f: Function) -> tuple[list, Callable[[list], Any]]:
    """Flatten what a function returned; lists of Tensors stay containers."""
    leaves, rebuild = flatten(result)
    for leaf in leaves:
        if not isinstance(leaf, NUMBERS):
            raise DtypeError(
                f"{name(f)} returned {describe(leaf)}; a differentiated function returns "
                f"arrays or numbers, or lists, tuples and dicts of them"
            )
    return leaves, rebuild


def name(f: Function) -> str:
    """Name a user's function in a message."""
    return getattr(f, "__name__", type(f).__name__)


class Pullback:
    """The vector-Jacobian product of a function at the arguments that it was called with."""

    __slots__ = ("f", "inputs", "level", "outputs", "rebuild", "values")

    def __init__(
        self, f: Function, level: int, inputs: list[Node], rebuild: Any, outputs: list
    ) -> None:
        self.f, self.level, self.inputs, self.rebuild, self.outputs = (
            f, level, inputs, rebuild, outputs,
        )  # fmt: skip
        self.values = [lower(y, level) for y in outputs]

    def __call__(self, g: Any) -> tuple:
        """Return a cotangent like each argument for one like the result; as often as you like."""
        cotangents, _ = flatten(g)
        if len(cotangents) != len(self.values):
            raise ShapeError(
                f"the pullback of {name(self.f)} got {len(cotangents)} arrays for "
                f"{len(self.values)} outputs"
            )
        pairs = zip(cotangents, self.values, strict=True)
        return self.walk([as_cotangent(c, y, self.f) for c, y in pairs], retain=True)

    def walk(self, cotangents: list, retain: bool = False) -> tuple:
        """Do the same for cotangents that need no checks; by default for the last time, so that
        what the graph has saved is let go of on the way.
        """
        level = self.level
        seeds = [
            (y._trace, g)
            for y, g in zip(self.outputs, cotangents)
            if isinstance(y, Tensor) and isinstance(y._trace, Node) and y._trace.level == level
        ]
        found = {node: g for node, g, _ in backward(seeds, retain=retain)}
        shares = [
            as_scalar(found[x]) if x in found else np.zeros(x.shape, x.dtype)[()]
            for x in self.inputs
        ]
        return tuple(self.rebuild(shares))


def as_scalar(g: Any) -> Any:
    """Make a NumPy number of an array without axes, as NumPy itself does wherever it can."""
    return g[()] if isinstance(g, np.ndarray) and not g.shape else g


def lower(y: Any, level: int) -> Any:
    """Strip the layer of a finished derivative from a result."""
    trace = getattr(y, "_trace", None)
    return y._value if trace is not None and trace.level == level else y


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """Evaluate a function and return its value and its vector-Jacobian product.

    Parameters
    ----------
    f : callable
    *primals : array_like or nested containers of arrays
        The arguments; all are differentiated.

    Returns
    -------
    y : the value of `f(*primals)`
    pull : callable
        `pull(g)` with `g` like `y` gives a tuple like `primals`: g^T J, one for each argument.
        It may be called more than once.

    Examples
    --------
    >>> import numpy as np
    >>> y, pull = vjp(lambda x: x**2, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    return differentiate(f, primals, watched=True)[:2]


def differentiate(
    f: Function,
    primals: tuple,
    watched: bool = False,
    has_aux: bool = False,
    verb: str = "vjp",
) -> tuple[Any, Pullback, Any]:
    """Do what `vjp` does.

    `watched` inputs are checked for changes before the pullback; with `has_aux` the function
    returns (y, aux), of which only y is differentiated; `verb` is what the user called.
    """
    level = new_level()
    leaves, rebuild = checked_leaves(primals, verb)
    inputs = [Node(level, x) for x in leaves]
    if watched:
        for x, node in zip(leaves, inputs, strict=True):
            node.sink = Sink()
            if isinstance(x, np.ndarray):
                node.sink.expose(x, x)
    traced = [Tensor(x, node) for x, node in zip(leaves, inputs, strict=True)]
    return pullback_of(f(*rebuild(traced)), f, level, inputs, rebuild, has_aux)


def pullback_of(
    result: Any, f: Function, level: int, inputs: list[Node], rebuild: Any, has_aux: bool = False
) -> tuple[Any, Pullback, Any]:
    """Make the pullback of what a function returned for recorded inputs."""
    aux = None
    if has_aux:
        if not isinstance(result, tuple) or len(result) != 2:
            raise ShapeError(
                f"with has_aux, {name(f)} must return (value, aux); got {describe(result)}"
            )
        result, aux = result
        aux = tree_map(lambda v: lower(v, level), aux)
    outputs, rebuild_out = outputs_of(result, f)
    pull = Pullback(f, level, inputs, rebuild, outputs)
    return rebuild_out(pull.values), pull, aux


def as_cotangent(g: Any, y: Any, f: Function) -> Any:
    """Check a cotangent against the output it belongs to."""
    g = g if isinstance(g, ARRAYS) else np.asarray(g)
    if g.shape != np.shape(y):
        raise ShapeError(
            f"the pullback of {name(f)} needs a cotangent of the output's shape {np.shape(y)}, "
            f"got {g.shape}"
        )
    return g


def jvp(f: Function, primals: tuple, tangents: tuple) -> tuple[Any, Any]:
    """Evaluate a function and its Jacobian-vector product in one forward pass.

    Parameters
    ----------
    f : callable
    primals : tuple
        The arguments.
    tangents : tuple
        One tangent like each argument.

    Returns
    -------
    y, t : the value of `f(*primals)`, and J times the tangents, like `y`

    Raises
    ------
    ArgumentError
        If there are not as many tangents as arguments.
    ShapeError, DtypeError
        If a tangent does not fit to its argument.

    Examples
    --------
    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 0.0))
    (np.float64(6.0), np.float64(3.0))
    """
    level = new_level()
    leaves, rebuild = checked_leaves(primals, "jvp")
    given, _ = flatten(tangents)
    if len(given) != len(leaves):
        raise ArgumentError(f"jvp got {len(leaves)} primals and {len(given)} tangents")
    inputs = []
    for x, t in zip(leaves, given, strict=True):
        t = t if isinstance(t, ARRAYS) else np.asarray(t)
        if t.shape != np.shape(x):
            raise ShapeError(f"jvp got a primal of shape {np.shape(x)}, a tangent of {t.shape}")
        inputs.append(Tensor(x, Tangent(level, conform(t, x.shape, x.dtype))))
    outputs, rebuild_out = outputs_of(f(*rebuild(inputs)), f)
    return (
        rebuild_out([lower(y, level) for y in outputs]),
        rebuild_out([tangent_of(y, level) for y in outputs]),
    )


def tangent_of(y: Any, level: int) -> Any:
    """Return the tangent that arrived at an output; zeros if none did."""
    trace = getattr(y, "_trace", None)
    if trace is not None and trace.level == level:
        return trace.t
    return np.zeros(np.shape(y), getattr(y, "dtype", float))
