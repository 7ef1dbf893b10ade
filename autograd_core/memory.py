"""Keeping the memory of large arrays that were freed, for those that come next.

A step of a calculation frees arrays and asks for others of the same sizes right away. The C
library gives large ones back to the system each time, which then has to fill new pages with zeros:
for an array of 40 MB that takes longer than to calculate it. `keep_freed_memory` asks the allocator
not to.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = [
    "aligned", "give_back", "keep_freed_memory", "no_collections", "reserve", "side_by_side"
]  # fmt: skip

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of <malloc.h>
LARGEST = 1 << 30


def keep_freed_memory(limit: int = LARGEST) -> bool:
    """Keep up to `limit` bytes of freed memory in the process, instead of returning it each time.

    Called with the default when the package is imported, unless the environment says something else
    about it: `NNKIT_KEEP_MEMORY=0`, or one of glibc's own `MALLOC_TRIM_THRESHOLD_` and
    `MALLOC_MMAP_THRESHOLD_`.

    Parameters
    ----------
    limit : int, default 1 GiB
        In bytes. Larger arrays are returned to the system when they are freed.

    Returns
    -------
    bool
        Whether the allocator took it. Others than glibc's (macOS, Windows, musl) have no such
        wish, and are left alone.

    Examples
    --------
    >>> keep_freed_memory(1 << 28) in (True, False)
    True
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError, OSError):
        return False
    limit = min(limit, (1 << 31) - 1)
    return bool(mallopt(M_MMAP_THRESHOLD, limit) and mallopt(M_TRIM_THRESHOLD, limit))


LINE = 64  # bytes
LEAST = 1 << 12  # bytes, below which it makes no difference where an array begins
OWN_PAGES = 1 << 20  # bytes, from which on memory comes from the system


def reserve(nbytes: int) -> np.ndarray:
    """Return bytes for a long time; of many, a page counts as used when it is first written."""
    if nbytes < OWN_PAGES:
        memory = np.empty(nbytes + LINE - 1, np.uint8)
        start = -memory.ctypes.data % LINE
        return memory[start : start + nbytes]
    import mmap

    if not hasattr(mmap, "MAP_PRIVATE"):  # Windows
        return np.frombuffer(mmap.mmap(-1, nbytes), np.uint8)
    own = mmap.MAP_PRIVATE | mmap.MAP_ANON  # also of a process that is forked
    return np.frombuffer(mmap.mmap(-1, nbytes, flags=own), np.uint8)


def aligned(shape: int | tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return an array that is not filled, and begins on a line of the cache.

    NumPy's own begin 16 bytes behind one. What is read or written 64 bytes at a time lies on two
    lines then, and arithmetic that stays in the cache takes twice the time.
    """
    shape = (shape,) if isinstance(shape, int) else shape
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    if nbytes < LEAST:
        return np.empty(shape, dtype)
    memory = np.empty(nbytes + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + nbytes].view(dtype).reshape(shape)


def side_by_side(size: int, dtypes: Sequence[Any]) -> list[np.ndarray]:
    """Return vectors that begin on lines of the cache, no two of them at the same place in it."""
    strides = [-(-size * np.dtype(dtype).itemsize // LINE) * LINE + LINE for dtype in dtypes]
    memory, found, start = reserve(sum(strides)), [], 0
    for dtype, stride in zip(dtypes, strides, strict=True):
        found.append(memory[start : start + size * np.dtype(dtype).itemsize].view(dtype))
        start += stride
    return found


def give_back() -> None:
    """Return freed memory to the system, where the allocator is glibc's."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, TypeError, OSError):
        pass


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep Python's collector from looking at a plan while it grows: nothing in it is garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


CHOSEN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")
if os.environ.get("NNKIT_KEEP_MEMORY") != "0" and not any(name in os.environ for name in CHOSEN):
    keep_freed_memory()
