"""Small shape calculations that several families of rules share."""

import math

import numpy as np


def axes_of(axis, ndim):
    """Return the axes of a reduction as a tuple of non-negative numbers; None means all."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(i % ndim for i in (axis if isinstance(axis, tuple) else (axis,)))


def count(x, axis):
    """Return the number of elements that a reduction over `axis` brings together."""
    return math.prod(x.shape[i] for i in axes_of(axis, x.ndim))


def with_kept_axes(g, x, axis):
    """Put the reduced axes back into `g`, with length 1."""
    axes = axes_of(axis, x.ndim)
    return g.reshape(tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def spread(g, x, axis):
    """Copy the result of a reduction over `axis` back over `x`: the adjoint of a sum."""
    return np.broadcast_to(with_kept_axes(g, x, axis), x.shape)
