"""Observers: what may look at a run while it trains. Nothing here knows what a display is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nnkit.training.run import Run

__all__ = ["Observer", "observers"]


class Observer(Protocol):
    """Something that looks at a run. All calls come from the thread that trains.

    `progressed` is called in every step, so it must be fast when there is nothing to do.
    An exception in any of these never stops the training: it is warned about once and the
    observer is dropped.
    """

    def started(self, run: Run) -> None:
        """The run begins."""

    def progressed(self, run: Run) -> None:
        """New values were logged."""

    def waiting(self, run: Run) -> None:
        """The run is paused; called about five times a second."""

    def ended(self, run: Run) -> None:
        """The run is over, in whatever way."""

    def show(self, run: Run) -> None:
        """Show the run again, here and now."""


observers: list[Callable[[Run], Observer | None]] = []
"""Factories of observers; each is asked at the start of a run, and may decline with ``None``."""
