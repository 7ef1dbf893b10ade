"""Keeping the memory of large arrays that were freed, for those that come next.

A step of a calculation frees arrays and asks for others of the same sizes right away. The C
library gives large ones back to the system each time, which then has to fill new pages with zeros:
for an array of 40 MB that takes longer than to calculate it. `keep_freed_memory` asks the allocator
not to.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = ["give_back", "keep_freed_memory", "no_collections", "reserve"]

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


OWN_PAGES = 1 << 20  # bytes, from which on memory comes from the system


def reserve(nbytes: int) -> np.ndarray:
    """Return bytes for a long time; of many, a page counts as used when it is first written."""
    if nbytes < OWN_PAGES:
        memory = np.empty(nbytes + 63, np.uint8)
        start = -memory.ctypes.data % 64
        return memory[start : start + nbytes]
    import mmap

    if not hasattr(mmap, "MAP_PRIVATE"):  # Windows
        return np.frombuffer(mmap.mmap(-1, nbytes), np.uint8)
    own = mmap.MAP_PRIVATE | mmap.MAP_ANON  # also of a process that is forked
    return np.frombuffer(mmap.mmap(-1, nbytes, flags=own), np.uint8)


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
