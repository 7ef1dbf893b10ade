"""Shares that add up to 1: softmin, and draws from a categorical distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core import stop_gradient
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from nnkit.functional.activation import axis_of, cast, softmax, softmax_op
from nnkit.functional.operands import as_float
from nnkit.random import draw

__all__ = ["gumbel_softmax", "softmin"]


def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """Return softmax(-x) along `dim`: the smallest number gets the largest share.

    Parameters
    ----------
    input : array_like or Tensor
    dim : int
        The axis along which the shares add up to 1; it must be given.
    dtype : dtype, optional
        Calculate in this floating point type.

    Returns
    -------
    Tensor or ndarray, shape of `input`

    Examples
    --------
    >>> softmin(np.array([[0.0, 0.0]]), dim=1)
    array([[0.5, 0.5]])
    """
    x = cast(as_float(input, "the input of softmin"), dtype)
    return softmax_op(-x, axis=axis_of(x, dim, "softmin"))


def gumbel_softmax(
    logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Any:
    """Draw from a categorical distribution in a way that can be differentiated.

    Parameters
    ----------
    logits : array_like or Tensor, shape (..., C)
        Unnormalised log-probabilities.
    tau : float, default 1
        Temperature: near 0 the draws are nearly one-hot.
    hard : bool, default False
        Return one-hot vectors, with the gradient of the soft ones.
    eps : float, default 1e-10
        Accepted because PyTorch has it; not used.
    dim : int, default -1
        The axis of the classes.

    Returns
    -------
    Tensor or ndarray, shape of `logits`
        Not negative, and adding up to 1 along `dim`.

    Raises
    ------
    ArgumentError
        If `tau` is not positive.

    References
    ----------
    E. Jang, S. Gu, B. Poole, "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017.

    Examples
    --------
    >>> gumbel_softmax(np.array([0.0, 1000.0]), hard=True)
    array([0., 1.])
    """
    if not tau > 0:
        raise ArgumentError(f"gumbel_softmax: tau must be positive, got {tau!r}.")
    x = as_float(logits, "the logits of gumbel_softmax")
    noise = draw("dropout", "gumbel", size=x.shape).astype(x.dtype)
    soft = softmax((x + noise) / tau, dim=dim)
    if not hard:
        return soft
    values = np.asarray(raw(stop_gradient(soft)))
    one_hot = np.zeros_like(values)
    np.put_along_axis(one_hot, values.argmax(axis=dim, keepdims=True), 1.0, axis=dim)
    return one_hot - stop_gradient(soft) + soft
