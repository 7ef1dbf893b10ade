"""Arguments as arrays."""

from __future__ import annotations

from typing import Any

from ..dispatch import operand_of

__all__ = ["as_array", "as_float"]


def as_array(x: Any) -> Any:
    """Make an array of a number or a list, also of Tensors; leave arrays and Tensors."""
    return operand_of(x)


def as_float(x: Any) -> Any:
    """Make an array of floating point numbers; leave Tensors."""
    x = operand_of(x)
    return x.astype(float) if x.dtype.kind in "iub" else x
