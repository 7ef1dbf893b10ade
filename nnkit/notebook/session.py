"""Session: what this kernel shows of its runs, and the panels it has shown."""

from __future__ import annotations

from collections import deque
from typing import Any

from nnkit.notebook.line import Line
from nnkit.notebook.panel import Panel
from nnkit.training import run as run_module
from nnkit.training.run import Observer, Run

__all__ = ["Session", "session"]

KEPT = 8  # panels whose pages may still ask for their points


class Session:
    """The settings of ``%nnkit`` and what became of them.

    Attributes
    ----------
    on : bool
        Whether runs are shown.
    finish : str
        What stays when a run is over: ``"static"`` or ``"live"``, see `Panel`.
    shown : Panel, Line or None
        What showed the newest run.
    """

    def __init__(self) -> None:
        self.on = True
        self.finish = "static"
        self.shown: Panel | Line | None = None
        self._panels: deque[Panel] = deque()

    def begin(self) -> None:
        """Look at every run from now on."""
        if self.observe not in run_module.observers:
            run_module.observers.append(self.observe)

    def end(self) -> None:
        """Look at runs no more."""
        if self.observe in run_module.observers:
            run_module.observers.remove(self.observe)

    def observe(self, run: Run) -> Observer | None:
        """Return what shows this run: a panel in a kernel, a line of text in a terminal."""
        shell = _shell()
        if not self.on or shell is None:
            return None
        self.shown = self._panel() if hasattr(shell, "kernel") else Line()
        return self.shown

    def _panel(self) -> Panel:
        panel = Panel(self.finish)
        self._panels.append(panel)
        # An open panel lives, with its history, as long as the kernel.
        while len(self._panels) > KEPT:
            oldest = self._panels.popleft()
            if oldest.disposable:
                oldest.close()
        return panel


def _shell() -> Any:
    from IPython import get_ipython

    return get_ipython()


session = Session()
