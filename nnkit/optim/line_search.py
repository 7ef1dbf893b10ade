"""Line search: how far to go along a direction, by the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Point", "strong_wolfe"]

Array = NDArray[Any]


@dataclass
class Point:
    """What is known at a step length: loss, gradient, and the slope along the direction."""

    t: float
    loss: float
    grad: Array
    slope: float

    def __post_init__(self) -> None:
        if math.isnan(self.loss):
            self.loss = math.inf  # so it is never the best one

    @property
    def is_finite(self) -> bool:
        """Whether loss and slope are finite numbers."""
        return math.isfinite(self.loss) and math.isfinite(self.slope)


class StrongWolfe:
    """The conditions: the loss falls by c1 of what the slope promises, the slope to c2 of it."""

    def __init__(self, start: Point, c1: float = 1e-4, c2: float = 0.9) -> None:
        self.start, self.c1, self.c2 = start, c1, c2

    def falls(self, point: Point) -> bool:
        """Whether the loss is low enough (Armijo)."""
        return point.loss <= self.start.loss + self.c1 * point.t * self.start.slope

    def is_flat(self, point: Point) -> bool:
        """Whether the slope is small enough."""
        return abs(point.slope) <= -self.c2 * self.start.slope


def strong_wolfe(
    evaluate: Callable[[float], Point],
    start: Point,
    t: float,
    longest: float,
    tolerance: float = 1e-9,
    most: int = 25,
) -> tuple[Point, int]:
    """Find a step length with a lower loss and a flatter slope.

    Parameters
    ----------
    evaluate : callable
        Returns the `Point` at a step length.
    start : Point
        That at 0; its slope is negative.
    t : float
        The first step length to try.
    longest : float
        The largest number of the direction: an interval times it is a change of the parameters.
    tolerance : float, default 1e-9
        A smaller change is not worth going on.
    most : int, default 25
        After so many more evaluations the best point so far is taken.

    Returns
    -------
    Point, int
        The point, and how many times `evaluate` was called.

    References
    ----------
    J. Nocedal, S. Wright, "Numerical Optimization", 2nd edition, 2006; algorithms 3.5 and 3.6. M.
    Schmidt, minFunc, 2005 (the safeguards).
    """
    wolfe = StrongWolfe(start)
    ends, evaluations, done = find_interval(evaluate, wolfe, t, most)
    low, high = ranked(*ends)
    near_an_end = False
    while not done and evaluations <= most and abs(high.t - low.t) * longest >= tolerance:
        t, near_an_end = trial(low, high, near_an_end)
        now = evaluate(t)
        evaluations += 1
        if not wolfe.falls(now) or now.loss >= low.loss:
            low, high = ranked(low, now)
        else:
            done = wolfe.is_flat(now)
            turned = now.slope * (high.t - low.t) >= 0
            low, high = now, low if turned else high
    return low, evaluations


def find_interval(
    evaluate: Callable[[float], Point], wolfe: StrongWolfe, t: float, most: int
) -> tuple[tuple[Point, Point], int, bool]:
    """Go further until the conditions hold, or are sure to hold somewhere in between.

    Returns the ends, the number of evaluations, and whether the search is over.
    """
    before, now = wolfe.start, evaluate(t)
    for i in range(most):
        if not wolfe.falls(now) or (i > 1 and now.loss >= before.loss):
            return (before, now), i + 1, False
        if wolfe.is_flat(now):
            return (now, now), i + 1, True
        if now.slope >= 0:
            return (before, now), i + 1, False
        least, longest = now.t + 0.01 * (now.t - before.t), now.t * 10
        before, now = now, evaluate(lowest_of_cubic(before, now, least, longest))
    return (wolfe.start, now), most + 1, True


def ranked(a: Point, b: Point) -> tuple[Point, Point]:
    """Return the point with the lower loss first."""
    return (a, b) if a.loss <= b.loss else (b, a)


def trial(a: Point, b: Point, was_near_an_end: bool) -> tuple[float, bool]:
    """Return where to evaluate next between two points, and whether that is near one of them.

    Twice near an end would be too little progress; the second time a tenth is gone.
    """
    least, most = min(a.t, b.t), max(a.t, b.t)
    t, margin = lowest_of_cubic(a, b, least, most), 0.1 * (most - least)
    if min(most - t, t - least) >= margin:
        return t, False
    if was_near_an_end or t >= most or t <= least:
        return (most - margin if abs(t - most) < abs(t - least) else least + margin), False
    return t, True


def lowest_of_cubic(a: Point, b: Point, least: float, most: float) -> float:
    """Return where the cubic through two points, with their slopes, is lowest; within limits."""
    if not (a.is_finite and b.is_finite):
        return (least + most) / 2
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return (least + most) / 2
    d2 = math.sqrt(square)
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return float(np.clip(t, least, most))
