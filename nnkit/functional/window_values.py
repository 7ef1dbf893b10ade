"""Operations on windows: the largest element, the sum, and the adjoint of the sum."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.operands import operation
from nnkit.functional.windows import BLOCK, Geometry

__all__ = ["all_windows", "largest_op", "places_of_largest", "spreading", "summing"]

Array = NDArray[Any]
BOTH: tuple[Any, Any] = (slice(None), slice(None))


def bordered(x: Array, at: Geometry, value: float) -> Array:
    """Put a border of one value around an array, in the same order in memory."""
    if not any(map(any, at.padding)):
        return x
    out = np.full_like(x, value, shape=(*x.shape[:2], *at.padded))
    out[(*BOTH, *at.inner)] = x
    return out


# --- the largest of each window -------------------------------------------------------------------


def largest(x: Array, *, at: Geometry) -> Array:
    """Y = max over the window."""
    x = bordered(x, at, -np.inf)
    (_, first), *others = at.offsets
    y = x[(*BOTH, *first)].copy(order="K")
    for _, places in others:
        np.maximum(y, x[(*BOTH, *places)], out=y)
    return y


def largest_vjp(g: Array, y: Array, x: Array, *, at: Geometry) -> tuple[Array]:
    """Send g to the first place of each window that holds its largest value."""
    x = bordered(x, at, -np.inf)
    share = np.empty_like(x)
    g = like(g, y)
    apart = all(s >= d * (k - 1) + 1 for s, k, d in zip(at.stride, at.kernel, at.dilation))
    step = max(1, BLOCK // (2 * max(1, x[:1].nbytes)))  # x, share and masks stay in the cache
    for i in range(0, len(x), step):
        some = slice(i, i + step)
        send_to_largest(g[some], y[some], x[some], share[some], at, apart)
    return (share[(*BOTH, *at.inner)],)


def send_to_largest(g: Array, y: Array, x: Array, share: Array, at: Geometry, apart: bool) -> None:
    """Do that for some images: into `share`; no place has two windows if they are `apart`."""
    share.fill(0)
    waiting = np.ones_like(y, dtype=bool)
    for _, places in at.offsets:
        window = share[(*BOTH, *places)]
        here = x[(*BOTH, *places)] == y
        here &= waiting
        waiting ^= here
        if apart:
            np.multiply(here, g, out=window)
        else:
            window += here * g


def like(g: Array, y: Array) -> Array:
    """Bring g into y's order in memory: to work on two orders at once takes four times as long."""
    if g.strides == y.strides:
        return g
    same = np.empty_like(y)
    same[...] = g
    return same


def all_windows(x: Any, at: Geometry) -> Any:
    """Stack the windows along a new last axis."""
    if any(map(any, at.padding)):
        x = np.pad(x, ((0, 0), (0, 0), *at.padding), constant_values=-np.inf)
    return np.stack([x[(*BOTH, *places)] for _, places in at.offsets], axis=-1)


def largest_composition(x: Any, *, at: Geometry) -> Any:
    """Write it in functions that differentiate."""
    windows = all_windows(x, at)
    first = np.argmax(windows, axis=-1)
    return np.take_along_axis(windows, first[..., None], axis=-1)[..., 0]


largest_op = operation("max_pool", largest, vjp=largest_vjp, composition=largest_composition)


def places_of_largest(x: Any, at: Geometry) -> Any:
    """Return where in the flattened input the largest value of each window stands."""
    offset = np.argmax(all_windows(x, at), axis=-1)
    number = np.arange(math.prod(at.size)).reshape(at.size)
    full = np.pad(number, at.padding)
    table = np.stack([full[places] for _, places in at.offsets], axis=-1)
    flat = table.reshape(-1)
    rows = np.arange(math.prod(at.out)).reshape(at.out) * table.shape[-1]
    return flat[offset + rows]


# --- the sum of each window -----------------------------------------------------------------------


def strips(at: Geometry, axis: int) -> list[tuple[slice, ...]]:
    """Return where the elements 0, 1, ... of all windows lie along one axis."""
    k, s, d, n = at.kernel[axis], at.stride[axis], at.dilation[axis], at.out[axis]
    before = (slice(None),) * (2 + axis)
    return [(*before, slice(i * d, i * d + (n - 1) * s + 1, s)) for i in range(k)]


def window_sums(x: Array, *, at: Geometry) -> Array:
    """Add up each window, one axis after the other."""
    x = bordered(x, at, 0.0)
    for axis in range(len(at.size)):
        first, *others = strips(at, axis)
        y = x[first].copy(order="K")
        for strip in others:
            y += x[strip]
        x = y
    return x


def window_spread(y: Array, *, at: Geometry) -> Array:
    """Add each element to all of its window; the adjoint of `window_sums`."""
    for axis in range(len(at.size) - 1, -1, -1):
        shape = (*y.shape[: 2 + axis], at.padded[axis], *y.shape[3 + axis :])
        x = np.zeros_like(y, shape=shape)
        for strip in strips(at, axis):
            target = x[strip]
            target += y
        y = x
    return y[(*BOTH, *at.inner)]


summing: Callable[..., Any] = operation(
    "window_sums",
    window_sums,
    vjp=(lambda g, _y, _x, *, at: spreading(g, at=at),),
    jvp=lambda ts, _y, _x, *, at: summing(ts[0], at=at),
)
spreading: Callable[..., Any] = operation(
    "window_spread",
    window_spread,
    vjp=(lambda g, _y, _x, *, at: summing(g, at=at),),
    jvp=lambda ts, _y, _x, *, at: spreading(ts[0], at=at),
)
