"""What the distributions share: standardised arguments, and supports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DtypeError, describe
from ..arrays import as_float

__all__ = [
    "LOG_ROOT_TWO_PI",
    "ROOT_TWO_PI",
    "on_support",
    "positive",
    "refuse_complex",
    "standard",
]

ROOT_TWO_PI = float(np.sqrt(2 * np.pi))
LOG_ROOT_TWO_PI = float(np.log(ROOT_TWO_PI))


def standard(x: Any, loc: Any, scale: Any) -> tuple[Any, Any]:
    """Return (x - loc) / scale and the scale, both as arrays; NaN for a scale that is none."""
    scale = positive(scale)
    return (as_float(x) - as_float(loc)) / scale, scale


def positive(x: Any) -> Any:
    """Return a scale or a shape as an array, with NaN in the place of what is not positive."""
    x = as_float(x)
    refuse_complex(x)
    return np.where(x > 0, x, np.nan)


def on_support(
    f: Callable[[Any], Any],
    z: Any,
    inside: Any,
    outside: Any,
    somewhere: float,
    shapes: tuple = (),
) -> Any:
    """Return f(z) where z is inside the support, and `outside` elsewhere, without a gradient.

    `somewhere` is a point of the support, in whose place f is evaluated there. Where z or one of
    the shapes is NaN, so is the result.
    """
    refuse_complex(z)
    y = np.where(inside, f(np.where(inside, z, somewhere)), outside)
    for x in (z, *shapes):
        y = np.where(np.isnan(x), np.nan, y)
    return y[()] if isinstance(y, np.ndarray) else y


def refuse_complex(*arrays: Any) -> None:
    """Refuse complex values of what is distributed on a part of the real line."""
    for x in arrays:
        if x.dtype.kind == "c":
            raise DtypeError(f"this distribution is one of real numbers, got {describe(x)}")
