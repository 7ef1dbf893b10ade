"""Resampling: signals, images and volumes brought to another size."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.operands import as_float
from nnkit.functional.separable import along_axes, means
from nnkit.functional.window_values import spreading
from nnkit.functional.windows import geometry, per_axis

__all__ = ["cubic_weights", "interpolate"]

Array = NDArray[Any]
MODES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "trilinear": (3,),
    "bicubic": (2,),
    "area": (1, 2, 3),
}
SMOOTH = ("linear", "bilinear", "trilinear", "bicubic")


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Bring the spatial axes to another length.

    Element i of the output lies at (i + 1/2) n / m - 1/2 in the input, n and m being the lengths;
    with `align_corners` at i (n - 1) / (m - 1), so that the corners meet.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, L), (N, C, H, W) or (N, C, D, H, W)
    size : int or tuple of int, optional
        The new lengths.
    scale_factor : float or tuple of float, optional
        Or the factor: the new lengths are floor(length * factor).
    mode : str, default "nearest"
        "nearest", "nearest-exact" (which takes the middle of a cell), "linear" (3 axes),
        "bilinear" and "bicubic" (4 axes), "trilinear" (5 axes), or "area" (means of cells).
    align_corners : bool, optional
        For the linear and cubic modes; False by default.
    recompute_scale_factor : bool, optional
        True calculates with the ratio of the lengths in place of the given `scale_factor`.
    antialias : bool, default False
        Widen the filter when making smaller; for "bilinear" and "bicubic".

    Returns
    -------
    array or Tensor, shape (N, C, *new lengths)

    Raises
    ------
    ShapeError
        If the input has another number of axes than the mode is for.
    ArgumentError
        If not exactly one of `size` and `scale_factor` is given, or an option does not exist.

    References
    ----------
    R. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions on
    Acoustics, Speech, and Signal Processing 29 (1981); here with a = -0.75.

    Examples
    --------
    >>> interpolate(np.array([[[0.0, 2.0]]]), scale_factor=2, mode="linear")
    array([[[0. , 0.5, 1.5, 2. ]]])
    """
    x = as_float(input, "the input of interpolate")
    check_mode(x, mode, align_corners, antialias)
    old = x.shape[2:]
    new, scales = lengths(old, size, scale_factor, bool(recompute_scale_factor))
    if mode == "area":
        return along_axes(x, [means(a, b, x.dtype) for a, b in zip(old, new)])
    if mode.startswith("nearest"):
        return nearest(x, new, scales, mode == "nearest-exact")
    cubic, corners = mode == "bicubic", bool(align_corners)
    kind = ("cubic" if cubic else "linear") + (" antialias" if antialias else "")
    matrices = [
        None if a == b and s == 1.0 else weights(kind, a, b, s, corners, x.dtype)
        for a, b, s in zip(old, new, scales)
    ]
    return along_axes(x, matrices)


def check_mode(x: Any, mode: str, align_corners: bool | None, antialias: bool) -> None:
    """Refuse modes that do not exist, or not for this input."""
    if mode not in MODES:
        raise ArgumentError(
            f"interpolate: mode is one of {', '.join(map(repr, MODES))}; got {mode!r}."
        )
    if x.ndim - 2 not in MODES[mode] or 0 in x.shape[1:]:
        axes = " or ".join(str(n + 2) for n in MODES[mode])
        raise ShapeError(
            f"interpolate(mode={mode!r}) got an input of shape {x.shape}; it takes {axes} axes, "
            f"(N, C, ...), all but N of length 1 or more."
        )
    if align_corners is not None and mode not in SMOOTH:
        raise ArgumentError(
            f"interpolate: align_corners is for the modes {', '.join(SMOOTH)}; mode is {mode!r}."
        )
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(f"interpolate: antialias is for bilinear and bicubic, not {mode!r}.")


def lengths(
    old: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool
) -> tuple[tuple[int, ...], list[float]]:
    """Return the new lengths, and how far apart neighbours of the output lie in the input."""
    n = len(old)
    if (size is None) == (scale_factor is None):
        raise ArgumentError(
            f"interpolate needs one of size and scale_factor; got size={size!r}, "
            f"scale_factor={scale_factor!r}."
        )
    if size is not None:
        new = per_axis(size, n, "size", "interpolate")
        return new, [a / b for a, b in zip(old, new)]
    factors = scale_factor if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * n
    if len(factors) != n or not all(f > 0 for f in factors):
        raise ArgumentError(
            f"interpolate: scale_factor is a positive number, or {n} of them; got {scale_factor!r}."
        )
    new = tuple(int(a * f) for a, f in zip(old, factors))
    if 0 in new:
        raise ShapeError(f"interpolate: {old} times {scale_factor} leaves nothing.")
    if recompute:
        return new, [a / b for a, b in zip(old, new)]
    return new, [1.0 / f for f in factors]


def nearest(x: Any, new: tuple[int, ...], scales: list[float], exact: bool) -> Any:
    """Pick the element of the input in which each of the output lies."""
    copies = [1] * len(new)  # how many times each element appears, where that is a whole number
    for i, (m, scale) in enumerate(zip(new, scales)):
        n = x.shape[2 + i]
        if m % n == 0 and scale == n / m:
            copies[i] = m // n
            continue
        # in single precision, in which PyTorch decides where a place on the border belongs
        place = np.arange(m, dtype=np.float32) + np.float32(0.5 if exact else 0)
        index = np.minimum(np.floor(place * np.float32(scale)).astype(np.intp), n - 1)
        x = np.take(x, index, axis=2 + i)
    if set(copies) == {1}:
        return x
    none, one = ((0, 0),) * len(new), (1,) * len(new)
    return spreading(x, at=geometry("interpolate", new, tuple(copies), tuple(copies), none, one))


@lru_cache(maxsize=256)
def weights(kind: str, n: int, m: int, scale: float, corners: bool, dtype: np.dtype[Any]) -> Array:
    """Return the matrix (m, n) that calculates each element of the output."""
    if corners:
        scale = (n - 1) / (m - 1) if m > 1 else 0.0
    matrix = np.zeros((m, n))
    rows = np.arange(m)
    if kind.endswith("antialias"):
        widened(matrix, kind.startswith("cubic"), scale)
    else:
        place = rows * scale if corners else (rows + 0.5) * scale - 0.5
        if kind == "linear":
            place = np.maximum(place, 0.0)
        first = np.floor(place)
        t = place - first
        taps = cubic_weights(t) if kind == "cubic" else [(0, 1 - t), (1, t)]
        for offset, w in taps:
            columns = np.clip(first.astype(int) + offset, 0, n - 1)
            np.add.at(matrix, (rows, columns), w)
    matrix = matrix.astype(dtype)
    matrix.flags.writeable = False
    return matrix


def cubic_weights(t: Any, a: float = -0.75) -> list[tuple[int, Any]]:
    """Return the weights of the elements -1, 0, 1, 2 for a place t between 0 and 1 (Keys)."""

    def near(d: Any) -> Any:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d: Any) -> Any:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return [(-1, far(t + 1)), (0, near(t)), (1, near(1 - t)), (2, far(2 - t))]


def widened(matrix: Array, cubic: bool, scale: float) -> None:
    """Fill in the weights of a filter that is as wide as the elements of the output."""
    m, n = matrix.shape
    wide = max(scale, 1.0)
    reach = (2 if cubic else 1) * wide
    for i in range(m):
        centre = scale * (i + 0.5)
        start, stop = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), n)
        d = np.abs((np.arange(start, stop) - centre + 0.5) / wide)
        if cubic:
            near, far = cubic_weights(d, -0.5)[1][1], cubic_weights(d - 1, -0.5)[0][1]
            w = np.where(d < 1, near, np.where(d < 2, far, 0.0))
        else:
            w = np.maximum(1 - d, 0)
        matrix[i, start:stop] = w / w.sum()
