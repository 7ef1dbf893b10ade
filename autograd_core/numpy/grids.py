"""The builders that are written with brackets: `r_`, `c_`, `mgrid`, `ogrid`, also with Tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError
from .building import arange
from .converting import array, asarray
from .lists import holds_tensor

__all__ = ["c_", "mgrid", "ogrid", "r_"]


def parts_of(key: Any) -> tuple:
    """Return the items between the brackets."""
    return key if isinstance(key, tuple) else (key,)


def has_tensor(key: Any) -> bool:
    """Whether there is a Tensor between the brackets."""
    return any(
        holds_tensor([x.start, x.stop, x.step] if isinstance(x, slice) else x)
        for x in parts_of(key)
    )


def line(part: slice) -> Any:
    """Return the numbers that `start:stop:step` stands for; a step of 5j means five of them."""
    start = 0 if part.start is None else part.start
    if isinstance(part.step, complex):
        return np.linspace(start, part.stop, int(abs(part.step)))
    return arange(start, part.stop, 1 if part.step is None else part.step)


class Concatenator:
    """`np.r_[...]` and `np.c_[...]`: arrays, numbers and slices, one after the other.

    A first item "axis,ndmin,place" says along which axis, with at least how many axes, and where
    the axes of an array with fewer of them go.
    """

    def __init__(self, original: Any, axis: int = 0, ndmin: int = 1, place: int = -1) -> None:
        self.original, self.directives = original, (axis, ndmin, place)

    def __getitem__(self, key: Any) -> Any:
        """Join the items between the brackets."""
        if not has_tensor(key):
            return self.original[key]
        axis, ndmin, place = self.directives
        first, *rest = parts_of(key)
        if isinstance(first, str):
            if first in ("r", "c"):
                raise ArgumentError(f"np.r_[{first!r}, ...] makes a matrix, which is no Tensor")
            given = tuple(map(int, first.split(",")))
            axis, ndmin, place = given + (axis, ndmin, place)[len(given) :]
        else:
            rest = [first, *rest]
        rest = [line(x) if isinstance(x, slice) else x for x in rest]
        plain = [x if isinstance(x, (int, float, complex)) else asarray(x) for x in rest]
        dtype = np.result_type(
            *(x if isinstance(x, (int, float, complex)) else x.dtype for x in plain)
        )
        return np.concatenate([self.piece(x, dtype, ndmin, place) for x in plain], axis=axis)

    def piece(self, x: Any, dtype: Any, ndmin: int, place: int) -> Any:
        """Give an item its axes."""
        missing = ndmin - np.ndim(x)
        x = array(x, dtype=dtype, ndmin=ndmin)
        if place == -1 or missing <= 0:
            return x
        before = place + missing + 1 if place < 0 else place
        order = list(range(ndmin))
        return np.transpose(x, order[:before] + order[missing:] + order[before:missing])

    def __len__(self) -> int:
        """Return 0, as in NumPy."""
        return 0


class Grid:
    """`np.mgrid[...]` and `np.ogrid[...]`: the coordinates of a grid."""

    def __init__(self, original: Any, sparse: bool) -> None:
        self.original, self.sparse = original, sparse

    def __getitem__(self, key: Any) -> Any:
        """Return the coordinates, in one array or (ogrid) in a tuple."""
        if not has_tensor(key):
            return self.original[key]
        lines = [line(part) for part in parts_of(key)]
        if not isinstance(key, tuple):
            return lines[0]
        grid = np.meshgrid(*lines, indexing="ij", sparse=self.sparse)
        return tuple(grid) if self.sparse else np.stack(grid)


r_ = Concatenator(np.r_)
c_ = Concatenator(np.c_, -1, 2, 0)
mgrid = Grid(np.mgrid, sparse=False)
ogrid = Grid(np.ogrid, sparse=True)
