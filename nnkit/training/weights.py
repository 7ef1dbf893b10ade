"""Weights of rows: given for each sample, or for each class of a target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.data.dataset import name_rows

__all__ = ["ClassWeight", "as_weights"]

Array = NDArray[Any]


def as_weights(weight: Any, n: int, what: str) -> Array:
    """Check one weight for each of n rows.

    Raises
    ------
    ShapeError
        If there are not n of them.
    ArgumentError
        If one is negative or not finite (the rows are named), or all are 0.
    DtypeError
        If they are no numbers.
    """
    try:
        weights: Array = np.asarray(raw(weight), dtype=np.float64)
    except (TypeError, ValueError):
        raise DtypeError(
            f"{what} must be one number for each row, got {describe(weight)}."
        ) from None
    if weights.shape != (n,):
        raise ShapeError(
            f"{what} must be one number for each of the {n} rows, shape ({n},); got shape "
            f"{weights.shape}."
        )
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        raise ArgumentError(
            f"{what}: weights are finite and not negative; they are not in {name_rows(bad)}."
        )
    if n and not weights.any():
        raise ArgumentError(f"{what}: all weights are 0, so nothing would be learned.")
    return weights


class ClassWeight:
    """What the rows of each class count.

    Parameters
    ----------
    class_weight : dict of int and float, array_like of shape (C,), or "balanced"
        Classes that a dict does not name count 1. "balanced" lets all classes count the same in
        total: n / (C * the number of rows of the class), as in scikit-learn.
    labels : array, optional
        All labels, for "balanced".

    Raises
    ------
    ArgumentError, DtypeError
        If it is none of these, or a weight is negative or not finite.

    Examples
    --------
    >>> ClassWeight("balanced", np.array([0, 0, 0, 1])).of(np.array([0, 1]))
    array([0.66666667, 2.        ])
    >>> ClassWeight({1: 5.0}).of(np.array([0, 1]))
    array([1., 5.])
    """

    def __init__(self, class_weight: Any, labels: Any = None) -> None:
        if isinstance(class_weight, str):
            if class_weight != "balanced":
                raise ArgumentError(
                    f"class_weight is a dict, an array or 'balanced'; got {class_weight!r}."
                )
            if labels is None:
                raise ArgumentError(
                    "class_weight='balanced' needs all labels at once: give arrays, fit(X, y), or "
                    "weights of your own, class_weight={0: 1.0, 1: 5.0}."
                )
            class_weight = balanced(as_labels(labels))
        self._weights = as_table(class_weight)
        self._is_open = isinstance(class_weight, Mapping)

    def of(self, target: Any) -> Array:
        """Return the weights of rows, by their labels of shape (N,) or (N, 1)."""
        labels = as_labels(target)
        n = len(self._weights)
        if labels.size and labels.max() >= n:
            if not self._is_open:
                raise ArgumentError(
                    f"class_weight has weights for {n} classes, 0 to {n - 1}, but there is a label "
                    f"{labels.max()}."
                )
            more = np.ones(int(labels.max()) + 1 - n)
            self._weights = np.concatenate([self._weights, more])
        return np.where(labels < 0, 1.0, self._weights[np.maximum(labels, 0)])


def as_table(class_weight: Any) -> Array:
    """Return the weights of classes 0, 1, ... as an array."""
    if isinstance(class_weight, Mapping):
        keys = list(class_weight)
        wrong = [
            k for k in keys if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 0
        ]
        if wrong or not keys:
            raise ArgumentError(
                f"class_weight: the keys are class numbers, 0, 1, ...; got {wrong[:3] or 'none'}."
            )
        table = np.ones(int(max(keys)) + 1)
        for key, value in class_weight.items():
            table[key] = value
    else:
        try:
            table = np.asarray(raw(class_weight), dtype=np.float64)
        except (TypeError, ValueError):
            table = np.empty(0)
        if table.ndim != 1 or not len(table):
            raise DtypeError(
                f"class_weight is a dict {{class: weight}}, one number for each class, or "
                f"'balanced'; got {describe(class_weight)}."
            )
    if not (np.isfinite(table) & (table >= 0)).all():
        raise ArgumentError(f"class_weight: weights are finite and not negative; got {table}.")
    return table


def as_labels(target: Any) -> NDArray[np.intp]:
    """Return labels of shape (N,); refuse what is none."""
    t: Array = np.asarray(raw(target))
    if t.ndim == 2 and t.shape[1] == 1:
        t = t[:, 0]
    if t.ndim != 1 or t.dtype.kind not in "iubf" or (t.dtype.kind == "f" and (t != t // 1).any()):
        raise ArgumentError(
            f"class_weight needs one class number for each row, shape (N,); the target is "
            f"{describe(target)}. For other targets use sample_weight, or the weight of the loss."
        )
    return t.astype(np.intp)


def balanced(labels: NDArray[np.intp]) -> Array:
    """Return n / (C * counts); classes that do not occur get 1."""
    counts = np.bincount(labels[labels >= 0])
    weights = np.ones(len(counts))
    there = counts > 0
    weights[there] = counts.sum() / (there.sum() * counts[there])
    return weights
