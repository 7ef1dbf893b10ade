"""Dropout: leaving out values at random while training."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError
from nnkit.functional.operands import as_float
from nnkit.random import stream

__all__ = ["dropout"]


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
    x = as_float(input, "the input of dropout")
    kept = stream("dropout").random(x.shape, dtype=np.float32) >= p
    scale = 1 / (1 - p) if p < 1 else 0.0
    return x * np.multiply(kept, scale, dtype=x.dtype)
