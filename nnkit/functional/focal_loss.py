"""Focal losses: cross-entropy in which what is right already counts less.

T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from nnkit.functional.activation import log_softmax_op, logsigmoid_op
from nnkit.functional.binary_cross_entropy import check_yes_or_no
from nnkit.functional.labels import (
    by_rows,
    check_labels,
    class_weights,
    counting,
    row_weights,
    sum_of,
)
from nnkit.functional.loss import pair
from nnkit.functional.operands import check_reduction, reduced

__all__ = ["focal_loss", "sigmoid_focal_loss"]


def check_gamma(gamma: float, what: str) -> None:
    """Refuse a negative exponent."""
    if not gamma >= 0:
        raise ArgumentError(f"{what}: gamma must not be negative, got {gamma!r}.")


def faded(log_p: Any, gamma: float) -> Any:
    """-(1 - p)^gamma log(p), from log(p)."""
    return -((-np.expm1(log_p)) ** gamma) * log_p


def focal_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    gamma: float = 2.0,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Return the mean of -(1 - p)^gamma log(p), p the probability of the right class.

    Parameters
    ----------
    input : Tensor or array, shape (N, C), (C,) or (N, C, d1, ...)
        A score (logit) for each class.
    target : array of int, shape (N,), () or (N, d1, ...)
        Class indices from 0 to C - 1.
    weight : array, shape (C,), optional
        Of the classes.
    gamma : float, default 2.0
        0 gives `cross_entropy`; the larger, the less counts what is right already.
    ignore_index : int, default -100
        A label that marks rows that do not count.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is weighted by `weight`.

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `target`: one for each label.

    Raises
    ------
    ArgumentError
        If a label is no class (naming value and position), `gamma` is negative, or the batch is
        empty.
    ShapeError, DtypeError
        If `target` is no array of labels for this input.

    References
    ----------
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation (4).

    Examples
    --------
    >>> focal_loss(np.array([[0.0, 0.0], [5.0, 0.0]]), np.array([0, 0]), reduction="none").round(4)
    array([0.1733, 0.    ])
    """
    what = "focal_loss"
    check_reduction(reduction, what)
    check_gamma(gamma, what)
    x, labels = by_rows(input, target, what)
    weight = class_weights(weight, x.shape[1], x.dtype, what)
    ignored = check_labels(labels, x.shape[1], ignore_index, what)
    if ignored is not None:
        labels = np.where(ignored, 0, labels)
    weights = row_weights(labels, weight, ignored, x.dtype, reduction, what)
    losses = faded(log_softmax_op(x, axis=1)[counting(len(labels)), labels], gamma)
    if weights is not None:
        losses = losses * weights
    if reduction == "none":
        return losses.reshape(np.shape(raw(target)))
    return losses.sum() / (sum_of(weights, len(labels)) if reduction == "mean" else 1)


def sigmoid_focal_loss(
    inputs: Any,
    targets: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: str = "none",
) -> Any:
    """Return -a (1 - p)^gamma log(p), p the probability of the right answer to yes or no.

    Parameters
    ----------
    inputs : Tensor or array, any shape
        Scores (logits) of yes.
    targets : array_like, the same shape
        1 for yes, 0 for no.
    alpha : float, default 0.25
        The factor a is `alpha` for yes and 1 - `alpha` for no; negative: it is 1.
    gamma : float, default 2.0
        The larger, the less counts what is right already.
    reduction : {"none", "mean", "sum"}, default "none"
        As in torchvision.

    Returns
    -------
    Tensor or ndarray, shape of `inputs`
        One number with ``reduction="mean"`` or ``"sum"``.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If a target is not between 0 and 1, `gamma` is negative, or there is nothing to compare.

    References
    ----------
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation (5).

    Examples
    --------
    >>> sigmoid_focal_loss(np.array([0.0, 5.0]), [1.0, 1.0]).round(4)
    array([0.0433, 0.    ])
    """
    what = "sigmoid_focal_loss"
    x, t = pair(inputs, targets, reduction, what)
    check_yes_or_no(t, what)
    check_gamma(gamma, what)
    log_yes, log_no = logsigmoid_op(x), logsigmoid_op(-x)
    yes, no = np.exp(log_yes), np.exp(log_no)
    losses = -(t * log_yes + (1 - t) * log_no) * (t * no + (1 - t) * yes) ** gamma
    if alpha >= 0:
        losses = losses * (alpha * t + (1 - alpha) * (1 - t))
    return reduced(losses, reduction)
