"""Reading an image at the places of a grid: spatial transformers."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.operands import as_float
from nnkit.functional.resampling import cubic_weights

__all__ = ["affine_grid", "grid_sample"]


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """Return the grid that `grid_sample` needs for an affine map.

    Parameters
    ----------
    theta : array_like or Tensor, shape (N, 2, 3), or (N, 3, 4) for volumes
        Maps (x, y, 1) of the output to (x, y) of the input; both run from -1 to 1.
    size : tuple of int
        Of the output, (N, C, H, W) or (N, C, D, H, W).
    align_corners : bool, optional
        Whether -1 and 1 are the middles of the outermost elements, or (False, the default) their
        outer edges.

    Returns
    -------
    array or Tensor, shape (N, H, W, 2) or (N, D, H, W, 3)

    Raises
    ------
    ShapeError
        If the matrices do not fit the size.

    References
    ----------
    M. Jaderberg et al., "Spatial Transformer Networks", NeurIPS 2015.

    Examples
    --------
    >>> affine_grid(np.array([[[1.0, 0, 0], [0, 1.0, 0]]]), (1, 1, 1, 2))
    array([[[[-0.5,  0. ],
             [ 0.5,  0. ]]]])
    """
    t = as_float(theta, "theta of affine_grid")
    n = len(size) - 2
    if n not in (2, 3) or t.shape != (size[0], n, n + 1):
        raise ShapeError(
            f"affine_grid got theta of shape {t.shape} for an output of size {tuple(size)}; theta "
            f"is (N, 2, 3) for (N, C, H, W) and (N, 3, 4) for (N, C, D, H, W)."
        )
    axes = []
    for length in size[2:]:
        places = np.linspace(-1, 1, length) if length > 1 else np.zeros(1)
        axes.append(places if align_corners else places * (length - 1) / length)
    coordinates = np.meshgrid(*axes, indexing="ij")[::-1]
    base = np.stack([*coordinates, np.ones(size[2:])], axis=-1).reshape(-1, n + 1)
    grid = np.matmul(base.astype(t.dtype), t.swapaxes(1, 2))
    return grid.reshape(size[0], *size[2:], n)


def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """Read images at the places of a grid.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (N, C, D, H, W)
    grid : array_like or Tensor, shape (N, H_out, W_out, 2) or (N, D_out, H_out, W_out, 3)
        Places (x, y) or (x, y, z); from -1 to 1 is inside.
    mode : {"bilinear", "nearest", "bicubic"}, default "bilinear"
        Linear between neighbours (in volumes, too), the nearest one, or cubic (images only).
    padding_mode : {"zeros", "border", "reflection"}, default "zeros"
        What lies outside: zeros, the outermost elements, or a mirror image.
    align_corners : bool, optional
        Whether -1 and 1 are the middles of the outermost elements, or (False, the default) their
        outer edges.

    Returns
    -------
    array or Tensor, shape (N, C, H_out, W_out) or (N, C, D_out, H_out, W_out)

    Raises
    ------
    ShapeError
        If input and grid do not fit together.
    ArgumentError
        If a mode does not exist.

    References
    ----------
    M. Jaderberg et al., "Spatial Transformer Networks", NeurIPS 2015.

    Examples
    --------
    >>> image = np.array([[[[1.0, 3.0]]]])
    >>> grid_sample(image, np.array([[[[0.0, 0.0], [0.5, 0.0]]]]))
    array([[[[2., 3.]]]])
    """
    x = as_float(input, "the input of grid_sample")
    places = as_float(grid, "the grid of grid_sample")
    check(x, places, mode, padding_mode)
    size, corners, n = x.shape[2:], bool(align_corners), x.ndim - 2
    count = math.prod(places.shape[1:-1])
    axes: list[list[tuple[Any, Any]]] = []  # for each axis: index and weight of each neighbour
    for i, length in enumerate(size):
        p = places[..., n - 1 - i].reshape(-1, 1, count)
        p = (p + 1) / 2 * (length - 1) if corners else ((p + 1) * length - 1) / 2
        axes.append(neighbours(p, length, mode, padding_mode, corners))
    flat = x.reshape(*x.shape[:2], math.prod(size))
    y: Any = 0.0
    for taps in itertools.product(*axes):
        index: Any = 0
        weight: Any = 1.0
        for (i, w), length in zip(taps, size):
            index, weight = index * length + i, weight * w
        index = np.broadcast_to(index, (*x.shape[:2], count))
        y = y + np.take_along_axis(flat, index, axis=-1) * weight
    return y.reshape(*x.shape[:2], *places.shape[1:-1])


def neighbours(
    p: Any, length: int, mode: str, padding_mode: str, corners: bool
) -> list[tuple[Any, Any]]:
    """Return the elements around a place on one axis, and their weights (0 outside)."""
    if mode == "bicubic":
        first = np.floor(p)
        taps = [(first + k, w) for k, w in cubic_weights(p - first)]
        taps = [(inside(q, length, padding_mode, corners), w) for q, w in taps]
    else:
        p = inside(p, length, padding_mode, corners)
        if mode == "nearest":
            taps = [(np.rint(p), 1.0)]
        else:
            first = np.floor(p)
            taps = [(first, 1 - (p - first)), (first + 1, p - first)]
    found = []
    for q, w in taps:
        exists = np.logical_and(q >= 0, q <= length - 1)
        index = np.where(exists, q, 0.0).astype(np.intp)
        found.append((index, w * exists.astype(p.dtype)))
    return found


def inside(p: Any, length: int, padding_mode: str, corners: bool) -> Any:
    """Move places outside to where the border or the mirror has them."""
    if padding_mode == "zeros":
        return p
    if padding_mode == "reflection":
        low, span = (0.0, length - 1.0) if corners else (-0.5, float(length))
        if span == 0:
            return p * 0.0
        away = np.abs(p - low)
        turns = np.floor(away / span)
        rest = away - turns * span
        p = np.where(np.mod(turns, 2) == 0, rest, span - rest) + low
    return np.clip(p, 0.0, length - 1.0)


def check(x: Any, grid: Any, mode: str, padding_mode: str) -> None:
    """Refuse shapes that do not fit together, and modes that do not exist."""
    n = x.ndim - 2
    if n not in (2, 3) or grid.ndim != x.ndim or grid.shape[-1] != n or len(grid) != len(x):
        raise ShapeError(
            f"grid_sample got an input of shape {x.shape} and a grid of shape {grid.shape}; it "
            f"takes (N, C, H, W) with (N, H_out, W_out, 2), or (N, C, D, H, W) with "
            f"(N, D_out, H_out, W_out, 3)."
        )
    if 0 in x.shape[2:]:
        raise ShapeError(f"grid_sample got an input of shape {x.shape}: there is nothing to read.")
    if mode not in ("bilinear", "nearest", "bicubic") or (mode == "bicubic" and n == 3):
        allowed = "'bilinear' or 'nearest'" + (", or 'bicubic'" if n == 2 else " for volumes")
        raise ArgumentError(f"grid_sample: mode is {allowed}; got {mode!r}.")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ArgumentError(
            f"grid_sample: padding_mode is 'zeros', 'border' or 'reflection'; got {padding_mode!r}."
        )
