"""Convolution and its adjoints: three operations, each linear in both operands, and closed.

With x the input, w the weight and y the output,

    convolution   y = C(x, w)     the layers Conv1d, Conv2d, Conv3d
    transposed    x = T(y, w)     the adjoint of C in x: the layers ConvTranspose1d, 2d, 3d
    matching      w = M(x, y)     the adjoint of C in w

and each derivative of one of them is another one of them. So every order and both modes run at
the same speed. (V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning",
arXiv:1603.07285.)

Inside, channels are the last axis: results are views of memory of that order, which other
operations keep, so that a chain of layers moves nothing about.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.depthwise import depthwise, depthwise_matched, is_depthwise
from nnkit.functional.grouping import diagonal, merged, merging
from nnkit.functional.linear import ones
from nnkit.functional.operands import operation
from nnkit.functional.windows import BLOCK, Geometry, blocks, channels_last, geometry, views

__all__ = ["convolution", "matching", "transposed_convolution"]

Array = NDArray[Any]
SHORT = 32  # memory runs below this length are better copied in the other order


# --- on plain arrays ------------------------------------------------------------------------------


def columns(windows: Array, at: Geometry) -> Array:
    """Copy windows (images, *out, *kernel, C) into one matrix (m, k * C)."""
    n = len(at.kernel)
    shape = windows.shape
    m, width = math.prod(shape[: n + 1]), math.prod(shape[n + 1 :])
    if width > shape[-1] and at.kernel[-1] * shape[-1] < SHORT:
        turned = windows.transpose(*range(n + 1, 2 * n + 2), *range(n + 1))
        return turned.reshape(width, m).T
    return windows.reshape(m, width)


def correlate(x: Array, weights: Array, at: Geometry, b: Array | None = None) -> Array:
    """Multiply all windows of x (N, *padded, C) by `weights` (groups, k * C/groups, O/groups)."""
    groups, width, o = weights.shape
    y = np.empty((len(x), *at.out, groups * o), x.dtype)
    if groups == 1:
        multiply_windows(x, weights[0], at, b, y)
    elif is_depthwise(at, x.shape[-1]):
        depthwise(x, weights, at, b, y)
    elif width == math.prod(at.kernel):
        one_by_one(x, weights, at, b, y)
    else:
        r, single = merging(at, x.shape[-1])
        weights = merged(weights, r, at) if r > 1 else weights
        many = len(weights)
        offsets = [None] * many if b is None else b.reshape(many, -1)
        for part, w, offset, y_part in zip(apart(x, many), weights, offsets, apart(y, many)):
            found = np.empty(y_part.shape, y.dtype)
            multiply_windows(np.ascontiguousarray(part), w, single, offset, found)
            y_part[...] = found
    return y


def apart(x: Array, groups: int) -> Array:
    """See the channels (..., C) group by group: (groups, ..., C / groups)."""
    c = x.shape[-1] // groups
    return x.reshape(*x.shape[:-1], groups, c).transpose(-2, *range(x.ndim - 1), -1)


def multiply_windows(x: Array, w: Array, at: Geometry, b: Array | None, y: Array) -> None:
    """Multiply all windows of x (N, *padded, C) by w (k * C, O) into y, and add b."""
    width, o = w.shape
    windows, offset = views(x, at), None
    for where in blocks(len(x), at.out, width * x.itemsize):
        block = y[where]
        np.matmul(columns(windows[where], at), w, out=block.reshape(-1, o))
        if b is not None:  # written out, so that the addition runs over whole images
            if offset is None or offset.shape != block.shape[1:]:
                offset = np.broadcast_to(b, block.shape[1:]).copy()
            block += offset


def one_by_one(x: Array, weights: Array, at: Geometry, b: Array | None, y: Array) -> None:
    """Add up the places of the kernel: channels that see only themselves leave no matrices."""
    groups, _, o = weights.shape
    results = y.reshape(*y.shape[:-1], groups, o)
    y[...] = 0 if b is None else b
    rows = [
        np.broadcast_to(weights[:, k], (at.out[-1], groups, o)).copy()
        for k in range(weights.shape[1])
    ]
    image = math.prod(at.out) * groups * o * x.itemsize
    step = max(1, BLOCK // 4 // image)  # product, sum and window together fit into the cache
    product = np.empty_like(results[:step])
    for i in range(0, len(x), step):
        target = results[i : i + step]
        share = product[: len(target)]
        for w, (_, places) in zip(rows, at.offsets):
            window = x[(slice(i, i + step), *places)]
            np.multiply(window[..., None], w, out=share)
            target += share


def grouped(w: Array, groups: int) -> Array:
    """See a weight (O, C/groups, *kernel) as (groups, O/groups, C/groups, k)."""
    return w.reshape(groups, w.shape[0] // groups, w.shape[1], math.prod(w.shape[2:]))


def convolved(x: Array, w: Array, b: Array | None = None, *, at: Geometry) -> Array:
    """y[n, o, i] = b[o] + the sum over c and k of x[n, c, stride i + dilation k] w[o, c, k]."""
    weights = grouped(w, at.groups).transpose(0, 3, 2, 1)
    weights = weights.reshape(at.groups, -1, w.shape[0] // at.groups)
    y = correlate(channels_last(x, at.padding), weights, at, b)
    return y.transpose(0, -1, *range(1, y.ndim - 1))


def transposed(y: Array, w: Array, b: Array | None = None, *, at: Geometry) -> Array:
    """Send each y[n, o] to the places that it came from, times w; the adjoint in x."""
    x = gathered(y, w, at) if worth_gathering(at, w.shape[1] * at.groups) else spread(y, w, at)
    if b is not None:
        x += b
    return x.transpose(0, -1, *range(1, x.ndim - 1))


def worth_gathering(at: Geometry, channels: int) -> bool:
    """Whether gathering, which calculates every place of x with all of the kernel, is faster.

    It multiplies more, the larger x is against y; spreading adds up once for each place of the
    kernel. Measured with 8 to 64 channels, images of 8 to 48 pixels, kernels 3 and 5.
    """
    return channels >= 8 and math.prod(at.size) <= 1.1 * math.prod(at.out)


def gathered(y: Array, w: Array, at: Geometry) -> Array:
    """Convolve y, with stride - 1 zeros between its elements, with the turned kernel."""
    reach = [d * (k - 1) for k, d in zip(at.kernel, at.dilation)]
    padding = []
    for r, (a, _), size, out, s in zip(reach, at.padding, at.size, at.out, at.stride):
        padding.append((r - a, size + a - ((out - 1) * s + 1)))
    turned = grouped(w, at.groups)[..., ::-1].transpose(0, 3, 1, 2)
    weights = turned.reshape(at.groups, -1, w.shape[1])
    unit = (1,) * len(at.size)
    none = ((0, 0),) * len(at.size)
    at_y = geometry(
        "convolution",
        tuple(n + r for n, r in zip(at.size, reach)),
        at.kernel,
        unit,
        none,
        at.dilation,
        at.groups,
    )
    return correlate(channels_last(y, tuple(padding), at.stride), weights, at_y)


def spread(y: Array, w: Array, at: Geometry) -> Array:
    """Multiply y by the weights of one place in the kernel after the other, and add it there."""
    g = channels_last(y, ((0, 0),) * len(at.size))
    parts = grouped(w, at.groups)
    groups, o, c, _ = parts.shape
    x = np.zeros((len(y), *at.padded, groups * c), y.dtype)
    if groups == 1:
        spread_ungrouped(g, parts[0], at, x)
        return x[(slice(None), *at.inner)]
    step = images_together(at, groups * c * y.itemsize)
    alone = c == o == 1  # no matrices: see one_by_one
    for i in range(0, len(y), step):
        rows = g[i : i + step].reshape(-1, groups, o)
        for k, (_, places) in enumerate(at.offsets):
            if alone:
                share = rows * parts[:, :, 0, k]
            else:
                share = np.matmul(rows.swapaxes(0, 1), parts[..., k]).swapaxes(0, 1)
            window = x[(slice(i, i + step), *places)]
            window += share.reshape(window.shape)
    return x[(slice(None), *at.inner)]


def spread_ungrouped(g: Array, w: Array, at: Geometry, x: Array) -> None:
    """Do that for g (N, *out, O) and w (O, C, k): each product is one of two matrices."""
    o, c, _ = w.shape
    step, matrices = images_together(at, c * x.itemsize), np.ascontiguousarray(w.transpose(2, 0, 1))
    product = np.empty((min(step, len(g)) * math.prod(at.out), c), np.result_type(g, w))
    for i in range(0, len(g), step):
        rows = g[i : i + step].reshape(-1, o)
        share = product[: len(rows)]
        for matrix, (_, places) in zip(matrices, at.offsets):
            window = x[(slice(i, i + step), *places)]
            window += np.dot(rows, matrix, out=share).reshape(window.shape)


def images_together(at: Geometry, size: int) -> int:
    """Return how many images stay in the cache, with as many products; a place has `size` bytes."""
    return max(1, BLOCK // 4 // max(1, (math.prod(at.padded) + math.prod(at.out)) * size))


def matched(x: Array, y: Array, *, at: Geometry) -> Array:
    """w[o, c, k] = the sum over n and places of y[n, o] x[n, c]; the adjoint in w."""
    padded = channels_last(x, at.padding)
    g = channels_last(y, ((0, 0),) * len(at.size))
    groups, o = at.groups, y.shape[1] // at.groups
    if groups == 1:
        total = sum_of_products(padded, g, at)[None]
    elif is_depthwise(at, x.shape[1]):
        total = depthwise_matched(padded, g, at)
    elif groups == x.shape[1]:  # no matrices: see one_by_one
        places, kernel = "ijk"[: len(at.size)], "pqr"[: len(at.size)]
        results = g.reshape(*g.shape[:-1], groups, o)
        windows = views(padded, at)
        total = np.einsum(f"n{places}{kernel}g,n{places}go->g{kernel}o", windows, results)
    else:
        r, single = merging(at, x.shape[1])
        pairs = zip(apart(padded, groups // r), apart(g, groups // r))
        own = np.ascontiguousarray
        total = np.stack([sum_of_products(own(xs), own(gs), single) for xs, gs in pairs])
        total = diagonal(total, r, at) if r > 1 else total
    by_place = total.reshape(groups, *at.kernel, -1, o)
    w = by_place.transpose(0, -1, -2, *range(1, by_place.ndim - 2))
    return np.ascontiguousarray(w).reshape(groups * o, -1, *at.kernel)


def sum_of_products(x: Array, g: Array, at: Geometry) -> Array:
    """Add up the products of all windows of x (N, *padded, C) with g (N, *out, O): (k * C, O)."""
    width, o = math.prod(at.kernel) * x.shape[-1], g.shape[-1]
    windows, total = views(x, at), np.zeros((width, o), x.dtype)
    for where in blocks(len(x), at.out, width * x.itemsize):
        total += np.matmul(columns(windows[where], at).T, g[where].reshape(-1, o))
    return total


# --- the three operations -------------------------------------------------------------------------


def summed(g: Any) -> Any:
    """Sum over all but the channels."""
    rows = g.transpose(0, *range(2, g.ndim), 1).reshape(-1, g.shape[1])
    return np.dot(ones(len(rows), rows.dtype), rows)


def along_channels(t: Any, ndim: int) -> Any:
    """Give a vector of channels the axes of the output."""
    return t.reshape(1, -1, *(1,) * (ndim - 2))


def added(terms: list[Any]) -> Any:
    """Add up."""
    first, *others = terms
    for t in others:
        first = first + t
    return first


def convolution_jvp(
    ts: tuple[Any, ...], _y: Any, x: Any, w: Any, _b: Any = None, *, at: Geometry
) -> Any:
    """Dy = C(dx, w) + C(x, dw) + db."""
    dx, dw, *db = ts
    terms = [] if dx is None else [convolution(dx, w, at=at)]
    terms += [] if dw is None else [convolution(x, dw, at=at)]
    return added(terms + [along_channels(t, x.ndim) for t in db if t is not None])


def transposed_jvp(
    ts: tuple[Any, ...], _y: Any, y: Any, w: Any, _b: Any = None, *, at: Geometry
) -> Any:
    """Dx = T(dy, w) + T(y, dw) + db."""
    dy, dw, *db = ts
    terms = [] if dy is None else [transposed_convolution(dy, w, at=at)]
    terms += [] if dw is None else [transposed_convolution(y, dw, at=at)]
    return added(terms + [along_channels(t, y.ndim) for t in db if t is not None])


def matching_jvp(ts: tuple[Any, ...], _w: Any, x: Any, y: Any, *, at: Geometry) -> Any:
    """Dw = M(dx, y) + M(x, dy)."""
    dx, dy = ts
    terms = [] if dx is None else [matching(dx, y, at=at)]
    return added(terms if dy is None else [*terms, matching(x, dy, at=at)])


convolution: Callable[..., Any] = operation(
    "convolution",
    convolved,
    vjp=(
        lambda g, _y, _x, w, _b=None, *, at: transposed_convolution(g, w, at=at),
        lambda g, _y, x, _w, _b=None, *, at: matching(x, g, at=at),
        lambda g, _y, _x, _w, _b=None, *, at: summed(g),
    ),
    jvp=convolution_jvp,
)
transposed_convolution: Callable[..., Any] = operation(
    "transposed_convolution",
    transposed,
    vjp=(
        lambda g, _y, _x, w, _b=None, *, at: convolution(g, w, at=at),
        lambda g, _y, x, _w, _b=None, *, at: matching(g, x, at=at),
        lambda g, _y, _x, _w, _b=None, *, at: summed(g),
    ),
    jvp=transposed_jvp,
)
matching: Callable[..., Any] = operation(
    "matching",
    matched,
    vjp=(
        lambda g, _w, _x, y, *, at: transposed_convolution(y, g, at=at),
        lambda g, _w, x, _y, *, at: convolution(x, g, at=at),
    ),
    jvp=matching_jvp,
)
