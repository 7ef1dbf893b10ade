"""The gradient at the input of a convolution of images: gathered along rows, spread along columns.

With W the weight, dL/dx[i + a, j] = sum over a of D[i, j] W[a], where D[i, j] are the gradients at
(i, j - b) for all b of the kernel side by side. To gather along both axes copies each gradient as
often as the kernel has elements, to spread along both adds up as often; here both are done as often
as it has rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.memory import aligned
from nnkit.functional.windows import Geometry

__all__ = ["RowSpreader", "row_padding", "rows_pay"]

Array = NDArray[Any]
CACHED = 1 << 19  # bytes of D that are made at a time


def row_padding(at: Geometry) -> tuple[int, int] | None:
    """Return the zeros that rows of gradients need before and behind; None where it cannot be."""
    reach = at.dilation[1] * (at.kernel[1] - 1)
    before = reach - at.padding[1][0]
    behind = at.size[1] + at.padding[1][0] - at.out[1]
    return (before, behind) if at.stride[1] == 1 and min(before, behind) >= 0 else None


def rows_pay(at: Geometry, o: int, c: int) -> bool:
    """Whether this is faster than to spread along both axes.

    It multiplies as much more as rows of x are longer than those of the gradients; with few
    channels that is nothing against the adding up. Measured as `worth_gathering` was.
    """
    fits = row_padding(at) is not None and c <= 2 * o
    return fits and (c < 16 or 5 * at.size[1] < 6 * at.out[1])


class RowSpreader:
    """Calculates it for some images after the other, from gradients (rows, images, columns, O).

    The columns have the zeros around them that `row_padding` says.
    """

    def __init__(self, w: Array, at: Geometry) -> None:
        o, c, *_ = w.shape
        self.at, self.o, self.c = at, o, c
        turned = w[..., ::-1].transpose(2, 3, 0, 1)  # rows, columns backwards, O, C
        self.parts = np.ascontiguousarray(turned).reshape(at.kernel[0], -1, c)
        row = at.size[1] * at.kernel[1] * o * w.itemsize
        self.step = max(1, CACHED // (at.out[0] * row))
        self.rows = min(at.out[0], max(1, CACHED // (self.step * row)))

    def reached(self, a: int, rows: slice) -> tuple[slice, slice]:
        """Return those of these rows that row `a` of the kernel brings into x, and where to."""
        at = self.at
        s, start = at.stride[0], a * at.dilation[0] - at.padding[0][0]
        first = max(rows.start, -(start // s))  # the first with s i + start >= 0
        last = max(first, min(rows.stop, (at.size[0] - 1 - start) // s + 1))
        return slice(first, last), slice(first * s + start, max(0, (last - 1) * s + start + 1), s)

    def spread(self, g: Array, x: Array) -> None:
        """Calculate x (images, H, W, C) from g, contiguous, which may have more images."""
        k, d, width = self.at.kernel[1], self.at.dilation[1], self.at.size[1]
        down, across, along, element = g.strides
        shape, steps = (len(g), len(x), width, k, self.o), (down, across, along, d * along, element)
        windows = np.ndarray(shape, g.dtype, g, 0, steps)
        for i in range(0, len(x), self.step):
            self.spread_some(windows[:, i : i + self.step], x[i : i + self.step])

    def spread_some(self, windows: Array, x: Array) -> None:
        """Do that for so many images, and rows of them at a time, as fit into the cache."""
        k, target_rows = self.at.kernel[1], x.swapaxes(0, 1)
        x.fill(0)
        for r in range(0, len(windows), self.rows):
            rows = slice(r, min(len(windows), r + self.rows))
            gathered = np.ascontiguousarray(windows[rows]).reshape(rows.stop - r, -1, k * self.o)
            share = aligned((gathered[..., 0].size, self.c), x.dtype)
            for a, part in enumerate(self.parts):
                source, target = self.reached(a, rows)
                matrix = gathered[source.start - r : source.stop - r].reshape(-1, k * self.o)
                if len(matrix):
                    found = np.dot(matrix, part, out=share[: len(matrix)])
                    window = target_rows[target]
                    window += found.reshape(window.shape)
