"""Padding: a border of zeros, of a number, or of what the array itself holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.windows import numbers

__all__ = ["pad"]

MODES = ("constant", "reflect", "replicate", "circular")


def pad(input: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Put a border around the last axes of an array.

    Parameters
    ----------
    input : array_like or Tensor
    pad : tuple of int
        How much before and behind, beginning with the LAST axis: (left, right, top, bottom, ...).
        Negative numbers cut off.
    mode : {"constant", "reflect", "replicate", "circular"}, default "constant"
        "reflect" mirrors at the outermost element without repeating it (3 2 | 1 2 3 | 2 1),
        "replicate" repeats it, "circular" goes on at the other end (of what is left, if something
        is cut off).
    value : float, optional
        Of a constant border, 0 by default.

    Returns
    -------
    array or Tensor

    Raises
    ------
    ArgumentError
        If `pad` is not pairs of whole numbers or the mode is not known.
    ShapeError
        If the array has too few axes, or is too short for what is to be mirrored or repeated.

    Examples
    --------
    >>> pad(np.array([[1.0, 2.0, 3.0]]), (1, 2), mode="reflect")
    array([[2., 1., 2., 3., 2., 1.]])
    """
    x = numbers(input, "the input of pad")
    widths = pairs(pad, x.ndim, x.shape)
    if mode not in MODES:
        raise ArgumentError(f"pad: mode is {', '.join(map(repr, MODES))}; got {mode!r}.")
    if value is not None and mode != "constant":
        raise ArgumentError(f"pad: value={value!r} is for mode='constant'; mode is {mode!r}.")
    border = [(max(a, 0), max(b, 0)) for a, b in widths]
    if mode == "circular":  # it goes on at the other end of what is left
        x = cut_off(x, widths)
    if mode != "constant":
        for axis, (a, b) in enumerate(border):
            if a or b:
                x = np.concatenate(bordered(x, axis, a, b, mode), axis=axis)
    elif any(map(any, border)):
        x = np.pad(x, border) if not value else np.pad(x, border, constant_values=value)
    return x if mode == "circular" else cut_off(x, widths)


def cut_off(x: Any, widths: list[tuple[int, int]]) -> Any:
    """Take away what the negative widths say."""
    if all(w >= 0 for pair in widths for w in pair):
        return x
    lengths = zip(widths, x.shape)
    return x[tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in lengths)]


def bordered(x: Any, axis: int, a: int, b: int, mode: str) -> list[Any]:
    """Return what stands before an array, the array, and what stands behind it."""
    n = x.shape[axis]
    if mode == "reflect":
        if max(a, b) >= n:
            raise too_short(x, axis, a, b, mode, "less than the axis is long")
        before, behind = slice(a, 0, -1), slice(n - 2, n - 2 - b if b < n - 1 else None, -1)
    elif mode == "circular":
        if max(a, b) > n:
            raise too_short(x, axis, a, b, mode, "at most as much as the axis is long")
        before, behind = slice(n - a, n), slice(0, b)
    else:
        if not n:
            raise too_short(x, axis, a, b, mode, "nothing where there is nothing to repeat")
        before, behind = slice(0, 1), slice(n - 1, n)
    index = (slice(None),) * axis
    parts = [x]
    if a:
        first = x[(*index, before)]
        parts.insert(0, np.repeat(first, a, axis=axis) if mode == "replicate" else first)
    if b:
        last = x[(*index, behind)]
        parts.append(np.repeat(last, b, axis=axis) if mode == "replicate" else last)
    return parts


def too_short(x: Any, axis: int, a: int, b: int, mode: str, allowed: str) -> ShapeError:
    """Make the error for a border that the array cannot supply."""
    return ShapeError(
        f"pad(mode={mode!r}): axis {axis} of an input of shape {x.shape} is to get {a} before and "
        f"{b} behind; this mode can add {allowed}."
    )


def pairs(pad: Any, ndim: int, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Sort the widths by axis."""
    widths = list(pad) if isinstance(pad, (tuple, list)) else [pad]
    whole = all(isinstance(w, (int, np.integer)) and not isinstance(w, bool) for w in widths)
    if not whole or len(widths) % 2:
        raise ArgumentError(
            f"pad: give two whole numbers for each axis, the last axis first: (left, right, top, "
            f"bottom, ...); got {pad!r}."
        )
    if len(widths) > 2 * ndim:
        raise ShapeError(
            f"pad: {pad!r} is for {len(widths) // 2} axes; the input has shape {shape}."
        )
    found = [(0, 0)] * ndim
    for i in range(len(widths) // 2):
        found[-1 - i] = (int(widths[2 * i]), int(widths[2 * i + 1]))
    for n, (a, b) in zip(shape, found):
        if n + a + b < 0:
            raise ShapeError(f"pad: {pad!r} cuts more off than an input of shape {shape} has.")
    return found
