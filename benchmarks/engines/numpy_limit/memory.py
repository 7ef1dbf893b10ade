"""Arrays of float32 that begin on a line of the cache.

NumPy's own begin 16 bytes behind one: what is read or written 64 bytes at a time lies on two lines
then, which takes a tenth of the time of elementwise steps on a machine with AVX-512.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["full", "new", "ones", "zeros"]

LINE = 64  # bytes


def new(*shape: int) -> np.ndarray:
    """Return memory that is not filled."""
    size = math.prod(shape)
    memory = np.empty(4 * size + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + 4 * size].view(np.float32).reshape(shape)


def full(shape: tuple[int, ...], value: float) -> np.ndarray:
    """Return one number everywhere."""
    found = new(*shape)
    found[...] = value
    return found


def zeros(*shape: int) -> np.ndarray:
    """Return zeros."""
    return full(shape, 0)


def ones(*shape: int) -> np.ndarray:
    """Return ones."""
    return full(shape, 1)
