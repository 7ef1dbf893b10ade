"""Indices that are filled again: a rule keeps copies of the places that its function was told."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import rules as _rules  # noqa: F401 (their rows come first)
from .anomaly import watchers
from .guard import is_private
from .kernels import getitem, setitem
from .table import RULES

__all__ = ["keep_places"]


def unwritten(x: Any) -> Any:
    """Copy the arrays and lists of an index, which the user may write before backward."""
    if type(x) is np.ndarray:
        return x.copy() if x.flags.writeable or not is_private(x) else x
    return type(x)(map(unwritten, x)) if type(x) in (list, tuple) else x


def keep_places(f: Any) -> None:
    """Let the rule of a function keep copies; a copy costs less than to compare afterwards."""
    row = RULES[f]
    known = row.check

    def check(settings: dict) -> dict:
        settings = known(settings)
        if watchers:  # `compile` notes all writes itself
            return settings
        return {key: unwritten(value) for key, value in settings.items()}

    row.check = check  # type: ignore[method-assign]


for f in (getitem, setitem, np.take, np.repeat):
    keep_places(f)
