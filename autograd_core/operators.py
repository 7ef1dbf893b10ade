"""Derivatives of plain functions: grad, jacobian, jvp, vjp and friends, each a short composition.

Arguments and results may be nested lists, tuples, dicts, namedtuples and dataclasses of arrays.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .dispatch import Layered
from .errors import ArgumentError, DtypeError, ShapeError, describe
from .forward import Tangent
from .graph import Node, conform, new_level
from .guard import Sink
from .reverse import backward
from .tensor import Tensor, require_float
from .trees import flatten, leaves_with_paths, tree_map

__all__ = [
    "elementwise_grad",
    "grad",
    "jvp",
    "unary",
    "value_and_grad",
    "vjp",
]

Function = Callable[..., Any]
ARRAYS: Any = (Layered, np.ndarray, np.generic)
NUMBERS: Any = (*ARRAYS, int, float, complex)
Argnum = int | tuple[int, ...] | list[int]


def array_leaf(x: Any, wish: str) -> Any:
    """Check a value that a derivative is asked for, and make an array of a Python number."""
    if isinstance(x, (bool, int)) or not isinstance(x, (*ARRAYS, float, complex)):
        require_float(x, wish)
    value = np.float64(x) if x.__class__ is float else x
    value = np.complex128(value) if value.__class__ is complex else value
    require_float(value, wish)
    return value


def checked_leaves(tree: Any, wish: str) -> tuple[list, Callable[[list], Any]]:
    """Flatten an argument, naming the place of a leaf that cannot be differentiated."""
    leaves, rebuild = flatten(tree)
    checked = []
    for (path, _), leaf in zip(leaves_with_paths(tree), leaves, strict=True):
        checked.append(array_leaf(leaf, f"{wish} argument{path}"))
    return checked, rebuild


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


def pull_from(level: int, outputs: list, inputs: list[Node], cotangents: list) -> list:
    """Walk back from traced outputs; return one cotangent for each input, zeros where unused."""
    seeds = [
        (y._trace, g)
        for y, g in zip(outputs, cotangents, strict=True)
        if isinstance(y, Tensor) and isinstance(y._trace, Node) and y._trace.level == level
    ]
    found = {node.order: g for node, g, _ in backward(seeds, retain=True)}
    return [found[x.order] if x.order in found else np.zeros(x.shape, x.dtype) for x in inputs]


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
    return differentiate(f, primals, watched=True)


def differentiate(f: Function, primals: tuple, watched: bool = False) -> tuple[Any, Function]:
    """Do what `vjp` does; `watched` inputs are checked for changes before the pullback."""
    level = new_level()
    leaves, rebuild = checked_leaves(primals, "vjp")
    inputs = [Node(level, x) for x in leaves]
    if watched:
        for x, node in zip(leaves, inputs, strict=True):
            node.sink = Sink()
            if isinstance(x, np.ndarray):
                node.sink.expose(x, x)
    traced = [Tensor(x, node) for x, node in zip(leaves, inputs, strict=True)]
    outputs, rebuild_out = outputs_of(f(*rebuild(traced)), f)
    values = [lower(y, level) for y in outputs]

    def pull(g: Any) -> tuple:
        cotangents, _ = flatten(g)
        if len(cotangents) != len(values):
            raise ShapeError(
                f"the pullback of {name(f)} got {len(cotangents)} arrays for {len(values)} outputs"
            )
        given = [as_cotangent(c, y, f) for c, y in zip(cotangents, values, strict=True)]
        return tuple(rebuild(pull_from(level, outputs, inputs, given)))

    return rebuild_out(values), pull


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
        if np.shape(t) != np.shape(x):
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


# --- operators with `argnum`, as HIPS autograd has them -------------------------------------------


def pick(args: tuple, argnum: Argnum, operator: str) -> Any:
    """Take the differentiated argument, or a tuple of them."""
    numbers = (argnum,) if isinstance(argnum, int) else tuple(argnum)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise ArgumentError(
                f"{operator}(argnum={argnum}) was called with {len(args)} positional arguments; "
                f"argnum counts from 0"
            )
    return args[argnum] if isinstance(argnum, int) else tuple(args[i] for i in argnum)


def of_argnum(f: Function, argnum: Argnum, args: tuple, kwargs: dict) -> Function:
    """See a function as one of the chosen argument alone."""

    def f_of(x: Any) -> Any:
        full = list(args)
        for i, value in [(argnum, x)] if isinstance(argnum, int) else zip(argnum, x, strict=True):
            full[i] = value
        return f(*full, **kwargs)

    f_of.__name__ = name(f)
    return f_of


def unary(operator: Function) -> Function:
    """Turn `operator(f, x)` into the HIPS form `operator(f, argnum)(*args, **kwargs)`."""
    verb = operator.__name__

    @functools.wraps(operator)
    def with_argnum(fun: Function, argnum: Argnum = 0) -> Function:
        if not callable(fun):
            raise DtypeError(
                f"{verb} takes a function, got {describe(fun)}: {verb}(f)(x), not {verb}(f(x))"
            )

        def derivative(*args: Any, **kwargs: Any) -> Any:
            x = pick(args, argnum, verb)
            return operator(of_argnum(fun, argnum, args, kwargs), x)

        derivative.__name__ = f"{verb}_of_{name(fun)}_wrt_argnum_{argnum}"
        derivative.__doc__ = f"{verb} of {name(fun)} with respect to argument {argnum}."
        return derivative

    with_argnum.of = operator  # type: ignore[attr-defined]
    return with_argnum


@unary
def value_and_grad(f: Function, x: Any) -> Any:
    """Return a function that gives the value and the gradient of `fun`, a scalar function.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnum : int or tuple of ints, default 0
        Which positional argument to differentiate; a tuple gives a tuple of gradients.

    Examples
    --------
    >>> value_and_grad(lambda x: x**3)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """
    y, pull = differentiate(f, (x,))
    if not isinstance(y, NUMBERS) or np.shape(y):
        raise ShapeError(
            f"grad needs a function that returns one number; {name(f)} returned {describe(y)}. "
            f"Use jacobian, elementwise_grad or vjp, or reduce it: lambda x: np.sum(f(x))."
        )
    if np.iscomplexobj(y):
        raise DtypeError(
            f"grad needs a real value; {name(f)} returned {describe(y)}. Differentiate its real "
            f"part, or its absolute value."
        )
    (g,) = pull(np.ones((), getattr(y, "dtype", float)))
    return y, g


@unary
def grad(f: Function, x: Any) -> Any:
    """Return a function that gives the gradient of `fun`, a scalar function.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnum : int or tuple of ints, default 0
        Which positional argument to differentiate; a tuple gives a tuple of gradients.

    Raises
    ------
    ShapeError
        If `fun` returns more than one number.
    DtypeError
        If the argument holds integers, or the value is complex.

    Notes
    -----
    For a complex argument the gradient is du/dx - i du/dy (as HIPS autograd and JAX have it).

    Examples
    --------
    >>> import numpy as np
    >>> grad(np.tanh)(0.0)
    np.float64(1.0)
    >>> grad(grad(np.sin))(np.pi / 2)
    np.float64(-1.0)
    """
    return value_and_grad.of(f, x)[1]  # type: ignore[attr-defined]


@unary
def elementwise_grad(f: Function, x: Any) -> Any:
    """Return a function that gives df_i/dx_i of a function that works element by element.

    Examples
    --------
    >>> import numpy as np
    >>> elementwise_grad(np.square)(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    y, pull = differentiate(f, (x,))
    return pull(tree_map(lambda v: np.ones(np.shape(v), getattr(v, "dtype", float)), y))[0]
