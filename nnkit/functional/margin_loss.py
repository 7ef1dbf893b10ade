"""Losses that are 0 as soon as an answer is right by a margin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from autograd_core.live import assign, live
from autograd_core.trace import lifted
from nnkit.functional.activation import logsigmoid_op, relu_op
from nnkit.functional.binary_cross_entropy import check_yes_or_no
from nnkit.functional.labels import by_rows, check_labels, class_weights, counting
from nnkit.functional.loss import pair
from nnkit.functional.operands import as_array, as_dtype, as_float, check_reduction, reduced

__all__ = [
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
]


def hinge(z: Any) -> Any:
    """max(z, 0), with the derivative 1 at 0."""
    return np.where(z >= 0, z, 0.0)


def alike(what: str, first: Any, **others: Any) -> list[Any]:
    """Check that operands have one shape, and give them one dtype."""
    x = as_float(first, f"the first input of {what}")
    if not x.size:
        raise ArgumentError(f"{what} got an empty batch: a mean over nothing has no value.")
    found = [x]
    for name, value in others.items():
        found.append(as_dtype(value, x.dtype, f"{name} of {what}"))
        if found[-1].shape != x.shape:
            raise ShapeError(
                f"{what} got shapes {x.shape} and, for {name}, {found[-1].shape}. Give both the "
                f"same shape."
            )
    return found


def signs(target: Any, shape: tuple[int, ...], dtype: Any, what: str) -> NDArray[Any]:
    """Check labels that are 1 or -1."""
    t = as_array(raw(target))
    if t.dtype.kind not in "fiub":
        raise DtypeError(f"{what}: labels are 1 and -1, got {describe(t)}.")
    if t.shape != shape:
        raise ShapeError(
            f"{what} got a target of shape {t.shape}; it needs one label, 1 or -1, for each of "
            f"{shape}."
        )
    check_signs(t, what)
    return t.astype(dtype)


def checked_signs(t: NDArray[Any], what: str) -> None:
    """Refuse labels that are neither 1 nor -1."""
    wrong = np.argwhere(np.abs(t) != 1)
    if len(wrong) or t.dtype.kind == "b":
        values = np.unique(t)
        hint = " For labels 0 and 1 pass 2 * y - 1." if np.isin(values, (0, 1)).all() else ""
        position = tuple(wrong[0].tolist()) if len(wrong) else (0,) * t.ndim
        raise ArgumentError(
            f"{what}: labels are 1 and -1, got {t[position]} at position "
            f"{position[0] if len(position) == 1 else position}.{hint}"
        )


check_signs = live(checked_signs)


# --- pairs ----------------------------------------------------------------------------------------


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, *, reduction: str = "mean"
) -> Any:
    """Return the mean of max(0, -t (x1 - x2) + margin): x1 should be larger where t is 1.

    Parameters
    ----------
    input1, input2 : Tensor or array, one shape
        Scores x1 and x2 of two candidates.
    target : array_like, the same shape
        t: 1 where the first should have the larger score, -1 where the second should.
    margin : float, default 0
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input1`.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If a label is not 1 or -1, or the batch is empty.

    Examples
    --------
    >>> margin_ranking_loss(np.array([2.0, 1.0]), np.array([1.0, 4.0]), [1, 1])
    np.float64(1.5)
    """
    what = "margin_ranking_loss"
    check_reduction(reduction, what)
    x1, x2 = alike(what, input1, input2=input2)
    t = signs(target, x1.shape, x1.dtype, what)
    return reduced(hinge(-t * (x1 - x2) + margin), reduction)


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, *, reduction: str = "mean"
) -> Any:
    """Return the mean of x where t is 1, and of max(0, margin - x) where it is -1.

    Parameters
    ----------
    input : Tensor or array, any shape
        Distances x of pairs.
    target : array_like, the same shape
        t: 1 for pairs that are alike, -1 for others.
    margin : float, default 1.0
        How far apart pairs should be that are not alike.
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
        If a label is not 1 or -1, or the batch is empty.

    Examples
    --------
    >>> hinge_embedding_loss(np.array([0.5, 0.25]), [1, -1])
    np.float64(0.625)
    """
    what = "hinge_embedding_loss"
    check_reduction(reduction, what)
    (x,) = alike(what, input)
    t = signs(target, x.shape, x.dtype, what)
    return reduced(np.where(t > 0, x, hinge(margin - x)), reduction)


def soft_margin_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Return the mean of log(1 + exp(-t x)).

    Parameters
    ----------
    input : Tensor or array, any shape
        Scores x.
    target : array_like, the same shape
        Labels t, 1 or -1.
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
        If a label is not 1 or -1, or the batch is empty.

    Examples
    --------
    >>> soft_margin_loss(np.array([0.0, -1000.0]), [1, 1]).round(4)
    np.float64(500.3466)
    """
    what = "soft_margin_loss"
    check_reduction(reduction, what)
    (x,) = alike(what, input)
    return reduced(-logsigmoid_op(signs(target, x.shape, x.dtype, what) * x), reduction)


# --- several classes, several labels --------------------------------------------------------------


def check_power(p: int, what: str = "multi_margin_loss") -> None:
    """Refuse an exponent other than the two."""
    if p not in (1, 2):
        raise ArgumentError(f"{what}: p is 1 or 2, got {p!r}.")


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    *,
    reduction: str = "mean",
) -> Any:
    """Return the mean of sum over c != y of max(0, margin - x_y + x_c)^p / C, y the right class.

    Parameters
    ----------
    input : Tensor or array, shape (N, C) or (C,)
        A score for each class.
    target : array of int, shape (N,) or ()
        Class indices from 0 to C - 1.
    p : {1, 2}, default 1
    margin : float, default 1.0
    weight : array, shape (C,), optional
        Of the classes.
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of shape (N,): one for each row.

    Raises
    ------
    ArgumentError
        If a label is no class (naming value and position), or the batch is empty.
    ShapeError, DtypeError
        If `target` is no array of labels for this input.

    Examples
    --------
    >>> multi_margin_loss(np.array([[0.5, 1.0]]), np.array([0]))
    np.float64(0.75)
    """
    what = "multi_margin_loss"
    check_reduction(reduction, what)
    check_power(p)
    x, labels = by_rows(input, target, what)
    check_labels(labels, x.shape[1], None, what)
    n, classes = x.shape
    others = np.ones((n, classes), x.dtype)
    assign(others, (counting(n), labels), 0)
    z = relu_op(margin - x[counting(n), labels][:, None] + x)
    losses = ((z if p == 1 else z * z) * others).sum(axis=1) / classes
    w = class_weights(weight, classes, x.dtype, what)
    if w is not None:
        losses = losses * lifted(w)[labels]
    losses = reduced(losses, reduction)
    return losses.reshape(np.shape(raw(target))) if reduction == "none" else losses


def count(rows: NDArray[Any], named: NDArray[Any]) -> NDArray[Any]:
    """Count how often each class is named in each row."""
    counts = np.zeros(rows.shape)
    np.add.at(counts, (np.nonzero(named)[0], rows[named]), 1)
    return counts


counted = live(count, needed=False)


def check_label_rows(target: Any, shape: tuple[int, ...], what: str) -> NDArray[Any]:
    """Check rows of class indices that end with -1; return how often each class is named."""
    t = as_array(raw(target))
    if t.dtype.kind not in "iu":
        raise DtypeError(f"{what}: target holds class indices (integers), got {describe(t)}.")
    if t.shape != shape or len(shape) not in (1, 2):
        raise ShapeError(
            f"{what} got an input of shape {shape} and a target of shape {t.shape}. Both are "
            f"(N, C) or (C,); the class indices stand first in a row, and -1 after the last."
        )
    rows = t.reshape(-1, shape[-1]).astype(np.intp)
    named = np.logical_and.accumulate(rows != -1, axis=1)
    check_labels(np.where(named, rows, 0), shape[-1], None, what)
    return counted(rows, named)


def multilabel_margin_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Return the mean of sum over y, c of max(0, 1 - x_y + x_c) / C, for all pairs of a class y
    that is right and a class c that is not.

    Parameters
    ----------
    input : Tensor or array, shape (N, C) or (C,)
        A score for each class.
    target : array of int, shape as `input`
        In each row the right classes; the first -1 ends them.
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of shape (N,): one for each row.

    Raises
    ------
    ArgumentError
        If a label is no class (naming value and position), or the batch is empty.
    ShapeError, DtypeError
        If `target` is no such array.

    Examples
    --------
    >>> multilabel_margin_loss(np.array([[0.1, 0.2, 0.4, 0.8]]), np.array([[3, 0, -1, 1]])).round(4)
    np.float64(0.85)
    """
    what = "multilabel_margin_loss"
    check_reduction(reduction, what)
    (x,) = alike(what, input)
    counts = check_label_rows(target, x.shape, what)
    rows = x.reshape(counts.shape)
    pairs = counts[:, :, None] * (counts == 0)[:, None, :]
    z = relu_op(1 - rows[:, :, None] + rows[:, None, :]) * pairs.astype(x.dtype)
    losses = reduced(z.sum(axis=(1, 2)) / x.shape[-1], reduction)
    return losses.reshape(x.shape[:-1]) if reduction == "none" else losses


def multilabel_soft_margin_loss(
    input: Any, target: Any, weight: Any = None, *, reduction: str = "mean"
) -> Any:
    """Return the mean cross-entropy of C yes-or-no questions for each row.

    Parameters
    ----------
    input : Tensor or array, shape (..., C)
        Scores (logits).
    target : array_like, the same shape
        0 or 1 for each class.
    weight : array, shape (C,), optional
        Of the classes.
    reduction : {"mean", "sum", "none"}, default "mean"
        Over the rows; within a row it is always the mean.

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of shape (N,): one for each row.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If a target is not between 0 and 1, or the batch is empty.

    Examples
    --------
    >>> multilabel_soft_margin_loss(np.array([[0.0, 100.0]]), [[1, 1]]).round(4)
    np.float64(0.3466)
    """
    what = "multilabel_soft_margin_loss"
    x, t = pair(input, target, reduction, what)
    check_yes_or_no(t, what)
    losses = (1 - t) * x - logsigmoid_op(x)
    w = class_weights(weight, x.shape[-1] if x.shape else 1, x.dtype, what)
    if w is not None:
        losses = losses * w
    return reduced(losses.mean(axis=-1), reduction)
