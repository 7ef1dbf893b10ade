"""Metrics: functions `(output, target) -> number` on plain arrays, for people to read."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError

__all__ = ["accuracy", "binary_accuracy"]


def accuracy(output: Any, target: Any) -> float:
    """Return the share of rows whose highest score is that of the right class.

    Parameters
    ----------
    output : Tensor or array, shape (N, C, ...)
        Scores or probabilities of the classes.
    target : array, shape (N, ...) of class indices, or (N, C, ...) of class probabilities

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    scores, labels = np.asarray(raw(output)), np.asarray(raw(target))
    if scores.ndim < 2 or scores.shape[1] < 2:
        raise ShapeError(
            f"accuracy needs a score for each class, of shape (N, C) with C >= 2; got "
            f"{scores.shape}. For yes-or-no scores use binary_accuracy."
        )
    if labels.shape == scores.shape:
        labels = labels.argmax(axis=1)
    best = scores.argmax(axis=1)
    if best.shape != labels.shape:
        raise ShapeError(
            f"accuracy: scores of shape {scores.shape} need labels of shape {best.shape}, got "
            f"{labels.shape}."
        )
    if not best.size:
        raise ArgumentError("accuracy got an empty batch: a share of nothing has no value.")
    return float(np.count_nonzero(best == labels)) / best.size


def binary_accuracy(output: Any, target: Any, threshold: float = 0.0) -> float:
    """Return the share of yes-or-no scores on the right side of a threshold.

    Parameters
    ----------
    output : Tensor or array, any shape
        Scores (logits).
    target : array, the same shape
        0 or 1.
    threshold : float, default 0.0
        For probabilities instead of scores, 0.5.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ShapeError
        If the shapes differ.

    Examples
    --------
    >>> binary_accuracy(np.array([-2.0, 3.0]), np.array([0, 0]))
    0.5
    """
    scores, answers = np.asarray(raw(output)), np.asarray(raw(target))
    if scores.shape != answers.shape:
        raise ShapeError(
            f"binary_accuracy: scores of shape {scores.shape} and answers of shape "
            f"{answers.shape}; give both the same shape."
        )
    if not scores.size:
        raise ArgumentError("binary_accuracy got an empty batch: a share of nothing has no value.")
    return float(np.count_nonzero((scores > threshold) == (answers > 0.5))) / scores.size
