"""Losses for regression and for yes-or-no questions: two arrays of one shape are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.activation import logsigmoid_op
from nnkit.functional.operands import as_dtype, as_float, check_reduction, operation, reduced

__all__ = ["binary_cross_entropy_with_logits", "l1_loss", "mse_loss"]

Array = NDArray[Any]


def pair(input: Any, target: Any, reduction: str, what: str) -> tuple[Any, Any]:
    """Check that input and target have one shape; broadcasting would compare all with all."""
    check_reduction(reduction, what)
    x = as_float(input, f"the input of {what}")
    t = as_dtype(target, x.dtype, f"the target of {what}")
    if x.shape != t.shape:
        hint = "Give both the same shape."
        if x.size == t.size:
            hint = f"They hold as many numbers: write target.reshape({', '.join(map(str, x.shape))}"
            hint += ",)." if len(x.shape) == 1 else ")."
        raise ShapeError(
            f"{what} got an input of shape {x.shape} and a target of shape {t.shape}. {hint}"
        )
    if not x.size:
        raise ArgumentError(f"{what} got an empty batch: a mean over nothing has no value.")
    return x, t


# --- mean squared error ---------------------------------------------------------------------------


def squared_forward(a: Array, b: Array, *, reduction: str) -> tuple[Any, Array]:
    """(a - b)^2, brought together, and a - b for the backward pass."""
    d = a - b
    if reduction == "none":
        return d * d, d
    total = np.vdot(d, d)
    return (total / d.size if reduction == "mean" else total), d


def squared_vjp(
    g: Array, d: Array, _a: Any, _b: Any, *, reduction: str, needs: Any
) -> tuple[Any, Any]:
    """2 (a - b) for a, and the opposite for b."""
    slope = d * (g * (2.0 / d.size if reduction == "mean" else 2.0))
    return slope, (-slope if needs[1] else None)


def squared_composition(a: Any, b: Any, *, reduction: str) -> Any:
    """Write it in functions that differentiate."""
    return reduced(np.square(a - b), reduction)


squared_error = operation(
    "mse_loss", squared_forward, vjp=squared_vjp, composition=squared_composition, saves=True
)


def mse_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Return the mean of (input - target)^2.

    Parameters
    ----------
    input : Tensor or array, any shape
    target : Tensor or array_like, the same shape
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ShapeError
        If the shapes differ: (n, 1) against (n,) would compare all with all.
    ArgumentError
        If there is nothing to compare.

    Examples
    --------
    >>> mse_loss(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(2.5)
    """
    return squared_error(*pair(input, target, reduction, "mse_loss"), reduction=reduction)


def l1_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Return the mean of the absolute values of input - target.

    Parameters
    ----------
    input : Tensor or array, any shape
    target : Tensor or array_like, the same shape
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If there is nothing to compare.

    Examples
    --------
    >>> l1_loss(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(1.5)
    """
    x, t = pair(input, target, reduction, "l1_loss")
    return reduced(np.abs(x - t), reduction)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """Return the cross-entropy of yes-or-no scores: -(t log s(x) + (1 - t) log(1 - s(x))).

    Parameters
    ----------
    input : Tensor or array, any shape
        Scores (logits) x, before any sigmoid s.
    target : array_like, the same shape
        Probabilities t of yes, between 0 and 1.
    weight : array_like, optional
        Of the elements; broadcast to their shape.
    reduction : {"mean", "sum", "none"}, default "mean"
    pos_weight : array_like, optional
        Factor of the first term, against rare positives; broadcast to the shape of the elements.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If a target is not between 0 and 1, or there is nothing to compare.

    Examples
    --------
    >>> binary_cross_entropy_with_logits(np.array([0.0, 100.0]), [1.0, 1.0]).round(4)
    np.float64(0.3466)
    """
    what = "binary_cross_entropy_with_logits"
    x, t = pair(input, target, reduction, what)
    low, high = raw(t).min(), raw(t).max()
    if not (low >= 0 and high <= 1):
        hint = " For labels -1 and 1 pass (y + 1) / 2." if low == -1 and high <= 1 else ""
        raise ArgumentError(
            f"{what}: targets are probabilities between 0 and 1, got values from {low} to {high}."
            f"{hint} For several classes use cross_entropy."
        )
    positive = 1.0
    if pos_weight is not None:
        positive = 1 + (as_dtype(pos_weight, x.dtype, f"pos_weight of {what}") - 1) * t
    losses = (1 - t) * x - positive * logsigmoid_op(x)
    if weight is not None:
        losses = losses * as_dtype(weight, x.dtype, f"weight of {what}")
    return reduced(losses, reduction)
