"""Confusion: how often each class was taken for each other."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.metrics.inputs import decisions
from nnkit.metrics.metric import Metric

__all__ = ["ConfusionMatrix", "Counts", "confusion_matrix"]

Array = NDArray[Any]


def confusion_matrix(
    output: Any,
    target: Any,
    weight: Any = None,
    *,
    normalize: str | None = None,
    num_classes: int | None = None,
    threshold: float = 0.0,
    ignore_index: int | None = -100,
) -> Array:
    """Count how often a row of class i was said to be of class j.

    Parameters
    ----------
    output : Tensor or array
        Class indices, integers of shape (N, ...); scores or probabilities of C classes, floats of
        shape (N, C, ...); or yes-or-no scores, floats of the shape of the target.
    target : array of int, shape (N, ...)
        Right class indices.
    weight : array, shape (N,), optional
        How much each row counts.
    normalize : {None, "true", "pred", "all"}
        Counts, or shares of the rows of a class, of those said to be of a class, or of all.
    num_classes : int, optional
        Where `output` holds class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count.

    Returns
    -------
    ndarray, shape (C, C)
        Row: the right class; column: the class it was said to be. Integers where there are neither
        weights nor `normalize`.

    Raises
    ------
    ShapeError, DtypeError
        If output and target do not fit together.
    ArgumentError
        If a label is no class, or there is no row.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]))
    array([[1, 1],
           [0, 2]])
    """
    metric = ConfusionMatrix(
        normalize=normalize,
        num_classes=num_classes,
        threshold=threshold,
        ignore_index=ignore_index,
    )
    return metric(output, target, weight)


class Counts(Metric):
    """What the metrics of decided classes share: how often each class took each other's place."""

    def __init__(
        self,
        *,
        num_classes: int | None = None,
        threshold: float = 0.0,
        ignore_index: int | None = -100,
        name: str | None = None,
    ) -> None:
        self.num_classes = num_classes
        self.threshold = threshold
        self.ignore_index = ignore_index
        super().__init__(name)

    def reset(self) -> None:
        """Forget all batches."""
        classes = self.num_classes or 0
        self._counts: Array = np.zeros((classes, classes))
        self._seen: Array = np.zeros(classes, bool)
        self._weighted = False

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch."""
        rows = decisions(
            *(self.name, output, target, weight),
            threshold=self.threshold,
            ignore_index=self.ignore_index,
            num_classes=self.num_classes,
        )
        self._check(rows.labels, rows.output, rows.classes)
        classes = self._grow(rows.classes)
        where = rows.labels * classes + rows.output
        added = np.bincount(where, rows.weight, classes * classes)
        self._counts += added.reshape(classes, classes)
        self._seen[rows.labels] = self._seen[rows.output] = True
        self._weighted |= rows.weight is not None

    def _grow(self, classes: int) -> int:
        """Make room for classes; return their number now."""
        have = len(self._counts)
        if classes > have:
            counts, seen = np.zeros((classes, classes)), np.zeros(classes, bool)
            counts[:have, :have], seen[:have] = self._counts, self._seen
            self._counts, self._seen = counts, seen
        return len(self._counts)

    def _merge(self, other: Self, *_batch: Any) -> None:
        classes = len(other._counts)
        self._grow(classes)
        self._counts[:classes, :classes] += other._counts
        self._seen[:classes] |= other._seen
        self._weighted |= other._weighted

    def _check(self, labels: Array, decided: Array, classes: int) -> None:
        """Refuse what this metric cannot count."""


class ConfusionMatrix(Counts):
    """How often a row of class i was said to be of class j, batch by batch.

    Parameters
    ----------
    normalize : {None, "true", "pred", "all"}
        Counts, or shares of the rows of a class, of those said to be of a class, or of all.
    num_classes : int, optional
        Where outputs are class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count.
    name : str, default "confusion_matrix"

    Raises
    ------
    ArgumentError
        If `normalize` is none of these.

    See Also
    --------
    confusion_matrix : The same for arrays, with what output and target may be.
    nnkit.plot.confusion_figure : Its picture.

    Examples
    --------
    >>> metric = ConfusionMatrix(num_classes=2)
    >>> metric.update(np.array([0, 1]), np.array([0, 0]))
    >>> metric.update(np.array([1, 1]), np.array([1, 1]))
    >>> metric.compute()
    array([[1, 1],
           [0, 2]])
    """

    name = "confusion_matrix"
    per_batch = False

    def __init__(
        self,
        *,
        normalize: str | None = None,
        num_classes: int | None = None,
        threshold: float = 0.0,
        ignore_index: int | None = -100,
        name: str | None = None,
    ) -> None:
        if normalize not in (None, "true", "pred", "all"):
            raise ArgumentError(
                f"confusion_matrix: normalize is None, 'true', 'pred' or 'all', got {normalize!r}."
            )
        self.normalize = normalize
        super().__init__(
            num_classes=num_classes, threshold=threshold, ignore_index=ignore_index, name=name
        )

    def compute(self) -> Array:
        """Return the matrix for all batches since the last reset; rows are the right classes."""
        self._need(float(self._seen.sum()))
        if self.normalize is None:
            return self._counts.copy() if self._weighted else self._counts.astype(np.int64)
        axis = {"true": 1, "pred": 0, "all": None}[self.normalize]
        total = self._counts.sum(axis=axis, keepdims=True)
        return self._counts / np.where(total == 0, 1, total)
