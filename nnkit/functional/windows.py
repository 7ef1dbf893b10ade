"""Sliding windows: the sizes, paddings and views that convolution, pooling and folding share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.functional.operands import as_array

__all__ = [
    "AXES",
    "BLOCK",
    "Geometry",
    "batched",
    "blocks",
    "channels_last",
    "geometry",
    "numbers",
    "per_axis",
    "views",
]

Array = NDArray[Any]
Ints = tuple[int, ...]
AXES = {1: "L", 2: "H, W", 3: "D, H, W"}
BLOCK = 1 << 20  # bytes that are worked on at a time: they stay in the cache


@dataclass(frozen=True)
class Geometry:
    """Where the windows lie: one tuple entry for each spatial axis.

    Attributes
    ----------
    size, kernel, stride, dilation : tuple of int
        Lengths of the input and of the window, steps between windows and between their elements.
    padding : tuple of (int, int)
        How many places are added before and behind.
    groups : int
        Of channels that do not see each other.
    out : tuple of int
        How many windows there are.
    """

    size: Ints
    kernel: Ints
    stride: Ints
    padding: tuple[tuple[int, int], ...]
    dilation: Ints
    groups: int
    out: Ints

    @cached_property
    def padded(self) -> Ints:
        """Lengths with the padding."""
        return tuple(s + a + b for s, (a, b) in zip(self.size, self.padding))

    @cached_property
    def offsets(self) -> list[tuple[Ints, tuple[slice, ...]]]:
        """Each place in the window, and where it lies in the padded input for all windows."""
        return [
            (
                offset,
                tuple(
                    slice(i * d, i * d + (n - 1) * s + 1, s)
                    for i, d, n, s in zip(offset, self.dilation, self.out, self.stride)
                ),
            )
            for offset in np.ndindex(*self.kernel)
        ]

    @cached_property
    def inner(self) -> tuple[slice, ...]:
        """Where the input lies in the padded input."""
        return tuple(slice(a, a + s) for s, (a, _) in zip(self.size, self.padding))


@lru_cache(maxsize=1024)
def geometry(
    what: str,
    size: Ints,
    kernel: Ints,
    stride: Ints,
    padding: tuple[tuple[int, int], ...],
    dilation: Ints,
    groups: int = 1,
) -> Geometry:
    """Count the windows; refuse an input in which there is no place for one."""
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    full = tuple(s + a + b for s, (a, b) in zip(size, padding))
    if any(f < r for f, r in zip(full, reach)):
        raise ShapeError(
            f"{what}: the window of size {reach} is larger than the padded input, which is {full}. "
            f"Use a smaller window or more padding, or pool less before."
        )
    out = tuple((f - r) // s + 1 for f, r, s in zip(full, reach, stride))
    return Geometry(size, kernel, stride, padding, dilation, groups, out)


def per_axis(value: Any, n: int, name: str, what: str, least: int = 1) -> Ints:
    """Return a setting as a tuple with a whole number for each of `n` axes."""
    if value.__class__ is int:
        values: Ints = (value,) * n
    elif value.__class__ is tuple and len(value) == n and all(v.__class__ is int for v in value):
        values = value
    else:
        values = tuple(np.ravel(value).tolist()) if np.ndim(value) <= 1 else ()
        values = values * n if len(values) == 1 else values
    if len(values) != n or any(v.__class__ is not int or v < least for v in values):
        allowed = f"a whole number >= {least}" + (f", or {n} of them" if n > 1 else "")
        raise ArgumentError(f"{what}: {name} is {allowed}; got {value!r}.")
    return values


def numbers(x: Any, what: str) -> Any:
    """Return `x` as an array or Tensor; refuse what holds no numbers."""
    x = as_array(x)
    if x.dtype.kind not in "fciub":
        raise DtypeError(f"{what} must hold numbers, got {describe(x)}.")
    return x


def batched(input: Any, n: int, what: str) -> tuple[Any, bool]:
    """Return the input with an axis of examples, and whether it had one already."""
    x = numbers(input, f"the input of {what}")
    if x.ndim == n + 2:
        return x, True
    if x.ndim == n + 1:
        return x[None], False
    raise ShapeError(
        f"{what} got an input of shape {x.shape}; it takes (N, C, {AXES[n]}) or, for one example, "
        f"(C, {AXES[n]})."
    )


# --- plain arrays ---------------------------------------------------------------------------------


def channels_last(
    x: Array, padding: tuple[tuple[int, int], ...], steps: Ints | None = None
) -> Array:
    """Bring (N, C, ...) into contiguous (N, ..., C), with zeros around and, by `steps`, between.

    A negative padding cuts off.
    """
    moved = x.transpose(0, *range(2, x.ndim), 1)
    if steps is None:
        steps = (1,) * len(padding)
    if set(steps) == {1} and not any(map(any, padding)):
        return np.ascontiguousarray(moved)
    sizes = moved.shape[1:-1]
    stretched = [(s - 1) * k + 1 for s, k in zip(sizes, steps)]
    full = [s + a + b for s, (a, b) in zip(stretched, padding)]
    out = np.zeros((len(x), *full, x.shape[1]), x.dtype)
    target: list[Any] = [slice(None)]
    source: list[Any] = [slice(None)]
    for s, k, (a, _), f in zip(sizes, steps, padding, full):
        first = max(0, -(a // k))  # the first element at a place >= 0
        last = min(s, (f - 1 - a) // k + 1)
        source.append(slice(first, last))
        target.append(slice(a + first * k, a + (last - 1) * k + 1, k) if last > first else slice(0))
    out[tuple(target)] = moved[tuple(source)]
    return out


def views(x: Array, at: Geometry) -> Array:
    """See contiguous (N, ..., C), padding included, as all its windows: (N, *out, *kernel, C)."""
    n, *inner, c = x.strides
    strides = (
        n,
        *(s * k for s, k in zip(inner, at.stride)),
        *(s * d for s, d in zip(inner, at.dilation)),
        c,
    )
    shape = (len(x), *at.out, *at.kernel, x.shape[-1])
    return np.ndarray(shape, x.dtype, x, 0, strides)


def blocks(n: int, out: Ints, width: int) -> Iterator[tuple[slice, slice]]:
    """Cut the windows into images, or rows of one image, of which the columns fit into the cache.

    `width` is the number of bytes of one window.
    """
    row = math.prod(out[1:]) * width
    image = out[0] * row
    if image <= BLOCK:
        step = max(1, BLOCK // max(1, image))
        for i in range(0, n, step):
            yield slice(i, i + step), slice(None)
    else:
        step = max(1, BLOCK // row)
        for i in range(n):
            for r in range(0, out[0], step):
                yield slice(i, i + 1), slice(r, r + step)
