"""Pooling: the largest value, the mean or a norm of each window."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError
from nnkit.functional.operands import as_float
from nnkit.functional.window_values import largest_op, places_of_largest, summing
from nnkit.functional.windows import Geometry, batched, geometry, per_axis

__all__ = [
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
]

Ints = tuple[int, ...]


@lru_cache(maxsize=256)
def counts(at: Geometry, padding: Ints, include_pad: bool) -> Any:
    """Return how many elements each window has: a number, or an array where windows differ."""
    total: Any = np.ones(())
    for size, p, k, s, n in zip(at.size, padding, at.kernel, at.stride, at.out):
        start = np.arange(n) * s - p
        end = np.minimum(start + k, size + p)
        if not include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, size)
        total = total[..., None] * (end - start)
    return float(total.flat[0]) if (total == total.flat[0]).all() else total


# --- what is common to all numbers of axes --------------------------------------------------------


@lru_cache(maxsize=1024)
def pool_geometry(
    what: str,
    size: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
) -> Geometry:
    """Place the windows; `ceil_mode` adds one that hangs over the end, if it begins inside."""
    if any(2 * p > k for p, k in zip(padding, kernel)):
        raise ArgumentError(
            f"{what}: padding is at most half of kernel_size; got padding={padding} for "
            f"kernel_size={kernel}."
        )
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation))
    pairs = []
    for n, r, s, p in zip(size, reach, stride, padding):
        behind = p
        if ceil_mode:
            last = -((n + 2 * p - r) // -s) * s
            last -= s if last >= n + p else 0
            behind = max(p, last + r - n - p)
        pairs.append((p, behind))
    return geometry(what, size, kernel, stride, tuple(pairs), dilation)


def settings_of(
    what: str, n: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[Ints, Ints, Ints, Ints]:
    """Check the settings that all kinds of pooling have."""
    kernel = per_axis(kernel_size, n, "kernel_size", what)
    return (
        kernel,
        kernel if stride is None or stride == () else per_axis(stride, n, "stride", what),
        per_axis(padding, n, "padding", what, 0),
        per_axis(dilation, n, "dilation", what),
    )


def max_pool(
    what: str,
    n: int,
    input: Any,
    windows: tuple[Any, Any, Any, Any],
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    """Check, and take the largest."""
    x, is_batch = batched(as_float(input, f"the input of {what}"), n, what)
    at = pool_geometry(what, x.shape[2:], *settings_of(what, n, *windows), bool(ceil_mode))
    y = largest_op(x, at=at)
    y = y if is_batch else y[0]
    if not return_indices:
        return y
    places = places_of_largest(x, at)
    return y, (places if is_batch else places[0])


def avg_pool(
    what: str,
    n: int,
    input: Any,
    windows: tuple[Any, Any, Any],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None = None,
) -> Any:
    """Check, and take the mean."""
    x, is_batch = batched(as_float(input, f"the input of {what}"), n, what)
    kernel, stride, padding, one = settings_of(what, n, *windows)
    at = pool_geometry(what, x.shape[2:], kernel, stride, padding, one, bool(ceil_mode))
    if divisor_override is not None:
        if divisor_override == 0:
            raise ArgumentError(f"{what}: divisor_override must not be zero.")
        divisor: Any = float(divisor_override)
    else:
        divisor = counts(at, padding, bool(count_include_pad))
    factor = 1.0 / divisor
    y = summing(x, at=at) * (factor if isinstance(factor, float) else factor.astype(x.dtype))
    return y if is_batch else y[0]


def lp_pool(
    what: str, n: int, input: Any, norm_type: float, windows: tuple[Any, Any], ceil_mode: bool
) -> Any:
    """Check, and take the norm: the mean of the powers, times the size of the window, and back."""
    if not norm_type > 0:
        raise ArgumentError(f"{what}: norm_type is a positive number, got {norm_type!r}.")
    p = float(norm_type)
    powers = np.power(as_float(input, f"the input of {what}"), p)
    mean = avg_pool(what, n, powers, (*windows, 0), ceil_mode, True)
    size = math.prod(per_axis(windows[0], n, "kernel_size", what))
    return np.power(mean * float(size), 1 / p)


# --- as torch has them ----------------------------------------------------------------------------


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest value of each window of (N, C, L); all else as `max_pool2d`.

    Examples
    --------
    >>> max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[3., 2.]])
    """
    windows = (kernel_size, stride, padding, dilation)
    return max_pool("max_pool1d", 1, input, windows, ceil_mode, return_indices)


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest value of each window; the gradient goes to the first place that has it.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or tuple of int
    stride : int or tuple of int, default `kernel_size`
    padding : int or tuple of int, default 0
        A border that is smaller than everything; at most half of `kernel_size`.
    dilation : int or tuple of int, default 1
    ceil_mode : bool, default False
        Whether a window may hang over the end.
    return_indices : bool, default False
        Also return where in the flattened (H, W) the values stand, as `max_unpool2d` needs it.

    Returns
    -------
    array or Tensor, shape (N, C, H_out, W_out) or (C, H_out, W_out)
        H_out = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.
    indices : ndarray of int
        Only with `return_indices`.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is smaller than a window.
    ArgumentError
        If a setting is out of its range.

    Examples
    --------
    >>> max_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 5.,  7.],
            [13., 15.]]])
    """
    windows = (kernel_size, stride, padding, dilation)
    return max_pool("max_pool2d", 2, input, windows, ceil_mode, return_indices)


def max_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest value of each window of (N, C, D, H, W); all else as `max_pool2d`.

    Examples
    --------
    >>> max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
    array([[[[7.]]]])
    """
    windows = (kernel_size, stride, padding, dilation)
    return max_pool("max_pool3d", 3, input, windows, ceil_mode, return_indices)


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """Return the mean of each window of (N, C, L); all else as `avg_pool2d`.

    Examples
    --------
    >>> avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
    array([[2., 1.]])
    """
    windows = (kernel_size, stride, padding)
    return avg_pool("avg_pool1d", 1, input, windows, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """Return the mean of each window.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or tuple of int
    stride : int or tuple of int, default `kernel_size`
    padding : int or tuple of int, default 0
        A border of zeros; at most half of `kernel_size`.
    ceil_mode : bool, default False
        Whether a window may hang over the end; what hangs over does not count.
    count_include_pad : bool, default True
        Whether the zeros of the border count.
    divisor_override : int, optional
        Divide the sums by this.

    Returns
    -------
    array or Tensor, shape (N, C, H_out, W_out) or (C, H_out, W_out)
        H_out = floor((H + 2 padding - kernel) / stride) + 1.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is smaller than a window.
    ArgumentError
        If a setting is out of its range.

    Examples
    --------
    >>> avg_pool2d(np.arange(16.0).reshape(1, 4, 4), 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    windows = (kernel_size, stride, padding)
    return avg_pool("avg_pool2d", 2, input, windows, ceil_mode, count_include_pad, divisor_override)


def avg_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """Return the mean of each window of (N, C, D, H, W); all else as `avg_pool2d`.

    Examples
    --------
    >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
    array([[[[3.5]]]])
    """
    windows = (kernel_size, stride, padding)
    return avg_pool("avg_pool3d", 3, input, windows, ceil_mode, count_include_pad, divisor_override)


def lp_pool1d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """Return the p-norm of each window of (N, C, L); all else as `lp_pool2d`.

    Examples
    --------
    >>> lp_pool1d(np.array([[3.0, 4.0]]), 2, 2)
    array([[5.]])
    """
    return lp_pool("lp_pool1d", 1, input, norm_type, (kernel_size, stride), ceil_mode)


def lp_pool2d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """Return (sum of x^p)^(1/p) over each window: the sum for p = 1, near the maximum for large p.

    Where all of a window is 0, the gradient is not finite, as it is in PyTorch.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    norm_type : float
        p, positive.
    kernel_size : int or tuple of int
    stride : int or tuple of int, default `kernel_size`
    ceil_mode : bool, default False

    Returns
    -------
    array or Tensor, shape (N, C, H_out, W_out) or (C, H_out, W_out)

    Examples
    --------
    >>> lp_pool2d(np.full((1, 2, 2), 2.0), 2, 2)
    array([[[4.]]])
    """
    return lp_pool("lp_pool2d", 2, input, norm_type, (kernel_size, stride), ceil_mode)


def lp_pool3d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """Return the p-norm of each window of (N, C, D, H, W); all else as `lp_pool2d`.

    Examples
    --------
    >>> lp_pool3d(np.ones((1, 2, 2, 2)), 1, 2)
    array([[[[8.]]]])
    """
    return lp_pool("lp_pool3d", 3, input, norm_type, (kernel_size, stride), ceil_mode)
