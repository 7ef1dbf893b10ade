"""The affine map, as one fused operation, and the bilinear one."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ShapeError
from autograd_core.live import traceable
from nnkit.functional.operands import as_dtype, operation

__all__ = ["bilinear", "linear"]

Array = NDArray[Any]


@traceable
def affine(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """y = x W^T + b on plain arrays; x has any number of leading axes."""  # noqa: D403
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(shapes_text(x, weight, bias))
    try:
        if x.ndim == 2:
            y = by_columns(x, weight) if goes_by_columns(x, weight) else np.dot(x, weight.T)
        elif x.ndim == 1:
            y = np.dot(x, weight.T)
        else:  # one product of matrices, not one for each leading index
            y = np.dot(as_rows(x), weight.T)
            y = y.reshape(*x.shape[:-1], y.shape[-1])
        if bias is not None:
            y += bias
        return y
    except ValueError:
        raise ShapeError(shapes_text(x, weight, bias)) from None


def as_rows(x: Any) -> Any:
    """Write an array as a matrix; -1 could not be found where there are no features."""
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def goes_by_columns(x: Array, weight: Array) -> bool:
    """Whether x lies column by column already, or is a batch for which `by_columns` is faster.

    Measured with 1 to 256 rows, 2 to 2048 features: from a million products on, up to 100 rows.
    """
    if x.strides[0] < x.strides[1]:
        return True
    return 1 < len(x) <= 100 and x.size * len(weight) > 1_000_000


def by_columns(x: Array, weight: Array) -> Array:
    """x W^T that lies in memory column by column, as (W x^T)^T.

    W^T as the second operand is what BLAS is slowest with: 1.3 times as long for 64 rows, twice for
    16. What follows keeps the order, and is a better operand for the next weight.
    """  # noqa: D403
    return np.dot(weight, x.T).T


def shapes_text(x: Array, weight: Array, bias: Array | None) -> str:
    """Say which shapes do not fit together."""
    wanted = "(in_features,)" if weight.ndim != 2 else f"({weight.shape[1]},)"
    text = f"linear got an input of shape {x.shape} and a weight of shape {weight.shape}"
    if bias is not None:
        text += f" and a bias of shape {bias.shape}"
    return (
        f"{text}. The weight is (out_features, in_features), the bias (out_features,), and the "
        f"input must end with {wanted}."
    )


@traceable
def affine_vjp(
    g: Array, _y: Any, x: Array, weight: Array, bias: Array | None = None, *, needs: Any
) -> tuple[Any, Any, Any]:
    """dL/dx = g W, dL/dW = g^T x, dL/db = the sum of g's rows."""
    rows, x_rows = g, x
    if x.ndim != 2:
        rows, x_rows = as_rows(g), as_rows(x)
    x_share = None
    if needs[0]:
        by_column = rows.strides[0] < rows.strides[1]
        x_share = np.dot(weight.T, rows.T).T if by_column else np.dot(rows, weight)
    return (
        x_share if x_share is None or x.ndim == 2 else x_share.reshape(x.shape),
        np.dot(rows.T, x_rows) if needs[1] else None,
        np.dot(ones(len(rows), rows.dtype), rows) if needs[2] else None,
    )


@lru_cache(maxsize=256)
def ones(n: int, dtype: np.dtype[Any]) -> Array:
    """Return a vector of ones: ones @ g sums rows up to ten times faster than g.sum(axis=0)."""
    vector = np.ones(n, dtype)
    vector.flags.writeable = False
    return vector


def affine_composition(x: Any, weight: Any, bias: Any = None) -> Any:
    """Write it in functions that differentiate."""
    y = np.matmul(x, np.transpose(weight))
    return y if bias is None else y + bias


linear_op = operation("linear", affine, vjp=affine_vjp, composition=affine_composition)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """Return x W^T + b.

    Parameters
    ----------
    input : array_like or Tensor, shape (..., in_features)
        Cast to the dtype of `weight`.
    weight : array or Tensor, shape (out_features, in_features)
    bias : array or Tensor, shape (out_features,), optional

    Returns
    -------
    array or Tensor, shape (..., out_features)

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    DtypeError
        If `input` does not hold real numbers.

    Examples
    --------
    >>> linear([[1.0, 2.0]], np.array([[3.0, 4.0]]), np.array([0.5]))
    array([[11.5]])
    """
    x = as_dtype(input, weight.dtype, "the input of linear")
    if not x.shape:
        raise ShapeError(shapes_text(x, weight, bias))
    return linear_op(x, weight) if bias is None else linear_op(x, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """Return x1^T W_k x2 + b_k for each k.

    Parameters
    ----------
    input1 : array_like or Tensor, shape (..., in1_features)
        Cast to the dtype of `weight`.
    input2 : array_like or Tensor, shape (..., in2_features)
        With the same leading axes.
    weight : array or Tensor, shape (out_features, in1_features, in2_features)
    bias : array or Tensor, shape (out_features,), optional

    Returns
    -------
    array or Tensor, shape (..., out_features)

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    DtypeError
        If an input does not hold real numbers.

    Examples
    --------
    >>> bilinear([[1.0, 2.0]], [[3.0]], np.array([[[1.0], [10.0]]]))
    array([[63.]])
    """
    x1 = as_dtype(input1, weight.dtype, "the first input of bilinear")
    x2 = as_dtype(input2, weight.dtype, "the second input of bilinear")
    shapes = weight.shape
    fits = x1.ndim == x2.ndim > 0 and x1.shape[:-1] == x2.shape[:-1] and len(shapes) == 3
    if not fits or (x1.shape[-1], x2.shape[-1]) != shapes[1:]:
        raise ShapeError(
            f"bilinear got inputs of shapes {x1.shape} and {x2.shape} and a weight of shape "
            f"{shapes}. The weight is (out_features, in1_features, in2_features), and the inputs "
            f"are (..., in1_features) and (..., in2_features) with the same leading axes."
        )
    out, n1, n2 = shapes
    rows = as_rows(x1) @ np.transpose(weight, (1, 0, 2)).reshape(n1, out * n2)
    n = math.prod(x1.shape[:-1])
    y = (rows.reshape(n, out, n2) @ x2.reshape(n, n2, 1)).reshape(*x1.shape[:-1], out)
    return y if bias is None else y + bias
