"""Class labels: what they must be for the scores they come with, and which rows count how much."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from autograd_core.live import live
from autograd_core.trace import lifted
from nnkit.functional.operands import as_array, as_float

__all__ = [
    "by_rows",
    "check_labels",
    "class_weights",
    "counting",
    "row_weights",
    "shape_of_labels",
    "sum_of",
    "wrong_target",
]

Array = NDArray[Any]


@lru_cache(maxsize=256)
def counting(n: int) -> Array:
    """Return 0, 1, ..., n - 1."""
    numbers = np.arange(n)
    numbers.flags.writeable = False
    return numbers


def checked_labels(
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

    Returns
    -------
    ndarray of bool, or None
        True where a label is `ignore_index`; None if none can be.

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


check_labels = live(checked_labels)


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
    x, t = as_float(input, f"the input of {what}"), as_array(raw(target))
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
    labels: Array,
    weight: Array | None,
    ignored: Array | None,
    dtype: Any,
    reduction: str,
    what: str,
) -> Array | None:
    """Return the weight of each row: that of its class, 0 if it is ignored; None if all are 1."""
    if weight is None and ignored is None:
        return None
    weights = np.ones(len(labels), dtype) if weight is None else lifted(weight)[labels]
    if ignored is not None:
        weights = np.where(ignored, 0, weights)
        if reduction == "mean":
            check_some_count(ignored, what)
    return weights


def checked_counts(ignored: Array, what: str) -> None:
    """Refuse to average over nothing."""
    if ignored.all():
        raise ArgumentError(f"{what}: every label is ignore_index; nothing is left to average.")


check_some_count = live(checked_counts)


def number_of_sum(weights: Array) -> float:
    """Return the sum of an array as a Python number."""
    return float(weights.sum())


number_of_sum.gives_number = True  # type: ignore[attr-defined]  # `compile` calls it each time
checked_labels.may_give_nothing = True  # type: ignore[attr-defined]
as_number = live(number_of_sum, needed=False)


def sum_of(weights: Array | None, n: int) -> float:
    """Return the sum of the rows' weights."""
    return n if weights is None else as_number(weights)
