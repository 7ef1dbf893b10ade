"""Cross-entropy of yes-or-no questions: probabilities, or the scores they come from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.functional.activation import logistic, logsigmoid_op
from nnkit.functional.loss import pair
from nnkit.functional.operands import as_dtype, judge_extent, operation, reduced

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits"]

Array = NDArray[Any]

LEAST_LOG = -100.0  # PyTorch's: log(0) counts as -100, so that a loss stays finite


def check_yes_or_no(target: Any, what: str) -> None:
    """Refuse targets that are no probabilities."""

    def judge(low: Any, high: Any) -> None:
        if not (low >= 0 and high <= 1):
            hint = " For labels -1 and 1 pass (y + 1) / 2." if low == -1 and high <= 1 else ""
            raise ArgumentError(
                f"{what}: targets are probabilities between 0 and 1, got values from {low} to "
                f"{high}.{hint} For several classes use cross_entropy."
            )

    judge_extent(target, judge)


def judge_input(low: Any, high: Any) -> None:
    """Refuse inputs that are no probabilities."""
    if not (low >= 0 and high <= 1):
        raise ArgumentError(
            f"binary_cross_entropy takes probabilities between 0 and 1, got values from {low} to "
            f"{high}. For scores (logits) use binary_cross_entropy_with_logits (BCEWithLogitsLoss)."
        )


def binary_forward(p: Array, t: Array) -> Array:
    """-(t log p + (1 - t) log(1 - p)), each logarithm at least -100."""
    with np.errstate(divide="ignore"):
        log_yes, log_no = np.log(p), np.log1p(-p)
    return (t - 1) * np.maximum(log_no, LEAST_LOG) - t * np.maximum(log_yes, LEAST_LOG)


def slope_of_input(g: Any, _y: Any, p: Any, t: Any) -> Any:
    """(p - t) / (p (1 - p))."""
    return g * (p - t) / np.maximum((1 - p) * p, 1e-12)


def slope_of_target(g: Any, _y: Any, p: Any, _t: Any) -> Any:
    """log(1 - p) - log(p), each at least -100."""
    least = math.exp(LEAST_LOG)
    return g * (np.log(np.maximum(1 - p, least)) - np.log(np.maximum(p, least)))


binary_op = operation("binary_cross_entropy", binary_forward, vjp=(slope_of_input, slope_of_target))


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, *, reduction: str = "mean"
) -> Any:
    """Return the cross-entropy of yes-or-no probabilities: -(t log p + (1 - t) log(1 - p)).

    Where a sigmoid gives the probabilities, `binary_cross_entropy_with_logits` on what goes into
    it is more accurate, and cannot saturate.

    Parameters
    ----------
    input : Tensor or array, any shape
        Probabilities p of yes, between 0 and 1.
    target : array_like, the same shape
        Probabilities t of yes, between 0 and 1.
    weight : array_like, optional
        Of the elements; broadcast to their shape.
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input`: one for each number.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If an input or a target is not between 0 and 1, or there is nothing to compare.

    Notes
    -----
    A logarithm counts as -100 at least, and the divisor p (1 - p) of the gradient as 1e-12 at
    least, so that certainty that is wrong gives a large loss, not an infinite one.

    Examples
    --------
    >>> binary_cross_entropy(np.array([0.5, 1.0]), [1.0, 0.0], reduction="none").round(4)
    array([  0.6931, 100.    ])
    """
    what = "binary_cross_entropy"
    p, t = pair(input, target, reduction, what)
    judge_extent(p, judge_input)
    check_yes_or_no(t, what)
    losses = binary_op(p, t)
    if weight is not None:
        losses = losses * as_dtype(weight, p.dtype, f"the weight of {what}")
    return reduced(losses, reduction)


def logits_forward(x: Array, t: Array) -> Array:
    """max(x, 0) - x t + log(1 + exp(-abs(x))), which neither overflows nor cancels."""
    y: Array = np.abs(x)
    y = np.log1p(np.exp(-y))
    y += np.maximum(x, 0.0)
    y -= x * t
    return y


def logits_composition(x: Any, t: Any) -> Any:
    """Write it in functions that differentiate."""
    return (1 - t) * x - logsigmoid_op(x)


logits_op = operation(
    "binary_cross_entropy_with_logits",
    logits_forward,
    vjp=(lambda g, _y, x, t: g * (logistic(x) - t), lambda g, _y, x, _t: -g * x),
    composition=logits_composition,
)


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

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input`: one for each number.

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
    check_yes_or_no(t, what)
    if pos_weight is None:
        losses = logits_op(x, t)
    else:
        positive = 1 + (as_dtype(pos_weight, x.dtype, f"pos_weight of {what}") - 1) * t
        losses = (1 - t) * x - positive * logsigmoid_op(x)
    if weight is not None:
        losses = losses * as_dtype(weight, x.dtype, f"weight of {what}")
    return reduced(losses, reduction)
