"""Unfold and fold: all windows of an image as columns, and columns added up to an image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ShapeError
from nnkit.functional.operands import as_array, operation
from nnkit.functional.windows import Geometry, batched, geometry, per_axis

__all__ = ["fold", "unfold"]

Array = NDArray[Any]
BOTH: tuple[Any, Any] = (slice(None), slice(None))


def windows_out(x: Array, *, at: Geometry) -> Array:
    """Copy the windows of (N, C, *size) into (N, C * kernel, places)."""
    padded = np.pad(x, ((0, 0), (0, 0), *at.padding))
    out = np.empty((*x.shape[:2], *at.kernel, *at.out), x.dtype)
    for offset, places in at.offsets:
        out[(*BOTH, *offset)] = padded[(*BOTH, *places)]
    return out.reshape(len(x), x.shape[1] * math.prod(at.kernel), math.prod(at.out))


def windows_in(columns: Array, *, at: Geometry) -> Array:
    """Add the windows up where they lie; the adjoint of `windows_out`."""
    n = len(columns)
    c = columns.shape[1] // math.prod(at.kernel)
    parts = columns.reshape(n, c, *at.kernel, *at.out)
    padded = np.zeros((n, c, *at.padded), columns.dtype)
    for offset, places in at.offsets:
        target = padded[(*BOTH, *places)]
        target += parts[(*BOTH, *offset)]
    return padded[(*BOTH, *at.inner)]


unfolding: Callable[..., Any] = operation(
    "unfold",
    windows_out,
    vjp=(lambda g, _y, _x, *, at: folding(g, at=at),),
    jvp=lambda ts, _y, _x, *, at: unfolding(ts[0], at=at),
)
folding: Callable[..., Any] = operation(
    "fold",
    windows_in,
    vjp=(lambda g, _y, _x, *, at: unfolding(g, at=at),),
    jvp=lambda ts, _y, _x, *, at: folding(ts[0], at=at),
)


def placed(
    what: str, size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Geometry:
    """Check the settings."""
    around = per_axis(padding, 2, "padding", what, 0)
    return geometry(
        what,
        size,
        per_axis(kernel_size, 2, "kernel_size", what),
        per_axis(stride, 2, "stride", what),
        tuple((p, p) for p in around),
        per_axis(dilation, 2, "dilation", what),
    )


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Write each window of an image as a column.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    kernel_size : int or tuple of int
    dilation, padding, stride : int or tuple of int, defaults 1, 0, 1
        As in `conv2d`.

    Returns
    -------
    array or Tensor, shape (N, C * kernel, places) or (C * kernel, places)

    Raises
    ------
    ShapeError
        If the window is larger than the padded input.

    Examples
    --------
    >>> unfold(np.arange(6.0).reshape(1, 2, 3), (2, 2))
    array([[0., 1.],
           [1., 2.],
           [3., 4.],
           [4., 5.]])
    """
    x, is_batch = batched(input, 2, "unfold")
    at = placed("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    y = unfolding(x, at=at)
    return y if is_batch else y[0]


def fold(
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """Add columns up to an image: each is a window, and lies where `unfold` would have read it.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C * kernel, places) or (C * kernel, places)
    output_size : int or tuple of int
        (H, W) of the image.
    kernel_size : int or tuple of int
    dilation, padding, stride : int or tuple of int, defaults 1, 0, 1

    Returns
    -------
    array or Tensor, shape (N, C, H, W) or (C, H, W)

    Raises
    ------
    ShapeError
        If the columns are not as long or as many as the windows of such an image.

    Examples
    --------
    >>> columns = unfold(np.ones((1, 2, 3)), (2, 2))
    >>> fold(columns, (2, 3), (2, 2))
    array([[[1., 2., 1.],
            [1., 2., 1.]]])
    """
    size = per_axis(output_size, 2, "output_size", "fold")
    at = placed("fold", size, kernel_size, dilation, padding, stride)
    x = as_array(input)
    k, places = math.prod(at.kernel), math.prod(at.out)
    if x.ndim not in (2, 3) or x.shape[-2] % k or x.shape[-1] != places:
        raise ShapeError(
            f"fold got an input of shape {x.shape}; for output_size={size} and kernel_size="
            f"{at.kernel} it takes (N, C * {k}, {places}) or (C * {k}, {places})."
        )
    return folding(x, at=at) if x.ndim == 3 else folding(x[None], at=at)[0]
