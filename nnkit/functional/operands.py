"""What functional operations share: arguments of one floating dtype, a name, a reduction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core import custom_op
from autograd_core.dispatch import Layered, raw, trace_of
from autograd_core.errors import ArgumentError, DtypeError, describe
from autograd_core.live import live

__all__ = [
    "as_array",
    "as_dtype",
    "as_float",
    "check_reduction",
    "everything",
    "is_batched",
    "judge_extent",
    "operation",
    "reduced",
]


def operation(name: str, f: Callable[..., Any], **rules: Any) -> Callable[..., Any]:
    """Register an operation of ours, `custom_op(f, **rules)`, under the name that people know."""
    f.__name__ = f.__qualname__ = name
    return custom_op(f, **rules)


def as_array(x: Any) -> Any:
    """Return arrays and Tensors as they are, and make an array of anything else."""
    return x if isinstance(x, (Layered, np.ndarray)) else np.asarray(x)


def as_dtype(x: Any, dtype: np.dtype[Any], what: str) -> Any:
    """Return `x` as an array or Tensor of `dtype`; `what` names it in the error.

    A model keeps the dtype of its parameters: numbers of another kind are cast to it, so that
    float64 data (NumPy's default) do not make a float32 model calculate in float64.
    """
    x = as_array(x)
    have = x.dtype
    if have is dtype or have == dtype:
        return x
    if dtype.kind in "iub" and have.kind in "fc":  # to cast it would cut off its fractions
        raise DtypeError(
            f"{what} holds {have}, the parameters {dtype}: convert these with .astype({have})."
        )
    if have.kind not in "fiub" and not have.kind == dtype.kind == "c":
        raise DtypeError(
            f"{what} must hold real numbers, got {describe(x)}. Convert it to {dtype} first."
        )
    return x.astype(dtype)


def as_float(x: Any, what: str) -> Any:
    """Return `x` as an array or Tensor of floating point numbers; integers are refused."""
    x = as_array(x)
    if x.dtype.kind not in "fc":
        raise DtypeError(
            f"{what} must hold floating point numbers, got {describe(x)}. Convert it with "
            f".astype(np.float32)."
        )
    return x


def everything(x: Any) -> Any:
    """Return the plain array; under vmap that of all examples together."""
    while isinstance(x, Layered):
        trace_of(x)
        x = x._value
    return x


def judged_extent(x: Any, judge: Callable[[Any, Any], None]) -> None:
    """Give the smallest and the largest value to a function that raises an error if they are wrong;
    under vmap, of all examples together.
    """
    values = everything(x)
    judge(values.min(), values.max())


judge_extent = live(judged_extent)


def is_batched(x: Any) -> bool:
    """Whether vmap makes many values at once of x, which cannot be looked at one by one."""
    return isinstance(raw(x), Layered)


def check_reduction(reduction: str, what: str) -> None:
    """Refuse a `reduction` that is none of the three."""
    if reduction not in ("mean", "sum", "none"):
        raise ArgumentError(f"{what}: reduction is 'mean', 'sum' or 'none', got {reduction!r}.")


def reduced(losses: Any, reduction: str) -> Any:
    """Bring the losses of single elements together."""
    if reduction == "mean":
        return losses.mean()
    return losses.sum() if reduction == "sum" else losses
