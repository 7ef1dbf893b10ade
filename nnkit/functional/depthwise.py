"""Convolution of channels that see only themselves, with stride 1: no matrices, but long runs.

An image with its padding lies in memory as one run of numbers, place after place, all channels of
a place side by side. A step of the kernel is a shift of this run by a fixed number of places, so
that all windows, of all rows, are one view whose last axis is as long as the image. (Where a
window would leave a row it takes numbers of the next one; such places are left out at the end.)
`np.einsum` multiplies two such views and adds up in one pass, without an array in between.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.windows import Geometry

__all__ = ["depthwise", "depthwise_matched", "is_depthwise"]

Array = NDArray[Any]
BLOCK = 32768  # elements of one call of einsum


def is_depthwise(at: Geometry, channels: int) -> bool:
    """Whether each channel of the input is a group, and the kernel moves by single places."""
    return at.groups > 1 and at.groups == channels and set(at.stride) == {1}


def shifted(x: Array, at: Geometry, start: int, shape: tuple[int, ...], row: int) -> Array:
    """See x (N, *padded, C), from an element on, once for each place of the kernel."""
    inner = [s * d for s, d in zip(x.strides[1:-1], at.dilation)]
    runs = (row * x.itemsize, x.itemsize)[-len(shape) :]
    return np.ndarray((*at.kernel, *shape), x.dtype, x, start * x.itemsize, (*inner, *runs))


def reach(x: Array, at: Geometry) -> int:
    """Return the distance in elements from the first to the last place of the kernel."""
    steps = zip(x.strides[1:-1], at.kernel, at.dilation)
    return sum(s * (k - 1) * d for s, k, d in steps) // x.itemsize


def depthwise(x: Array, weights: Array, at: Geometry, b: Array | None, y: Array) -> Array:
    """Convolve x (N, *padded, C) with `weights` (C, k, m), m results of each channel, into y."""
    c, _, m = weights.shape
    image = math.prod(at.padded) * c
    step = max(1, BLOCK // max(1, image))
    length = max(1, BLOCK // c) * c
    n, far = len(at.kernel), reach(x, at)
    kernel, run = list(range(n)), [n]
    apart = y.reshape(*y.shape[:-1], c, m)
    inside = tuple(slice(o) for o in at.out)
    z = np.empty((min(step, len(x)), *at.padded, c), x.dtype)
    flat = z.reshape(-1)
    for j in range(m):
        w = weights[:, :, j].T.reshape(*at.kernel, 1, c)
        w = np.broadcast_to(w, (*at.kernel, length // c, c)).reshape(*at.kernel, length)
        for i in range(0, len(x), step):
            images = min(step, len(x) - i)
            end = images * image - far
            for s in range(0, end, length):
                size = min(length, end - s)
                windows = shifted(x, at, i * image + s, (size,), 0)
                out = flat[s : s + size]
                np.einsum(windows, kernel + run, w[..., :size], kernel + run, run, out=out)
            found = z[(slice(images), *inside)]
            if b is None:
                apart[i : i + step, ..., j] = found
            else:
                np.add(found, b.reshape(c, m)[:, j], out=apart[i : i + step, ..., j])
    return y


def depthwise_matched(x: Array, y: Array, at: Geometry) -> Array:
    """w[k, c, j] = the sum over n and places of y[n, c, j] x[n, c]; shape (C, k, m)."""
    groups, m = at.groups, y.shape[-1] // at.groups
    n, k = len(at.kernel), math.prod(at.kernel)
    kernel, run = list(range(n)), n + 1
    total = np.empty((groups, k, m), x.dtype)
    length = max(1, BLOCK // 4 // groups) * groups
    end = x.size - reach(x, at)
    spread = np.zeros(x.shape, x.dtype)
    for j in range(m):
        spread[(slice(None), *(slice(o) for o in at.out))] = y[..., j::m]
        g = spread.reshape(-1)
        rows, rest = divmod(end, length)
        sums = np.zeros((*at.kernel, length), x.dtype)
        if rows:
            windows = shifted(x, at, 0, (rows, length), length)
            blocks = g[: rows * length].reshape(rows, length)
            axes = [*kernel, n, run]
            np.einsum(windows, axes, blocks, [n, run], [*kernel, run], out=sums)
        if rest:
            windows = shifted(x, at, rows * length, (rest,), 0)
            sums[..., :rest] += windows * g[rows * length : end]
        total[:, :, j] = sums.reshape(k, length // groups, groups).sum(axis=1).T
    return total
