"""Suggestions: where on the curve of a learning-rate range test a good learning rate lies."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["RULES", "averaged", "suggest"]

Floats = NDArray[np.float64]
Rule = Callable[[Floats, Floats, Floats], float | None]

FEWEST = 10  # points from which something can be suggested
WARM_UP = 0.1  # share of the steps at the beginning that suggestions do not look at
LAST = 5  # steps at the end that they do not look at either, as in fastai
DECAY = 0.9  # of the running average of the losses


def averaged(losses: Floats) -> Floats:
    """Return the running average, with the weights of what is there adding up to 1."""
    result, total, weight = np.empty_like(losses), 0.0, 0.0
    for i, loss in enumerate(losses.tolist()):
        total = DECAY * total + (1 - DECAY) * loss
        weight = DECAY * weight + (1 - DECAY)
        result[i] = total / weight
    return result


def suggest(lrs: Floats, losses: Floats, rule: Rule) -> float | None:
    """Apply a rule to the part of the curve that says something: down to the lowest point."""
    n, average = len(losses), averaged(losses)
    if n < FEWEST:
        return None
    first, last = int(WARM_UP * n), n - LAST if n > 6 * LAST else n
    smoothed = average[first:last]
    lowest = int(np.argmin(smoothed))
    if not falls(smoothed[: lowest + 1], losses[first : first + lowest + 1]):
        return None
    part = slice(first, first + lowest + 1)
    lr = rule(lrs[part], average[part], losses[part])
    return None if lr is None else float(f"{lr:.3g}")


def falls(smoothed: Floats, losses: Floats) -> bool:
    """Whether the running average falls, and by more than the noise of the batches in it."""
    if len(losses) < 3:
        return False
    of_one = float(np.std(np.diff(losses))) / math.sqrt(2)
    noise = of_one * math.sqrt((1 - DECAY) / (1 + DECAY))
    return bool(smoothed[0] - smoothed[-1] > max(2 * noise, 1e-3 * abs(smoothed[0])))


def minimum(lrs: Floats, _smoothed: Floats, _losses: Floats) -> float | None:
    """Return a tenth of the rate at the lowest loss."""
    return float(lrs[-1]) / 10


def valley(lrs: Floats, smoothed: Floats, _losses: Floats) -> float | None:
    """Return the rate at the middle of the longest decreasing subsequence."""
    n = len(smoothed)
    length, before = np.ones(n, int), np.full(n, -1)
    for i in range(1, n):
        higher = np.where(smoothed[:i] > smoothed[i], length[:i], 0)
        j = int(np.argmax(higher))
        if higher[j]:
            length[i], before[i] = higher[j] + 1, j
    i, members = int(np.argmax(length)), list[int]()
    while i >= 0:
        members.append(i)
        i = int(before[i])
    return float(lrs[members[len(members) // 2]]) if len(members) > 2 else None


def steep(lrs: Floats, _smoothed: Floats, losses: Floats) -> float | None:
    """Return the rate at the steepest fall of the losses, averaged without a running delay."""
    n = len(losses)
    if n < 3:
        return None
    places = np.arange(n)
    weights = np.exp(-0.5 * ((places[:, None] - places) / max(0.05 * n, 0.5)) ** 2)
    slopes = np.gradient(weights @ losses / weights.sum(1), np.log(lrs))
    i = int(np.argmin(slopes))
    return float(lrs[i]) if slopes[i] < 0 else None


RULES: dict[str, Rule] = {
    "minimum": minimum,
    "valley": valley,
    "steep": steep,
}
