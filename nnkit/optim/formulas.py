"""Formulas that several optimizers share, each in place and without memory of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError

__all__ = ["as_real", "move_towards", "number", "root_mean_square", "with_decay"]

Array = NDArray[Any]


@lru_cache(maxsize=32)
def number(x: float, dtype: np.dtype[Any]) -> Array:
    """Return `x` as an array: NumPy multiplies a small array with it in half the time."""
    array = np.array(x, dtype)
    array.flags.writeable = False
    return array


def with_decay(
    value: Array, grad: Array, group: dict[str, Any], a: Array, b: Array, *, decoupled: bool = False
) -> Array:
    """Return the direction uphill: -g if maximized, plus the decay's share of the parameter.

    Decoupled decay shrinks the parameter itself instead. `a` may hold the result, `b` is used.
    """
    decay = group["weight_decay"]
    if group.get("maximize", False):
        grad = np.negative(grad, out=a)
    if decay and decoupled:
        value *= number(1 - float(group["lr"]) * decay, value.dtype)
    elif decay:
        np.multiply(value, number(decay, value.dtype), out=b)
        grad = np.add(b, grad, out=a)
    return grad


def move_towards(mean: Array, x: Array, share: float, b: Array) -> None:
    """Calculate ``mean += share * (x - mean)``; `b` is used."""
    np.subtract(x, mean, out=b)
    b *= number(share, mean.dtype)
    mean += b


def root_mean_square(x: Array) -> float:
    """Return sqrt(mean(x^2)) without an array of squares."""
    flat = x.reshape(-1)
    return float(np.sqrt(np.vdot(flat, flat) / max(1, x.size)))


def as_real(x: Array) -> Array:
    """View complex numbers as pairs of real ones, along the last axis."""
    if not x.flags.c_contiguous:
        raise ArgumentError(
            "an optimizer changes complex parameters as pairs of real numbers, which needs them "
            "in one piece of memory: write p.data = np.ascontiguousarray(p.data)."
        )
    return np.atleast_1d(x).view(x.real.dtype)
