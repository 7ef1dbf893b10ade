"""What schedules plan and what people change: the learning rates of an optimizer, kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from weakref import WeakKeyDictionary

from nnkit.optim.optimizer import Optimizer

__all__ = ["Rates", "rates_of"]

Groups = list[dict[str, Any]]

MOST = 2.0
"""A larger factor does not hold above the rate that was set by hand: turned up where the plan is
next to 0, it would make the next rise of the plan a disaster."""


@dataclass
class Rate:
    """The learning rate of one group: what is planned, and what a person made of it."""

    planned: float
    written: float
    factor: float = 1.0
    chosen: float = 0.0

    def notice(self, lr: float) -> None:
        """Take a rate that is not what was written last as a person's wish."""
        # No factor makes a rate of 0: then the wish lasts until the next step.
        if lr != self.written and self.planned:
            self.chosen = self.written = float(lr)
            self.factor = self.chosen / self.planned

    def result(self) -> float:
        """Return the rate to use."""
        lr = self.planned * self.factor
        if self.factor > MOST:
            lr = min(lr, max(self.chosen, MOST * self.planned))
        return lr


class Rates:
    """The rates of all groups of an optimizer; all its schedules share it, and see only plans."""

    def __init__(self) -> None:
        self.rates: list[Rate] = []

    def notice(self, groups: Groups) -> None:
        """Find out what was changed since rates were written last."""
        for rate, group in zip(self.rates, groups):
            rate.notice(group["lr"])
        self.rates += [Rate(group["lr"], group["lr"]) for group in groups[len(self.rates) :]]

    @contextmanager
    def plan(self, groups: Groups) -> Iterator[None]:
        """Let ``group["lr"]`` be the planned rates inside of the `with` block."""
        self.notice(groups)
        for group, rate in zip(groups, self.rates):
            group["lr"] = rate.planned
        try:
            yield
        finally:
            for group, rate in zip(groups, self.rates):
                rate.planned = group["lr"]
                group["lr"] = rate.written = rate.result()

    def begin(self, groups: Groups) -> None:
        """Begin with the rates as they are; those set by hand are the first of a new plan."""
        for group, rate in zip(groups, self.rates):
            if group["lr"] != rate.written:
                group["initial_lr"] = rate.planned = rate.written = group["lr"]
                rate.factor = 1.0

    def accept(self, groups: Groups) -> None:
        """Take the rates in the groups, factors included, as planned."""
        for group, rate in zip(groups, self.rates):
            rate.written = group["lr"]
            if rate.factor:
                rate.planned = group["lr"] / rate.factor

    def state(self) -> list[dict[str, float]]:
        """Return what is to be saved."""
        return [asdict(rate) for rate in self.rates]

    def load(self, state: list[dict[str, float]]) -> None:
        """Take over what was saved."""
        self.rates = [Rate(**rate) for rate in state]


NOTES: WeakKeyDictionary[Optimizer, Rates] = WeakKeyDictionary()


def rates_of(optimizer: Optimizer) -> Rates:
    """Return the notes about an optimizer that all its schedules share."""
    return NOTES.setdefault(optimizer, Rates())
