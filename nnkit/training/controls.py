"""Controls: the mailbox between whoever steers a run (a panel, another thread) and the training
loop.

A writer only leaves a wish; the loop looks between two steps and acts. So no model, optimizer or
history is ever touched from another thread.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from autograd_core.errors import ArgumentError

__all__ = ["Controls"]


class Controls:
    """Pause, resume, stop and learning rate of a run, as wishes that the loop obeys between two
    steps.

    Every method may be called from any thread and returns at once.

    Attributes
    ----------
    pending : bool
        Whether the loop has anything to look at; the one attribute it reads in every step.

    Examples
    --------
    >>> controls = Controls()
    >>> controls.pause()
    >>> controls.paused
    True
    >>> controls.set_lr(0.01)
    >>> controls.take_lr()
    0.01
    """

    def __init__(self) -> None:
        self.pending = False
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._paused = False
        self._stopped = False
        self._steps = 0
        self._lr: float | None = None

    @property
    def paused(self) -> bool:
        """Whether the run is asked to wait."""
        return self._paused

    @property
    def stopped(self) -> bool:
        """Whether the run is asked to end."""
        return self._stopped

    @property
    def step_granted(self) -> bool:
        """Whether a single step was asked for and not yet taken."""
        return self._steps > 0

    def pause(self) -> None:
        """Ask the loop to wait before its next step."""
        with self._wish():
            self._paused, self._steps = True, 0

    def resume(self) -> None:
        """Ask the loop to go on."""
        with self._wish():
            self._paused, self._steps = False, 0

    def step_once(self) -> None:
        """Ask for one more step and then a pause; asked twice, two steps."""
        with self._wish():
            self._paused, self._steps = True, self._steps + 1

    def stop(self) -> None:
        """Ask the loop to end; what was learned is kept."""
        with self._wish():
            self._stopped = True

    def set_lr(self, lr: float) -> None:
        """Ask for another learning rate; only the newest wish counts.

        Parameters
        ----------
        lr : float
            Finite and not negative.

        Raises
        ------
        ArgumentError
            If `lr` is anything else.
        """
        number = lr if isinstance(lr, (int, float)) and not isinstance(lr, bool) else math.nan
        if not (math.isfinite(number) and number >= 0):
            raise ArgumentError(
                f"The learning rate must be a finite number >= 0, for example 0.01; got {lr!r}."
            )
        with self._wish():
            self._lr = float(number)

    @contextmanager
    def _wish(self) -> Iterator[None]:
        with self._lock:
            yield
            self.pending = True
            self._changed.set()

    def take_lr(self) -> float | None:
        """Return the learning rate asked for since the last call, if any."""
        with self._lock:
            lr, self._lr = self._lr, None
            return lr

    def take_step(self) -> bool:
        """Return whether a single step was asked for, and use that wish up."""
        with self._lock:
            granted = self._steps > 0
            self._steps -= granted
            return granted

    def settle(self) -> None:
        """Let the loop skip its look until the next wish, unless it still has to wait or end."""
        with self._lock:
            self.pending = self._paused or self._stopped or self._lr is not None

    def wait(self, seconds: float) -> None:
        """Sleep until the next wish, at most `seconds`; an interrupt ends the sleep at once."""
        self._changed.wait(seconds)
        self._changed.clear()
