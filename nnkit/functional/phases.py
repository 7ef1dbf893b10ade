"""A convolution whose results are sorted by their place in the windows of a 2 x 2 pooling.

The four places, here called phases, make four arrays (places, channels): what pooling does is done
with whole arrays, piece by piece while they are in the cache, and never with short runs. A piece is
some images, or some rows of one; the matrix of a phase's columns is copied for one piece at a time,
and once more for the weight gradient.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd_core.memory import aligned
from autograd_core.threads import can_share, in_two
from nnkit.functional.channels import again
from nnkit.functional.correlation import SHORT, grouped, transposed
from nnkit.functional.linear import ones
from nnkit.functional.row_spreading import RowSpreader, row_padding, rows_pay
from nnkit.functional.windows import Geometry, views

__all__ = [
    "Order",
    "Piece",
    "gradients",
    "long_runs",
    "matrix_of",
    "pays",
    "pool_phases",
    "share_work",
    "sums",
]

Array = NDArray[Any]
CACHED = 1 << 19  # bytes of a matrix of columns and what becomes of it, which stay in the cache
HALVED = 1 << 21  # the same where two threads share: calls that are longer wait less for each other
SHARED = 1 << 21  # bytes of all columns, from which sharing pays
LEAST = 256  # rows of it, below which products of wide layers are slower
TOGETHER = 64  # images that lie innermost, where channels are few
WIDEST = 1024  # rows of the matrix of a weight
MANY = 2048  # rows that are added up one after the other
FEWEST = 8  # images that make it worth to let them lie innermost


def few_channels(kernel: tuple[int, ...], channels: int) -> bool:
    """Whether the runs of the windows are so short that images had better lie innermost."""
    return kernel[-1] * channels < SHORT


def pays(shape: tuple[int, ...], kernel: tuple[int, ...]) -> bool:
    """Whether this is faster than to convolve first and pool then.

    Measured with 1 to 128 images of 2 to 224 pixels, 1 to 256 channels and kernels 1 to 11. A
    kernel of one element needs no copies if it has all places at once; in wide layers all but the
    products takes little time.
    """
    n, c, size = *shape[:2], math.prod(kernel)
    if size == 1 or size * c > WIDEST:
        return False
    return n >= (FEWEST if few_channels(kernel, c) else 1)


class Piece(NamedTuple):
    """Some images, and rows of what is pooled of them.

    `last` says that these images have no further rows; `places` where they stand among the rows of
    a phase. `phases` are the rows and columns of the results that the four consist of.
    """

    images: slice
    rows: slice
    last: bool
    places: slice
    phases: tuple[tuple[slice, slice], ...]


@lru_cache(maxsize=256)
def cut(n: int, pooled: tuple[int, ...], images: int, rows: int) -> tuple[Piece, ...]:
    """Cut n images into pieces of so many images, and rows of them."""
    (h, v), start = pooled, 0
    pieces: list[Piece] = []
    for i in range(0, n, images):
        some = slice(i, min(n, i + images))
        for r in range(0, h, rows):
            stop = min(h, r + rows)
            after = start + (some.stop - i) * (stop - r) * v
            phases = tuple(
                (slice(2 * r + p, 2 * stop, 2), slice(q, 2 * v, 2)) for p in (0, 1) for q in (0, 1)
            )
            pieces.append(Piece(some, slice(r, stop), stop == h, slice(start, after), phases))
            start = after
    return tuple(pieces)


def shares_of(n: int, places: int, size: int) -> int:
    """Return for how many threads n images are enough; the columns of a place have `size` bytes."""
    return 2 if n > 1 and 4 * places * size >= SHARED and can_share() else 1


def share_work(f: Callable[..., Any], place: int) -> None:
    """Let `compile` know that f, a function of an input and then a weight, works in two threads.

    The input is its argument number `place`.
    """

    def multiplications(call: Any) -> int:
        x, w = (v.shape for v in call.args[place : place + 2])
        size, at = math.prod(w[1:]), call.kwargs["at"]
        places = x[0] * math.prod(at.out)
        shares = shares_of(x[0], places // 4, size * call.args[place].dtype.itemsize)
        return places * size * w[0] if shares > 1 else 0

    f.shared_work = multiplications  # type: ignore[attr-defined]


def evenly(n: int, most: int, multiple: int = 1) -> int:
    """Return how many of n go into each group, for groups of about one size with no more than that.

    The number of groups is a multiple of `multiple`.
    """
    groups = -(-n // most)
    return -(-n // (groups + -groups % multiple))


class Order:
    """The order in which a convolution followed by 2 x 2 pooling is calculated.

    Places are in the order image, row, column; with few channels row, column, image, for 64 images
    at a time: columns are then copied in runs of images.
    """

    def __init__(self, x: Array, at: Geometry, o: int) -> None:
        n, self.c = x.shape[:2]
        self.at, self.pooled = at, (at.out[0] // 2, at.out[1] // 2)
        self.innermost = few_channels(at.kernel, self.c)
        self.width = math.prod(at.kernel) * self.c
        self.total = n * math.prod(self.pooled)
        self.shares = shares_of(n, self.total, self.width * x.itemsize)
        self.images, self.rows = self.cuts(n, (self.width + 4 * o) * x.itemsize)
        self.pieces = cut(n, self.pooled, self.images, self.rows)
        self.matrix: Array | None = None

    def cuts(self, n: int, size: int) -> tuple[int, int]:
        """Return how many images, and rows of them, are taken at a time; a place has `size` bytes.

        That is, in the columns of one phase and in the results of all four.
        """
        h, v = self.pooled
        places = max(LEAST, (CACHED if self.shares == 1 else HALVED) // size)
        if self.innermost:
            images = evenly(n, TOGETHER, self.shares)
            return images, evenly(h, max(1, places // (v * images)))
        images = places // (h * v)
        return (evenly(n, images, self.shares), h) if images else (1, max(1, places // v))

    def parts(self) -> list[Order]:
        """Return one order for each share of the images: they can be followed at the same time.

        Sums are taken for each share and added up, whether or not there is a second thread.
        """
        if self.shares == 1:
            return [self]
        starts = [i for i, piece in enumerate(self.pieces) if piece.rows.start == 0]
        middle = starts[len(starts) // 2]
        found = [copy.copy(self), copy.copy(self)]
        found[0].pieces, found[1].pieces = self.pieces[:middle], self.pieces[middle:]
        return found

    def sources(self, x: Array) -> Iterator[tuple[Piece, list[Array]]]:
        """Yield for each piece the windows of its four phases, which are not copied yet."""
        groups, windows = self.windows(x), x
        before = (slice(None),) * (3 if self.innermost else 1)
        for piece in self.pieces:
            if piece.rows.start == 0:
                windows = next(groups)
            yield piece, [windows[(*before, *where)] for where in piece.phases]

    def windows(self, x: Array) -> Iterator[Array]:
        """Yield the windows of some images after the other: (N, *out, *kernel, C).

        Where images are innermost: (*kernel, C, *out, N).
        """
        at, inner, many = self.at, self.at.inner, self.images
        mine = range(self.pieces[0].images.start, self.pieces[-1].images.stop, many)
        if self.innermost:
            by_image, axes = x.transpose(2, 3, 1, 0), (*at.padded, self.c)
            for i in mine:
                group = by_image[..., i : i + many]
                padded = np.zeros((*axes, group.shape[-1]), x.dtype)
                padded[inner] = group
                found = views(padded.reshape(1, *at.padded, -1), at)[0]
                found = found.reshape(*found.shape[:-1], self.c, -1)
                yield found.transpose(2, 3, 4, 0, 1, 5)
            return
        moved = x.transpose(0, 2, 3, 1)
        as_it_is = not any(map(any, at.padding)) and moved.flags.c_contiguous
        space = None if as_it_is else np.zeros((many, *at.padded, self.c), x.dtype)
        for i in mine:
            some = moved[i : i + many]
            if space is not None:
                padded = space[: len(some)]
                padded[(slice(None), *inner)] = some
                some = padded
            yield views(some, at)

    def columns(self, source: Array) -> Array:
        """Copy the windows of a phase into a matrix (places, k * C), which the next call reuses."""
        if self.matrix is None:
            self.matrix = aligned(source.size, source.dtype)
        copy = self.matrix[: source.size].reshape(source.shape)
        np.copyto(copy, source)
        return copy.reshape(self.width, -1).T if self.innermost else copy.reshape(-1, self.width)

    def convolve(self, sources: list[Array], matrix: Array, phases: Array) -> None:
        """Multiply the columns of the four phases by a matrix (k * C, O)."""
        for source, phase in zip(sources, phases):
            np.dot(self.columns(source), matrix, out=phase)

    def of_phases(self, values: Array, piece: Piece) -> Array:
        """See the part of (4 * places, O) that belongs to a piece: (4, places, O), contiguous."""
        places = piece.places
        return values[4 * places.start : 4 * places.stop].reshape(4, -1, values.shape[1])

    def of_pooled(self, y: Array, piece: Piece) -> Array:
        """See the part of (N, *pooled, O) that belongs to a piece, in the order of places."""
        part = y[piece.images, piece.rows]
        return part.transpose(1, 2, 0, 3) if self.innermost else part


class WeightGradient:
    """The sum of products of all columns with the gradients at the results."""

    def __init__(self, order: Order, w: Array) -> None:
        self.order, self.shape = order, w.shape
        self.total = np.zeros((order.width, len(w)), w.dtype)
        self.share = aligned(self.total.shape, w.dtype)

    def take(self, sources: list[Array], phases: Array) -> None:
        """Add those of a piece."""
        for source, phase in zip(sources, phases):
            np.dot(self.order.columns(source).T, phase, out=self.share)
            self.total += self.share

    def found(self) -> Array:
        """Return it in the shape of the weight."""
        o, c, *kernel = self.shape
        return np.ascontiguousarray(self.total.reshape(*kernel, c, o).transpose(3, 2, 0, 1))


class InputGradient:
    """The gradient at x, from that at the results, which arrives phase by phase."""

    def __init__(self, order: Order, w: Array, x: Array) -> None:
        """`x` (N, H, W, C) is where it is written."""
        at, many, o = order.at, order.images, len(w)
        self.order, self.w, self.x = order, w, x
        self.by_rows = RowSpreader(w, at) if rows_pay(at, o, order.c) else None
        if self.by_rows is None:
            self.inside = np.zeros((many, *at.out, o), w.dtype)
        else:
            a, b = row_padding(at) or (0, 0)
            self.space = np.zeros((at.out[0], many, a + at.out[1] + b, o), w.dtype)
            self.inside = self.space[:, :, a : a + at.out[1]].swapaxes(0, 1)

    def take(self, piece: Piece, phases: Array) -> None:
        """Put the phases (4, places, O) of a piece together, and work on images that are whole."""
        images = piece.images
        many = images.stop - images.start
        for where, phase in zip(piece.phases, phases):
            target = self.inside[(slice(many), *where)]
            if self.order.innermost:  # places are row, column, image
                target = target.transpose(1, 2, 0, 3)
            target[...] = phase.reshape(target.shape)
        if not piece.last:
            return
        if self.by_rows is not None:
            self.by_rows.spread(self.space, self.x[images])
        else:
            whole = self.inside[:many].transpose(0, 3, 1, 2)
            self.x[images] = transposed(whole, self.w, at=self.order.at).transpose(0, 2, 3, 1)


def gradients(
    order: Order, x: Array, w: Array, needs: tuple[bool, bool, bool],
    phases_of: Callable[[Piece], Array],
) -> tuple[Array | None, Array | None, Array | None]:  # fmt: skip
    """Return the gradients at x (N, C, H, W), at the weight w and at a bias, as far as needed.

    `phases_of` gives for a piece those at the results of the convolution, (4, places, O).
    """
    to_x = aligned((len(x), *order.at.size, order.c), w.dtype) if needs[0] else None

    def run(part: Order) -> tuple[WeightGradient | None, Array]:
        at_x = None if to_x is None else InputGradient(part, w, to_x)
        at_w = WeightGradient(part, w) if needs[1] else None
        at_b = np.zeros(len(w), w.dtype)
        for piece, sources in part.sources(x):
            phases = phases_of(piece)
            if needs[2]:
                at_b += sums(phases)
            if at_w is not None:
                at_w.take(sources, phases)
            if at_x is not None:
                at_x.take(piece, phases)
        return at_w, at_b

    (at_w, at_b), *others = in_two(run, order.parts())
    for more_w, more_b in others:
        at_b += more_b
        if at_w is not None and more_w is not None:
            at_w.total += more_w.total
    return (
        None if to_x is None else to_x.transpose(0, 3, 1, 2),
        None if at_w is None else at_w.found(),
        at_b if needs[2] else None,
    )


def matrix_of(w: Array) -> Array:
    """Return a weight (O, C, kh, kw) as a matrix (k * C, O)."""
    return np.ascontiguousarray(grouped(w, 1)[0].transpose(2, 1, 0)).reshape(-1, len(w))


def pool_phases(phases: Array, largest: Array, where: Array) -> None:
    """Take the largest of four arrays, and say which has it first; none of them, if it is NaN."""
    a, b, c, d = phases
    np.maximum(a, b, out=largest)
    np.maximum(largest, c, out=largest)
    np.maximum(largest, d, out=largest)
    np.equal(phases, largest, out=where)
    first, second, third, fourth = where
    np.greater(second, first, out=second)  # of bools: second and not first
    found = first | second
    np.greater(third, found, out=third)
    found |= third
    np.greater(fourth, found, out=fourth)


def long_runs(rows: Array, *vectors: Array) -> list[Array]:
    """See contiguous rows (..., places, O) as longer ones, and write vectors of O as often.

    So one vector for all rows is applied in long runs.
    """
    times, (*axes, n, o) = times_of(rows.shape[-2]), rows.shape
    wide = rows.reshape(*axes, n // times, times * o)
    return [wide, *(again(v, times) for v in vectors)]


@lru_cache(maxsize=256)
def times_of(n: int) -> int:
    """Return the largest number of rows up to 64 that divides them."""
    return next((k for k in range(64, 0, -1) if n % k == 0 and n), 1)


def sums(rows: Array) -> Array:
    """Add up contiguous rows (..., O); many of them in longer runs, so that less is rounded."""
    o = rows.shape[-1]
    rows = rows.reshape(-1, o)
    if len(rows) > MANY:
        (rows,) = long_runs(rows)
    total = np.dot(ones(len(rows), rows.dtype), rows)
    return total if len(total) == o else np.add.reduce(total.reshape(-1, o))
