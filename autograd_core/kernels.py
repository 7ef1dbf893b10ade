"""Array functions that NumPy has only in a form that cannot be differentiated: as methods, as
operators, or as writes into an array. They dispatch like NumPy's own functions.

Gather and scatter are each other's adjoint, which is why scatter exists at all: NumPy's way to
scatter is an assignment, and an assignment cannot be differentiated again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .table import primitive

__all__ = [
    "astype",
    "getitem",
    "last_writes",
    "recurrence",
    "scatter",
    "scatter_along_axis",
    "setitem",
]


@primitive
def getitem(x: Any, index: Any) -> Any:
    """`x[index]`, any NumPy index."""
    return x[index]


@primitive
def setitem(x: Any, v: Any, index: Any, reuse: bool = False) -> Any:
    """Copy x and do `x[index] = v` in the copy; `reuse` says that nobody needs the old x."""
    out = x if reuse else np.array(x)
    out[index] = v
    return out


def last_writes(index: Any, shape: tuple[int, ...]) -> Any:
    """Return 1.0 for each place of `index` that keeps what is written to it, 0.0 where a later
    write of the same index goes to the same place.
    """
    if names_places_once(index):
        return 1.0
    places = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
    order = np.arange(places.size).reshape(places.shape)
    writer = np.zeros(np.prod(shape, dtype=int), dtype=int)
    writer[places] = order
    return np.where(writer[places] == order, 1.0, 0.0)


@primitive
def scatter(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `g` added at `index`; places that are named twice receive both."""
    out = np.zeros(shape, g.dtype)
    if names_places_once(index):
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out


def names_places_once(index: Any) -> bool:
    """Whether an index cannot name a place twice: integers, slices and masks cannot."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is Ellipsis or isinstance(p, (int, np.integer, slice)) or is_mask(p)
        for p in parts
    )


def is_mask(part: Any) -> bool:
    """Whether a part of an index is a boolean mask."""
    return isinstance(part, (bool, np.bool_)) or getattr(part, "dtype", None) == np.bool_


@primitive
def scatter_along_axis(g: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Zeros of `shape` with `g` added at `indices` along `axis`: the adjoint of take_along_axis."""
    out = np.zeros(shape, g.dtype)
    places = list(np.indices(indices.shape, sparse=True))
    # an axis that take_along_axis stretched reads its one element again and again
    for k, (length, have) in enumerate(zip(shape, indices.shape, strict=True)):
        if k != axis % len(shape) and length == 1 != have:
            places[k] = np.zeros_like(places[k])
    places[axis] = indices
    np.add.at(out, tuple(places), g)
    return out


@primitive
def astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """`x.astype(dtype)`."""
    return x.astype(dtype, copy=copy)


@primitive
def recurrence(a: Any, b: Any, axis: int) -> Any:
    """Return r with r_i = a_i r_(i-1) + b_i along an axis, beginning with r_0 = b_0.

    After pass k, r_i has taken in the last 2^k terms, so log2(n) passes are enough. There is no
    division, so zeros in a do no harm.
    (W. D. Hillis and G. L. Steele 1986, "Data parallel algorithms".)
    """
    a, r = np.array(np.moveaxis(a, axis, 0)), np.array(np.moveaxis(b, axis, 0))
    step = 1
    while step < len(r):
        r[step:] += a[step:] * r[:-step]
        a[step:] = a[step:] * a[:-step]
        step *= 2
    return np.moveaxis(r, 0, axis)
