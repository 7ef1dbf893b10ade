"""Memory for the intermediate results of a replayed recording."""

from __future__ import annotations

import math

import numpy as np

from .records import Value

__all__ = ["Pool", "amount", "is_dense", "shaped"]


def amount(n: int) -> str:
    """Say a number of bytes."""
    for unit, size in (("MB", 1 << 20), ("kB", 1 << 10)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} B"


class Pool:
    """Memory for intermediate results; what is given back is used again."""

    def __init__(self) -> None:
        self.free: dict[int, list[np.ndarray]] = {}
        self.bytes = 0

    def take(self, nbytes: int) -> np.ndarray:
        """Return some memory: a piece that was given back, if one fits."""
        found = self.free.get(nbytes)
        if found:
            return found.pop()
        self.bytes += nbytes
        return np.empty(max(nbytes, 1), np.uint8)

    def give(self, memory: np.ndarray, nbytes: int) -> None:
        """Give memory back."""
        self.free.setdefault(nbytes, []).append(memory)


def shaped(memory: np.ndarray, v: Value) -> np.ndarray:
    """See memory as the array that a value is."""
    return np.ndarray(v.shape, v.dtype, memory.data, 0, v.strides or None)


def is_dense(v: Value) -> bool:
    """Whether the strides of a value leave no gaps, in whatever order of the axes."""
    expected = v.dtype.itemsize
    for stride, length in sorted(zip(v.strides, v.shape, strict=True)):
        if length != 1:
            if stride != expected:
                return False
            expected *= length
    return bool(math.prod(v.shape))
