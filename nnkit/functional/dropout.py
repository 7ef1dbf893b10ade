"""Dropout: leaving out values at random while training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.operands import as_float
from nnkit.random import draw

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]


def check_probability(p: float) -> None:
    """Refuse what is no probability."""
    if not 0 <= p <= 1:
        raise ArgumentError(
            f"dropout: p is the probability of leaving a value out, between 0 and 1; got {p!r}."
        )


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set each value to 0 with probability `p`, and divide the others by 1 - p.

    The expected value stays the same, so nothing has to be done in evaluation.

    Parameters
    ----------
    input : array_like or Tensor
    p : float, default 0.5
        Probability of leaving a value out.
    training : bool, default True
        False returns the input as it is.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.

    References
    ----------
    N. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
    JMLR 15 (2014).

    Examples
    --------
    >>> dropout(np.ones(3), p=0.5, training=False)
    array([1., 1., 1.])
    """
    check_probability(p)
    if not training or p == 0:
        return input
    return thinned(as_float(input, "the input of dropout"), p)


def drawn(shape: tuple[int, ...], p: float) -> NDArray[np.bool_]:
    """Draw which values are kept, each with the probability 1 - p."""
    return draw("dropout", "random", shape, dtype=np.float32) >= p


def thinned(x: Any, p: float, axes: int | None = None) -> Any:
    """Leave out values, or all values together that have the first `axes` indices in common."""
    shape = x.shape if axes is None else x.shape[:axes] + (1,) * (x.ndim - axes)
    scale = 1 / (1 - p) if p < 1 else 0.0
    return x * np.multiply(drawn(shape, p), scale, dtype=x.dtype)


# --- whole channels -------------------------------------------------------------------------------


def of_channels(input: Any, p: float, training: bool, what: str, allowed: dict[int, int]) -> Any:
    """Leave out channels; `allowed` says, for a number of axes, how many a channel is named by."""
    check_probability(p)
    x = as_float(input, f"the input of {what}")
    if x.ndim not in allowed:
        kinds = " or ".join(map(str, allowed))
        raise ShapeError(
            f"{what} leaves out whole channels of inputs with {kinds} axes, got shape {x.shape}. "
            f"For single values use dropout."
        )
    return thinned(x, p, allowed[x.ndim]) if training and p > 0 else input


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set whole channels to 0 with probability `p`, and divide the others by 1 - p.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, L) or (C, L)
    p : float, default 0.5
        Probability of leaving a channel out.
    training : bool, default True
        False returns the input as it is.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If the input has another number of axes.

    References
    ----------
    J. Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015.

    Examples
    --------
    >>> y = dropout1d(np.ones((1, 4, 3)))
    >>> bool((y.min(axis=2) == y.max(axis=2)).all())
    True
    """
    return of_channels(input, p, training, "dropout1d", {2: 1, 3: 2})


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set whole channels to 0 with probability `p`, and divide the others by 1 - p.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (N, C, L)
    p : float, default 0.5
        Probability of leaving a channel out.
    training : bool, default True
        False returns the input as it is.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If the input has another number of axes.

    References
    ----------
    J. Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015.

    Examples
    --------
    >>> dropout2d(np.ones((1, 4, 3, 3)), p=1.0).sum()
    np.float64(0.0)
    """
    return of_channels(input, p, training, "dropout2d", {3: 2, 4: 2})


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Set whole channels to 0 with probability `p`, and divide the others by 1 - p.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, D, H, W) or (C, D, H, W)
    p : float, default 0.5
        Probability of leaving a channel out.
    training : bool, default True
        False returns the input as it is.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If the input has another number of axes.

    References
    ----------
    J. Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015.

    Examples
    --------
    >>> dropout3d(np.ones((1, 4, 2, 2, 2)), p=1.0).sum()
    np.float64(0.0)
    """
    return of_channels(input, p, training, "dropout3d", {4: 1, 5: 2})


# --- for SELU -------------------------------------------------------------------------------------

SELU_LOWEST = -1.7580993408473766  # what SELU tends to for large negative inputs


def at_lowest(x: Any, p: float, axes: int | None = None) -> Any:
    """Set values to SELU's lowest, and restore mean 0 and variance 1 by a x + b."""
    if p == 1:
        return x * 0.0
    kept = drawn(x.shape if axes is None else x.shape[:axes] + (1,) * (x.ndim - axes), p)
    a = 1 / math.sqrt((1 - p) * (1 + p * SELU_LOWEST**2))
    b = -a * SELU_LOWEST * p
    lowest = np.where(kept, b, a * SELU_LOWEST + b).astype(x.dtype)
    return x * np.multiply(kept, a, dtype=x.dtype) + lowest


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Set each value to the lowest of SELU with probability `p`, keeping mean 0 and variance 1.

    Parameters
    ----------
    input : array_like or Tensor
    p : float, default 0.5
        Probability of leaving a value out.
    training : bool, default False
        False returns the input as it is.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.

    References
    ----------
    G. Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.

    Examples
    --------
    >>> alpha_dropout(np.ones(3))
    array([1., 1., 1.])
    """
    check_probability(p)
    if not training or p == 0:
        return input
    return at_lowest(as_float(input, "the input of alpha_dropout"), p)


def feature_alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Any:
    """Set whole channels to the lowest of SELU with probability `p`, keeping mean and variance.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...)
    p : float, default 0.5
        Probability of leaving a channel out.
    training : bool, default False
        False returns the input as it is.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If the input has fewer than two axes.

    References
    ----------
    G. Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.

    Examples
    --------
    >>> feature_alpha_dropout(np.ones((1, 3)))
    array([[1., 1., 1.]])
    """
    check_probability(p)
    x = as_float(input, "the input of feature_alpha_dropout")
    if x.ndim < 2:
        raise ShapeError(
            f"feature_alpha_dropout leaves out channels of inputs (N, C, ...), got {x.shape}."
        )
    return at_lowest(x, p, 2) if training and p > 0 else input
