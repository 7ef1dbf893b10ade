"""Witness: sees what a function of the user's does besides calculating, which a recording would not
do again.
"""

from __future__ import annotations

import io
import sys
import time
from types import FrameType
from typing import Any, Self

from autograd_core.anomaly import is_of_library, user_line

__all__ = ["Witness", "is_observed"]

EFFECTS = {print: "prints", input: "asks for input", open: "opens a file", breakpoint: "stops"}
CLOCKS = {f for f in vars(time).values() if callable(f)}


def is_observed() -> bool:
    """Whether a debugger or a profiler looks at each line or call of this thread."""
    monitoring = getattr(sys, "monitoring", None)  # Python 3.12
    tools = () if monitoring is None else map(monitoring.get_tool, range(3))
    return sys.gettrace() is not None or sys.getprofile() is not None or any(tools)


class Witness:
    """A context that finds the first call of printing, files, logging or the clock in user code.

    Attributes
    ----------
    reason : str or None
        What was done, and in which line.
    """

    reason: str | None = None

    def __enter__(self) -> Self:
        sys.setprofile(self._look)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.setprofile(None)

    def _look(self, frame: FrameType, event: str, arg: Any) -> None:
        if self.reason is not None:
            return
        what, caller = None, frame
        if event == "c_call":
            what = effect_of(arg)
        elif event == "call" and is_logging(frame) and frame.f_back is not None:
            what, caller = "logs", frame.f_back
        if what is not None and not is_of_library(caller.f_code.co_filename):
            self.reason = f"it {what} ({user_line(caller)})"


def effect_of(function: Any) -> str | None:
    """Say what a built-in function does besides calculating."""
    try:
        if function in CLOCKS:
            return "looks at the clock"
        known = EFFECTS.get(function)
    except TypeError:  # a method of something that cannot be hashed
        return None
    if known is None and isinstance(getattr(function, "__self__", None), io.IOBase):
        return "writes to a file"
    return known


def is_logging(frame: FrameType) -> bool:
    """Whether a function of the module logging has just been called."""
    return frame.f_globals.get("__name__") == "logging"
