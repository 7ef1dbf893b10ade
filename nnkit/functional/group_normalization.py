"""Normalisation of groups of channels in each example, as one fused operation.

Whatever is done to x here is, channel by channel of each example, a sum, a sum of squares or
products, or an affine map; mean, variance and gradients follow from such sums on small arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.channels import per_channel
from nnkit.functional.layer_normalization import standardise_composition
from nnkit.functional.layouts import FAR, seen
from nnkit.functional.operands import operation

__all__ = ["normalising_groups"]

Array = NDArray[Any]


def of_groups(v: Array, groups: int) -> Array:
    """Add up the channels (N, C) of each group: (N, groups)."""
    return v.reshape(len(v), groups, v.shape[1] // groups).sum(axis=2)


def to_channels(v: Array, c: int) -> Array:
    """Repeat the number of a group (N, groups) for each of its channels: (N, C)."""
    return np.repeat(v, c // v.shape[1], axis=1)


def moments(x: Any, groups: int) -> tuple[Array, Array]:
    """Return mean and variance (over n, not n - 1) of the groups, from E[x^2] - mean^2."""
    total, squares = x.sums(x)
    n = math.prod(x.shape[1:]) // groups
    mean = of_groups(total, groups) / n
    return mean, of_groups(squares, groups) / n - mean * mean


def normalise(
    x: Array, weight: Array, bias: Array, *, groups: int, eps: float
) -> tuple[Array, tuple[Any, ...]]:
    """Return y = (x - mean) / sqrt(var + eps) * weight + bias."""
    c = x.shape[1]
    part: Any = seen(x)
    with np.errstate(all="ignore"):
        mean, var = moments(part, groups)
        near = (mean * mean <= FAR * var).all()
    if not near:  # or numbers that are not finite
        shift = to_channels(-mean, c)
        part = part.like(part.affine(np.ones_like(shift), shift))
        mean, var = moments(part, groups)
        var = np.maximum(var, 0)
    inverse = 1.0 / np.sqrt(var + x.dtype.type(eps))
    scale = to_channels(inverse, c) * weight
    y = part.affine(scale, bias - to_channels(mean, c) * scale)
    return y, (part, mean, inverse)


def normalise_vjp(
    g: Array, saved: Any, _x: Any, weight: Array, _bias: Any, *, groups: int, eps: float, needs: Any
) -> tuple[Any, Any, Any]:
    """dL/dx = s (w g - mean(w g) - h mean(w g h)), h = (x - mean) s, s = 1 / sqrt(var + eps)."""
    part, mean, inverse = saved
    c = len(weight)
    n = math.prod(part.shape[1:]) // groups
    cotangent = part.like(g)
    g_sum, g_x = part.sums(cotangent)
    s = to_channels(inverse, c)
    g_h = (g_x - to_channels(mean, c) * g_sum) * s
    grad = None
    if needs[0]:
        first = of_groups(weight * g_sum, groups) / n
        second = of_groups(weight * g_h, groups) / n
        slope = -inverse * inverse * second  # of x, in -s h mean(w g h)
        shift = -inverse * first - slope * mean
        grad = cotangent.affine(s * weight, to_channels(shift, c), part, to_channels(slope, c))
    return grad, g_h.sum(axis=0) if needs[1] else None, g_sum.sum(axis=0) if needs[2] else None


def composition(x: Any, weight: Any, bias: Any, *, groups: int, eps: float) -> Any:
    """Write it in functions that differentiate."""
    rows = x.reshape(x.shape[0] * groups, -1)
    y = standardise_composition(rows, eps=eps).reshape(x.shape)
    return y * per_channel(weight, x.ndim) + per_channel(bias, x.ndim)


normalising_groups = operation(
    "group_norm", normalise, vjp=normalise_vjp, composition=composition, saves=True
)
