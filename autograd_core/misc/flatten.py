"""Nested parameters as one vector, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..dispatch import Layered
from ..errors import DtypeError, ShapeError, describe
from ..kernels import astype
from ..trees import children, rebuild_like

__all__ = ["flatten", "flatten_func"]


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return all numbers of a nested value as one vector, and the function that puts them back.

    Parameters
    ----------
    value : array_like or nested containers of arrays
        The parts of a dict are taken in the order of their sorted keys.

    Returns
    -------
    vector : ndarray, shape (n,)
    unflatten : callable
        Takes a vector of shape (n,) and gives a value of the form of `value`; a part that was
        float32, say, is float32 again. Both directions can be differentiated.

    Raises
    ------
    DtypeError
        If something in it is no array of numbers.

    Examples
    --------
    >>> import numpy as np
    >>> vector, unflatten = flatten({"w": np.ones((2, 2)), "b": 3.0})
    >>> vector
    array([3., 1., 1., 1., 1.])
    >>> unflatten(2 * vector)["b"]
    np.float64(6.0)
    """
    pieces = [as_piece(leaf) for leaf in ordered_leaves(value)]
    shapes = [(np.shape(x), x.dtype) for x in pieces]
    flat = [np.ravel(x) for x in pieces]
    vector = np.concatenate(flat) if flat else np.zeros(0)
    total = vector.shape[0]

    def unflatten(vector: Any) -> Any:
        if np.shape(vector) != (total,):
            raise ShapeError(
                f"unflatten takes a vector of shape ({total},), got {describe(vector)}"
            )
        start, parts = 0, []
        for shape, dtype in shapes:
            stop = start + math.prod(shape)
            parts.append(as_before(np.reshape(vector[start:stop], shape)[()], dtype))
            start = stop
        return with_leaves(value, iter(parts))

    return vector, unflatten


def as_piece(leaf: Any) -> Any:
    """Check a leaf, and make an array of a number."""
    x: Any = leaf if isinstance(leaf, Layered) else np.asarray(leaf)
    if x.dtype.kind not in "fciub":
        raise DtypeError(f"flatten takes numbers and arrays in containers, got {describe(leaf)}")
    return x


def as_before(x: Any, dtype: np.dtype[Any]) -> Any:
    """Give a part its dtype back; integers stay what the vector made of them."""
    if dtype.kind in "iub" or x.dtype == dtype:
        return x
    return astype(np.real(x) if x.dtype.kind == "c" and dtype.kind == "f" else x, dtype)


def sorted_children(tree: Any) -> list | None:
    """Return the branches of a container in the order of the vector; None for a leaf."""
    branches = children(tree)
    if not isinstance(tree, dict):
        return branches
    keys = sorted(range(len(tree)), key=lambda i: list(tree)[i])
    return [(branches or [])[i] for i in keys]


def ordered_leaves(tree: Any) -> Iterator[Any]:
    """Yield the leaves in the order of the vector."""
    branches = sorted_children(tree)
    if branches is None:
        yield tree
    else:
        for _, branch in branches:
            yield from ordered_leaves(branch)


def with_leaves(tree: Any, leaves: Iterator[Any]) -> Any:
    """Build a container like `tree` from leaves in the order of the vector."""
    branches = sorted_children(tree)
    if branches is None:
        return next(leaves)
    if not branches:
        return tree
    made = {name: with_leaves(branch, leaves) for name, branch in branches}
    return rebuild_like(tree, [made[name] for name, _ in children(tree) or []])


def flatten_func(func: Callable[..., Any], example: Any) -> tuple[Callable[..., Any], Any, Any]:
    """Turn a function from nested values to nested values into one from vectors to vectors.

    Parameters
    ----------
    func : callable
    example : nested containers of arrays
        A first argument of `func`.

    Returns
    -------
    flat_func, unflatten, vector
        The new function, the way back from its argument, and `example` as a vector.

    Examples
    --------
    >>> f, _, x = flatten_func(lambda p: [p["a"] * p["b"]], {"a": 2.0, "b": 3.0})
    >>> f(x)
    array([6.])
    """
    vector, unflatten = flatten(example)
    return lambda v, *args: flatten(func(unflatten(v), *args))[0], unflatten, vector
