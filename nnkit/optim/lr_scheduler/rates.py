"""What schedules plan and what people change: the learning rates of an optimizer, kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from nnkit.optim.optimizer import Optimizer

__all__ = ["Rates", "rates_of"]


class Rates:
    """For each group the planned learning rate and the factor that a person put on it.

    All schedules of an optimizer share it. They see only planned rates; ``group["lr"]`` is the
    planned rate times the factor. A rate that is not what was written last was changed by a person
    (or the live panel): that sets the factor.
    """

    def __init__(self) -> None:
        self.planned: list[float] = []
        self.factors: list[float] = []
        self.written: list[float] = []

    @contextmanager
    def plan(self, groups: list[dict[str, Any]]) -> Iterator[None]:
        """Let ``group["lr"]`` be the planned rates inside of the `with` block."""
        self.notice(groups)
        for group, planned in zip(groups, self.planned):
            group["lr"] = planned
        try:
            yield
        finally:
            self.planned = [group["lr"] for group in groups]
            self.write(groups)

    def notice(self, groups: list[dict[str, Any]]) -> None:
        """Find out what was changed since rates were written last."""
        for group in groups[len(self.planned) :]:
            self.planned.append(group["lr"])
            self.written.append(group["lr"])
            self.factors.append(1.0)
        for i, group in enumerate(groups):
            # Nothing times 0 is what the person wants; their rate lasts until the next step.
            if group["lr"] != self.written[i] and self.planned[i]:
                self.factors[i] = group["lr"] / self.planned[i]

    def write(self, groups: list[dict[str, Any]]) -> None:
        """Put planned rates times factors into the groups."""
        for group, planned, factor in zip(groups, self.planned, self.factors):
            group["lr"] = planned * factor
        self.written = [group["lr"] for group in groups]

    def accept(self, groups: list[dict[str, Any]]) -> None:
        """Take the rates in the groups, factors included, as planned."""
        for i, (group, factor) in enumerate(zip(groups, self.factors)):
            self.written[i] = group["lr"]
            if factor:
                self.planned[i] = group["lr"] / factor


NOTES: WeakKeyDictionary[Optimizer, Rates] = WeakKeyDictionary()


def rates_of(optimizer: Optimizer) -> Rates:
    """Return the notes about an optimizer that all its schedules share."""
    return NOTES.setdefault(optimizer, Rates())
