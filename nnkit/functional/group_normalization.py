"""Normalisation of groups of channels in each example, as one fused operation.

Whatever is done to x here is, channel by channel of each example, a sum, a sum of squares or
products, or an affine map; mean, variance and gradients follow from such sums on small arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.channels import back, per_channel
from nnkit.functional.layer_normalization import standardise_composition
from nnkit.functional.linear import ones
from nnkit.functional.operands import operation
from nnkit.functional.windows import channels_last

__all__ = ["normalising_groups"]

Array = NDArray[Any]
BLOCK = 16384  # elements that are worked on at a time
FAR = 4.0  # a squared mean of so many variances leaves too few digits of E[x^2] - mean^2


# --- the layouts in memory ------------------------------------------------------------------------


class Planes:
    """(N, C, ...) with long runs of one channel: a matrix with a row for each of them."""

    def __init__(self, x: Array) -> None:
        n, c, *places = self.shape = x.shape
        self.rows = np.ascontiguousarray(x).reshape(n * c, math.prod(places))

    def like(self, x: Array) -> Planes:
        """See another array of this shape in the same layout."""
        return Planes(x)

    def parts(self) -> Iterator[slice]:
        """Cut the rows into blocks that fit into the cache."""
        count, width = self.rows.shape
        step = max(1, BLOCK // width)
        return (slice(i, i + step) for i in range(0, count, step))

    def sums(self, other: Planes) -> tuple[Array, Array]:
        """Return the sums of the other's elements, and of their products with these; (N, C)."""
        count, width = self.rows.shape
        total, products = np.empty((2, count), self.rows.dtype)
        one = ones(width, self.rows.dtype)
        for s in self.parts():
            np.dot(other.rows[s], one, out=total[s])
            np.vecdot(self.rows[s], other.rows[s], out=products[s])
        return total.reshape(self.shape[:2]), products.reshape(self.shape[:2])

    def affine(
        self, scale: Array, shift: Array, other: Planes | None = None, factor: Array | None = None
    ) -> Array:
        """Return scale x + shift, or scale x + shift + factor other, with numbers (N, C)."""
        y = np.empty(self.shape, self.rows.dtype)
        rows = y.reshape(self.rows.shape)
        scale, shift = scale.reshape(-1, 1), shift.reshape(-1, 1)
        for s in self.parts():
            part = np.multiply(self.rows[s], scale[s], out=rows[s])
            part += shift[s]
            if other is not None and factor is not None:
                part += other.rows[s] * factor.reshape(-1, 1)[s]
        return y


class Pixels:
    """(N, C, ...) whose channels come last in memory: a matrix with long rows for each example."""

    def __init__(self, x: Array) -> None:
        n, c, *axes = self.shape = x.shape
        places = math.prod(axes)
        self.times = math.gcd(places, max(1, 512 // max(1, c)))
        rows = channels_last(x, ((0, 0),) * len(axes))
        self.rows = rows.reshape(n, places // self.times, self.times * c)

    def like(self, x: Array) -> Pixels:
        """See another array of this shape in the same layout."""
        return Pixels(x)

    def parts(self) -> Iterator[slice]:
        """Cut the examples into blocks that fit into the cache."""
        n, places, width = self.rows.shape
        step = max(1, BLOCK // max(1, places * width))
        return (slice(i, i + step) for i in range(0, n, step))

    def sums(self, other: Pixels) -> tuple[Array, Array]:
        """Return the sums of the other's elements, and of their products with these; (N, C)."""
        n, places, width = self.rows.shape
        both = np.empty((2, n, width), self.rows.dtype)
        one = ones(places, self.rows.dtype)
        for s in self.parts():
            np.matmul(one, other.rows[s], out=both[0, s])
            np.matmul(one, self.rows[s] * other.rows[s], out=both[1, s])
        total, products = both.reshape(2, n, self.times, self.shape[1]).sum(axis=2)
        return total, products

    def written_out(self, v: Array) -> Array:
        """Repeat numbers (N, C) as often as a row has them."""
        n, c = v.shape
        return np.broadcast_to(v[:, None], (n, self.times, c)).reshape(n, 1, self.times * c)

    def affine(
        self, scale: Array, shift: Array, other: Pixels | None = None, factor: Array | None = None
    ) -> Array:
        """Return scale x + shift, or scale x + shift + factor other, with numbers (N, C)."""
        y = np.empty_like(self.rows)
        scale, shift = self.written_out(scale), self.written_out(shift)
        if factor is not None:
            factor = self.written_out(factor)
        for s in self.parts():
            part = np.multiply(self.rows[s], scale[s], out=y[s])
            part += shift[s]
            if other is not None and factor is not None:
                part += other.rows[s] * factor[s]
        return back(y, self.shape)


def seen(x: Array) -> Any:
    """See an array in the layout that it has."""
    return Planes(x) if x.flags.c_contiguous else Pixels(x)


# --- the operation --------------------------------------------------------------------------------


def of_groups(v: Array, groups: int) -> Array:
    """Add up the channels (N, C) of each group: (N, groups)."""
    return v.reshape(len(v), groups, v.shape[1] // groups).sum(axis=2)


def to_channels(v: Array, c: int) -> Array:
    """Repeat the number of a group (N, groups) for each of its channels: (N, C)."""
    return np.repeat(v, c // v.shape[1], axis=1)


def moments(x: Any, groups: int) -> tuple[Array, Array]:
    """Return mean and variance (over n, not n - 1) of the groups, from E[x^2] - mean^2."""
    total, squares = x.sums(x)
    n = math.prod(x.shape[1:]) // groups
    mean = of_groups(total, groups) / n
    return mean, of_groups(squares, groups) / n - mean * mean


def normalise(
    x: Array, weight: Array, bias: Array, *, groups: int, eps: float
) -> tuple[Array, tuple[Any, ...]]:
    """Return y = (x - mean) / sqrt(var + eps) * weight + bias."""
    c = x.shape[1]
    part = seen(x)
    with np.errstate(all="ignore"):
        mean, var = moments(part, groups)
        near = (mean * mean <= FAR * var).all()
    if not near:  # or numbers that are not finite
        shift = to_channels(-mean, c)
        part = part.like(part.affine(np.ones_like(shift), shift))
        mean, var = moments(part, groups)
        var = np.maximum(var, 0)
    inverse = 1.0 / np.sqrt(var + x.dtype.type(eps))
    scale = to_channels(inverse, c) * weight
    y = part.affine(scale, bias - to_channels(mean, c) * scale)
    return y, (part, mean, inverse)


def normalise_vjp(
    g: Array, saved: Any, _x: Any, weight: Array, _bias: Any, *, groups: int, eps: float, needs: Any
) -> tuple[Any, Any, Any]:
    """dL/dx = s (w g - mean(w g) - h mean(w g h)), h = (x - mean) s, s = 1 / sqrt(var + eps)."""
    part, mean, inverse = saved
    c = len(weight)
    n = math.prod(part.shape[1:]) // groups
    cotangent = part.like(g)
    g_sum, g_x = part.sums(cotangent)
    s = to_channels(inverse, c)
    g_h = (g_x - to_channels(mean, c) * g_sum) * s
    grad = None
    if needs[0]:
        first = of_groups(weight * g_sum, groups) / n
        second = of_groups(weight * g_h, groups) / n
        slope = -inverse * inverse * second  # of x, in -s h mean(w g h)
        shift = -inverse * first - slope * mean
        grad = cotangent.affine(s * weight, to_channels(shift, c), part, to_channels(slope, c))
    return grad, g_h.sum(axis=0) if needs[1] else None, g_sum.sum(axis=0) if needs[2] else None


def composition(x: Any, weight: Any, bias: Any, *, groups: int, eps: float) -> Any:
    """Write it in functions that differentiate."""
    rows = x.reshape(x.shape[0] * groups, -1)
    y = standardise_composition(rows, eps=eps).reshape(x.shape)
    return y * per_channel(weight, x.ndim) + per_channel(bias, x.ndim)


normalising_groups = operation(
    "group_norm", normalise, vjp=normalise_vjp, composition=composition, saves=True
)
