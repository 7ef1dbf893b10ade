"""Small shape calculations that several families of rules share."""

import math

import numpy as np

from ..kernels import stretched

axis_of = np.lib.array_utils.normalize_axis_index
"""`axis_of(axis, ndim)` is not negative; AxisError if it is not there."""
several_axes = np.lib.array_utils.normalize_axis_tuple
"""The same for axes in a tuple, list or array, of which none may come twice."""


def axes_of(axis, ndim):
    """Return the axes of a reduction as a tuple of non-negative numbers; None means all."""
    if axis is None:
        return tuple(range(ndim))
    return (axis_of(axis, ndim),) if isinstance(axis, int) else several_axes(axis, ndim)


def reduced_axes(axis, ndim):
    """Return them for a call that NumPy has made; it reduces a number over axis 0 and -1, too."""
    return axes_of(axis, ndim) if ndim else ()


def count(x, axis):
    """Return the number of elements that a reduction over `axis` brings together."""
    return x.size if axis is None else math.prod(x.shape[i] for i in reduced_axes(axis, x.ndim))


def with_kept_axes(g, x, axis):
    """Put the reduced axes back into `g`, with length 1."""
    axes = reduced_axes(axis, x.ndim)
    return g.reshape(tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def spread(g, x, axis):
    """Copy the result of a reduction over `axis` back over `x`: the adjoint of a sum."""
    return stretched(g if axis is None else with_kept_axes(g, x, axis), x.shape)


def lanes(x, axis):
    """Bring the axes of a reduction together as one last axis."""
    axes = reduced_axes(axis, x.ndim)
    kept = [i for i in range(x.ndim) if i not in axes]
    n = math.prod(x.shape[i] for i in axes)
    return x.transpose((*kept, *axes)).reshape((*(x.shape[i] for i in kept), n))


def from_lanes(z, x, axis):
    """Give what has the form of `lanes(x, axis)` the form of x."""
    axes = reduced_axes(axis, x.ndim)
    order = [*(i for i in range(x.ndim) if i not in axes), *axes]
    return z.reshape([x.shape[i] for i in order]).transpose(np.argsort(order).tolist())


def cut(x, axis, start=None, stop=None):
    """Return x[start:stop] along an axis."""
    return x[(slice(None),) * axis_of(axis, x.ndim) + (slice(start, stop),)]


def delayed(x, first, axis=-1):
    """Return first, x_0, x_1, ...: the elements before each element."""
    shape = tuple(min(n, 1) if i == axis % x.ndim else n for i, n in enumerate(x.shape))
    return np.concatenate([np.full(shape, first, x.dtype), cut(x, axis, None, -1)], axis=axis)
