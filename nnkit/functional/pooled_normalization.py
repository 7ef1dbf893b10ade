"""Convolution, batch normalisation, 2 x 2 max-pooling and ReLU, while training, as one operation.

What a channel is normalised with is a straight line. Where it rises, the largest of what is
normalised is the largest of what was convolved; with the sign of the layer's weight in the kernel
it always rises. So pooling comes first, and normalisation and ReLU have a quarter to do. The sums
for mean and variance are taken piece by piece, while the results of the convolution are in the
cache. Ties go to the first place, as with `max_pool2d`; places that only the rounding of the
normalised numbers makes equal are not tied.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.live import live
from autograd_core.memory import aligned
from autograd_core.threads import in_two
from autograd_core.trace import lifted
from nnkit.functional.activation import relu_op
from nnkit.functional.batch_normalization import composition as normalised
from nnkit.functional.batch_normalization import update
from nnkit.functional.correlation import convolution
from nnkit.functional.layouts import FAR
from nnkit.functional.operands import operation
from nnkit.functional.phases import (
    Order,
    Piece,
    gradients,
    long_runs,
    matrix_of,
    pool_phases,
    share_work,
    sums,
)
from nnkit.functional.pooled_convolution import pooling_of
from nnkit.functional.window_values import largest_op
from nnkit.functional.windows import Geometry

__all__ = ["normalised_pooled_convolution"]

Array = NDArray[Any]


@dataclass
class PhaseMoments:
    """What is known of a batch: results of the convolution, what is pooled of them, and moments.

    `phases` are the results times `sign`, that of the layer's weight, or where these are far from
    0 their distances from the mean; `offset` is the mean of what it holds. `mean` and `var` are
    those of the results themselves.
    """

    phases: Array
    largest: Array
    where: Array
    sign: Array
    offset: Array
    mean: Array
    var: Array
    count: int


def calculated_moments(
    x: Array, w: Array, b: Array | None, weight: Array, *, at: Geometry
) -> PhaseMoments:
    """Convolve and pool; return mean and variance (over n, not n - 1) from E[c^2] - mean^2."""
    order, o = Order(x, at, len(w)), len(w)
    sign = np.where(weight < 0, -1, 1).astype(w.dtype)
    matrix = matrix_of(w) * sign
    count = 4 * order.total
    phases, where = aligned((count, o), w.dtype), aligned((count, o), np.bool_)
    largest, totals = aligned((order.total, o), w.dtype), np.zeros((2, o), w.dtype)

    def run(part: Order) -> Array:
        mine = np.zeros_like(totals)
        for piece, sources in part.sources(x):
            found, here = part.of_phases(phases, piece), part.of_phases(where, piece)
            part.convolve(sources, matrix, found)
            add_sums(mine, found)
            pool_phases(found, largest[piece.places], here)
        return mine

    with np.errstate(all="ignore"):
        for share in in_two(run, order.parts()):
            totals += share
        offset, var = mean_and_variance(totals, count)
        mean = offset
        if not (mean * mean <= FAR * var).all():  # too few digits are left in E[c^2] - mean^2
            totals = np.zeros_like(totals)
            for piece in order.pieces:
                part = order.of_phases(phases, piece)
                for found in (part, largest[piece.places]):
                    rows, wide = long_runs(found, mean)
                    rows -= wide
                add_sums(totals, part)
            offset, var = mean_and_variance(totals, count)
            mean, var = mean + offset, np.maximum(var, 0)
    for channel in np.nonzero(weight == 0)[0]:  # there all are equal, and the first is the largest
        for piece in order.pieces:
            largest[piece.places, channel] = order.of_phases(phases, piece)[0, :, channel]
            here = order.of_phases(where, piece)[..., channel]
            here[...] = np.array([True, False, False, False])[:, None]
    mean = mean * sign if b is None else mean * sign + b
    return PhaseMoments(phases, largest, where, sign, offset, mean, var, count)


def add_sums(totals: Array, phases: Array) -> None:
    """Add the sums of the phases of a piece, and of their squares."""
    totals[0] += sums(phases)
    totals[1] += sums(phases * phases)


def mean_and_variance(totals: Array, count: int) -> tuple[Array, Array]:
    """Return them of sums and sums of squares."""
    mean, squares = totals * (1.0 / count)
    return mean, squares - mean * mean


share_work(calculated_moments, 0)
moments_of = live(calculated_moments, needed=False)


def normalise(
    x: Array, w: Array, weight: Array, bias: Array, _b: Array | None = None, *,
    at: Geometry, moments: PhaseMoments, eps: float, rectify: bool
) -> tuple[Array, tuple[Array, Array | None]]:  # fmt: skip
    """Normalise what is pooled. For later: 1 / sqrt(var + eps), and where ReLU let through."""
    m, order = moments, Order(x, at, len(w))
    inverse = 1.0 / np.sqrt(m.var + x.dtype.type(eps))
    scale = weight * m.sign * inverse
    shift = bias - m.offset * scale
    y = aligned((len(x), *order.pooled, len(w)), x.dtype)
    positive = np.empty(m.largest.shape, np.bool_) if rectify else None

    def run(part: Order) -> None:
        for piece in part.pieces:
            rows, wide_scale, wide_shift = long_runs(m.largest[piece.places], scale, shift)
            found = rows * wide_scale
            found += wide_shift
            if positive is not None:
                np.greater(found, 0, out=positive[piece.places].reshape(found.shape))
                np.maximum(found, 0, out=found)
            target = part.of_pooled(y, piece)
            target[...] = found.reshape(target.shape)

    in_two(run, order.parts())
    return y.transpose(0, 3, 1, 2), (inverse, positive)


def arrived(g: Array, positive: Array | None, largest: Array, order: Order) -> tuple[Array, Array]:
    """Bring the gradient at y into the order of places, as far as ReLU let through.

    Also return its sum for each channel, and that of its products with `largest`.
    """
    moved, o = g.transpose(0, 2, 3, 1), g.shape[1]
    rows = aligned((order.total, o), g.dtype)

    def run(part: Order) -> Array:
        mine = np.zeros((2, o), g.dtype)
        for piece in part.pieces:
            source, target = part.of_pooled(moved, piece), rows[piece.places]
            if positive is None:
                target.reshape(source.shape)[...] = source
            else:
                np.copyto(target, positive[piece.places])
                shaped = target.reshape(source.shape)
                shaped *= source
            mine[0] += sums(target)
            mine[1] += sums(target * largest[piece.places])
        return mine

    return rows, np.add.reduce(in_two(run, order.parts()))


def normalise_vjp(
    g: Array, saved: Any, x: Array, w: Array, weight: Array, _bias: Any, _b: Any = None, *,
    at: Geometry, moments: PhaseMoments, eps: float, rectify: bool, needs: Any
) -> tuple[Any, ...]:  # fmt: skip
    """dL/dc = w s (scattered g - mean(g) - h mean(g h)), s = 1 / sqrt(var + eps), h = (c - mean) s.

    What the convolution's bias adds is taken away again with the mean: its gradient is 0.
    """
    (inverse, positive), m, order = saved, moments, Order(x, at, len(w))
    gs, (g_sum, g_c) = arrived(g, positive, m.largest, order)
    g_h = (g_c - m.offset * g_sum) * inverse
    at_x = at_w = None
    if needs[0] or needs[1]:
        scale, n = weight * m.sign * inverse, g.dtype.type(m.count)
        slope = -scale * inverse * g_h / n  # of c, in -w s h mean(g h)
        shift = -scale * g_sum / n - slope * m.offset
        signs = m.sign[:, None, None, None]

        def phases_of(piece: Piece) -> Array:
            c, here = (order.of_phases(v, piece) for v in (m.phases, m.where))
            return scattered(gs[piece.places], here, c, scale, slope, shift)

        at_x, at_w, _ = gradients(order, x, w * signs, (*needs[:2], False), phases_of)
        at_w = None if at_w is None else at_w * signs
    return (
        at_x,
        at_w,
        g_h * m.sign,
        g_sum,
        *[np.zeros_like(weight) for _ in needs[4:]],
    )


share_work(normalise_vjp, 2)


def scattered(
    g: Array, where: Array, phases: Array, scale: Array, slope: Array, shift: Array
) -> Array:
    """Return scale (g, where it comes from) + slope c + shift, for the phases of a piece."""
    rows, scale, slope, shift = long_runs(g, scale, slope, shift)
    out, share = aligned(phases.shape, g.dtype), aligned(phases.shape, g.dtype)
    share[...] = where
    (part,), (shares,) = long_runs(out), long_runs(share)
    np.multiply(long_runs(phases)[0], slope, out=part)
    part += shift
    shares *= rows * scale
    part += shares
    return out


def composition(
    x: Any, w: Any, weight: Any, bias: Any, b: Any = None, *,
    at: Geometry, moments: Any, eps: float, rectify: bool
) -> Any:  # fmt: skip
    """Write it in functions that differentiate."""
    c = convolution(x, w, at=at) if b is None else convolution(x, w, b, at=at)
    y = largest_op(normalised(c, weight, bias, eps=eps), at=pooling_of(at))
    return relu_op(y) if rectify else y


normalising: Callable[..., Any] = operation(
    "normalised_pooled_convolution",
    normalise,
    vjp=normalise_vjp,
    composition=composition,
    saves=True,
)


def normalised_pooled_convolution(
    x: Any, w: Any, b: Any, weight: Any, bias: Any, running: Any, momentum: float, eps: float,
    *, at: Geometry, rectify: bool
) -> Any:  # fmt: skip
    """Convolve, normalise with the moments of the batch, pool and perhaps rectify.

    `running` are the running mean and variance that are updated, or None; weight and bias of the
    normalisation may be None.
    """
    o = w.shape[0]
    weight = np.ones(o, w.dtype) if weight is None else weight
    bias = np.zeros(o, w.dtype) if bias is None else bias
    plain = [lifted(raw(v)) for v in (x, w, b, weight)]
    m = moments_of(*plain, at=at)
    if running is not None:
        mean, var = running
        update(mean, m.mean, momentum)
        update(var, m.var * (m.count / (m.count - 1)), momentum)
    operands = (x, w, weight, bias) if b is None else (x, w, weight, bias, b)
    return normalising(*operands, at=at, moments=m, eps=eps, rectify=rectify)
