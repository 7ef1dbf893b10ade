"""Python's cycle collector, asked for patience while a long calculation is recorded.

The collector looks at each new object once or twice, and walks through all of them whenever there
are a quarter more. In a graph it finds nothing: nodes hold their parents, and there are no cycles.
While more and more nodes are recorded it is asked to wait until there are as many new objects as
the graph has nodes, or as the last one had. At the end of the backward pass, when the nodes are
gone, it gets its own thresholds back.
"""

from __future__ import annotations

import gc
import itertools
import sys
from collections.abc import Callable

__all__ = ["PATIENCE", "expect_fewer", "numbers"]

MANY = 1 << 12  # nodes between two looks

FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()


class Patience:
    """What the collector was asked for, and what is known of the calculation."""

    def __init__(self) -> None:
        self.own: tuple[int, int, int] | None = None  # the thresholds that were there before
        self.asked: tuple[int, int, int] | None = None
        self.passes = self.new = 0  # of the collector, and the objects since its last one
        self.recorded = 0  # nodes, one look after the other
        self.longest = 0  # the nodes of the last calculation

    def look(self) -> None:
        """Take note that `MANY` more nodes were recorded; ask, if they are all still there."""
        passes, new = sum(s["collections"] for s in gc.get_stats()), gc.get_count()[0]
        grown = passes > self.passes or new - self.new > MANY // 2
        self.passes, self.new = passes, new
        if not grown:
            return self.end()
        self.recorded += MANY
        if self.recorded == MANY:  # since the look before that one, anything may have happened
            return
        now = gc.get_threshold()
        if self.own is None or now != self.asked:
            self.own = now
        wanted = max(self.own[0], self.longest, self.recorded)
        if 0 < now[0] < wanted:
            self.asked = wanted, *self.own[1:]
            gc.set_threshold(*self.asked)

    def end(self) -> None:
        """Give the collector its own thresholds back, unless somebody else has set others."""
        self.longest, self.recorded, self.new = self.recorded, 0, gc.get_count()[0]
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
    """Take note that a backward pass has let go of one node after the other."""
    if PATIENCE.recorded:
        PATIENCE.end()
