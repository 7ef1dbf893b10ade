"""Arguments as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import operand_of, raw

__all__ = ["as_array", "as_float", "values_of"]


def as_array(x: Any) -> Any:
    """Make an array of a number or a list, also of Tensors; leave arrays and Tensors."""
    return operand_of(x)


def as_float(x: Any) -> Any:
    """Make an array of floating point numbers; leave Tensors."""
    x = operand_of(x)
    return x.astype(float) if x.dtype.kind in "iub" else x


def values_of(x: Any) -> Any:
    """Return the plain values of x to look at, None under vmap, where they cannot be read."""
    x = raw(x)
    return x if isinstance(x, (np.ndarray, np.generic)) else None
