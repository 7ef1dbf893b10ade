"""Holding back Ctrl-C (Jupyter's Interrupt) for the moment in which weights are written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

# signal.signal is a Python function around this one that looks up enums for 3 us; an update of a
# small model takes not much longer.
from _signal import getsignal as get_handler
from _signal import signal as set_handler

__all__ = ["Uninterrupted"]

Handler = Callable[[int, FrameType | None], Any]


class Uninterrupted:
    """A `with` block that an interrupt cannot end half-way: it comes through right after it.

    Only the main thread ever receives interrupts, so only there something is done.
    """

    __slots__ = ("_arrived", "_previous")

    def __init__(self) -> None:
        self._previous: Handler | None = None
        self._arrived: tuple[int, FrameType | None] | None = None

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self._arrived = (number, frame)

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            handler = get_handler(signal.SIGINT)
            if callable(handler):
                self._previous = handler
                set_handler(signal.SIGINT, self._remember)

    def __exit__(self, *exc: object) -> None:
        if self._previous is not None:
            set_handler(signal.SIGINT, self._previous)
            if self._arrived is not None:
                self._previous(*self._arrived)
