"""Programs as people write them in a notebook: functions and loops at the top level.

Each leaves its `result`, a list of arrays. `wrap` decorates what may be compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nnkit as nn

compiled: list[Any] = []
is_compiling = False


def wrap(f: Callable[..., Any]) -> Any:
    """Compile a function, or leave it."""
    if not is_compiling:
        return f
    compiled.append(nn.compile(f))
    return compiled[-1]
