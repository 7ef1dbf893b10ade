"""Shuffling: channels into pixels, pixels into channels, channels among each other."""

from __future__ import annotations

from typing import Any

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.operands import as_array

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Turn r^2 channels into r by r pixels: (..., C r^2, H, W) becomes (..., C, H r, W r).

    Parameters
    ----------
    input : array_like or Tensor, shape (..., C r^2, H, W)
    upscale_factor : int
        r.

    Returns
    -------
    array or Tensor, shape (..., C, H r, W r)

    Raises
    ------
    ShapeError
        If the number of channels is no multiple of r^2.

    References
    ----------
    W. Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
    Convolutional Neural Network", CVPR 2016.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_shuffle(np.arange(4.0).reshape(4, 1, 1), 2)
    array([[[0., 1.],
            [2., 3.]]])
    """
    x, r = as_array(input), upscale_factor
    positive("pixel_shuffle", "upscale_factor", r)
    if x.ndim < 3 or x.shape[-3] % (r * r):
        raise ShapeError(
            f"pixel_shuffle got an input of shape {x.shape}; with upscale_factor={r} it takes "
            f"(..., C * {r * r}, H, W)."
        )
    *lead, c, h, w = x.shape
    n = len(lead)
    x = x.reshape(*lead, c // (r * r), r, r, h, w)
    x = x.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return x.reshape(*lead, c // (r * r), h * r, w * r)


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """Turn r by r pixels into r^2 channels: (..., C, H r, W r) becomes (..., C r^2, H, W).

    Parameters
    ----------
    input : array_like or Tensor, shape (..., C, H r, W r)
    downscale_factor : int
        r.

    Returns
    -------
    array or Tensor, shape (..., C r^2, H, W)

    Raises
    ------
    ShapeError
        If height or width is no multiple of r.

    Examples
    --------
    >>> import numpy as np
    >>> pixel_unshuffle(np.arange(4.0).reshape(1, 2, 2), 2).ravel()
    array([0., 1., 2., 3.])
    """
    x, r = as_array(input), downscale_factor
    positive("pixel_unshuffle", "downscale_factor", r)
    if x.ndim < 3 or x.shape[-2] % r or x.shape[-1] % r:
        raise ShapeError(
            f"pixel_unshuffle got an input of shape {x.shape}; with downscale_factor={r} it takes "
            f"(..., C, H * {r}, W * {r})."
        )
    *lead, c, h, w = x.shape
    n = len(lead)
    x = x.reshape(*lead, c, h // r, r, w // r, r)
    x = x.transpose(*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return x.reshape(*lead, c * r * r, h // r, w // r)


def channel_shuffle(input: Any, groups: int) -> Any:
    """Mix groups of channels: the first of each group, the second of each group, and so on.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...)
    groups : int
        It divides C.

    Returns
    -------
    array or Tensor, the shape of `input`

    Raises
    ------
    ShapeError
        If the channels cannot be split so.

    References
    ----------
    X. Zhang et al., "ShuffleNet", CVPR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> channel_shuffle(np.arange(4.0).reshape(1, 4, 1), 2).ravel()
    array([0., 2., 1., 3.])
    """
    x = as_array(input)
    positive("channel_shuffle", "groups", groups)
    if x.ndim < 3 or x.shape[1] % groups:
        raise ShapeError(
            f"channel_shuffle got an input of shape {x.shape}; with groups={groups} it takes "
            f"(N, C * {groups}, ...)."
        )
    n, c, *size = x.shape
    return x.reshape(n, groups, c // groups, *size).swapaxes(1, 2).reshape(x.shape)


def positive(what: str, name: str, value: Any) -> None:
    """Refuse what is no positive whole number."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{what}: {name} is a positive whole number, got {value!r}.")
