"""Maps that act on each spatial axis by itself: a matrix for each axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["along_axes", "cells", "means"]

Array = NDArray[Any]


def along_axes(x: Any, matrices: Sequence[Array | None]) -> Any:
    """Multiply the last axes of x by one matrix (new length, old length) each; None keeps one."""
    first = x.ndim - len(matrices)
    for i, M in enumerate(matrices):
        if M is not None:
            axis = first + i
            moved = np.matmul(np.moveaxis(x, axis, -1), M.T)
            x = np.moveaxis(moved, -1, axis)
    return x


def cells(size: int, n: int) -> tuple[Array, Array]:
    """Cut `size` places into n cells of nearly the same length: where each begins and ends.

    Cell i is [floor(i size / n), ceil((i + 1) size / n)): neighbours may share a place.
    """
    i = np.arange(n)
    return i * size // n, -((i + 1) * -size // n)


@lru_cache(maxsize=256)
def means(size: int, n: int, dtype: np.dtype[Any]) -> Array:
    """Return the matrix that takes the mean of each cell."""
    starts, ends = cells(size, n)
    place = np.arange(size)
    inside = (place >= starts[:, None]) & (place < ends[:, None])
    matrix = (inside / (ends - starts)[:, None]).astype(dtype)
    matrix.flags.writeable = False
    return matrix
