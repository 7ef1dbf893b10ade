"""Line: what a run says in a terminal, at most one line every few seconds."""

from __future__ import annotations

import time

from nnkit.training.run import Run

__all__ = ["Line"]

INTERVAL = 5.0  # seconds


class Line:
    """The observer that prints where a run stands, now and then and at the end."""

    def __init__(self) -> None:
        self._due = 0.0
        self.summary = ""

    def started(self, run: Run) -> None:
        """Wait for the first interval to pass."""
        self.summary = _words(run)
        self._due = time.monotonic() + INTERVAL

    def progressed(self, run: Run) -> None:
        """Print a line if it is time."""
        if time.monotonic() >= self._due:
            self.show(run)

    def waiting(self, run: Run) -> None:
        """Say nothing: whoever paused the run knows."""

    def ended(self, run: Run) -> None:
        """Print the last line."""
        self.show(run)

    def show(self, run: Run | None = None) -> None:
        """Print where the run stands, or without one what was last printed."""
        if run is not None:
            self.summary = _words(run)
            self._due = time.monotonic() + INTERVAL
        print(self.summary)


def _words(run: Run) -> str:
    history = run.history
    total = f"/{run.total}" if run.total else ""
    values = [f"{name} {history.last(name):.4g}" for name in history.names if "/" not in name]
    return "  ".join([f"{run.status}: step {run.step}{total}", *values])
