"""Ctrl-C (Jupyter's Interrupt) during training: it waits for the end of a step, so that a training
that goes on later goes on exactly.
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
    """A `with` block inside which ``with interrupts.held:`` is not ended by an interrupt.

    The interrupt comes through at the end of the held part. A second one that arrives before then
    comes through at once: a step that hangs can still be left. Only the main thread ever receives
    interrupts, so elsewhere nothing is done.

    Examples
    --------
    >>> from signal import SIGINT, raise_signal
    >>> with Interrupts() as interrupts:
    ...     try:
    ...         with interrupts.held:
    ...             raise_signal(SIGINT)
    ...             print("whole")
    ...     except KeyboardInterrupt:
    ...         print("and then interrupted")
    whole
    and then interrupted
    """

    def __init__(self) -> None:
        self.held = Held(self)
        self._previous: Handler | None = None
        self._arrived: tuple[int, FrameType | None] | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):
                self._previous = handler
                signal.signal(signal.SIGINT, self._receive)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.held.depth and self._arrived is None:
            self._arrived = number, frame
        elif self._previous is not None:
            self._arrived = None
            self._previous(number, frame)

    def deliver(self) -> None:
        """Let an interrupt that has waited come through."""
        arrived, self._arrived = self._arrived, None
        if arrived is not None and self._previous is not None:
            self._previous(*arrived)


class Held:
    """The part of the block that an interrupt does not end; parts may lie in each other."""

    __slots__ = ("_interrupts", "depth")

    def __init__(self, interrupts: Interrupts) -> None:
        self.depth = 0
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, kind: object, *rest: object) -> None:
        self.depth -= 1
        # While an error is on its way, the training ends anyway.
        if not self.depth and kind is None and self._interrupts._arrived is not None:
            self._interrupts.deliver()
