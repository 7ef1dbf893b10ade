"""Activation functions, each an operation with its own derivative where NumPy has none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from autograd_core.live import traceable
from nnkit.functional.blocks import in_blocks
from nnkit.functional.erf import erf, normal
from nnkit.functional.operands import as_float, operation
from nnkit.functional.rows import largest_of_rows, sums_of_rows

__all__ = ["gelu", "log_softmax", "logsigmoid", "relu", "sigmoid", "softmax", "tanh"]

Array = NDArray[Any]

relu_op = operation(
    "relu",
    traceable(lambda x: np.maximum(x, 0.0)),
    vjp=(lambda g, y, _x: g * (y > 0),),
)


def relu(input: Any, inplace: bool = False) -> Any:
    """Return max(x, 0), element by element; its derivative at 0 is 0.

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
    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    return relu_op(input)


def tanh(input: Any) -> Any:
    """Return the hyperbolic tangent, element by element.

    Parameters
    ----------
    input : array_like or Tensor

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> tanh(np.array([0.0]))
    array([0.])
    """
    return np.tanh(input)


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)) of a plain array; where exp overflows, 1 / inf is the right 0."""
    with np.errstate(over="ignore"):
        y = np.exp(-x)
    y += 1.0
    return np.reciprocal(y)


sigmoid_op = operation("sigmoid", logistic, vjp=(lambda g, y, _x: g * (y * (1 - y)),))


def sigmoid(input: Any) -> Any:
    """Return 1 / (1 + exp(-x)), element by element.

    Parameters
    ----------
    input : array_like or Tensor

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> sigmoid(np.array([0.0, 1000.0]))
    array([0.5, 1. ])
    """
    return sigmoid_op(as_float(input, "the input of sigmoid"))


logsigmoid_op = operation(
    "logsigmoid",
    lambda x: np.minimum(x, 0.0) - np.log1p(np.exp(-np.abs(x))),
    vjp=(lambda g, _y, x: g * sigmoid_op(-x),),
)


def logsigmoid(input: Any) -> Any:
    """Return log(sigmoid(x)), element by element, without loss where sigmoid(x) rounds to 0.

    Parameters
    ----------
    input : array_like or Tensor

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> logsigmoid(np.array([-1000.0]))
    array([-1000.])
    """
    return logsigmoid_op(as_float(input, "the input of logsigmoid"))


# --- GELU -----------------------------------------------------------------------------------------

ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)
CUBIC = 0.044715


def gelu_forward(x: Array) -> tuple[Array, Array]:
    """X Phi(x), and Phi(x) for the backward pass; Phi is the normal distribution function."""

    def write(y: Array, phi: Array, x: Array) -> None:
        normal(phi, x)
        np.multiply(x, phi, out=y)

    y, phi = in_blocks(write, 2, x)
    return y, phi


def gelu_vjp(g: Array, phi: Array, x: Array) -> tuple[Array, ...]:
    """d/dx x Phi(x) = Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi)."""

    def write(slope: Array, x: Array, g: Array, phi: Array) -> None:
        np.multiply(x, x, out=slope)
        slope *= -0.5
        np.exp(slope, out=slope)
        slope *= x
        slope *= 1 / math.sqrt(2 * math.pi)
        slope += phi
        slope *= g

    return in_blocks(write, 1, x, g, phi)


def gelu_composition(x: Any) -> Any:
    """Write it in functions that differentiate."""
    return x * (0.5 * (1 + erf(x * ROOT_HALF)))


def gelu_tanh_forward(x: Array) -> tuple[Array, Array]:
    """X p with p = (1 + tanh(u)) / 2, u = sqrt(2/pi) (x + 0.044715 x^3); and p."""

    def write(y: Array, p: Array, x: Array) -> None:
        np.multiply(x, x, out=p)
        p *= CUBIC * ROOT_TWO_OVER_PI
        p += ROOT_TWO_OVER_PI
        p *= x
        np.tanh(p, out=p)
        p += 1.0
        p *= 0.5
        np.multiply(x, p, out=y)

    y, p = in_blocks(write, 2, x)
    return y, p


def gelu_tanh_vjp(g: Array, p: Array, x: Array) -> tuple[Array, ...]:
    """P + x p', p' = 2 p (1 - p) u', u' = sqrt(2/pi) (1 + 3 * 0.044715 x^2)."""

    def write(slope: Array, x: Array, g: Array, p: Array) -> None:
        np.multiply(x, x, out=slope)
        slope *= 6 * CUBIC * ROOT_TWO_OVER_PI
        slope += 2 * ROOT_TWO_OVER_PI
        slope *= x
        slope *= p
        slope *= 1.0 - p
        slope += p
        slope *= g

    return in_blocks(write, 1, x, g, p)


def gelu_tanh_composition(x: Any) -> Any:
    """Write it in functions that differentiate."""
    return x * (0.5 * (1 + np.tanh(ROOT_TWO_OVER_PI * (x * (1 + CUBIC * (x * x))))))


GELU_OPS = {
    "none": operation("gelu", gelu_forward, vjp=gelu_vjp, composition=gelu_composition, saves=True),
    "tanh": operation(
        "gelu_tanh",
        gelu_tanh_forward,
        vjp=gelu_tanh_vjp,
        composition=gelu_tanh_composition,
        saves=True,
    ),
}


def gelu(input: Any, approximate: str = "none") -> Any:
    """Return x Phi(x), Phi being the distribution function of the normal distribution.

    Parameters
    ----------
    input : array_like or Tensor
    approximate : {"none", "tanh"}, default "none"
        "tanh" replaces Phi(x) by (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, as GPT-2 does; it
        differs by up to 5e-4 and is faster.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If `approximate` is neither.

    References
    ----------
    D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415.

    Examples
    --------
    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    op = GELU_OPS.get(approximate)
    if op is None:
        raise ArgumentError(f"gelu: approximate is 'none' or 'tanh', got {approximate!r}.")
    return op(as_float(input, "the input of gelu"))


# --- softmax --------------------------------------------------------------------------------------


def softmax_forward(x: Array, *, axis: int) -> Array:
    """exp(x) / sum(exp(x)), shifted by the maximum so that nothing overflows."""
    y = x - largest(x, axis)
    np.exp(y, out=y)
    y /= total(y, axis)
    return y


def largest(x: Any, axis: int) -> Any:
    """Return the largest number along an axis, which stays, with length 1."""
    if axis % x.ndim == x.ndim - 1:
        return largest_of_rows(x)
    how: dict[str, Any] = {} if x.shape[axis] else {"initial": -np.inf}
    return x.max(axis=axis, keepdims=True, **how)


def total(x: Any, axis: int) -> Any:
    """Return the sum along an axis, which stays, with length 1."""
    is_last = axis % x.ndim == x.ndim - 1
    return sums_of_rows(x) if is_last else x.sum(axis=axis, keepdims=True)


def softmax_vjp(g: Any, y: Any, _x: Any, *, axis: int) -> Any:
    """Y (g - sum(g y))."""
    gy = g * y
    return gy - y * total(gy, axis)


def log_softmax_forward(x: Array, *, axis: int) -> Array:
    """X - log(sum(exp(x))), shifted by the maximum so that nothing overflows."""
    y = x - largest(x, axis)
    if y.size:
        y -= np.log(total(np.exp(y), axis))
    return y


def log_softmax_vjp(g: Any, y: Any, _x: Any, *, axis: int) -> Any:
    """G - softmax(x) sum(g)."""
    return g - np.exp(y) * total(g, axis)


softmax_op = operation("softmax", softmax_forward, vjp=(softmax_vjp,))
log_softmax_op = operation("log_softmax", log_softmax_forward, vjp=(log_softmax_vjp,))


def axis_of(x: Any, dim: int | None, what: str) -> int:
    """Check the axis of a softmax."""
    if dim is None:
        raise ArgumentError(
            f"{what} must be told over which axis the numbers add up to 1: for scores of shape "
            f"(batch, classes) write dim=1."
        )
    if not -x.ndim <= dim < x.ndim:
        raise ArgumentError(f"{what}: dim={dim}, but the input has shape {x.shape}.")
    return dim


def cast(x: Any, dtype: Any) -> Any:
    """Return `x` in another dtype, if one is asked for."""
    return x if dtype is None else x.astype(dtype)


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """Return exp(x) / sum(exp(x)) along `dim`: positive numbers that add up to 1.

    Parameters
    ----------
    input : array_like or Tensor
    dim : int
        The axis of the classes; it must be given.
    dtype : dtype, optional
        Calculate in this floating point type.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]), dim=1)
    array([[0.5, 0.5]])
    """
    x = cast(as_float(input, "the input of softmax"), dtype)
    return softmax_op(x, axis=axis_of(x, dim, "softmax"))


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """Return log(softmax(x)) along `dim`, accurate also where softmax(x) rounds to 0.

    Parameters
    ----------
    input : array_like or Tensor
    dim : int
        The axis of the classes; it must be given.
    dtype : dtype, optional
        Calculate in this floating point type.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> log_softmax(np.array([[0.0, -1000.0]]), dim=1)
    array([[    0., -1000.]])
    """
    x = cast(as_float(input, "the input of log_softmax"), dtype)
    return log_softmax_op(x, axis=axis_of(x, dim, "log_softmax"))
