"""A progress bar for training, in terminal and notebook, drawn by tqdm."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from nnkit.training.run import Run

__all__ = ["Progress", "progress_bar"]

INTERVAL = 0.1  # seconds between two looks
QUIET = ("PYTEST_VERSION", "PYTEST_CURRENT_TEST")  # also in the kernels that nbval starts


def progress_bar(run: Run, wanted: bool | None) -> None:
    """Let a bar look at a run.

    Parameters
    ----------
    run : Run
    wanted : bool or None
        None draws one where somebody sees it: in a terminal or notebook, if tqdm is installed, and
        nothing else shows the run, and no test is running. True insists, and needs tqdm.

    Raises
    ------
    ImportError
        If it is wanted and tqdm is missing.
    """
    if wanted is False or (wanted is None and (run.is_watched or not somebody_looks())):
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if wanted:
            raise ImportError(
                "fit: progress=True needs the package tqdm: pip install tqdm, or leave it out."
            ) from None
        return
    run.watch(Progress(tqdm))


def somebody_looks() -> bool:
    """Whether output goes to a terminal or a notebook, and not to a test or a file."""
    if any(name in os.environ for name in QUIET):
        return False
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None and hasattr(shell, "kernel"):
        return True
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False


class Progress:
    """The observer that draws the bar: epoch, steps, and the newest numbers."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._due = 0.0

    def started(self, run: Run) -> None:
        """Draw the empty bar."""
        total = None if run.total is None else run.total - run.first_step
        self._bar = self._tqdm(total=total, desc=run.name or "training", unit="step")

    def progressed(self, run: Run) -> None:
        """Move the bar, if it is time."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + INTERVAL
            self._move(run)

    def _move(self, run: Run) -> None:
        history = run.history
        shown = {n: f"{history.last(n):.4g}" for n in history.names if "/" not in n}
        if run.epochs:
            self._bar.set_description(f"epoch {max(run.epoch, 1)}/{run.epochs}", refresh=False)
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update(run.step - run.first_step - self._bar.n)

    def waiting(self, run: Run) -> None:
        """Say nothing: whoever paused the run knows."""

    def ended(self, run: Run) -> None:
        """Leave the bar as it is at the end."""
        self._move(run)
        self._bar.close()

    def show(self, run: Run) -> None:
        """Draw the bar again."""
        self._bar.refresh()
