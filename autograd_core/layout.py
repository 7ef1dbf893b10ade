"""Where the intermediate results of a replayed recording live: places in one piece of memory.

It is known when each result is made and who reads it last; those whose times do not meet share
memory. Large ones are placed first, each into the tightest gap that is left.
"""

from __future__ import annotations

import heapq
import math

import numpy as np

from .memory import reserve
from .records import Storage, Value

__all__ = ["Layout", "amount", "is_dense", "shaped", "size_of"]

ALIGNED = 64
SMALL = 1 << 12  # bytes, below which results are sorted by size only: that takes no time
MOST = 2_000  # large results; with more of them these are sorted by size, too


def amount(n: int) -> str:
    """Say a number of bytes."""
    for unit, size in (("MB", 1 << 20), ("kB", 1 << 10)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} B"


def size_of(v: Value) -> int:
    """Return how many bytes an array takes."""
    return math.prod(v.shape) * int(v.dtype.itemsize)


class Place:
    """Some bytes that are needed from one call to another, both included."""

    __slots__ = ("begin", "end", "nbytes", "offset")

    def __init__(self, nbytes: int, begin: int, end: int) -> None:
        self.nbytes, self.begin, self.end = nbytes, begin, end
        self.offset = 0


class Layout:
    """Gives the results of calls their places.

    First `add` or `share` for each result in the order of the calls, then `settle`, then `array`.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.of: dict[Storage, Place] = {}
        self.bytes = self.own = 0
        self.memory: np.ndarray
        self._arrays: dict[tuple, np.ndarray] = {}

    def add(self, storage: Storage, nbytes: int, begin: int, end: int) -> None:
        """Ask for a place."""
        self.of[storage] = place = Place(nbytes, begin, end)
        self.places.append(place)

    def share(self, storage: Storage, other: Storage, end: int) -> None:
        """Let a result be written over an operand that nobody needs any more."""
        self.of[storage] = place = self.of[other]
        place.end = end

    def settle(self) -> None:
        """Find a place for each, and the memory for all of them."""
        large = [p for p in self.places if p.nbytes >= SMALL]
        if len(large) > MOST:
            large = []
        self.bytes = in_gaps(large)
        known = set(map(id, large))
        self.bytes = by_size([p for p in self.places if id(p) not in known], self.bytes)
        self.memory = reserve(self.bytes)

    def array(self, v: Value) -> np.ndarray:
        """Return the array that a result is written into; equal ones are one object."""
        key = self.of[v.storage].offset, v.shape, v.dtype, v.strides
        found = self._arrays.get(key)
        if found is None:
            found = self._arrays[key] = shaped(self.memory, v, key[0])
        return found


def aligned(n: int) -> int:
    """Round up."""
    return -(-n // ALIGNED) * ALIGNED


def in_gaps(places: list[Place]) -> int:
    """Place the largest first, each into the tightest gap between those of the same time."""
    placed: list[Place] = []
    top = 0
    for new in sorted(places, key=lambda p: (-p.nbytes, p.begin)):
        there = [p for p in placed if p.begin <= new.end and new.begin <= p.end]
        end, best, tightest = 0, -1, math.inf
        for p in sorted(there, key=lambda p: p.offset):
            gap = p.offset - end
            if new.nbytes <= gap < tightest:
                best, tightest = end, gap
            end = max(end, aligned(p.offset + p.nbytes))
        new.offset = end if best < 0 else best
        placed.append(new)
        top = max(top, aligned(new.offset + new.nbytes))
    return top


def by_size(places: list[Place], top: int) -> int:
    """Use again what is of the same size, in the order of the calls."""
    free: dict[int, list[int]] = {}
    used: list[tuple[int, int, int]] = []  # end, size, offset
    for p in places:
        while used and used[0][0] < p.begin:
            _, size, offset = heapq.heappop(used)
            free.setdefault(size, []).append(offset)
        size = max(aligned(p.nbytes), ALIGNED)
        spare = free.get(size)
        if spare:
            p.offset = spare.pop()
        else:
            p.offset, top = top, top + size
        heapq.heappush(used, (p.end, size, p.offset))
    return top


def shaped(memory: np.ndarray, v: Value, offset: int = 0) -> np.ndarray:
    """See memory as the array that a value is."""
    return np.ndarray(v.shape, v.dtype, memory, offset, v.strides or None)


def is_dense(v: Value) -> bool:
    """Whether the strides of a value leave no gaps, in whatever order of the axes."""
    expected = v.dtype.itemsize
    if len(v.shape) == 1:
        return v.strides[0] == expected and v.shape[0] > 0
    for stride, length in sorted(zip(v.strides, v.shape, strict=True)):
        if length != 1:
            if stride != expected:
                return False
            expected *= length
    return bool(math.prod(v.shape))
