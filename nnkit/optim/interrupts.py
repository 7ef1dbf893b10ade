"""Holding back Ctrl-C (Jupyter's Interrupt) for the moment in which weights are written."""

from __future__ import annotations

# Not from signal: its functions look up enums around these, for 3 us each, and an update of a
# small model takes little longer.
import _signal  # type: ignore[import-not-found]
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

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
        if threading.get_ident() == threading.main_thread().ident:
            handler = _signal.getsignal(signal.SIGINT)
            if callable(handler):
                self._previous = handler
                _signal.signal(signal.SIGINT, self._remember)

    def __exit__(self, *exc: object) -> None:
        if self._previous is not None:
            _signal.signal(signal.SIGINT, self._previous)
            if self._arrived is not None:
                self._previous(*self._arrived)
