"""Accuracy: the share of rows that are right, at the first guess or among the first k."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.metrics.inputs import Rows, class_rows, decisions, plain, row_weights, yes_or_no
from nnkit.metrics.metric import Metric

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "TopKAccuracy",
    "accuracy",
    "binary_accuracy",
    "top_k_accuracy",
]


def accuracy(
    output: Any, target: Any, weight: Any = None, *, ignore_index: int | None = -100
) -> float:
    """Return the share of rows whose highest score is that of the right class.

    Parameters
    ----------
    output : Tensor or array, shape (N, C, ...)
        Scores or probabilities of the classes; or class indices, integers of shape (N, ...).
    target : array, shape (N, ...) of class indices, or (N, C, ...) of class probabilities
    weight : array, shape (N,), optional
        How much each row counts.
    ignore_index : int or None, default -100
        The label of rows that do not count, as in `cross_entropy`.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    ArgumentError
        If there is no row, a label is no class, or a score is NaN.

    Examples
    --------
    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    >>> accuracy(np.array([1, 0]), np.array([1, 1]), weight=[3, 1])
    0.75
    """
    return float(Accuracy(ignore_index=ignore_index)(output, target, weight))


def binary_accuracy(output: Any, target: Any, threshold: float = 0.0, weight: Any = None) -> float:
    """Return the share of yes-or-no scores on the right side of a threshold.

    Parameters
    ----------
    output : Tensor or array, any shape
        Scores (logits).
    target : array, the same shape
        0 or 1.
    threshold : float, default 0.0
        For probabilities instead of scores, 0.5.
    weight : array, shape (N,), optional
        How much each row counts.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If there is no row, or a target is neither 0 nor 1.

    Examples
    --------
    >>> binary_accuracy(np.array([-2.0, 3.0]), np.array([0, 0]))
    0.5
    """
    return float(BinaryAccuracy(threshold)(output, target, weight))


def top_k_accuracy(
    output: Any, target: Any, k: int = 5, weight: Any = None, *, ignore_index: int | None = -100
) -> float:
    """Return the share of rows whose right class is among the k highest scores.

    Of equal scores the lower class comes first, so that ``k=1`` is `accuracy`.

    Parameters
    ----------
    output : Tensor or array, shape (N, C, ...)
        Scores or probabilities of the classes.
    target : array of int, shape (N, ...)
        Class indices.
    k : int, default 5
    weight : array, shape (N,), optional
        How much each row counts.
    ignore_index : int or None, default -100
        The label of rows that do not count.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    ArgumentError
        If k is not from 1 to below the number of classes, or a label is no class.

    Examples
    --------
    >>> scores = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    >>> top_k_accuracy(scores, np.array([1, 2]), k=2)
    0.5
    """
    return float(TopKAccuracy(k, ignore_index=ignore_index)(output, target, weight))


class Shares(Metric):
    """A share of rows: what is right, over all."""

    def reset(self) -> None:
        """Forget all batches."""
        self._right = self._all = 0.0

    def _add(self, right: np.ndarray[Any, Any], weight: np.ndarray[Any, Any] | None) -> None:
        if weight is None:
            self._right += np.count_nonzero(right)
            self._all += right.size
        else:
            self._right += float(weight @ right)
            self._all += float(weight.sum())

    def _merge(self, other: Self, *_batch: Any) -> None:
        self._right += other._right
        self._all += other._all

    def compute(self) -> float:
        """Return the share for all batches since the last reset, between 0 and 1."""
        return float(self._right / self._need(self._all))


def is_usual(out: np.ndarray[Any, Any], t: np.ndarray[Any, Any]) -> bool:
    """Whether these are scores (N, C) without NaN and N labels that are classes.

    It is what nearly all calls are, once in each training step: one look, and no copies.
    """
    if not (out.ndim == 2 and t.ndim == 1 and len(out) == len(t) > 0 and out.shape[1] > 1):
        return False
    if out.dtype.kind != "f" or t.dtype != np.intp or not t.flags.c_contiguous:
        return False
    # Seen as unsigned numbers, negative labels are too large as well.
    if np.maximum.reduce(t.view(np.uintp)) >= out.shape[1]:
        return False
    lowest = np.minimum.reduce(out, axis=None)
    return bool(lowest == lowest)  # not so if a score is NaN


class Accuracy(Shares):
    """The share of rows whose highest score is that of the right class, batch by batch.

    Parameters
    ----------
    ignore_index : int or None, default -100
        The label of rows that do not count, as in `CrossEntropyLoss`.
    name : str, default "accuracy"

    See Also
    --------
    accuracy : The same for arrays, with what output and target may be.

    Examples
    --------
    >>> metric = Accuracy()
    >>> metric.update(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    >>> metric.update(np.array([[0.1, 0.9], [0.2, 0.8]]), np.array([1, 1]))
    >>> metric.compute()
    0.75
    """

    name = "accuracy"

    def __init__(self, *, ignore_index: int | None = -100, name: str | None = None) -> None:
        self.ignore_index = ignore_index
        super().__init__(name)

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch."""
        out, t = np.asarray(raw(output)), np.asarray(raw(target))
        if weight is None and is_usual(out, t):
            self._right += np.count_nonzero(out.argmax(axis=1) == t)
            self._all += len(t)
            return
        if out.dtype.kind in "iub":
            rows = decisions(
                *("accuracy", out, t, weight),
                threshold=0.0,
                ignore_index=self.ignore_index,
                num_classes=None,
            )
        else:
            rows = self._of_scores(out, t, weight)
        self._add(rows.output == rows.labels, rows.weight)

    def _of_scores(self, out: np.ndarray[Any, Any], t: np.ndarray[Any, Any], weight: Any) -> Rows:
        if out.ndim < 2 or out.shape[1] < 2:
            raise ShapeError(
                f"accuracy needs a score for each class, of shape (N, C) with C >= 2, or the class "
                f"itself as an integer; got {out.shape} of {out.dtype}. For yes-or-no scores use "
                f"binary_accuracy."
            )
        rows = (out.shape[0], *out.shape[2:])
        if t.shape == out.shape:
            t = t.argmax(axis=1)
        elif t.shape != rows:
            raise ShapeError(
                f"accuracy: scores of shape {out.shape} need labels of shape {rows}, got {t.shape}."
            )
        plain("accuracy", out, "output")
        scores, labels, weights, classes = class_rows("accuracy", out, t, weight, self.ignore_index)
        return Rows(scores.argmax(axis=1), labels, weights, classes)


class BinaryAccuracy(Shares):
    """The share of yes-or-no scores on the right side of a threshold, batch by batch.

    Parameters
    ----------
    threshold : float, default 0.0
        For probabilities instead of scores (logits), 0.5.
    name : str, default "binary_accuracy"

    See Also
    --------
    binary_accuracy : The same for arrays.

    Examples
    --------
    >>> metric = BinaryAccuracy()
    >>> metric.update(np.array([-2.0, 3.0]), np.array([0, 0]))
    >>> metric.compute()
    0.5
    """

    name = "binary_accuracy"

    def __init__(self, threshold: float = 0.0, name: str | None = None) -> None:
        self.threshold = threshold
        super().__init__(name)

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch."""
        what = "binary_accuracy"
        scores, answers = plain(what, output, "output"), plain(what, target, "target")
        if scores.shape != answers.shape:
            raise ShapeError(
                f"binary_accuracy: scores of shape {scores.shape} and answers of shape "
                f"{answers.shape}; give both the same shape."
            )
        weights = row_weights(what, weight, scores.shape)
        said = scores > self.threshold if scores.dtype.kind == "f" else scores != 0
        self._add(said.reshape(-1) == yes_or_no(what, answers), weights)


class TopKAccuracy(Shares):
    """The share of rows whose right class is among the k highest scores, batch by batch.

    Parameters
    ----------
    k : int, default 5
    ignore_index : int or None, default -100
        The label of rows that do not count.
    name : str, default "top_5_accuracy", with the k that is given

    Raises
    ------
    ArgumentError
        If `k` is not a positive whole number.

    See Also
    --------
    top_k_accuracy : The same for arrays.

    Examples
    --------
    >>> metric = TopKAccuracy(2)
    >>> metric.update(np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), np.array([1, 2]))
    >>> metric.name, metric.compute()
    ('top_2_accuracy', 0.5)
    """

    def __init__(
        self, k: int = 5, *, ignore_index: int | None = -100, name: str | None = None
    ) -> None:
        if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
            raise ArgumentError(f"top_k_accuracy: k must be a positive whole number, got {k!r}.")
        self.k = k
        self.ignore_index = ignore_index
        super().__init__(name or f"top_{k}_accuracy")

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch."""
        what = "top_k_accuracy"
        out, t = plain(what, output, "output"), plain(what, target, "target")
        if out.ndim < 2 or out.dtype.kind != "f":
            raise ShapeError(
                f"{what} needs a score for each class, of shape (N, C); got {out.shape} of "
                f"{out.dtype}."
            )
        if self.k >= out.shape[1]:
            raise ArgumentError(
                f"{what}: with k={self.k} of {out.shape[1]} classes every row is right; take a "
                f"smaller k."
            )
        scores, labels, weights, classes = class_rows(what, out, t, weight, self.ignore_index)
        own = scores[np.arange(len(labels)), labels][:, None]
        earlier = np.arange(classes) < labels[:, None]
        place = ((scores > own) | ((scores == own) & earlier)).sum(axis=1)
        self._add(place < self.k, weights)
