"""Activation functions in straight pieces: ReLU, its variants, and cheap stand-ins for the sigmoid.

At a kink the derivative is that of PyTorch. A NaN stays a NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.operands import as_dtype, as_float, operation
from nnkit.random import draw

__all__ = [
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "prelu",
    "relu6",
    "rrelu",
    "softshrink",
    "threshold",
]

Array = NDArray[Any]

# A mask is multiplied with: `np.where` with masks that jump about is up to ten times slower.


def leaky_forward(x: Array, *, slope: float) -> Array:
    """X where x > 0, slope x elsewhere."""
    return np.maximum(x, x * slope) if 0 <= slope <= 1 else np.where(x > 0, x, x * slope)


leaky_op = operation(
    "leaky_relu",
    leaky_forward,
    vjp=(lambda g, _y, x, *, slope: g * slope + g * (x > 0) * (1 - slope),),
)
prelu_op = operation(
    "prelu",
    lambda x, slopes: np.where(x > 0, x, x * slopes),
    vjp=(
        lambda g, _y, x, slopes: np.where(x > 0, g, g * slopes),
        lambda g, _y, x, _slopes: g * x * (x <= 0),
    ),
    composition=lambda x, slopes: np.where(x > 0, x, x * slopes),
)
threshold_op = operation(
    "threshold",
    lambda x, *, threshold, value: np.where(x <= threshold, value, x),
    vjp=(lambda g, _y, x, *, threshold, value: g * (x > threshold),),
)
clip_op = operation(
    "hardtanh",
    lambda x, *, low, high: np.clip(x, low, high),
    vjp=(lambda g, _y, x, *, low, high: g * ((x > low) & (x < high)),),
)
hardsigmoid_op = operation(
    "hardsigmoid",
    lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0,
    vjp=(lambda g, _y, x: g * (np.abs(x) < 3) / 6.0,),
)
hardswish_op = operation(
    "hardswish",
    lambda x: x * (np.clip(x + 3.0, 0.0, 6.0) / 6.0),
    vjp=(lambda g, _y, x: g * ((x / 3.0 + 0.5) * (np.abs(x) < 3) + (x >= 3)),),
)
hardshrink_op = operation(
    "hardshrink",
    lambda x, *, lambd: np.where(np.abs(x) <= lambd, 0.0, x),
    vjp=(lambda g, _y, x, *, lambd: g * (np.abs(x) > lambd),),
)
softshrink_op = operation(
    "softshrink",
    lambda x, *, lambd: x - np.clip(x, -lambd, lambd),
    vjp=(lambda g, _y, x, *, lambd: g * (np.abs(x) > lambd),),
)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """Return x where x > 0 and `negative_slope` times x elsewhere.

    Parameters
    ----------
    input : array_like or Tensor
    negative_slope : float, default 0.01
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    References
    ----------
    A. Maas, A. Hannun, A. Ng, "Rectifier nonlinearities improve neural network acoustic models",
    ICML 2013.

    Examples
    --------
    >>> leaky_relu(np.array([-2.0, 3.0]), 0.1)
    array([-0.2,  3. ])
    """
    return leaky_op(as_float(input, "the input of leaky_relu"), slope=float(negative_slope))


def prelu(input: Any, weight: Any) -> Any:
    """Return x where x > 0 and a learned slope times x elsewhere.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...)
    weight : array or Tensor, shape () or (1,) or (C,)
        The slope: one for all, or one for each channel, which is axis 1.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ShapeError
        If there is neither one slope nor one for each channel.

    References
    ----------
    K. He et al., "Delving Deep into Rectifiers", ICCV 2015.

    Examples
    --------
    >>> prelu(np.array([[-2.0, -2.0]]), np.array([0.25, 0.5]))
    array([[-0.5, -1. ]])
    """
    x = as_float(input, "the input of prelu")
    slopes = as_dtype(weight, x.dtype, "the weight of prelu")
    if slopes.size != 1:
        channels = x.shape[1] if x.ndim > 1 else 1
        if slopes.shape != (channels,):
            raise ShapeError(
                f"prelu got an input of shape {x.shape} and a weight of shape {slopes.shape}. The "
                f"weight holds one slope, or one for each of the {channels} channels (axis 1)."
            )
        slopes = slopes.reshape(channels, *(1,) * (x.ndim - 2))
    elif slopes.ndim > x.ndim:  # the result has the shape of x
        slopes = slopes.reshape(())
    return prelu_op(x, slopes)


def check_slopes(lower: float, upper: float) -> None:
    """Refuse an interval that is none."""
    if not lower <= upper:
        raise ArgumentError(f"rrelu: lower must not exceed upper, got {lower!r} and {upper!r}.")


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Any:
    """Return x where x > 0 and a random slope times x elsewhere.

    Parameters
    ----------
    input : array_like or Tensor
    lower, upper : float, default 1/8 and 1/3
        While training each slope is drawn evenly from [lower, upper); else it is their mean.
    training : bool, default False
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `lower` exceeds `upper`.

    References
    ----------
    B. Xu et al., "Empirical Evaluation of Rectified Activations in Convolution Network",
    arXiv:1505.00853.

    Examples
    --------
    >>> rrelu(np.array([-1.0, 1.0]), 0.2, 0.4).round(2)
    array([-0.3,  1. ])
    """
    check_slopes(lower, upper)
    x = as_float(input, "the input of rrelu")
    if not training:
        return leaky_op(x, slope=(lower + upper) / 2)
    return prelu_op(x, draw("dropout", "uniform", lower, upper, x.shape).astype(x.dtype))


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """Return x where x > `threshold` and `value` elsewhere.

    Parameters
    ----------
    input : array_like or Tensor
    threshold : float
    value : float
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> threshold(np.array([0.5, 2.0]), 1.0, -9.0)
    array([-9.,  2.])
    """
    x = as_float(input, "the input of threshold")
    return threshold_op(x, threshold=float(threshold), value=float(value))


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """Return x, cut off below `min_val` and above `max_val`.

    Parameters
    ----------
    input : array_like or Tensor
    min_val, max_val : float, default -1 and 1
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `min_val` is not below `max_val`.

    Examples
    --------
    >>> hardtanh(np.array([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    check_limits(min_val, max_val)
    return clip_op(
        as_float(input, "the input of hardtanh"), low=float(min_val), high=float(max_val)
    )


def check_limits(low: float, high: float) -> None:
    """Refuse limits between which there is nothing."""
    if not low < high:
        raise ArgumentError(
            f"hardtanh: min_val must be less than max_val, got {low!r} and {high!r}."
        )


def relu6(input: Any, inplace: bool = False) -> Any:
    """Return min(max(x, 0), 6).

    Parameters
    ----------
    input : array_like or Tensor
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> relu6(np.array([-1.0, 5.0, 9.0]))
    array([0., 5., 6.])
    """
    return clip_op(as_float(input, "the input of relu6"), low=0.0, high=6.0)


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """Return min(max(x + 3, 0), 6) / 6, a sigmoid of straight lines.

    Parameters
    ----------
    input : array_like or Tensor
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> hardsigmoid(np.array([-4.0, 0.0, 4.0]))
    array([0. , 0.5, 1. ])
    """
    return hardsigmoid_op(as_float(input, "the input of hardsigmoid"))


def hardswish(input: Any, inplace: bool = False) -> Any:
    """Return x times hardsigmoid(x).

    Parameters
    ----------
    input : array_like or Tensor
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    References
    ----------
    A. Howard et al., "Searching for MobileNetV3", ICCV 2019.

    Examples
    --------
    >>> hardswish(np.array([-4.0, 1.5, 4.0]))
    array([-0.   ,  1.125,  4.   ])
    """
    return hardswish_op(as_float(input, "the input of hardswish"))


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """Return x, and 0 where abs(x) <= `lambd`.

    Parameters
    ----------
    input : array_like or Tensor
    lambd : float, default 0.5

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> hardshrink(np.array([-0.3, 0.7]))
    array([0. , 0.7])
    """
    return hardshrink_op(as_float(input, "the input of hardshrink"), lambd=float(lambd))


def check_shrinkage(lambd: float) -> None:
    """Refuse to shrink by a negative amount."""
    if not lambd >= 0:
        raise ArgumentError(f"softshrink: lambd must not be negative, got {lambd!r}.")


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """Return x brought nearer to 0 by `lambd`, and 0 where abs(x) <= `lambd`.

    Parameters
    ----------
    input : array_like or Tensor
    lambd : float, default 0.5

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `lambd` is negative.

    Examples
    --------
    >>> softshrink(np.array([-0.3, 0.75]))
    array([0.  , 0.25])
    """
    check_shrinkage(lambd)
    return softshrink_op(as_float(input, "the input of softshrink"), lambd=float(lambd))
