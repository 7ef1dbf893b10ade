"""A convolution whose results are sorted by their place in the windows of a 2 x 2 pooling.

The four places, here called phases, make four arrays (places, channels): what pooling does is done
with whole arrays, piece by piece while they are in the cache, and never with short runs. A piece is
some images, or some rows of one; the matrix of a phase's columns is copied for one piece at a time,
and once more for the weight gradient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.channels import again
from nnkit.functional.correlation import (
    SHORT,
    multiply_windows,
    spread_onto,
    turned_kernel,
    worth_gathering,
)
from nnkit.functional.windows import Geometry, views

__all__ = ["InputGradient", "Order", "Piece", "add_to_rows", "pays"]

Array = NDArray[Any]
COLUMNS = 1 << 19  # bytes of a matrix of columns, which stay in the cache with what becomes of them
LEAST = 256  # rows of it, below which products of wide layers are slower
TOGETHER = 64  # images that lie innermost, where channels are few
FEWEST = 8  # images that make it worth to let them lie innermost


def few_channels(at: Geometry, channels: int) -> bool:
    """Whether the runs of the windows are so short that images had better lie innermost."""
    return at.kernel[-1] * channels < SHORT


def pays(shape: tuple[int, ...], at: Geometry) -> bool:
    """Whether this is faster than to convolve first and pool then.

    Measured with 1 to 300 images of 4 to 224 pixels, 1 to 256 channels and kernels 1 to 11. A
    kernel of one element needs no copies if it has all places at once.
    """
    if math.prod(at.kernel) == 1:
        return False
    return shape[0] >= FEWEST or not few_channels(at, shape[1])


class Piece(NamedTuple):
    """Some images and rows of the pooled result, and what the convolution reads for them.

    `last` says that these images have no further rows; `places` where they stand among the rows of
    a phase; `sources` are the windows of the four phases, not yet copied.
    """

    images: slice
    rows: slice
    last: bool
    places: slice
    sources: list[Array]


class Order:
    """The order in which a convolution followed by 2 x 2 pooling is calculated.

    Places are in the order image, row, column; with few channels row, column, image, for 64 images
    at a time: columns are then copied in runs of images.
    """

    def __init__(self, shape: tuple[int, ...], at: Geometry) -> None:
        n, self.c = shape[:2]
        self.at, self.pooled = at, (at.out[0] // 2, at.out[1] // 2)
        self.innermost = few_channels(at, self.c)
        self.width = math.prod(at.kernel) * self.c
        self.total = n * math.prod(self.pooled)
        self.matrix: Array | None = None

    def cuts(self, n: int, itemsize: int) -> tuple[int, int]:
        """Return how many images, and rows of them, are taken at a time."""
        h, v = self.pooled
        places = max(LEAST, COLUMNS // (self.width * itemsize))
        if self.innermost:
            images = -(-n // -(-n // TOGETHER))
            return images, min(h, max(1, places // (v * images)))
        images = places // (h * v)
        return (images, h) if images else (1, max(1, places // v))

    def pieces(self, x: Array) -> Iterator[Piece]:
        """Cut the input into pieces, with its padding around each image."""
        (h, v), start = self.pooled, 0
        many, step = self.cuts(len(x), x.itemsize)
        for i, windows in self.windows(x, many):
            images = slice(i, i + windows.shape[5 if self.innermost else 0])
            for r in range(0, h, step):
                rows = slice(r, min(h, r + step))
                length = (images.stop - i) * (rows.stop - r) * v
                sources = []
                for p, q in np.ndindex(2, 2):
                    part = slice(2 * r + p, 2 * rows.stop, 2), slice(q, 2 * v, 2)
                    before = (slice(None),) * (3 if self.innermost else 1)
                    sources.append(windows[(*before, *part)])
                places = slice(start, start + length)
                yield Piece(images, rows, rows.stop == h, places, sources)
                start += length

    def windows(self, x: Array, many: int) -> Iterator[tuple[int, Array]]:
        """Yield the windows of some images after the other: (N, *out, *kernel, C).

        Where images are innermost: (*kernel, C, *out, N).
        """
        at, inner = self.at, self.at.inner
        if self.innermost:
            by_image, axes = x.transpose(2, 3, 1, 0), (*at.padded, self.c)
            for i in range(0, len(x), many):
                group = by_image[..., i : i + many]
                padded = np.zeros((*axes, group.shape[-1]), x.dtype)
                padded[inner] = group
                found = views(padded.reshape(1, *at.padded, -1), at)[0]
                found = found.reshape(*found.shape[:-1], self.c, -1)
                yield i, found.transpose(2, 3, 4, 0, 1, 5)
            return
        moved = x.transpose(0, 2, 3, 1)
        as_it_is = not any(map(any, at.padding)) and moved.flags.c_contiguous
        space = None if as_it_is else np.zeros((min(many, len(x)), *at.padded, self.c), x.dtype)
        for i in range(0, len(x), many):
            some = moved[i : i + many]
            if space is not None:
                padded = space[: len(some)]
                padded[(slice(None), *inner)] = some
                some = padded
            yield i, views(some, at)

    def columns(self, source: Array) -> Array:
        """Copy the windows of a phase into a matrix (places, k * C), which the next call reuses."""
        if self.matrix is None:
            self.matrix = np.empty(source.size, source.dtype)
        copy = self.matrix[: source.size].reshape(source.shape)
        np.copyto(copy, source)
        return copy.reshape(self.width, -1).T if self.innermost else copy.reshape(-1, self.width)

    def of_pooled(self, y: Array, piece: Piece) -> Array:
        """See the part of (N, *pooled, O) that belongs to a piece, in the order of places."""
        part = y[piece.images, piece.rows]
        return part.transpose(1, 2, 0, 3) if self.innermost else part


class InputGradient:
    """The gradient at x, from that at the results, which arrives phase by phase."""

    def __init__(self, order: Order, w: Array, n: int) -> None:
        at = self.at = order.at
        self.order, self.w, c, o = order, w, order.c, len(w)
        many, _ = order.cuts(n, w.itemsize)
        many = min(many, n)
        weights, at_y, padding = turned_kernel(w, at)
        near = set(at.stride) == {1} and min(map(min, padding)) >= 0
        self.kernel = (weights, at_y) if near and worth_gathering(at, c) else None
        if self.kernel is not None:
            self.space = np.zeros((many, *at_y.size, o), w.dtype)
            (a, _), (b, _) = padding
            self.inside = self.space[:, a : a + at.out[0], b : b + at.out[1]]
            self.x = np.empty((n, *at.size, c), w.dtype)
        else:
            self.inside = self.space = np.zeros((many, *at.out, o), w.dtype)
            self.x = np.zeros((n, *at.padded, c), w.dtype)

    def take(self, piece: Piece, phases: Array) -> None:
        """Put the phases (4, places, O) of a piece together, and work on images that are whole."""
        images, rows = piece.images, piece.rows
        many = images.stop - images.start
        for (p, q), phase in zip(np.ndindex(2, 2), phases):
            down = slice(2 * rows.start + p, 2 * rows.stop, 2)
            target = self.inside[:many, down, q : 2 * self.order.pooled[1] : 2]
            if self.order.innermost:
                target = target.transpose(1, 2, 0, 3)
            target[...] = phase.reshape(target.shape)
        if piece.last:
            x, g = self.x[images], self.space[:many]
            if self.kernel is None:
                spread_onto(x, g, self.w, self.at)
            else:
                multiply_windows(g, self.kernel[0][0], self.kernel[1], None, x)

    def found(self) -> Array:
        """Return it as (N, C, H, W)."""
        x = self.x if self.kernel is not None else self.x[(slice(None), *self.at.inner)]
        return x.transpose(0, 3, 1, 2)


def add_to_rows(rows: Array, v: Array, out: Array) -> None:
    """Add a vector of channels to contiguous rows, in long runs."""
    times = math.gcd(len(rows), 64) or 1
    np.add(rows.reshape(-1, times * len(v)), again(v, times), out=out.reshape(-1, times * len(v)))
