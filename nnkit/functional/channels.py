"""Calculating with one number for each channel of (N, C, ...), at the speed of long rows.

In memory the channels come last (see `correlation`). A factor for each channel would be applied in
runs of C elements, which are short; written out `times` times it is applied in long ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.linear import ones
from nnkit.functional.operands import operation
from nnkit.functional.windows import channels_last

__all__ = ["again", "back", "channel_affine", "per_channel", "sums", "wide"]

Array = NDArray[Any]


def wide(x: Array) -> tuple[Array, int]:
    """See (N, C, ...) as a matrix of rows with all channels several times; and how many times."""
    rows = channels_last(x, ((0, 0),) * (x.ndim - 2))
    c = x.shape[1]
    count = rows.size // max(c, 1)
    times = math.gcd(count, 64) or 1
    return rows.reshape(count // times, times * c), times


def back(rows: Array, shape: tuple[int, ...]) -> Array:
    """See rows as (N, C, ...) again."""
    y = rows.reshape(shape[0], *shape[2:], shape[1])
    return y.transpose(0, -1, *range(1, y.ndim - 1))


def again(v: Array, times: int) -> Array:
    """Write a vector of channels as many times as a row has them; np.tile, with less ado."""
    if times == 1:
        return v
    out = np.empty((times, len(v)), v.dtype)
    out[...] = v
    return out.reshape(-1)


def sums(rows: Array, times: int) -> Array:
    """Add up each channel: products with a vector of ones are far faster than sum(axis=0)."""
    total = np.dot(ones(len(rows), rows.dtype), rows)
    return total if times == 1 else np.add.reduce(total.reshape(times, -1))


def plane_sums(x: Array) -> Array:
    """Add up each channel of an array with long runs of one channel."""
    n, c = x.shape[:2]
    planes = x.reshape(n * c, -1)
    return np.dot(planes, ones(planes.shape[1], x.dtype)).reshape(n, c).sum(axis=0)


def per_channel(v: Any, ndim: int) -> Any:
    """Give a vector of channels the axes of (N, C, ...)."""
    return v.reshape(1, -1, *(1,) * (ndim - 2))


def channels_first(x: Array) -> bool:
    """Whether an array has long runs of one channel in memory, the usual (N, C, ...)."""
    return x.ndim > 2 and x.shape[1] > 1 and x.flags.c_contiguous


def affine(x: Array, scale: Array, shift: Array) -> Array:
    """Return y = scale x + shift, channel by channel."""
    if channels_first(x):
        y = x * per_channel(scale, x.ndim)
        y += per_channel(shift, x.ndim)
        return y
    rows, times = wide(x)
    y = rows * again(scale, times)
    y += again(shift, times)
    return back(y, x.shape)


def affine_vjp(
    g: Array, _y: Any, x: Array, scale: Array, _shift: Any, *, needs: Any
) -> tuple[Any, Any, Any]:
    """dL/dx = scale g, dL/dscale = sum(g x), dL/dshift = sum(g)."""
    if channels_first(g):
        grad = g * per_channel(scale, g.ndim) if needs[0] else None
        return (
            grad,
            plane_sums(g * x) if needs[1] else None,
            plane_sums(g) if needs[2] else None,
        )
    gs, times = wide(g)
    return (
        back(gs * again(scale, times), x.shape) if needs[0] else None,
        sums(gs * wide(x)[0], times) if needs[1] else None,
        sums(gs, times) if needs[2] else None,
    )


def affine_composition(x: Any, scale: Any, shift: Any) -> Any:
    """Write it in functions that differentiate."""
    return x * per_channel(scale, x.ndim) + per_channel(shift, x.ndim)


channel_affine = operation("channel_affine", affine, vjp=affine_vjp, composition=affine_composition)
