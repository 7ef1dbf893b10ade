"""Smooth activation functions: exponential units, gated ones, softplus and its relatives.

All are evaluated without overflow, in the dtype of the input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.activation import (
    axis_of,
    logsigmoid_op,
    sigmoid,
    sigmoid_op,
)
from nnkit.functional.blocks import in_blocks
from nnkit.functional.operands import as_float, operation

__all__ = [
    "celu",
    "elu",
    "glu",
    "mish",
    "selu",
    "silu",
    "softplus",
    "softsign",
    "tanhshrink",
]

Array = NDArray[Any]

# --- exponential units ----------------------------------------------------------------------------

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def elu_forward(x: Array, *, alpha: float, scale: float, rate: float) -> Array:
    """Scale times: x where x > 0, alpha (exp(rate x) - 1) elsewhere.

    exp(z) - 1 = 2 t / (1 - t) with t = tanh(z / 2), without cancellation for z < 0; NumPy has a
    fast tanh, but no fast expm1.
    """
    t = np.minimum(x, 0.0)
    t = np.tanh(t * (0.5 * rate))
    y = t * (2 * alpha * scale)
    y /= 1.0 - t
    y += np.maximum(x, 0.0) if scale == 1 else np.maximum(x, 0.0) * scale
    return y


def elu_vjp(g: Any, _y: Any, x: Any, *, alpha: float, scale: float, rate: float) -> Any:
    """Scale times: 1 where x > 0, alpha rate exp(rate x) elsewhere."""
    h, left = g * np.exp(np.minimum(x, 0.0) * rate), alpha * rate
    if left == 1:
        return h if scale == 1 else h * scale
    return h * (left * scale) + h * (x > 0) * ((1 - left) * scale)


elu_op = operation("elu", elu_forward, vjp=(elu_vjp,))


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """Return x where x > 0 and `alpha` (exp(x) - 1) elsewhere.

    Parameters
    ----------
    input : array_like or Tensor
    alpha : float, default 1.0
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    References
    ----------
    D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and Accurate Deep Network Learning by
    Exponential Linear Units (ELUs)", ICLR 2016.

    Examples
    --------
    >>> elu(np.array([-1.0, 2.0])).round(4)
    array([-0.6321,  2.    ])
    """
    return elu_op(as_float(input, "the input of elu"), alpha=float(alpha), scale=1.0, rate=1.0)


def selu(input: Any, inplace: bool = False) -> Any:
    """Return scale (x where x > 0, alpha (exp(x) - 1) elsewhere), with the two constants that
    keep mean 0 and variance 1 from layer to layer: scale = 1.0507, alpha = 1.6733.

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
    G. Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.

    Examples
    --------
    >>> selu(np.array([-1.0, 2.0])).round(4)
    array([-1.1113,  2.1014])
    """
    x = as_float(input, "the input of selu")
    return elu_op(x, alpha=SELU_ALPHA, scale=SELU_SCALE, rate=1.0)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """Return x where x > 0 and `alpha` (exp(x / `alpha`) - 1) elsewhere: smooth at 0.

    Parameters
    ----------
    input : array_like or Tensor
    alpha : float, default 1.0
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `alpha` is 0.

    References
    ----------
    J. T. Barron, "Continuously Differentiable Exponential Linear Units", arXiv:1704.07483.

    Examples
    --------
    >>> celu(np.array([-1.0, 2.0]), alpha=2.0).round(4)
    array([-0.7869,  2.    ])
    """
    if alpha == 0:
        raise ArgumentError("celu: alpha must not be 0, because x is divided by it.")
    x = as_float(input, "the input of celu")
    return elu_op(x, alpha=float(alpha), scale=1.0, rate=1 / alpha)


# --- softplus and what contains it ----------------------------------------------------------------


def softplus_forward(x: Array, *, beta: float, threshold: float) -> Array:
    """log(1 + exp(beta x)) / beta; x itself where beta x > threshold."""
    z = x if beta == 1 else x * beta
    y = np.log1p(np.exp(-np.abs(z)))
    y += np.maximum(z, 0.0)
    y /= beta
    return np.where(z > threshold, x, y)


def softplus_vjp(g: Any, _y: Any, x: Any, *, beta: float, threshold: float) -> Any:
    """sigmoid(beta x)."""
    z = x * beta
    return np.where(z > threshold, g, g * sigmoid_op(z))


def silu_forward(x: Array) -> tuple[Array, Array]:
    """X s(x), and s for the backward pass; s is the sigmoid."""

    def write(y: Array, s: Array, x: Array) -> None:
        np.negative(x, out=s)
        with np.errstate(over="ignore"):  # where exp overflows, 1 / inf is the right 0
            np.exp(s, out=s)
        s += 1.0
        np.reciprocal(s, out=s)
        np.multiply(x, s, out=y)

    y, s = in_blocks(write, 2, x)
    return y, s


def silu_vjp(g: Array, s: Array, x: Array) -> tuple[Array, ...]:
    """d/dx x s(x) = s (1 + x (1 - s))."""

    def write(slope: Array, x: Array, g: Array, s: Array) -> None:
        np.subtract(1.0, s, out=slope)
        slope *= x
        slope += 1.0
        slope *= s
        slope *= g

    return in_blocks(write, 1, x, g, s)


def mish_vjp(g: Any, _y: Any, x: Any) -> Any:
    """d/dx x w(x) = w + x s (1 - w^2), w = tanh(softplus(x)) and s the sigmoid."""
    w = np.tanh(-logsigmoid_op(-x))
    return g * (w + x * (sigmoid_op(x) * (1 - w * w)))


softplus_op = operation("softplus", softplus_forward, vjp=(softplus_vjp,))
silu_op = operation(
    "silu", silu_forward, vjp=silu_vjp, composition=lambda x: x * sigmoid_op(x), saves=True
)
mish_op = operation(
    "mish",
    lambda x: x * np.tanh(np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))),
    vjp=(mish_vjp,),
)


def softplus(input: Any, beta: float = 1, threshold: float = 20) -> Any:
    """Return log(1 + exp(beta x)) / beta, a smooth max(x, 0).

    Parameters
    ----------
    input : array_like or Tensor
    beta : float, default 1
        The larger, the nearer to max(x, 0).
    threshold : float, default 20
        Where beta x exceeds it, x itself is returned; the difference is below 2e-9.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `beta` is 0.

    Examples
    --------
    >>> softplus(np.array([-1000.0, 0.0, 100.0])).round(4)
    array([  0.    ,   0.6931, 100.    ])
    """
    if beta == 0:
        raise ArgumentError("softplus: beta must not be 0, because the result is divided by it.")
    x = as_float(input, "the input of softplus")
    return softplus_op(x, beta=float(beta), threshold=float(threshold))


def silu(input: Any, inplace: bool = False) -> Any:
    """Return x sigmoid(x), also called swish.

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
    S. Elfwing, E. Uchibe, K. Doya, "Sigmoid-weighted linear units", arXiv:1702.03118.

    Examples
    --------
    >>> silu(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.7311])
    """
    return silu_op(as_float(input, "the input of silu"))


def mish(input: Any, inplace: bool = False) -> Any:
    """Return x tanh(softplus(x)).

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
    D. Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", arXiv:1908.08681.

    Examples
    --------
    >>> mish(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.8651])
    """
    return mish_op(as_float(input, "the input of mish"))


# --- the rest -------------------------------------------------------------------------------------


def softsign(input: Any) -> Any:
    """Return x / (1 + abs(x)).

    Parameters
    ----------
    input : array_like or Tensor

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> softsign(np.array([-1.0, 3.0]))
    array([-0.5 ,  0.75])
    """
    x = as_float(input, "the input of softsign")
    return x / (1 + np.abs(x))


def tanhshrink(input: Any) -> Any:
    """Return x - tanh(x).

    Parameters
    ----------
    input : array_like or Tensor

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> tanhshrink(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.2384])
    """
    x = as_float(input, "the input of tanhshrink")
    return x - np.tanh(x)


def glu(input: Any, dim: int = -1) -> Any:
    """Return a sigmoid(b), a and b being the two halves of the input along an axis.

    Parameters
    ----------
    input : array_like or Tensor
        Of even length along `dim`.
    dim : int, default -1

    Returns
    -------
    Tensor or ndarray
        Half as long as `input` along `dim`.

    Raises
    ------
    ShapeError
        If the axis has an odd length.

    References
    ----------
    Y. Dauphin et al., "Language Modeling with Gated Convolutional Networks", ICML 2017.

    Examples
    --------
    >>> glu(np.array([3.0, 0.0]))
    array([1.5])
    """
    x = as_float(input, "the input of glu")
    axis = axis_of(x, dim, "glu") % x.ndim
    if x.shape[axis] % 2:
        raise ShapeError(
            f"glu halves its input along dim={dim}; it got shape {x.shape}, and {x.shape[axis]} is "
            f"odd."
        )
    before, half = (slice(None),) * axis, x.shape[axis] // 2
    return x[(*before, slice(half))] * sigmoid(x[(*before, slice(half, None))])
