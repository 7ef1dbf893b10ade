"""Pooling to a given size: adaptive windows that cover the input, and random ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.operands import as_float
from nnkit.functional.pooling import max_pool
from nnkit.functional.separable import along_axes, cells, means
from nnkit.functional.windows import batched, per_axis
from nnkit.random import draw

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
]

Array = NDArray[Any]
Ints = tuple[int, ...]


def sizes(output_size: Any, size: Ints, what: str) -> Ints:
    """Return the wanted size; None for an axis keeps its length."""
    given = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * len(size)
    if len(given) != len(size):
        raise ArgumentError(
            f"{what}: output_size is a number or {len(size)} of them; got {output_size!r}."
        )
    wanted = tuple(n if w is None else w for n, w in zip(size, given))
    return per_axis(wanted, len(size), "output_size", what)


def filled(x: Any, what: str) -> Any:
    """Refuse an input that has nothing to pool."""
    if 0 in x.shape[1:]:
        raise ShapeError(f"{what} got an input of shape {x.shape}: there is nothing to pool.")
    return x


# --- means ----------------------------------------------------------------------------------------


def adaptive_avg(what: str, n: int, input: Any, output_size: Any) -> Any:
    """Take the mean of each cell, axis by axis."""
    x, is_batch = batched(as_float(input, f"the input of {what}"), n, what)
    size = filled(x, what).shape[2:]
    wanted = sizes(output_size, size, what)
    if set(wanted) == {1}:
        y = x.mean(axis=tuple(range(2, n + 2)), keepdims=True)
    else:
        pairs = zip(size, wanted)
        y = along_axes(x, [None if a == b else means(a, b, x.dtype) for a, b in pairs])
    return y if is_batch else y[0]


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Return the means of cells of (N, C, L); all else as `adaptive_avg_pool2d`.

    Examples
    --------
    >>> adaptive_avg_pool1d(np.array([[1.0, 2.0, 4.0]]), 2)
    array([[1.5, 3. ]])
    """
    return adaptive_avg("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Return the means of so many cells, whatever the size of the image.

    Cell i of an axis of length n covers the places from floor(i n / out) to ceil((i + 1) n / out).

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    output_size : int or tuple of int or None
        None keeps the length of an axis; 1 is the mean of all (global average pooling).

    Returns
    -------
    array or Tensor, shape (N, C, *output_size) or (C, *output_size)

    Raises
    ------
    ShapeError
        If the input has another number of axes, or nothing to pool.
    ArgumentError
        If the size is no whole number.

    Examples
    --------
    >>> adaptive_avg_pool2d(np.arange(4.0).reshape(1, 2, 2), 1)
    array([[[1.5]]])
    """
    return adaptive_avg("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Return the means of cells of (N, C, D, H, W); all else as `adaptive_avg_pool2d`.

    Examples
    --------
    >>> adaptive_avg_pool3d(np.ones((2, 3, 4, 5)), (1, None, 2)).shape
    (2, 1, 4, 2)
    """
    return adaptive_avg("adaptive_avg_pool3d", 3, input, output_size)


# --- maxima ---------------------------------------------------------------------------------------


def flat_windows(places: list[Array], size: Ints) -> Array:
    """Combine the places of windows along each axis, (..., out, k), to flat ones, (..., M, K)."""
    n = len(size)
    total: Any = 0
    for axis, p in enumerate(places):
        *lead, out, k = p.shape
        one = [1] * n
        outs, kernel = [*one[:axis], out, *one[axis + 1 :]], [*one[:axis], k, *one[axis + 1 :]]
        total = total + p.reshape(*lead, *outs, *kernel) * math.prod(size[axis + 1 :])
    count, length = math.prod(total.shape[-2 * n : -n]), math.prod(total.shape[-n:])
    return total.reshape(*total.shape[: -2 * n], count, length)


def picked(x: Any, windows: Array, out: Ints) -> tuple[Any, Any]:
    """Return the largest element of each window, and its place."""
    flat = x.reshape(*x.shape[:2], math.prod(x.shape[2:]))
    windows = np.broadcast_to(windows, (*x.shape[:2], *windows.shape[-2:]))
    rows = windows.reshape(*x.shape[:2], math.prod(windows.shape[2:]))
    values = np.take_along_axis(flat, rows, axis=-1)
    best = np.argmax(values.reshape(windows.shape), axis=-1)
    places = np.take_along_axis(windows, best[..., None], axis=-1)[..., 0]
    y = np.take_along_axis(flat, places, axis=-1)
    return y.reshape(*x.shape[:2], *out), places.reshape(*x.shape[:2], *out)


def given(y: Any, places: Any, is_batch: bool, return_indices: bool) -> Any:
    """Return what was asked for."""
    if not is_batch:
        y, places = y[0], places[0]
    return (y, places) if return_indices else y


def adaptive_max(what: str, n: int, input: Any, output_size: Any, return_indices: bool) -> Any:
    """Take the largest of each cell."""
    x, is_batch = batched(as_float(input, f"the input of {what}"), n, what)
    size = filled(x, what).shape[2:]
    wanted = sizes(output_size, size, what)
    if all(a % b == 0 for a, b in zip(size, wanted)):  # windows of one size, side by side
        kernel = tuple(a // b for a, b in zip(size, wanted))
        return max_pool(what, n, input, (kernel, kernel, 0, 1), False, return_indices)
    places = []
    for length, m in zip(size, wanted):
        starts, ends = cells(length, m)
        k = np.arange((ends - starts).max())
        places.append(np.minimum(starts[:, None] + k, ends[:, None] - 1))
    y, where = picked(x, flat_windows(places, size), wanted)
    return given(y, where, is_batch, return_indices)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Return the maxima of cells of (N, C, L); all else as `adaptive_max_pool2d`.

    Examples
    --------
    >>> adaptive_max_pool1d(np.array([[1.0, 5.0, 4.0]]), 2)
    array([[5., 5.]])
    """
    return adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Return the maxima of so many cells, whatever the size of the image.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    output_size : int or tuple of int or None
        None keeps the length of an axis. The cells are those of `adaptive_avg_pool2d`.
    return_indices : bool, default False
        Also return where in the flattened (H, W) the values stand.

    Returns
    -------
    array or Tensor, shape (N, C, *output_size) or (C, *output_size)
    indices : ndarray of int
        Only with `return_indices`.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or nothing to pool.
    ArgumentError
        If the size is no whole number.

    Examples
    --------
    >>> adaptive_max_pool2d(np.arange(9.0).reshape(1, 3, 3), (1, 3))
    array([[[6., 7., 8.]]])
    """
    return adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Return the maxima of cells of (N, C, D, H, W); all else as `adaptive_max_pool2d`.

    Examples
    --------
    >>> adaptive_max_pool3d(np.ones((2, 3, 4, 5)), (1, None, 2)).shape
    (2, 1, 4, 2)
    """
    return adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


# --- random windows -------------------------------------------------------------------------------


def random_starts(sample: Array, size: int, k: int, n: int) -> Array:
    """Begin the windows at floor((i + u) a) - floor(u a), a = (size - k) / (n - 1); the last fits.

    `sample` holds u, from [0, 1), for each plane.
    """
    u = sample[..., None]
    if n == 1:
        return np.full((*sample.shape, 1), size - k)
    a = (size - k) / (n - 1)
    starts = np.floor((np.arange(n) + u) * a) - np.floor(u * a)
    starts[..., -1] = size - k
    return starts.astype(np.intp)


def fractional_max(
    what: str,
    n: int,
    input: Any,
    kernel_size: Any,
    sizes_given: tuple[Any, Any],
    return_indices: bool,
    samples: Any,
) -> Any:
    """Take the largest of windows that begin at random."""
    x, is_batch = batched(as_float(input, f"the input of {what}"), n, what)
    size, kernel = x.shape[2:], per_axis(kernel_size, n, "kernel_size", what)
    output_size, ratio = sizes_given
    if (output_size is None) == (ratio is None):
        raise ArgumentError(f"{what} needs one of output_size and output_ratio.")
    if output_size is None:
        ratios = ratio if isinstance(ratio, (tuple, list)) else (ratio,) * n
        if len(ratios) != n or not all(0 < r < 1 for r in ratios):
            raise ArgumentError(f"{what}: output_ratio lies between 0 and 1, got {ratio!r}.")
        output_size = tuple(int(s * r) for s, r in zip(size, ratios))
    wanted = per_axis(output_size, n, "output_size", what)
    if any(o + k - 1 > s for o, k, s in zip(wanted, kernel, size)):
        raise ShapeError(
            f"{what}: {wanted} windows of size {kernel} do not fit into an input of size {size}."
        )
    if samples is None:
        samples = draw("dropout", "random", (*x.shape[:2], n))
    u = np.asarray(raw(samples), dtype=float).reshape(*x.shape[:2], n)
    # In two dimensions PyTorch takes the first number for the width, in three for the depth.
    order = u[..., ::-1] if n == 2 else u
    places = [
        random_starts(order[..., i], s, k, o)[..., None] + np.arange(k)
        for i, (s, k, o) in enumerate(zip(size, kernel, wanted))
    ]
    y, where = picked(x, flat_windows(places, size), wanted)
    return given(y, where, is_batch, return_indices)


def fractional_max_pool2d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """Return the maxima of windows that are spread at random: the size may shrink by any factor.

    `nnkit.seed` makes it repeatable.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or tuple of int
    output_size : int or tuple of int, optional
    output_ratio : float or tuple of float, optional
        Of the output to the input, between 0 and 1; in place of `output_size`.
    return_indices : bool, default False
        Also return where in the flattened (H, W) the values stand.

    Returns
    -------
    array or Tensor, shape (N, C, *output_size) or (C, *output_size)
    indices : ndarray of int
        Only with `return_indices`.

    Raises
    ------
    ShapeError
        If so many windows do not fit.
    ArgumentError
        If not exactly one of `output_size` and `output_ratio` is given.

    References
    ----------
    B. Graham, "Fractional max-pooling", arXiv:1412.6071.

    Examples
    --------
    >>> fractional_max_pool2d(np.ones((1, 5, 5)), 2, output_ratio=0.6).shape
    (1, 3, 3)
    """
    wanted = (output_size, output_ratio)
    return fractional_max(
        "fractional_max_pool2d", 2, input, kernel_size, wanted, return_indices, _random_samples
    )


def fractional_max_pool3d(
    input: Any,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Any = None,
) -> Any:
    """Return the maxima of random windows of (N, C, D, H, W); see `fractional_max_pool2d`.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, D, H, W) or (C, D, H, W)
    kernel_size, output_size : int or three ints
    output_ratio : float or three floats, optional
        Instead of `output_size`.
    return_indices : bool, default False
        Return the places of the maxima, too.

    Returns
    -------
    Tensor or ndarray; with `return_indices` a pair

    Examples
    --------
    >>> fractional_max_pool3d(np.ones((1, 5, 5, 5)), 2, output_size=(3, 2, 4)).shape
    (1, 3, 2, 4)
    """
    wanted = (output_size, output_ratio)
    return fractional_max(
        "fractional_max_pool3d", 3, input, kernel_size, wanted, return_indices, _random_samples
    )
