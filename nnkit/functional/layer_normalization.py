"""Normalisation over the last axes of each example: layer norm and RMS norm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.memory import aligned
from nnkit.functional.channels import again
from nnkit.functional.linear import ones
from nnkit.functional.operands import as_float, operation

__all__ = ["layer_norm", "rms_norm", "standardising"]

Array = NDArray[Any]


# --- the fused operation: mean 0 and variance 1 along the last axis -------------------------------


def standardise(
    x: Array, weight: Array | None = None, bias: Array | None = None, *, eps: float
) -> tuple[Array, tuple[Array, Array]]:
    """Return y = (x - mean) / sqrt(var + eps) * weight + bias along the last axis."""
    n = x.shape[-1]
    rows = x.reshape(-1, n)
    mean = np.dot(rows, ones(n, x.dtype))
    mean *= 1.0 / n
    h = np.subtract(rows, mean[:, None], out=aligned(rows.shape, x.dtype))
    inverse = np.vecdot(h, h)
    inverse *= 1.0 / n
    inverse += x.dtype.type(eps)
    np.sqrt(inverse, out=inverse)
    np.reciprocal(inverse, out=inverse)
    h *= inverse[:, None]
    wide, times = several(h)
    y = aligned(wide.shape, x.dtype)
    if weight is None:
        y[...] = wide
    else:
        np.multiply(wide, again(weight, times), out=y)
    if bias is not None:
        y += again(bias, times)
    return y.reshape(x.shape), (h, inverse)


def several(rows: Array) -> tuple[Array, int]:
    """See several rows as one, so that a factor for each column is applied in long runs."""
    count, n = rows.shape
    times = math.gcd(count, 16) if n < 256 else 1
    return rows.reshape(count // times, times * n), times


def standardise_vjp(
    g: Array,
    saved: Any,
    _x: Any,
    weight: Array | None = None,
    _bias: Any = None,
    *,
    eps: float,
    needs: Any,
) -> tuple[Any, ...]:
    """dL/dx = s (gw - mean(gw) - h mean(gw h)), h = (x - mean) s, s = 1 / sqrt(var + eps)."""
    h, inverse = saved
    count, n = h.shape
    rows = g.reshape(count, n)
    share: list[Any] = [None, None, None]
    if needs[0]:
        gw = rows
        if weight is not None:
            wide, times = several(rows)
            gw = (wide * again(weight, times)).reshape(count, n)
        grad = aligned(h.shape, h.dtype)
        np.multiply(h, (np.vecdot(gw, h) * (-1.0 / n))[:, None], out=grad)
        grad += gw
        grad -= (np.dot(gw, ones(n, gw.dtype)) * (1.0 / n))[:, None]
        grad *= inverse[:, None]
        share[0] = grad.reshape(g.shape)
    if len(needs) > 1 and needs[1]:
        share[1] = np.einsum("ij,ij->j", rows, h)
    if len(needs) > 2 and needs[2]:
        share[2] = np.dot(ones(count, g.dtype), rows)
    return tuple(share[: len(needs)])


def standardise_composition(x: Any, weight: Any = None, bias: Any = None, *, eps: float) -> Any:
    """Write it in functions that differentiate."""
    centred = x - x.mean(axis=-1, keepdims=True)
    y = centred / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


standardising = operation(
    "layer_norm",
    standardise,
    vjp=standardise_vjp,
    composition=standardise_composition,
    saves=True,
)


# --- as torch has them ----------------------------------------------------------------------------


def axes_of(x: Any, normalized_shape: Any, what: str, **vectors: Any) -> tuple[int, ...]:
    """Check that the last axes of the input, and the parameters, have this shape."""
    single = isinstance(normalized_shape, (int, np.integer))
    shape = (int(normalized_shape),) if single else tuple(normalized_shape)
    if not shape:
        raise ArgumentError(f"{what}: normalized_shape names at least one axis, got {shape}.")
    if x.shape[-len(shape) :] != shape:
        raise ShapeError(
            f"{what} got an input of shape {x.shape}; with normalized_shape={shape} it must end "
            f"with these lengths."
        )
    for name, v in vectors.items():
        if v is not None and v.shape != shape:
            raise ShapeError(f"{what}: {name} has shape {v.shape}; it must have {shape}.")
    return shape


def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Return (x - mean) / sqrt(var + eps) * weight + bias over the last axes of each example.

    Parameters
    ----------
    input : array_like or Tensor, shape (..., *normalized_shape)
    normalized_shape : int or tuple of int
        Of the axes over which mean and variance (over n, not n - 1) are taken.
    weight, bias : array or Tensor, shape `normalized_shape`, optional
    eps : float, default 1e-5

    Returns
    -------
    array or Tensor, the shape of `input`

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    References
    ----------
    J. Ba, J. Kiros, G. Hinton, "Layer Normalization", arXiv:1607.06450.

    Examples
    --------
    >>> layer_norm(np.array([[1.0, 3.0], [5.0, 5.0]]), 2, eps=0.01).round(2)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    x = as_float(input, "the input of layer_norm")
    shape = axes_of(x, normalized_shape, "layer_norm", weight=weight, bias=bias)
    if weight is None and bias is not None:
        return layer_norm(x, shape, None, None, eps) + bias
    n = math.prod(shape)
    if not n:  # no numbers, and no row would have a length
        return x * (1.0 if weight is None else weight) + (0.0 if bias is None else bias)
    operands = [v for v in (x, weight, bias) if v is not None]
    if len(shape) == 1:
        return standardising(*operands, eps=eps)
    flat = [x.reshape(-1, n), *(v.reshape(n) for v in operands[1:])]
    return standardising(*flat, eps=eps).reshape(x.shape)


def rms_norm(
    input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    """Return x / sqrt(mean(x^2) + eps) * weight over the last axes of each example.

    Parameters
    ----------
    input : array_like or Tensor, shape (..., *normalized_shape)
    normalized_shape : int or tuple of int
    weight : array or Tensor, shape `normalized_shape`, optional
    eps : float, optional
        By default the resolution of the dtype, 1.2e-7 for float32.

    Returns
    -------
    array or Tensor, the shape of `input`

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    References
    ----------
    B. Zhang, R. Sennrich, "Root Mean Square Layer Normalization", NeurIPS 2019.

    Examples
    --------
    >>> rms_norm(np.array([3.0, 4.0, 0.0, 0.0]), 4)
    array([1.2, 1.6, 0. , 0. ])
    """
    x = as_float(input, "the input of rms_norm")
    shape = axes_of(x, normalized_shape, "rms_norm", weight=weight)
    axes = tuple(range(-len(shape), 0))
    small = float(np.finfo(x.dtype).eps) if eps is None else eps
    if math.prod(shape):  # else there is no mean
        x = x / np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + small)
    return x if weight is None else x * weight
