"""Who else holds an array: what nobody else holds may be overwritten, and need not be watched."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

__all__ = ["TRACE_ALONE", "holds_array_alone", "is_shared", "trace_holders"]


def holders(x: Any) -> int:
    """Count who holds the array of x."""
    return sys.getrefcount(x._value)


def trace_holders(x: Any) -> int:
    """Count who holds the trace of x: the Tensor, graphs, and this function itself."""
    return sys.getrefcount(x._trace)


def base_holders(x: Any) -> int:
    """Count who holds the array that the array of x is a view of."""
    return sys.getrefcount(x._value.base)


class Probe:
    """Something that holds an array (a view of another one), and a trace, alone."""

    __slots__ = ("_trace", "_value")

    def __init__(self) -> None:
        self._value = np.empty(1)[:]
        self._trace = object()


ALONE, TRACE_ALONE, BASE_ALONE = holders(Probe()), trace_holders(Probe()), base_holders(Probe())
"""The counts where nobody else does; they differ between versions of Python."""


def is_shared(x: Any) -> bool:
    """Whether somebody else holds the array of x, or the memory that it is a view of."""
    if holders(x) > ALONE:
        return True
    if getattr(x._value, "base", None) is None:
        return False
    if not isinstance(x._value.base, np.ndarray) or x._value.base.base is not None:
        return True  # the memory of another library
    return base_holders(x) > BASE_ALONE


def holds_array_alone(x: Any) -> bool:
    """Whether the array of x may be overwritten without anybody noticing."""
    value = x._value
    if value.__class__ is not np.ndarray or value.base is not None:
        return False
    del value
    return holders(x) == ALONE
