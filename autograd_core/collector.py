"""Python's cycle collector, asked for patience while a long calculation is recorded.

Whenever a quarter more objects are alive than at the last time, the collector walks through all of
them; so it visits a node of a long graph about five times before the backward pass, and finds
nothing: nodes hold their parents, and there are no cycles. While more and more nodes are recorded
it is asked to wait until there are several times as many. The backward pass takes the wish back.
"""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Callable

__all__ = ["PATIENCE", "expect_fewer", "numbers"]

MANY = 1 << 14  # nodes between two looks
YOUNG = 700 * 11  # objects, more than which are new when the collector has looked at the young ones
FURTHER = 4  # times as many objects, before all are walked through again

FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()


class Patience:
    """What the collector was asked for, and what is known of the calculation."""

    def __init__(self) -> None:
        self.own: tuple[int, int, int] | None = None  # the thresholds that were there before
        self.asked: tuple[int, int, int] | None = None
        self.passes = (0, 0)  # of the collector: over the young, over all
        self.recorded = 0  # nodes, one look after the other
        self.longest = 0  # the nodes of the last calculation, or up to the last walk through all

    def look(self) -> None:
        """Take note that `MANY` more nodes were recorded; ask, if they are all still there."""
        _, young, whole = (s["collections"] for s in gc.get_stats())
        before, self.passes = self.passes, (young, whole)
        if young + whole == sum(before):
            return self.end()
        self.recorded += MANY
        if self.recorded == MANY:  # since the look before that one, anything may have happened
            return
        if whole > before[1]:
            self.longest = max(self.longest, self.recorded)
        now = gc.get_threshold()
        if self.own is None or now != self.asked:
            self.own = now
        first, second, third = self.own
        wanted = max(third, self.longest // YOUNG) * FURTHER
        if first and third and now[2] < wanted:
            self.asked = first, second, wanted
            gc.set_threshold(*self.asked)

    def end(self) -> None:
        """Give the collector its own thresholds back, unless somebody else has set others."""
        self.longest, self.recorded = self.recorded, 0
        if self.own is not None and gc.get_threshold() == self.asked:
            gc.set_threshold(*self.own)
        self.own = self.asked = None


PATIENCE = Patience()


def numbers(count: itertools.count[int]) -> Callable[[], int]:
    """Return a function that gives the next numbers of `count`, as many as until the next look."""
    if FREE_THREADED:  # the collector of those walks through everything each time
        return count.__next__
    return itertools.islice(count, MANY).__next__


def expect_fewer() -> None:
    """Take note that a backward pass begins, which lets go of one node after the other."""
    if PATIENCE.recorded:
        PATIENCE.end()
