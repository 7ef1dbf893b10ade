"""Budget: looking at a training only as often as a given share of its time allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from autograd_core.errors import ArgumentError

__all__ = ["Budget"]


class Budget:
    """Says at which steps to look, and keeps count of what the looks cost.

    The steps 1, 2, 4, 8, ... are always looked at. Time is the CPU time of the training thread.

    Parameters
    ----------
    share : float
        Share of the training time that looking may take, in (0, 1].
    what : str
        The caller, for the errors.

    Attributes
    ----------
    steps, samples : int
        Steps begun, and looked at.

    Raises
    ------
    ArgumentError
        If `share` is out of range.
    """

    def __init__(self, share: float, what: str) -> None:
        if not 0 < share <= 1:
            raise ArgumentError(
                f"{what}: budget is a share of the training time in (0, 1]; got {share!r}."
            )
        self.steps = self.samples = 0
        self._share = share
        self._next = 1
        self._began = time.thread_time()
        self._spent = self._elapsed = 0.0

    def pause(self) -> None:
        """Let no time pass until `resume`."""
        self._elapsed = time.thread_time() - self._began

    def resume(self) -> None:
        """Go on after a pause."""
        self._began = time.thread_time() - self._elapsed

    def begin_step(self) -> bool:
        """Count a step; return whether it is to be looked at."""
        self.steps += 1
        return self.steps >= self._next

    def measured(self, part: Callable[[], None]) -> None:
        """Do a part of a look, and add its time to what was spent."""
        began = time.thread_time()
        try:
            part()
        finally:
            self._spent += time.thread_time() - began

    def end_look(self) -> None:
        """Work out when to look next: once the time saved up pays for one more look.

        Planned ahead in steps, so that a step that is not looked at costs nothing to speak of.
        """
        self.samples += 1
        per_step = (time.thread_time() - self._began) / self.steps
        wanted = self._spent * (1 + 1 / self.samples)
        affordable = math.ceil(wanted / max(self._share * per_step, 1e-12))
        power_of_two = 1 << self.steps.bit_length()
        self._next = max(self.steps + 1, min(affordable, power_of_two))
