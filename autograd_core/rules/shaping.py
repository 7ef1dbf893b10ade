"""Functions that move elements about. All are linear; the adjoint moves them back, and where an
element was copied, sums the copies.
"""

import math

import numpy as np

from ..kernels import astype
from ..table import linear, rule


def back_to_shape(g, x, *, shape=None, newshape=None, order="C", copy=None):
    """Give g the shape of x."""
    return np.reshape(g, x.shape, order=order)


linear(np.reshape, back_to_shape)
linear(np.ravel, back_to_shape)
linear(np.squeeze, lambda g, x, *, axis=None: g.reshape(x.shape))
linear(np.expand_dims, lambda g, x, *, axis=None: g.reshape(x.shape))
linear(np.atleast_1d, lambda g, x: g.reshape(x.shape))
linear(np.atleast_2d, lambda g, x: g.reshape(x.shape))
linear(np.atleast_3d, lambda g, x: g.reshape(x.shape))


def transpose_adjoint(g, x, *, axes=None):
    """The inverse permutation."""
    if axes is None:
        return g.transpose()
    return g.transpose(*np.argsort([i % x.ndim for i in axes]).tolist())


linear(np.transpose, transpose_adjoint)
linear(np.swapaxes, lambda g, x, *, axis1, axis2: g.swapaxes(axis1, axis2))
linear(np.moveaxis, lambda g, x, *, source, destination: np.moveaxis(g, destination, source))
linear(np.flip, lambda g, x, *, axis=None: np.flip(g, axis))
linear(np.fliplr, lambda g, x: np.fliplr(g))
linear(np.flipud, lambda g, x: np.flipud(g))
linear(astype, lambda g, x, *, dtype, copy=True: g)


def roll_adjoint(g, x, *, shift, axis=None):
    """Roll back."""
    back = tuple(-s for s in shift) if isinstance(shift, tuple) else -shift
    return np.roll(g, back, axis)


linear(np.roll, roll_adjoint)


def broadcast_adjoint(g, x, *, shape):
    """Return g as it is: the engine sums over the copies."""
    return g


linear(np.broadcast_to, broadcast_adjoint)


def tile_adjoint(g, x, *, reps):
    """Sum over the copies: with each axis split into (copies, length), over the copies."""
    reps = reps if isinstance(reps, tuple) else (reps,)
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


# --- joining and splitting ------------------------------------------------------------------------


def concatenate_vjp(g, _y, *_xs, axis=0):
    """Cut g where the operands met."""
    if axis is None:
        g, lengths, axis = g.reshape(-1), [math.prod(x.shape) for x in _xs], 0
    else:
        lengths = [x.shape[axis] for x in _xs]
    cuts = np.cumsum(lengths).tolist()
    pieces = np.split(g, cuts[:-1], axis=axis)
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


def vstack_vjp(g, _y, *_xs):
    """Rows of g, as many as each operand had."""
    rows = [x.shape[0] if x.ndim > 1 else 1 for x in _xs]
    pieces = np.split(g, np.cumsum(rows)[:-1].tolist(), axis=0)
    return tuple(p.reshape(x.shape) for p, x in zip(pieces, _xs, strict=True))


def hstack_vjp(g, _y, *_xs):
    """Columns of g (elements, for vectors), as many as each operand had."""
    return concatenate_vjp(g, _y, *_xs, axis=1 if g.ndim > 1 else 0)


rule(np.vstack, vjp=vstack_vjp, jvp=lambda ts, _y, *xs: np.vstack(tangents(ts, xs)), arity=None)
rule(np.hstack, vjp=hstack_vjp, jvp=lambda ts, _y, *xs: np.hstack(tangents(ts, xs)), arity=None)


def split_vjp(g, _y, _x, *, indices_or_sections, axis=0):
    """Join the cotangents of the pieces."""
    return (np.concatenate(g, axis=axis),)


def split_jvp(ts, _y, _x, *, indices_or_sections, axis=0):
    """Split the tangent."""
    return np.split(ts[0], indices_or_sections, axis=axis)


rule(np.split, vjp=split_vjp, jvp=split_jvp, arity=1)
