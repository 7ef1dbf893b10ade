"""Rows that are read late: those for SciPy, when the first ufunc of its is met.

So plain `scipy.special.gammaln(x)` differentiates, and nobody imports SciPy who does not use it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .table import CONSTANTS, RULES

__all__ = ["read_late_rows"]


def read_late_rows(f: Callable[..., Any]) -> bool:
    """Read the rows for SciPy if it was imported; say whether one for `f` came with them."""
    if not isinstance(f, np.ufunc) or "scipy.special" not in sys.modules:
        return False
    importlib.import_module(f"{__package__}.rules.scipy")
    return f in RULES or f in CONSTANTS
