"""Unpooling: values put back at the places from which max pooling took them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from nnkit.functional.operands import as_array, operation
from nnkit.functional.windows import batched, per_axis

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]

Array = NDArray[Any]


def put(x: Array, places: Array, *, size: tuple[int, ...]) -> Array:
    """Write x (N, C, M) at its places in zeros of (N, C, *size)."""
    flat = np.zeros((*x.shape[:2], math.prod(size)), x.dtype)
    np.put_along_axis(flat, places, x, axis=-1)
    return flat.reshape(*x.shape[:2], *size)


def last_written(places: Array, n: int) -> Array:
    """Whether each value is the last one written at its place: what was there before is gone."""
    numbers = np.broadcast_to(np.arange(places.shape[-1]), places.shape)
    last = np.zeros((*places.shape[:2], n), numbers.dtype)
    np.put_along_axis(last, places, numbers, axis=-1)
    return np.take_along_axis(last, places, axis=-1) == numbers


def read(g: Any, _y: Any, _x: Any, places: Array, *, size: tuple[int, ...]) -> Any:
    """Read g where x was written."""
    n = math.prod(size)
    found = np.take_along_axis(g.reshape(*g.shape[:2], n), places, axis=-1)
    return np.where(last_written(places, n), found, 0.0)


putting: Callable[..., Any] = operation(
    "max_unpool",
    put,
    vjp=(read, None),
    jvp=lambda ts, _y, _x, places, *, size: putting(ts[0], places, size=size),
)


def max_unpool(
    what: str,
    n: int,
    input: Any,
    indices: Any,
    settings: tuple[Any, Any, Any],
    output_size: Any,
) -> Any:
    """Check, and put the values back."""
    x, is_batch = batched(input, n, what)
    places = places_for(what, x, indices, is_batch)
    size = unpooled_size(what, n, x.shape[2:], settings, output_size)
    if places.size and not 0 <= places.min() <= places.max() < math.prod(size):
        wrong = places.max() if places.min() >= 0 else places.min()
        raise ArgumentError(
            f"{what}: index {wrong} is no place in an output of size {size}; give the output_size "
            f"of the pooling."
        )
    flat = places.reshape(*places.shape[:2], -1).astype(np.intp, copy=False)
    y = putting(x.reshape(flat.shape), flat, size=size)
    return y if is_batch else y[0]


def places_for(what: str, x: Any, indices: Any, is_batch: bool) -> Array:
    """Check that there is a place for each value."""
    places: Array = as_array(raw(indices))
    if places.dtype.kind not in "iu":
        raise DtypeError(f"{what}: indices are whole numbers, got dtype {places.dtype}.")
    if not is_batch:
        places = places[None]
    if places.shape != x.shape:
        raise ShapeError(
            f"{what} got an input of shape {x.shape} and indices of shape {places.shape}: each "
            f"value needs its place."
        )
    return places


def unpooled_size(
    what: str, n: int, pooled: tuple[int, ...], settings: tuple[Any, Any, Any], output_size: Any
) -> tuple[int, ...]:
    """Return the size that was pooled, as given or as usual."""
    kernel = per_axis(settings[0], n, "kernel_size", what)
    stride = kernel if settings[1] is None else per_axis(settings[1], n, "stride", what)
    padding = per_axis(settings[2], n, "padding", what, 0)
    usual = tuple((m - 1) * s - 2 * p + k for m, k, s, p in zip(pooled, kernel, stride, padding))
    size = usual
    if output_size is not None:
        size = tuple(int(s) for s in output_size)[-n:]
        if len(size) != n or any(abs(a - b) >= s for a, b, s in zip(size, usual, stride)):
            raise ArgumentError(
                f"{what}: output_size={tuple(output_size)} could not have been pooled to "
                f"{pooled}; without it the size is {usual}, and it may differ by less than "
                f"the stride {stride}."
            )
    return size


def max_unpool1d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Put the values of `max_pool1d` back at their places; all else as `max_unpool2d`.

    Examples
    --------
    >>> max_unpool1d(np.array([[3.0, 2.0]]), np.array([[1, 2]]), 2)
    array([[0., 3., 2., 0.]])
    """
    settings = (kernel_size, stride, padding)
    return max_unpool("max_unpool1d", 1, input, indices, settings, output_size)


def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Put the values of `max_pool2d` back at their places, and zeros elsewhere.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    indices : array of int, the same shape
        From `max_pool2d(..., return_indices=True)`.
    kernel_size, stride, padding : int or tuple of int
        Those of the pooling.
    output_size : tuple of int, optional
        The size that was pooled, where several shrink to the same.

    Returns
    -------
    array or Tensor, shape (N, C, H_out, W_out) or (C, H_out, W_out)

    Raises
    ------
    ShapeError, DtypeError, ArgumentError
        If the indices are not one place in the output for each value, or the size is impossible.

    Notes
    -----
    Where windows overlap, several values may have one place: the last one is written, and it alone
    has the gradient (in PyTorch all of them have it).

    Examples
    --------
    >>> from nnkit.functional import max_pool2d
    >>> x = np.array([[[1.0, 2.0], [4.0, 3.0]]])
    >>> y, places = max_pool2d(x, 2, return_indices=True)
    >>> max_unpool2d(y, places, 2)
    array([[[0., 0.],
            [4., 0.]]])
    """
    settings = (kernel_size, stride, padding)
    return max_unpool("max_unpool2d", 2, input, indices, settings, output_size)


def max_unpool3d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Any:
    """Put the values of `max_pool3d` back at their places; all else as `max_unpool2d`.

    Examples
    --------
    >>> max_unpool3d(np.full((1, 1, 1, 1), 3.0), np.full((1, 1, 1, 1), 7), 2).sum()
    np.float64(3.0)
    """
    settings = (kernel_size, stride, padding)
    return max_unpool("max_unpool3d", 3, input, indices, settings, output_size)
