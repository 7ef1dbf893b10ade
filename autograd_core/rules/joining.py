"""Arrays joined and taken apart again. The cotangent of a join is taken apart, that of the parts is
joined.
"""

import math
from itertools import accumulate

import numpy as np

from ..composed import composed
from ..errors import ShapeError
from ..kernels import astype
from ..table import existing, rule
from .shapes import axis_of, cut


def concatenate_vjp(g, _y, *_xs, axis=0):
    """Cut g where the operands met."""
    lengths = [math.prod(x.shape) if axis is None else x.shape[axis] for x in _xs]
    stops = accumulate(lengths)
    pieces = [cut(g, axis or 0, j - n, j) for n, j in zip(lengths, stops, strict=True)]
    if axis is not None:
        return tuple(pieces)
    return tuple(p.reshape(x.shape) for p, x in zip(pieces, _xs, strict=True))


def tangents(ts, xs):
    """Put zeros where an operand has no tangent."""
    return [np.zeros(np.shape(x)) if t is None else t for t, x in zip(ts, xs, strict=True)]


def concatenate_jvp(ts, _y, *xs, axis=0):
    """Join the tangents."""
    return np.concatenate(tangents(ts, xs), axis=axis)


rule(np.concatenate, vjp=concatenate_vjp, jvp=concatenate_jvp, arity=None)


def stack_vjp(g, _y, *_xs, axis=0):
    """Take g apart along the new axis."""
    return tuple(np.moveaxis(g, axis, 0))


def stack_jvp(ts, _y, *xs, axis=0):
    """Stack the tangents."""
    return np.stack(tangents(ts, xs), axis=axis)


rule(np.stack, vjp=stack_vjp, jvp=stack_jvp, arity=None)


def with_axes(x, ndim):
    """Put axes of length 1 in front until there are `ndim`."""
    return x if np.ndim(x) >= ndim else np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x))


def hstack(tup, dtype=None):
    """Along the second axis, or the only one."""
    parts = [with_axes(x, 1) for x in tup]
    return np.concatenate(parts, axis=min(np.ndim(parts[0]) - 1, 1), dtype=dtype)


def vstack(tup, dtype=None):
    """Along the first axis of matrices; vectors are rows."""
    return np.concatenate([with_axes(x, 2) for x in tup], dtype=dtype)


def dstack(tup):
    """Along the third axis."""
    return np.concatenate([np.atleast_3d(x) for x in tup], axis=2)


def column_stack(tup):
    """Side by side; vectors are columns."""
    columns = [x if np.ndim(x) > 1 else np.reshape(x, (-1, 1)) for x in tup]
    return np.concatenate(columns, axis=1)


composed(np.hstack, hstack, operands=())
composed(np.vstack, vstack, operands=())
composed(np.dstack, dstack, operands=())
composed(np.column_stack, column_stack, operands=())


def depth_of(arrays):
    """Return how deep lists are nested, which is the same everywhere."""
    if not isinstance(arrays, (tuple, list)):
        return 0
    depths = sorted({depth_of(inner) for inner in arrays})
    if len(depths) != 1:
        found = f"lists of depths {', '.join(map(str, depths))} beside each other"
        raise ShapeError(
            f"np.block takes lists that are nested equally deep everywhere, and none that is "
            f"empty; got {found if depths else 'an empty list'}. "
            f"Two rows are [[A, B], [C, D]]."
        )
    return 1 + depths[0]


def axes_needed(arrays, depth):
    """Return the number of axes of a block matrix: of its blocks, or the depth of its lists."""
    if isinstance(arrays, (tuple, list)):
        return max(axes_needed(inner, depth) for inner in arrays)
    return max(np.ndim(arrays), depth)


def nest_joined(arrays, axis, ndim):
    """Join nested lists: an inner one along the axis behind."""
    if isinstance(arrays, (tuple, list)):
        return np.concatenate([nest_joined(x, axis + 1, ndim) for x in arrays], axis=axis)
    return with_axes(arrays, ndim)


def block(arrays):
    """The innermost lists are joined along the last axis, the next ones along the axis before."""
    depth = depth_of(arrays)
    ndim = axes_needed(arrays, depth)
    return nest_joined(arrays, ndim - depth, ndim)


composed(np.block, block, operands=())


def append(arr, values, axis=None):
    """Put the values behind."""
    if axis is None:
        return np.concatenate([arr.ravel(), values.ravel()])
    return np.concatenate([arr, values], axis=axis)


def delete(arr, obj, axis=None):
    """Keep the rest."""
    arr, axis = (arr.ravel(), 0) if axis is None else (arr, axis_of(axis, arr.ndim))
    return np.take(arr, np.delete(np.arange(arr.shape[axis]), obj), axis)


def insert(arr, obj, values, axis=None):
    """Put the values behind, then everything in its place."""
    arr, axis = (arr.ravel(), 0) if axis is None else (arr, axis_of(axis, arr.ndim))
    n = arr.shape[axis]
    places = np.insert(np.arange(n), obj, 0).size - n
    values = with_axes(values, arr.ndim)
    if np.ndim(obj) == 0 and not hasattr(obj, "indices"):  # one place, and no slice
        values = np.moveaxis(values, 0, axis)
    count = values.shape[axis] if places == 1 else places
    shape = tuple(count if i == axis else length for i, length in enumerate(arr.shape))
    values = astype(np.broadcast_to(values, shape), arr.dtype)
    order = np.insert(np.arange(n), obj, np.arange(n, n + count))
    return np.take(np.concatenate([arr, values], axis=axis), order, axis)


composed(np.append, append, ("arr", "values"))
composed(np.delete, delete)
composed(np.insert, insert, ("arr", "values"))


# --- taken apart ----------------------------------------------------------------------------------


def split_vjp(g, _y, _x, *, indices_or_sections, axis=0):
    """Join the cotangents of the pieces."""
    return (np.concatenate(g, axis=axis),)


def split_jvp(ts, _y, _x, *, indices_or_sections, axis=0):
    """Split the tangent."""
    return np.split(ts[0], indices_or_sections, axis=axis)


rule(np.split, vjp=split_vjp, jvp=split_jvp, arity=1)


def array_split(ary, indices_or_sections, axis=0):
    """As `split`; parts of unequal length are allowed, the longer ones come first."""
    if np.ndim(indices_or_sections):
        return np.split(ary, indices_or_sections, axis)
    length, longer = divmod(ary.shape[axis], indices_or_sections)
    sizes = [length + (i < longer) for i in range(indices_or_sections)]
    return np.split(ary, np.cumsum(sizes)[:-1].tolist(), axis)


def split_along(name, axis_of, least):
    """Say `split` along an axis that depends on the number of axes, of which there are `least`."""

    def composition(ary, indices_or_sections):
        if ary.ndim < least:
            raise ShapeError(f"np.{name} takes {least} axes or more, got shape {ary.shape}")
        return np.split(ary, indices_or_sections, axis_of(ary))

    return composition


composed(np.array_split, array_split)
composed(np.hsplit, split_along("hsplit", lambda x: min(x.ndim - 1, 1), 1))
composed(np.vsplit, split_along("vsplit", lambda _x: 0, 2))
composed(np.dsplit, split_along("dsplit", lambda _x: 2, 3))
for f in existing("unstack"):
    composed(f, lambda x, axis=0: tuple(np.moveaxis(x, axis, 0)))
