"""What a step may change, kept to bring it back, and to compare."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .dispatch import Layered, raw
from .reach import Reach

__all__ = ["Snapshot", "is_close"]

FEW = 16.0  # the root of the number of terms of which EXACT is true
EXACT: dict[str, float] = {"f": 2e-6, "d": 1e-12, "F": 2e-6, "D": 1e-12, "e": 1e-3}


class Snapshot:
    """What a step may change: arrays, objects whose methods it calls, generators, gradients."""

    def __init__(self, arrays: list, lives: list, generators: list, sinks: list) -> None:
        inside = Reach(*(v for x in lives for v in vars(x).values())).owners
        every = {id(a): a for a in arrays} | inside
        self.arrays = [(a, a.copy()) for a in every.values()]
        self.asked = self.arrays[: len({id(a) for a in arrays})]
        self.lives = [(x, copied(vars(x))) for x in lives]
        self.generators = [(g, g.bit_generator.state) for g in generators]
        self.grads = [(sink, sink.grad) for sink in sinks]

    def is_as_now(self, terms: int) -> bool:
        """Whether arrays and gradients are what they were, up to the last digits."""
        pairs = [*self.asked, *((sink.grad, grad) for sink, grad in self.grads)]
        return all(is_close(now, old, terms) for now, old in pairs)

    def restore(self) -> None:
        """Bring all back."""
        for a, old in self.arrays:
            a[...] = old
        for x, old in self.lives:
            refill(vars(x), old)
        for g, state in self.generators:
            g.bit_generator.state = state
        for sink, grad in self.grads:
            sink.grad = grad


def copied(tree: Any) -> Any:
    """Copy the dicts and lists of an object's attributes; other things stay."""
    if type(tree) is dict:
        return {k: copied(v) for k, v in tree.items()}
    if type(tree) is list:
        return [copied(v) for v in tree]
    return tree


def refill(now: Any, old: Any) -> Any:
    """Give attributes the contents that they had, in the dicts and lists they were in."""
    if type(old) is dict and type(now) is dict:
        for k in [k for k in now if k not in old]:
            del now[k]
        for k, v in old.items():
            now[k] = refill(now.get(k), v)
        return now
    if type(old) is list and type(now) is list:
        now[:] = [refill(now[i] if i < len(now) else None, v) for i, v in enumerate(old)]
        return now
    return old


def is_close(a: Any, b: Any, terms: int) -> bool:
    """Whether two results are the same, up to what sums of so many terms round; to the bit for 0.

    Rounding grows with the square root of the number of terms (N. J. Higham 2002, "Accuracy and
    Stability of Numerical Algorithms", section 4.2).
    """
    if isinstance(a, Layered) or isinstance(b, Layered):
        a, b = raw(a), raw(b)
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(is_close(x, y, terms) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(is_close(a[k], b[k], terms) for k in a)
    if not isinstance(a, (np.ndarray, np.generic)):
        return a is b or bool(a == b) or (a != a and b != b)
    if np.shape(a) != np.shape(b) or a.dtype != b.dtype:
        return False
    if not terms or a.dtype.kind not in "fc":
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))
    scale = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
    scale *= EXACT.get(a.dtype.char, 1e-12) * max(1.0, math.sqrt(terms) / FEW)
    return bool(np.allclose(a, b, rtol=0, atol=scale, equal_nan=True))
