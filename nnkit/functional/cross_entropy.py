"""Losses for classification: scores or log-probabilities against class indices or probabilities."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.functional.activation import log_softmax_op
from nnkit.functional.linear import ones
from nnkit.functional.operands import as_array, as_dtype, as_float, check_reduction, operation

__all__ = ["check_labels", "cross_entropy", "nll_loss"]

Array = NDArray[Any]


# --- the fused operation --------------------------------------------------------------------------


def forward(
    x: Array, labels: Array, weights: Array | None = None, *, factor: float, total: bool
) -> tuple[Any, tuple[Array, Array]]:
    """Loss of row i: log(sum_c exp(x_ic)) - x_iy, y its label; times its weight and `factor`."""
    exps = x - np.maximum.reduce(x, axis=1, keepdims=True)
    losses = -exps[counting(len(x)), labels]
    np.exp(exps, out=exps)
    sums = np.dot(exps, ones(x.shape[1], x.dtype))
    losses += np.log(sums)
    if weights is not None:
        losses *= weights
    return (np.add.reduce(losses) if total else losses) * factor, (exps, sums)


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


@lru_cache(maxsize=256)
def counting(n: int) -> Array:
    """Return 0, 1, ..., n - 1."""
    numbers = np.arange(n)
    numbers.flags.writeable = False
    return numbers


softmax_cross_entropy = operation(
    "cross_entropy", forward, vjp=vjp, composition=composition, saves=True
)


# --- checks ---------------------------------------------------------------------------------------


def check_labels(
    labels: Array, classes: int, ignore_index: int | None, what: str = "cross_entropy"
) -> Array | None:
    """Refuse labels that are no class; return which are to be ignored, None if none is.

    Parameters
    ----------
    labels : ndarray of intp
    classes : int
    ignore_index : int or None
        The label that marks rows that do not count, if there is one.
    what : str
        Who is asking, for the error.

    Raises
    ------
    ArgumentError
        Naming the first label that is out of range.

    Examples
    --------
    >>> check_labels(np.array([0, 2, -100]), 3, ignore_index=-100)
    array([False, False,  True])
    """
    # Seen as unsigned numbers, negative labels are too large as well: one pass finds both.
    if labels.view(np.uintp).max(initial=0) < classes:
        inside = ignore_index is not None and 0 <= ignore_index < classes
        return labels == ignore_index if inside else None
    ignored = np.zeros(labels.shape, bool) if ignore_index is None else labels == ignore_index
    wrong = ~ignored & ((labels < 0) | (labels >= classes))
    if not wrong.any():
        return ignored
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    position = where[0] if len(where) == 1 else where
    valid = labels[~ignored]
    hint = ""
    if classes == 1:
        hint = " For yes or no from one score use binary_cross_entropy_with_logits."
    elif valid.min() >= 1 and valid.max() == classes:
        hint = " The labels seem to count from 1: subtract 1."
    elif labels[where] < 0 and ignore_index is not None:
        hint = f" To leave rows out, mark them with ignore_index={ignore_index}."
    raise ArgumentError(
        f"{what}: the label {labels[where]} at position {position} is no class; the input has "
        f"{classes} classes, so labels are 0 to {classes - 1}.{hint}"
    )


def shape_of_labels(x: Any) -> tuple[int, ...]:
    """Return the shape of the labels for scores of shape (N, C, ...) or (C,)."""
    return x.shape[:1] + x.shape[2:] if x.ndim > 1 else ()


def wrong_target(x: Any, target: Any, what: str) -> Exception:
    """Make the error for a target that is neither labels nor probabilities for this input."""
    rows = shape_of_labels(x)
    got = f"{what}: an input of shape {x.shape} got a target that is {describe(target)}. "
    allowed = f"Class indices are integers of shape {rows}"
    if what == "cross_entropy":
        allowed += f", class probabilities are floats of shape {x.shape}"
    if target.dtype.kind not in "iub" and target.shape == rows:
        return DtypeError(f"{got}{allowed}: convert the labels with .astype(int).")
    if target.dtype.kind in "iub" and target.shape == x.shape and x.ndim > 1:
        return DtypeError(
            f"{got}{allowed}: for one-hot rows pass y.argmax(axis=1), or y.astype(np.float32)."
        )
    if target.shape == (*rows, 1):
        return ShapeError(f"{got}{allowed}: drop the last axis with y[..., 0].")
    if target.dtype.kind not in "fiub":
        return DtypeError(f"{got}{allowed}.")
    return ShapeError(f"{got}{allowed}.")


def by_rows(input: Any, target: Any, what: str) -> tuple[Any, Array]:
    """Give the scores the shape (n, classes) and the labels the shape (n,)."""
    x, t = as_float(input, f"the input of {what}"), np.asarray(raw(target))
    if t.dtype.kind not in "iub" or t.shape != shape_of_labels(x) or not x.shape:
        raise wrong_target(x, t, what)
    if not t.size:
        raise ArgumentError(f"{what} got an empty batch: a mean over nothing has no value.")
    if x.ndim == 1:
        x = x[None]
    elif x.ndim > 2:
        x = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])
    return x, t.reshape(-1).astype(np.intp, copy=False)


def class_weights(weight: Any, classes: int, dtype: Any, what: str) -> Array | None:
    """Check the weights of the classes."""
    if weight is None:
        return None
    values: Array = np.asarray(raw(weight), dtype=dtype)
    if values.shape != (classes,):
        raise ShapeError(
            f"{what}: weight has shape {values.shape}; it needs one number for each of the "
            f"{classes} classes."
        )
    return values


def row_weights(
    labels: Array, weight: Array | None, ignored: Array | None, dtype: Any, what: str
) -> Array | None:
    """Return the weight of each row: that of its class, 0 if it is ignored; None if all are 1."""
    if weight is None and ignored is None:
        return None
    weights = np.ones(len(labels), dtype) if weight is None else weight[labels]
    if ignored is not None:
        weights[ignored] = 0
        if ignored.all():
            raise ArgumentError(f"{what}: every label is ignore_index; nothing is left to average.")
    return weights


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
    x, labels = by_rows(input, target, "cross_entropy")
    weight = class_weights(weight, x.shape[1], x.dtype, "cross_entropy")
    ignored = check_labels(labels, x.shape[1], ignore_index)
    if ignored is not None:
        labels = np.where(ignored, 0, labels)
    weights = row_weights(labels, weight, ignored, x.dtype, "cross_entropy")
    factor = 1.0 if reduction != "mean" else 1.0 / sum_of(weights, len(labels))
    if label_smoothing:
        target_p = smoothed(labels, weight, ignored, label_smoothing, x)
        losses = -(target_p * log_softmax_op(x, axis=1)).sum(axis=1) * factor
        losses = losses if reduction == "none" else losses.sum()
    elif weights is None:
        losses = softmax_cross_entropy(x, labels, factor=factor, total=reduction != "none")
    else:
        losses = softmax_cross_entropy(x, labels, weights, factor=factor, total=reduction != "none")
    return losses.reshape(target.shape) if reduction == "none" else losses


def sum_of(weights: Array | None, n: int) -> float:
    """Return the sum of the rows' weights."""
    return n if weights is None else float(weights.sum())


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
    x, labels = by_rows(input, target, "nll_loss")
    weight = class_weights(weight, x.shape[1], x.dtype, "nll_loss")
    ignored = check_labels(labels, x.shape[1], ignore_index, "nll_loss")
    if ignored is not None:
        labels = np.where(ignored, 0, labels)
    weights = row_weights(labels, weight, ignored, x.dtype, "nll_loss")
    factor = 1.0 if reduction != "mean" else 1.0 / sum_of(weights, len(labels))
    losses = picked_losses(x, labels, weights, factor=factor, total=reduction != "none")
    return losses.reshape(np.shape(raw(target))) if reduction == "none" else losses
