"""Convolution in any number of axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..errors import ArgumentError, ShapeError
from ..rules.scipy.signal import slide
from .arrays import as_array

__all__ = ["convolve"]

Axes = tuple[Sequence[int], Sequence[int]]


def convolve(
    A: Any,
    B: Any,
    axes: Axes | str | None = None,
    dot_axes: Axes = ((), ()),
    mode: str = "full",
    method: str = "auto",
) -> Any:
    """Convolve two arrays along some axes, and sum products along others.

    Parameters
    ----------
    A, B : array_like
    axes : pair of sequences of int, optional
        The axes of A and of B to convolve. Default: all. A string is taken for `mode`, which is
        SciPy's third argument.
    dot_axes : pair of sequences of int, optional
        The axes of A and of B that are summed over, as by `numpy.tensordot`.
    mode : {"full", "same", "valid"}
        As for `scipy.signal.convolve`.
    method : {"auto", "direct", "fft"}
        Taken as SciPy takes it; the sum is always the direct one.

    Returns
    -------
    ndarray
        Its axes are the remaining axes of A, those of B, and the convolved ones.

    Raises
    ------
    ArgumentError
        If `mode` or `method` is another.
    ShapeError
        If `mode` is "valid" and neither array fits into the other.

    Notes
    -----
    The cost is that of the direct sum, which is right for short kernels.

    Examples
    --------
    >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]))
    array([ 1., 12., 23., 30.])
    """
    axes, mode = (None, axes) if isinstance(axes, str) else (axes, mode)
    if mode not in ("full", "same", "valid"):
        raise ArgumentError(f"convolve(mode=...) is 'full', 'same' or 'valid', got {mode!r}")
    if method not in ("auto", "direct", "fft"):
        raise ArgumentError(f"convolve(method=...) is 'auto', 'direct' or 'fft', got {method!r}")
    A, B = as_array(A), as_array(B)
    if axes is None:
        if A.ndim != B.ndim:
            raise ShapeError(
                f"convolve along all axes needs as many of A as of B, got shapes {A.shape} and "
                f"{B.shape}; name them in axes="
            )
        axes = (range(A.ndim), range(B.ndim))
    left, left_free = arranged(A, axes[0], dot_axes[0])
    right, right_free = arranged(B, axes[1], dot_axes[1])
    lengths, widths = left.shape[2:], right.shape[2:]
    summed = [[x.shape[i] for i in given] for x, given in zip((A, B), dot_axes, strict=True)]
    if len(lengths) != len(widths) or summed[0] != summed[1] or 0 in lengths + widths:
        raise ShapeError(
            f"convolve takes as many axes of A as of B, summed axes of the same lengths, and at "
            f"least one element along each; got axes={axes}, dot_axes={dot_axes} of shapes "
            f"{A.shape} and {B.shape}"
        )
    if mode == "valid" and any(n < k for n, k in zip(lengths, widths, strict=True)):
        if any(n > k for n, k in zip(lengths, widths, strict=True)):
            raise ShapeError(
                f"convolve(mode='valid') needs one array at least as long as the other along all "
                f"axes, got {lengths} and {widths}"
            )
        y = np.swapaxes(slide(right, reversed_axes(left)), 0, 1)
    else:
        border = [border_of(mode, k) for k in widths]
        y = slide(np.pad(left, [(0, 0), (0, 0), *border]), reversed_axes(right))
    return np.reshape(y, left_free + right_free + y.shape[2:])[()]


def arranged(x: Any, axes: Sequence[int], dot_axes: Sequence[int]) -> tuple[Any, tuple[int, ...]]:
    """Bring an array to the form (others, summed, *convolved); give the shape of the others."""
    along, summed = ([normalize_axis_index(i, x.ndim) for i in given] for given in (axes, dot_axes))
    if len({*along, *summed}) < len(along) + len(summed):
        raise ArgumentError(
            f"convolve takes each axis once, got {axes} to convolve and {dot_axes} to sum"
        )
    others = [i for i in range(x.ndim) if i not in along and i not in summed]
    free, inner = (tuple(x.shape[i] for i in part) for part in (others, summed))
    x = np.transpose(x, [*others, *summed, *along])
    n, m = (int(np.prod(shape, dtype=int)) for shape in (free, inner))
    return np.reshape(x, (n, m, *x.shape[len(others) + len(summed) :])), free


def reversed_axes(B: Any) -> Any:
    """Reverse the convolved axes, which makes a sliding product a convolution."""
    return np.flip(B, axis=tuple(range(2, B.ndim)))


def border_of(mode: str, width: int) -> tuple[int, int]:
    """Return how many zeros belong before and after an axis."""
    if mode == "valid":
        return 0, 0
    if mode == "full":
        return width - 1, width - 1
    return width // 2, (width - 1) // 2
