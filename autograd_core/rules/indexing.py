"""Picking elements: reading at an index (gather) and adding up at an index (scatter) are each
other's adjoint.
"""

import numpy as np

from ..kernels import add_at, getitem, names_all_places, scatter, scatter_along_axis, stretched
from ..table import linear, rule


def getitem_adjoint(g, x, *, index):
    """Zeros with g added where it was read from."""
    return g.reshape(x.shape) if names_all_places(index) else scatter(g, index, x.shape)


linear(getitem, getitem_adjoint, adds=add_at)
linear(scatter, lambda g, x, *, index, shape: getitem(g, index))


def take_index(indices, axis, ndim):
    """Write `take` as an ordinary index."""
    return (slice(None),) * (axis % ndim) + (np.array(indices),)


def in_range(indices, n, mode):
    """Bring indices into range as the mode says."""
    if mode == "wrap":
        return np.mod(indices, n)
    return np.clip(indices, 0, n - 1) if mode == "clip" else indices


def take_adjoint(g, x, *, indices, axis=None, mode="raise"):
    """Add g up at the places that were read."""
    if axis is None:
        places = np.array(in_range(indices, x.size, mode))
        return scatter(g, (places,), (x.size,)).reshape(x.shape)
    indices = in_range(indices, x.shape[axis], mode)
    return scatter(g, take_index(indices, axis, x.ndim), x.shape)


linear(np.take, take_adjoint)


def take_along_vjp(g, _y, _x, indices, *, axis=-1):
    """Add g up at the places that were read."""
    if axis is None:
        return scatter_along_axis(g, indices, (_x.size,), 0).reshape(_x.shape)
    return scatter_along_axis(g, indices, _x.shape, axis)


def take_along_jvp(t, _y, _x, indices, *, axis=-1):
    """Read the tangent at the same places."""
    return np.take_along_axis(t, indices, axis=axis)


rule(np.take_along_axis, vjp=(take_along_vjp, None), jvp=(take_along_jvp, None))


def scatter_along_vjp(g, _y, _x, indices, *, shape, axis):
    """Read g at the places that were added to."""
    return np.take_along_axis(g, indices, axis=axis)


def scatter_along_jvp(t, _y, _x, indices, *, shape, axis):
    """Add the tangent up at the same places."""
    return scatter_along_axis(t, indices, shape, axis)


rule(scatter_along_axis, vjp=(scatter_along_vjp, None), jvp=(scatter_along_jvp, None))


def diagonal_index(shape, offset, axis1, axis2):
    """Write `diagonal` as an index of the array with axis1 and axis2 moved to the front."""
    rows, columns = shape[axis1], shape[axis2]
    start_row, start_column = max(-offset, 0), max(offset, 0)
    n = max(0, min(rows - start_row, columns - start_column))
    k = np.arange(n)
    return (k + start_row, k + start_column)


def diagonal_adjoint(g, x, *, offset=0, axis1=0, axis2=1):
    """Put g on the diagonal of zeros."""
    side = g.shape[-1] + abs(offset)
    if x.shape == (side, side) and axis1 % 2 == 0 and axis2 % 2 == 1:
        return np.diag(g, offset)
    index = diagonal_index(x.shape, offset, axis1, axis2)
    rest = [n for i, n in enumerate(x.shape) if i not in (axis1 % x.ndim, axis2 % x.ndim)]
    front = scatter(np.moveaxis(g, -1, 0), index, (x.shape[axis1], x.shape[axis2], *rest))
    return np.moveaxis(front, (0, 1), (axis1, axis2))


def trace_adjoint(g, x, *, offset=0, axis1=0, axis2=1):
    """Put a copy of g on each place of the diagonal."""
    n = len(diagonal_index(x.shape, offset, axis1, axis2)[0])
    copies = stretched(g[..., None], (*g.shape, n))
    return diagonal_adjoint(copies, x, offset=offset, axis1=axis1, axis2=axis2)


linear(np.diagonal, diagonal_adjoint)
linear(np.trace, trace_adjoint)


def diag_adjoint(g, x, *, k=0):
    """Extracting and building a diagonal are each other's adjoint."""
    if x.ndim == 1:
        return np.diag(g, k)
    return diagonal_adjoint(g, x, offset=k)


linear(np.diag, diag_adjoint)


def repeat_adjoint(g, x, *, repeats, axis=None):
    """Sum over the copies of each element."""
    axis = axis if x.ndim else None  # NumPy repeats a number along axis 0, too
    n = x.size if axis is None else x.shape[axis]
    source = np.repeat(np.arange(n), repeats)
    if axis is None:
        return scatter(g, (source,), (x.size,)).reshape(x.shape)
    return scatter(g, take_index(source, axis, x.ndim), x.shape)


linear(np.repeat, repeat_adjoint)
