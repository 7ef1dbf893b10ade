"""Functions that move elements about. All are linear; the adjoint moves them back, and where an
element was copied, sums the copies.
"""

import math

import numpy as np

from ..composed import composed
from ..errors import ArgumentError
from ..kernels import astype
from ..table import RULES, linear
from .shapes import axes_of, axis_of, cut, several_axes


def back_to_shape(g, x, *, shape=None, newshape=None, copy=None):
    """Give g the shape of x."""
    return np.reshape(g, x.shape)


def order_in_memory(a, order):
    """Say "A" as "C" or "F": the way back would not find out any more."""
    if order not in ("A", "a"):
        return (order or "C").upper()
    return "F" if a.flags.f_contiguous and not a.flags.c_contiguous else "C"


def reshape(a, shape=None, order="C", newshape=None, copy=None):
    """Read and write in one order; "F" is "C" with the axes reversed."""
    shape = newshape if shape is None else shape
    more = {} if copy is None else {"copy": copy}
    if order_in_memory(a, order) == "C":
        return np.reshape(a, shape, **more)
    shape = tuple(shape)[::-1] if np.ndim(shape) else shape
    return np.transpose(np.reshape(np.transpose(a), shape, **more))


def ravel(a, order="C"):
    """Read in an order; in that of memory ("K"), the axis with the longest step comes first."""
    order = order_in_memory(a, order)
    if order == "K":
        return np.ravel(np.transpose(a, sorted(range(a.ndim), key=lambda i: -abs(a.strides[i]))))
    return np.ravel(a if order == "C" else np.transpose(a))


linear(np.reshape, back_to_shape)
linear(np.ravel, back_to_shape)
for f, said in ((np.reshape, reshape), (np.ravel, ravel)):
    RULES[f].leaves = frozenset({"order"})
    composed(f, said)
linear(np.squeeze, lambda g, x, *, axis=None: g.reshape(x.shape))
linear(np.expand_dims, lambda g, x, *, axis=None: g.reshape(x.shape))
linear(np.atleast_1d, lambda g, x: g.reshape(x.shape))
linear(np.atleast_2d, lambda g, x: g.reshape(x.shape))
linear(np.atleast_3d, lambda g, x: g.reshape(x.shape))


def one_by_one(f):
    """Say what `f` does to several arrays."""
    return lambda *arys: tuple(f(x) for x in arys)


composed(np.atleast_1d, one_by_one(np.atleast_1d), operands=())
composed(np.atleast_2d, one_by_one(np.atleast_2d), operands=())
composed(np.atleast_3d, one_by_one(np.atleast_3d), operands=())


def transpose_adjoint(g, x, *, axes=None):
    """The inverse permutation."""
    if axes is None:
        return g.transpose()
    return g.transpose(*np.argsort([i % x.ndim for i in axes]).tolist())


linear(np.transpose, transpose_adjoint)
linear(np.swapaxes, lambda g, x, *, axis1, axis2: g.swapaxes(axis1, axis2))
linear(np.moveaxis, lambda g, x, *, source, destination: np.moveaxis(g, destination, source))
linear(np.flip, lambda g, x, *, axis=None: np.flip(g, axis))
linear(np.copy, lambda g, x: g)
linear(np.fliplr, lambda g, x: np.fliplr(g))
linear(np.flipud, lambda g, x: np.flipud(g))
linear(np.matrix_transpose, lambda g, x: g.swapaxes(-1, -2))
linear(astype, lambda g, x, *, dtype, copy=True: g)


def roll_adjoint(g, x, *, shift, axis=None):
    """Roll back."""
    return np.roll(g, np.negative(shift), axis)


linear(np.roll, roll_adjoint)


def broadcast_adjoint(g, x, *, shape):
    """Return g as it is: the engine sums over the copies."""
    return g


linear(np.broadcast_to, broadcast_adjoint)


def tile_adjoint(g, x, *, reps):
    """Sum over the copies: with each axis split into (copies, length), over the copies."""
    reps = tuple(reps) if np.ndim(reps) else (reps,)
    ndim = max(len(reps), x.ndim)
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - x.ndim) + x.shape
    pairs = tuple(n for pair in zip(reps, shape, strict=True) for n in pair)
    return g.reshape(pairs).sum(axis=tuple(range(0, 2 * ndim, 2))).reshape(x.shape)


linear(np.tile, tile_adjoint)


def triangle_up(g, x, *, k=0):
    """Keep the part that was kept."""
    return np.triu(g, k)


def triangle_down(g, x, *, k=0):
    """Keep the part that was kept."""
    return np.tril(g, k)


linear(np.triu, triangle_up)
linear(np.tril, triangle_down)


# --- composed -------------------------------------------------------------------------------------


def rollaxis(a, axis, start=0):
    """Move an axis until it lies before `start`."""
    axis = axis_of(axis, a.ndim)
    start = axis_of(start, a.ndim + (start >= 0))  # a.ndim is the end
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


def rot90(m, k=1, axes=(0, 1)):
    """Quarter turns: flips, and a swap of axes."""
    first, second = several_axes(axes, m.ndim)
    if k % 4 == 0:
        return np.copy(m)
    if k % 4 == 2:
        return np.flip(m, (first, second))
    turned = np.swapaxes(m, first, second)
    return np.flip(turned, first if k % 4 == 1 else second)


def resize(a, new_shape):
    """All elements again and again."""
    n = math.prod(new_shape) if np.ndim(new_shape) else new_shape
    if min(new_shape if np.ndim(new_shape) else (new_shape,), default=0) < 0:
        raise ArgumentError(f"np.resize: lengths cannot be negative, got {new_shape}")
    if a.size == 0:
        return np.zeros(new_shape, a.dtype)
    return np.reshape(np.take(a, np.arange(n) % a.size), new_shape)


def broadcast_arrays(*args):
    """Give all arrays their common shape."""
    shape = np.broadcast_shapes(*(x.shape for x in args))
    return tuple(np.broadcast_to(x, shape) for x in args)


def meshgrid(*xi, copy=True, sparse=False, indexing="xy"):
    """Each vector along its own axis, copied along the others."""
    order = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        order = [1, 0, *order[2:]]
    grid = [
        np.reshape(x, [-1 if i == place else 1 for i in range(len(xi))])
        for x, place in zip(xi, order, strict=True)
    ]
    if not sparse:
        return np.broadcast_arrays(*grid)
    return tuple(grid) if copy else grid  # as NumPy has it


def trim_zeros(filt, trim="fb", axis=None):
    """Cut off the edges, as far as they are zero."""
    if trim.lower() not in ("f", "b", "fb", "bf"):
        raise ArgumentError(f"np.trim_zeros(..., trim={trim!r}): allowed are 'f', 'b' and 'fb'")
    for i in axes_of(axis, filt.ndim):
        others = tuple(k for k in range(filt.ndim) if k != i)
        filled = np.flatnonzero(np.any(np.not_equal(filt, 0), axis=others))
        start, stop = (filled[0], filled[-1] + 1) if filled.size else (0, 0)
        front = start if "f" in trim.lower() or not filled.size else None
        filt = cut(filt, i, front, stop if "b" in trim.lower() else None)
    return filt


composed(np.rollaxis, rollaxis)
composed(np.rot90, rot90)
composed(np.diagflat, lambda v, k=0: np.diag(v.ravel(), k))
composed(np.resize, resize)
composed(np.broadcast_arrays, broadcast_arrays)
composed(np.meshgrid, meshgrid)
composed(np.trim_zeros, trim_zeros)
