"""Ctrl-C (Jupyter's Interrupt) during training: it waits for a moment at which nothing is half
done, so that a training that goes on later goes on exactly.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Self

__all__ = ["Interrupts"]

Handler = Callable[[int, FrameType | None], Any]


class Interrupts:
    """A `with` block that an interrupt ends only where `check` is called, or at its end.

    A second one that arrives before then comes through at once: a step that hangs can still be
    left. Only the main thread ever receives interrupts, so elsewhere nothing is done.

    Examples
    --------
    >>> from signal import SIGINT, raise_signal
    >>> with Interrupts() as interrupts:
    ...     try:
    ...         raise_signal(SIGINT)
    ...         print("whole")
    ...         interrupts.check()
    ...     except KeyboardInterrupt:
    ...         print("and then interrupted")
    whole
    and then interrupted
    """

    def __init__(self) -> None:
        self._previous: Handler | None = None
        self._arrived: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):
                self._previous = handler
                signal.signal(signal.SIGINT, self._receive)
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            if kind is None:  # an error on its way ends everything anyway
                self.check()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._arrived is None:
            self._arrived = number, frame
        elif self._previous is not None:
            self._arrived = None
            self._previous(number, frame)

    def check(self) -> None:
        """Let an interrupt that has waited come through."""
        if self._arrived is not None and self._previous is not None:
            arrived, self._arrived = self._arrived, None
            self._previous(*arrived)
