"""What the distributions share: standardised arguments, and supports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import as_float

__all__ = ["LOG_ROOT_TWO_PI", "ROOT_TWO_PI", "on_support", "standard"]

ROOT_TWO_PI = float(np.sqrt(2 * np.pi))
LOG_ROOT_TWO_PI = float(np.log(ROOT_TWO_PI))


def standard(x: Any, loc: Any, scale: Any) -> tuple[Any, Any]:
    """Return (x - loc) / scale and the scale, both as arrays."""
    scale = as_float(scale)
    return (as_float(x) - as_float(loc)) / scale, scale


def on_support(f: Callable[[Any], Any], z: Any, inside: Any, outside: Any, somewhere: float) -> Any:
    """Return f(z) where z is inside the support, and `outside` elsewhere, without a gradient.

    `somewhere` is a point of the support, in whose place f is evaluated there.
    """
    y = np.where(inside, f(np.where(inside, z, somewhere)), outside)
    return y[()] if isinstance(y, np.ndarray) else y
