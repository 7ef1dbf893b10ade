"""Distances and angles of vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core import stop_gradient
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.activation import axis_of
from nnkit.functional.operands import as_dtype, as_float

__all__ = ["cosine_similarity", "normalize", "pairwise_distance", "pdist"]


def vector_norm(x: Any, p: float, axis: int, keepdims: bool = False) -> Any:
    """Return (sum over i of abs(x_i)^p)^(1/p); its derivative where x is 0 is 0."""
    return np.linalg.norm(x, p, axis=axis, keepdims=keepdims)


def two_vectors(a: Any, b: Any, what: str) -> tuple[Any, Any]:
    """Give both operands one dtype, and check that their shapes fit together."""
    x1 = as_float(a, f"the first input of {what}")
    x2 = as_dtype(b, x1.dtype, f"the second input of {what}")
    try:
        np.broadcast_shapes(x1.shape, x2.shape)
    except ValueError:
        raise ShapeError(
            f"{what} got inputs of shapes {x1.shape} and {x2.shape}, which do not fit together: "
            f"give both the same shape."
        ) from None
    return x1, x2


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """Return the cosine of the angle between vectors: their product over that of their lengths.

    Parameters
    ----------
    x1, x2 : Tensor or array
        Of one shape, or of shapes that broadcast.
    dim : int, default 1
        The axis of the vectors' components; the result does not have it.
    eps : float, default 1e-8
        Shorter vectors count as of this length.

    Returns
    -------
    Tensor or ndarray
        The shape that `x1` and `x2` have together, without the axis `dim`; from -1 to 1.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    ArgumentError
        If there is no axis `dim`.

    Examples
    --------
    >>> cosine_similarity(np.array([[1.0, 0.0]]), np.array([[2.0, 2.0]])).round(4)
    array([0.7071])
    """
    x1, x2 = two_vectors(x1, x2, "cosine_similarity")
    longer = x1 if x1.ndim >= x2.ndim else x2
    axis = axis_of(longer, dim, "cosine_similarity") % longer.ndim - longer.ndim
    n = np.broadcast_shapes(x1.shape, x2.shape)[axis]
    x1, x2 = with_components(x1, axis, n), with_components(x2, axis, n)
    lengths = at_least(vector_norm(x1, 2, axis), eps) * at_least(vector_norm(x2, 2, axis), eps)
    return (x1 * x2).sum(axis=axis) / lengths


def with_components(x: Any, axis: int, n: int) -> Any:
    """Repeat the only component of vectors, whose length counts all n."""
    shape = [1] * (-axis - x.ndim) + list(x.shape)
    shape[axis] = n
    return x if list(x.shape) == shape else np.broadcast_to(x, shape)


def at_least(length: Any, eps: float) -> Any:
    """max(length, eps) with the derivative of the length."""
    return length + stop_gradient(np.maximum(length, eps) - length)


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    """Return the distances of vectors, (sum over i of abs(x1_i - x2_i + eps)^p)^(1/p).

    Parameters
    ----------
    x1, x2 : Tensor or array, shape (N, D) or (D,)
        Of one shape, or of shapes that broadcast.
    p : float, default 2.0
        Which norm; ``float("inf")`` for the largest difference.
    eps : float, default 1e-6
        Added to the differences, as PyTorch does it.
    keepdim : bool, default False
        Keep the last axis, of length 1.

    Returns
    -------
    Tensor or array, shape (N,) or ()

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    Examples
    --------
    >>> pairwise_distance(np.array([[0.0, 3.0]]), np.array([[4.0, 0.0]])).round(4)
    array([5.])
    """
    x1, x2 = two_vectors(x1, x2, "pairwise_distance")
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


def pdist(input: Any, p: float = 2) -> Any:
    """Return the distances of all pairs of rows: 0 and 1, 0 and 2, ..., 1 and 2, ...

    Parameters
    ----------
    input : Tensor or array, shape (N, D)
    p : float, default 2
        Which norm, from 0 (number of differences) to ``float("inf")`` (largest difference).

    Returns
    -------
    Tensor or array, shape (N (N - 1) / 2,)

    Raises
    ------
    ShapeError
        If `input` is no matrix.
    ArgumentError
        If `p` is negative.

    Examples
    --------
    >>> pdist(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])).round(4)
    array([5.    , 1.    , 4.2426])
    """
    x = as_float(input, "the input of pdist")
    if x.ndim != 2:
        raise ShapeError(f"pdist takes vectors as the rows of a matrix, not shape {x.shape}.")
    if not p >= 0:
        raise ArgumentError(f"pdist: p must not be negative, got {p!r}.")
    first, second = np.triu_indices(x.shape[0], 1)
    return vector_norm(x[first] - x[second], p, -1)


def normalize(input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """Return vectors divided by their length.

    Parameters
    ----------
    input : Tensor or array
    p : float, default 2.0
        Which norm is the length.
    dim : int, default 1
        The axis of the vectors' components.
    eps : float, default 1e-12
        Shorter vectors are divided by this.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Raises
    ------
    ArgumentError
        If there is no axis `dim`.

    Examples
    --------
    >>> normalize(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    x = as_float(input, "the input of normalize")
    axis = axis_of(x, dim, "normalize")
    return x / np.maximum(vector_norm(x, p, axis, keepdims=True), eps)
