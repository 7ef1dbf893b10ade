"""Groups of few channels, several taken as one: small products of matrices are slow.

Convolution in r groups is convolution in one, with a weight that is 0 between channels of
different groups. It multiplies r times as much, and yet is faster while a group is narrow.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.windows import Geometry

__all__ = ["diagonal", "merged", "merging"]

Array = NDArray[Any]
WIDTH = 16  # channels of a group from which it stays alone; measured with 2 to 16


def merging(at: Geometry, channels: int) -> tuple[int, Geometry]:
    """Return how many groups are taken as one, and the geometry of such a one."""
    wide = max(1, channels // at.groups)
    r = max(d for d in range(1, max(1, WIDTH // wide) + 1) if at.groups % d == 0)
    return r, replace(at, groups=1)


def merged(weights: Array, r: int, at: Geometry) -> Array:
    """Put weights (groups, k * c, o) side by side: (groups / r, k * r * c, r * o), with zeros."""
    groups, _, o = weights.shape
    k = math.prod(at.kernel)
    apart = weights.reshape(groups // r, r, k, -1, o)
    c = apart.shape[3]
    wide = np.zeros((groups // r, k, r, c, r, o), weights.dtype)
    for i in range(r):
        wide[:, :, i, :, i] = apart[:, i]
    return wide.reshape(groups // r, k * r * c, r * o)


def diagonal(total: Array, r: int, at: Geometry) -> Array:
    """Take what belongs to single groups out of (groups / r, k * r * c, r * o): the adjoint."""
    k = math.prod(at.kernel)
    count, width, o = len(total), total.shape[1] // (k * r), total.shape[2] // r
    wide = total.reshape(count, k, r, width, r, o)
    apart = np.stack([wide[:, :, i, :, i] for i in range(r)], axis=1)
    return apart.reshape(count * r, k * width, o)
