"""Losses for classification: scores or log-probabilities against class indices or probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from autograd_core.live import live, traceable
from nnkit.functional.activation import log_softmax_op
from nnkit.functional.labels import (
    by_rows,
    check_labels,
    class_weights,
    counting,
    row_weights,
    shape_of_labels,
    sum_of,
    wrong_target,
)
from nnkit.functional.linear import ones
from nnkit.functional.operands import (
    as_array,
    as_dtype,
    as_float,
    check_reduction,
    everything,
    is_batched,
    operation,
)
from nnkit.functional.rows import largest_of_rows

__all__ = ["cross_entropy", "nll_loss"]

Array = NDArray[Any]


# --- the fused operation --------------------------------------------------------------------------


@traceable
def forward(
    x: Array, labels: Array, weights: Array | None = None, *, factor: float, total: bool
) -> tuple[Any, tuple[Array, Array]]:
    """Loss of row i: log(sum_c exp(x_ic)) - x_iy, y its label; times its weight and `factor`."""
    exps = x - largest_of_rows(x)
    losses = -exps[counting(len(x)), labels]
    np.exp(exps, out=exps)
    sums = np.dot(exps, ones(x.shape[1], x.dtype))
    losses += np.log(sums)
    if weights is not None:
        losses *= weights
    return (np.add.reduce(losses) if total else losses) * factor, (exps, sums)


@traceable
def vjp(
    g: Array,
    saved: Any,
    _x: Any,
    labels: Array,
    weights: Array | None = None,
    *,
    factor: float,
    total: bool,
) -> tuple[Any, None, None]:
    """d(loss of row i)/dx_ic = softmax(x)_ic - (1 if c is the label)."""
    exps, sums = saved
    g = g * factor
    if weights is not None:
        g = g * weights
    grad = exps * (g / sums)[:, None]
    grad[counting(len(labels)), labels] -= g
    return grad, None, None


def composition(
    x: Any, labels: Array, weights: Array | None = None, *, factor: float, total: bool
) -> Any:
    """Write it in functions that differentiate."""
    return picked_losses(log_softmax_op(x, axis=1), labels, weights, factor=factor, total=total)


def picked_losses(
    log_p: Any, labels: Array, weights: Array | None, *, factor: float, total: bool
) -> Any:
    """Return minus the log-probability of each label."""
    losses = -log_p[counting(len(labels)), labels]
    if weights is not None:
        losses = losses * weights
    return (losses.sum() if total else losses) * factor


softmax_cross_entropy = operation(
    "cross_entropy", forward, vjp=vjp, composition=composition, saves=True
)


# --- what people call -----------------------------------------------------------------------------


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Return the cross-entropy of scores (logits) and the classes that are right.

    Parameters
    ----------
    input : Tensor or array, shape (N, C), (C,) or (N, C, d1, ...)
        A score for each class, before any softmax.
    target : array of int, shape (N,), () or (N, d1, ...); or array of float, shape as `input`
        Class indices from 0 to C - 1, or the probabilities of the classes.
    weight : array, shape (C,), optional
        Of the classes.
    ignore_index : int, default -100
        A label that marks rows that do not count.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is weighted by `weight`, where class indices are given.
    label_smoothing : float, default 0.0
        Between 0 and 1: the share of the probability that is spread evenly over all classes.

    Returns
    -------
    Tensor or array
        One number; with ``reduction="none"`` of the shape of the labels.

    Raises
    ------
    ArgumentError
        If a label is no class (naming value and position), or the batch is empty.
    ShapeError, DtypeError
        If `target` is neither labels nor probabilities for this input.

    Examples
    --------
    >>> cross_entropy(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([0, 1])).round(4)
    np.float64(0.41)
    """
    check_reduction(reduction, "cross_entropy")
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(
            f"cross_entropy: label_smoothing is between 0 and 1, got {label_smoothing!r}."
        )
    target = as_array(target)
    if target.dtype.kind == "f":
        return from_probabilities(input, target, weight, reduction, label_smoothing)
    if is_batched(target):
        x = as_float(input, "the input of cross_entropy")
        log_p = log_softmax_op(x, axis=min(x.ndim - 1, 1))
        settings = weight, ignore_index, reduction, label_smoothing
        return under_vmap(log_p, target, *settings, "cross_entropy")
    x, labels = by_rows(input, target, "cross_entropy")
    weight = class_weights(weight, x.shape[1], x.dtype, "cross_entropy")
    ignored = check_labels(labels, x.shape[1], ignore_index)
    if ignored is not None:
        labels = np.where(ignored, 0, labels)
    weights = row_weights(labels, weight, ignored, x.dtype, reduction, "cross_entropy")
    factor = 1.0 if reduction != "mean" else 1.0 / sum_of(weights, len(labels))
    if label_smoothing:
        target_p = smoothed_targets(labels, weight, ignored, label_smoothing, x)
        losses = -(target_p * log_softmax_op(x, axis=1)).sum(axis=1) * factor
        losses = losses if reduction == "none" else losses.sum()
    elif weights is None:
        losses = softmax_cross_entropy(x, labels, factor=factor, total=reduction != "none")
    else:
        losses = softmax_cross_entropy(x, labels, weights, factor=factor, total=reduction != "none")
    return losses.reshape(target.shape) if reduction == "none" else losses


def under_vmap(
    log_p: Any,
    labels: Any,
    weight: Any,
    ignore_index: int,
    reduction: str,
    smoothing: float,
    what: str,
) -> Any:
    """Do the same with labels that are many values at once: as one-hot rows they can be added."""
    if labels.dtype.kind not in "iub" or labels.shape != shape_of_labels(log_p):
        raise wrong_target(log_p, labels, what)
    axis = min(log_p.ndim - 1, 1)
    classes = log_p.shape[axis]
    check_labels(everything(labels).astype(np.intp), classes, ignore_index, what)
    w = class_weights(weight, classes, log_p.dtype, what)
    column = (-1, *(1,) * (log_p.ndim - 1 - axis))
    w = (np.ones(classes, log_p.dtype) if w is None else w).reshape(column)
    counts = np.expand_dims(labels != ignore_index, axis)
    hot = (np.expand_dims(labels, axis) == np.arange(classes).reshape(column)) & counts
    p = hot.astype(log_p.dtype) * (1 - smoothing) + counts.astype(log_p.dtype) * smoothing / classes
    losses = -(p * w * log_p).sum(axis=axis)
    if reduction == "none":
        return losses
    return losses.sum() / ((hot * w).sum() if reduction == "mean" else 1)


def smoothed(
    labels: Array, weight: Array | None, ignored: Array | None, smoothing: float, x: Any
) -> Array:
    """Return (1 - s) one_hot + s / C, times the class weights, 0 in ignored rows."""
    n, classes = x.shape
    p = np.full((n, classes), smoothing / classes, x.dtype)
    p[counting(n), labels] += 1 - smoothing
    if weight is not None:
        p *= weight
    if ignored is not None:
        p[ignored] = 0
    return p


smoothed_targets = live(smoothed, needed=False)


def from_probabilities(
    input: Any, target: Any, weight: Any, reduction: str, smoothing: float
) -> Any:
    """Return minus the sum over c of w_c p_c log softmax(x)_c; a mean is over the rows."""
    x = as_float(input, "the input of cross_entropy")
    if x.shape != target.shape or x.ndim == 0:
        raise wrong_target(x, target, "cross_entropy")
    p = as_dtype(target, x.dtype, "the target of cross_entropy")
    axis = 0 if x.ndim == 1 else 1
    if not x.size:
        raise ArgumentError("cross_entropy got an empty batch: a mean over nothing has no value.")
    if smoothing:
        p = p * (1 - smoothing) + smoothing / x.shape[axis]
    w = class_weights(weight, x.shape[axis], x.dtype, "cross_entropy")
    if w is not None:
        p = p * w.reshape(-1, *(1,) * (x.ndim - 1 - axis))
    losses = -(p * log_softmax_op(x, axis=axis)).sum(axis=axis)
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Return minus the log-probability of the right class: what follows on a log_softmax.

    Parameters
    ----------
    input : Tensor or array, shape (N, C), (C,) or (N, C, d1, ...)
        Log-probabilities of the classes.
    target : array of int, shape (N,), () or (N, d1, ...)
        Class indices from 0 to C - 1.
    weight : array, shape (C,), optional
        Of the classes.
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
        If a label is no class (naming value and position), or the batch is empty.
    ShapeError, DtypeError
        If `target` is no array of labels for this input.

    Examples
    --------
    >>> nll_loss(np.log([[0.25, 0.75]]), np.array([1])).round(4)
    np.float64(0.2877)
    """
    check_reduction(reduction, "nll_loss")
    if is_batched(target):
        x = as_float(input, "the input of nll_loss")
        return under_vmap(x, target, weight, ignore_index, reduction, 0.0, "nll_loss")
    x, labels = by_rows(input, target, "nll_loss")
    weight = class_weights(weight, x.shape[1], x.dtype, "nll_loss")
    ignored = check_labels(labels, x.shape[1], ignore_index, "nll_loss")
    if ignored is not None:
        labels = np.where(ignored, 0, labels)
    weights = row_weights(labels, weight, ignored, x.dtype, reduction, "nll_loss")
    factor = 1.0 if reduction != "mean" else 1.0 / sum_of(weights, len(labels))
    losses = picked_losses(x, labels, weights, factor=factor, total=reduction != "none")
    return losses.reshape(np.shape(raw(target))) if reduction == "none" else losses
