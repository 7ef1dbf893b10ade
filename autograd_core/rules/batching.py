"""How families of functions take a batch in one call. What is not listed here is called for each
example in turn, so this file is about speed alone.
"""

import math

import numpy as np

from ..batch import (
    along_axis,
    batching,
    elementwise,
    joined,
    lined_up,
    metadata,
    reduction,
    shifted,
    whole,
)
from ..kernels import (
    astype,
    bessel_i,
    getitem,
    recurrence,
    running_maximum,
    running_minimum,
    scatter,
    scatter_along_axis,
    sinc_derivative,
    sum_of_exponentials,
)

batching(elementwise, np.where, np.clip, np.nan_to_num, np.isclose, np.real, np.imag, np.angle)
batching(elementwise, np.sinc, np.i0, np.round, sinc_derivative, bessel_i)
batching(reduction, np.sum, np.mean, np.max, np.min, np.prod, np.var, np.std, np.all, np.any)
batching(reduction, np.count_nonzero, np.flip, np.amax, np.amin, np.nanmax, np.nanmin)
batching(reduction, sum_of_exponentials)
batching(along_axis(None), np.cumsum, np.cumprod, np.argmax, np.argmin, np.take)
batching(along_axis(-1), np.sort, np.argsort, np.partition, np.diff, np.unwrap)
batching(along_axis(-1), running_maximum, running_minimum)
batching(whole, np.zeros_like, np.ones_like, np.copy, astype)
batching(metadata, np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.result_type)
batching(joined, np.concatenate, np.stack, recurrence)


def reshape(call, values, _mapped, settings):
    """Keep the hidden axis in front."""
    (x,) = values
    shape = settings["shape"] if "shape" in settings else settings["newshape"]  # until NumPy 2.1
    if settings.get("order", "C") != "C":
        return np.stack([np.reshape(row, shape, order=settings["order"]) for row in x])
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return x.reshape((x.shape[0], *shape))


def ravel(call, values, _mapped, settings):
    """Flatten each example."""
    return reshape(call, values, _mapped, settings | {"shape": (-1,)})


def transpose(call, values, _mapped, settings):
    """Shift the axes, and leave the hidden one in front."""
    (x,) = values
    axes = settings.get("axes")
    axes = range(x.ndim - 1, 0, -1) if axes is None else [i % (x.ndim - 1) + 1 for i in axes]
    return x.transpose((0, *axes))


def swapaxes(call, values, _mapped, settings):
    """Shift both axes."""
    return call(values, {k: shifted(v) for k, v in settings.items()})


def squeeze(call, values, _mapped, settings):
    """Never drop the hidden axis."""
    (x,) = values
    axis = settings.get("axis")
    if axis is None:
        axis = tuple(i for i in range(1, x.ndim) if x.shape[i] == 1)
    else:
        axis = shifted(axis)
    return call(values, {"axis": axis})


def expand_dims(call, values, _mapped, settings):
    """Count the new axes from behind the hidden one."""
    return call(values, {"axis": shifted(settings["axis"])})


def broadcast_to(call, values, _mapped, settings):
    """Broadcast each example."""
    (x,) = values
    shape = settings["shape"]
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    (x,) = lined_up([x], [True], len(shape))
    return np.broadcast_to(x, (x.shape[0], *shape))


batching(reshape, np.reshape)
batching(ravel, np.ravel)
batching(transpose, np.transpose)
batching(swapaxes, np.swapaxes, np.moveaxis)
batching(squeeze, np.squeeze)
batching(expand_dims, np.expand_dims)
batching(broadcast_to, np.broadcast_to)


def lists_apart(index):
    """Whether integer arrays of an index are separated by slices, which moves their axes first; a
    number beside an array is one too.
    """
    parts = index if isinstance(index, tuple) else (index,)
    places = [i for i, p in enumerate(parts) if hasattr(p, "__len__") or hasattr(p, "__index__")]
    listed = any(hasattr(p, "__len__") for p in parts)
    return listed and places[-1] - places[0] >= len(places)


def with_hidden(index):
    """Put a full slice in front of an index."""
    return (slice(None), *index) if isinstance(index, tuple) else (slice(None), index)


def index_batch(call, values, _mapped, settings):
    """Index each example."""
    (x,) = values
    index = settings["index"]
    if lists_apart(index):
        return np.stack([call([row], settings) for row in x])
    return getitem(x, with_hidden(index))


def scatter_batch(call, values, _mapped, settings):
    """Scatter each example."""
    (g,) = values
    index, shape = settings["index"], settings["shape"]
    if lists_apart(index):
        return np.stack([call([row], settings) for row in g])
    return scatter(g, with_hidden(index), (g.shape[0], *shape))


batching(index_batch, getitem)
batching(scatter_batch, scatter)


def take_along_axis(call, values, mapped, settings):
    """Give each example its own indices."""
    return joined(call, values, mapped, {"axis": -1} | settings)


def scatter_along_axis_batch(call, values, mapped, settings):
    """Give each example its own indices."""
    size = next(v.shape[0] for v, m in zip(values, mapped, strict=True) if m)
    return joined(call, values, mapped, settings | {"shape": (size, *settings["shape"])})


batching(take_along_axis, np.take_along_axis)
batching(scatter_along_axis_batch, scatter_along_axis)


def matmul(call, values, mapped, settings):
    """A vector becomes a matrix of one row or one column; leading axes line up from the right."""
    a, b = values
    ndim_a, ndim_b = (np.ndim(v) - m for v, m in zip(values, mapped, strict=True))
    if mapped[0] and not mapped[1] and ndim_a == 1 and ndim_b == 2:
        return np.matmul(a, b)  # each vector times a matrix: one product
    if ndim_a == 1:
        a = a[..., None, :]
    if ndim_b == 1:
        b = b[..., None]
    if mapped[0] and not mapped[1] and ndim_a == 2 and ndim_b == 2:
        rows = a.reshape((math.prod(a.shape[:-1]), a.shape[-1]))
        y = (rows @ b).reshape((*a.shape[:-1], b.shape[-1]))
    elif mapped[1] and not mapped[0] and ndim_a == 2 and b.ndim == 3 and b.shape[-1] == 1:
        y = (b[..., 0] @ a.swapaxes(0, 1))[..., None]  # a matrix times each vector: one product
    else:
        y = np.matmul(*lined_up([a, b], mapped, max(ndim_a, ndim_b, 2)))
    if ndim_b == 1:
        y = y[..., 0]
    return y if ndim_a > 1 else y[..., 0] if ndim_b == 1 else y[..., 0, :]


def dot(call, values, mapped, settings):
    """As matmul for vectors and matrices, else example by example."""
    ndims = [np.ndim(v) - m for v, m in zip(values, mapped, strict=True)]
    if 0 in ndims:
        return elementwise(lambda v, _: v[0] * v[1], values, mapped, settings)
    if max(ndims) <= 2:
        return matmul(call, values, mapped, settings)
    size = next(v.shape[0] for v, m in zip(values, mapped, strict=True) if m)
    rows = [[v[i] if m else v for v, m in zip(values, mapped, strict=True)] for i in range(size)]
    return np.stack([call(row, settings) for row in rows])


def outer(call, values, mapped, settings):
    """Multiply each element with each."""
    a, b = (
        v.reshape((v.shape[0], -1)) if m else np.ravel(v)
        for v, m in zip(values, mapped, strict=True)
    )
    return a[..., :, None] * b[..., None, :]


batching(matmul, np.matmul)
batching(dot, np.dot)
batching(outer, np.outer)
