"""Arguments as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import operand_of, raw
from ..errors import ArgumentError, DtypeError, describe

__all__ = ["as_array", "as_arrays", "as_float", "refuse_non_finite", "values_of"]


def as_array(x: Any) -> Any:
    """Make an array of a number or a list, also of Tensors; leave arrays and Tensors."""
    x = operand_of(x)
    if x.dtype.kind not in "biufc":
        raise DtypeError(
            f"the functions of autograd_core.scipy take arrays of numbers, got {describe(x)}. "
            f"Convert it first: np.asarray(x, dtype=float)."
        )
    return x


def as_arrays(x: Any, y: Any) -> tuple[Any, Any]:
    """Make arrays of two arguments; one that is a Python number takes the dtype of the other."""
    plain = [type(v) in (bool, int, float, complex) for v in (x, y)]
    x, y = (v if number else as_array(v) for v, number in zip((x, y), plain, strict=True))
    if plain[0] != plain[1]:
        dtype = np.result_type(x if plain[0] else x.dtype, y if plain[1] else y.dtype)
        x, y = (np.asarray(v, dtype) if n else v for v, n in zip((x, y), plain, strict=True))
    return as_array(x), as_array(y)


def as_float(x: Any) -> Any:
    """Make an array of floating point numbers; leave Tensors."""
    x = as_array(x)
    return x.astype(float) if x.dtype.kind in "iub" else x


def values_of(x: Any) -> Any:
    """Return the plain values of x to look at, None under vmap, where they cannot be read."""
    x = raw(x)
    return x if isinstance(x, (np.ndarray, np.generic)) else None


def refuse_non_finite(name: str, wanted: bool, *arrays: Any) -> None:
    """Refuse NaNs and infinities where values can be read, as SciPy does."""
    for x in map(values_of, arrays if wanted else ()):
        if x is not None and not np.all(np.isfinite(x)):
            raise ArgumentError(
                f"{name} got an array of shape {x.shape} with NaNs or infinities; "
                f"check_finite=False lets them pass"
            )
