"""Sums and affine maps, channel by channel, in the order that (N, C, ...) has in memory.

Norms need nothing else of a large array than sums, sums of squares or products, and maps
y = scale x + shift with numbers for each channel. Both are done block by block, in long runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.channels import again, back, wide
from nnkit.functional.linear import ones
from nnkit.functional.windows import channels_last

__all__ = ["FAR", "Pixels", "Planes", "Rows", "seen", "seen_together"]

Array = NDArray[Any]
BLOCK = 65536  # elements that are worked on at a time
LONG = 1024  # elements of a row that a vector of channels is written out for
SHORT = 8  # a run of one channel that is too short to be worked on by itself
FAR = 4.0  # a squared mean of so many variances leaves too few digits of E[x^2] - mean^2


class Planes:
    """(N, C, ...) with long runs of one channel: a matrix with a row for each of them."""

    def __init__(self, x: Array) -> None:
        n, c, *places = self.shape = x.shape
        self.rows = np.ascontiguousarray(x).reshape(n * c, math.prod(places))

    def like(self, x: Array) -> Planes:
        """See another array of this shape in the same order."""
        return Planes(x)

    def numbers(self, v: Array) -> Array:
        """Give a vector of channels the shape (N, C)."""
        return np.broadcast_to(v, self.shape[:2])

    def batch_sums(self, other: Planes) -> tuple[Array, Array]:
        """Return these sums over the batch; (C,)."""
        total, products = self.sums(other)
        return total.sum(axis=0), products.sum(axis=0)

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
        factor = None if factor is None else factor.reshape(-1, 1)
        for s in self.parts():
            part = np.multiply(self.rows[s], scale[s], out=rows[s])
            part += shift[s]
            if other is not None and factor is not None:
                part += other.rows[s] * factor[s]
        return y


class Pixels:
    """(N, C, ...) whose channels come last in memory: a matrix with long rows for each example."""

    def __init__(self, x: Array) -> None:
        n, c, *axes = self.shape = x.shape
        places = math.prod(axes)
        self.times = math.gcd(places, max(1, LONG // max(1, c))) or 1
        rows = channels_last(x, ((0, 0),) * len(axes))
        self.rows = rows.reshape(n, places // self.times, self.times * c)

    def like(self, x: Array) -> Pixels:
        """See another array of this shape in the same order."""
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
        factor = None if factor is None else self.written_out(factor)
        for s in self.parts():
            part = np.multiply(self.rows[s], scale[s], out=y[s])
            part += shift[s]
            if other is not None and factor is not None:
                part += other.rows[s] * factor[s]
        return back(y, self.shape)


class Rows:
    """(N, C, ...) whose channels come last, all examples as one: a matrix with long rows."""

    def __init__(self, x: Array) -> None:
        self.shape = x.shape
        self.rows, self.times = wide(x)

    def like(self, x: Array) -> Rows:
        """See another array of this shape in the same order."""
        return Rows(x)

    def numbers(self, v: Array) -> Array:
        """Take a vector of channels as it is."""
        return v

    def parts(self) -> Iterator[slice]:
        """Cut the rows into blocks that fit into the cache."""
        count, width = self.rows.shape
        step = max(1, BLOCK // max(1, width))
        return (slice(i, i + step) for i in range(0, count, step))

    def sums(self, other: Rows) -> tuple[Array, Array]:
        """Return the sums of the other's elements, and of their products with these; (C,)."""
        total: Any = 0.0
        products: Any = 0.0
        for s in self.parts():
            mine, others = self.rows[s], other.rows[s]
            one = ones(len(mine), mine.dtype)
            total = np.dot(one, others) + total
            products = np.dot(one, mine * others) + products
        if self.times > 1:
            total = np.add.reduce(total.reshape(self.times, -1))
            products = np.add.reduce(products.reshape(self.times, -1))
        return total, products

    batch_sums = sums

    def affine(
        self, scale: Array, shift: Array, other: Rows | None = None, factor: Array | None = None
    ) -> Array:
        """Return scale x + shift, or scale x + shift + factor other, with numbers (C,)."""
        y = np.empty_like(self.rows)
        scale, shift = again(scale, self.times), again(shift, self.times)
        factor = None if factor is None else again(factor, self.times)
        for s in self.parts():
            part = np.multiply(self.rows[s], scale, out=y[s])
            part += shift
            if other is not None and factor is not None:
                part += other.rows[s] * factor
        return back(y, self.shape)


def seen(x: Array) -> Planes | Pixels:
    """See an array in the order that it has, with numbers for each channel of each example."""
    return Planes(x) if has_planes(x) else Pixels(x)


def seen_together(x: Array) -> Planes | Rows:
    """See an array in the order that it has, with numbers for each channel of the batch."""
    return Planes(x) if has_planes(x) and x.shape[1] > 1 else Rows(x)


def has_planes(x: Array) -> bool:
    """Whether each channel of an example is one run in memory, and long enough."""
    return x.ndim > 2 and x.flags.c_contiguous and math.prod(x.shape[2:]) >= SHORT
