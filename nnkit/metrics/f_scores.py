"""F scores: precision, recall, and F1, the mean of both; each class alone or averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.metrics.confusion import Counts

__all__ = ["F1", "Precision", "Recall", "f1_score", "precision_score", "recall_score"]

Array = NDArray[Any]


def precision_score(
    output: Any,
    target: Any,
    weight: Any = None,
    *,
    average: str | None = "binary",
    zero_division: float = 0.0,
    num_classes: int | None = None,
    threshold: float = 0.0,
    ignore_index: int | None = -100,
) -> Any:
    """Return the share of rows said to be of a class that are of it.

    As in scikit-learn, whose values these are, classes that occur neither in the targets nor in the
    outputs do not count in averages.

    Parameters
    ----------
    output : Tensor or array
        Class indices, integers of shape (N, ...); scores or probabilities of C classes, floats of
        shape (N, C, ...); or yes-or-no scores, floats of the shape of the target.
    target : array of int, shape (N, ...)
        Right class indices. (scikit-learn has them first; here they are second, as in the losses.)
    weight : array, shape (N,), optional
        How much each row counts.
    average : {"binary", "micro", "macro", "weighted", None}, default "binary"
        The value of class 1 of two classes; of all rows together; the mean over the classes; the
        mean weighted by how often they occur; or one value for each class.
    zero_division : float, default 0.0
        The value of a class that was never said.
    num_classes : int, optional
        Where `output` holds class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count, as in `cross_entropy`.

    Returns
    -------
    float
        Between 0 and 1. With ``average=None`` an ndarray of shape (C,), NaN for classes that do not
        occur at all.

    Raises
    ------
    ShapeError, DtypeError
        If output and target do not fit together.
    ArgumentError
        If a label is no class, there is no row, or more than two classes are to be averaged as
        "binary".

    Examples
    --------
    >>> logits = np.array([2.0, 0.5, -1.0])
    >>> precision_score(logits, np.array([1, 0, 1]))
    0.5
    """
    metric = Precision(
        average=average,
        zero_division=zero_division,
        num_classes=num_classes,
        threshold=threshold,
        ignore_index=ignore_index,
    )
    return metric(output, target, weight)


def recall_score(
    output: Any,
    target: Any,
    weight: Any = None,
    *,
    average: str | None = "binary",
    zero_division: float = 0.0,
    num_classes: int | None = None,
    threshold: float = 0.0,
    ignore_index: int | None = -100,
) -> Any:
    """Return the share of rows of a class that were said to be of it.

    As in scikit-learn, whose values these are, classes that occur neither in the targets nor in the
    outputs do not count in averages.

    Parameters
    ----------
    output : Tensor or array
        Class indices, integers of shape (N, ...); scores or probabilities of C classes, floats of
        shape (N, C, ...); or yes-or-no scores, floats of the shape of the target.
    target : array of int, shape (N, ...)
        Right class indices. (scikit-learn has them first; here they are second, as in the losses.)
    weight : array, shape (N,), optional
        How much each row counts.
    average : {"binary", "micro", "macro", "weighted", None}, default "binary"
        The value of class 1 of two classes; of all rows together; the mean over the classes; the
        mean weighted by how often they occur; or one value for each class.
    zero_division : float, default 0.0
        The value of a class that does not occur in the targets.
    num_classes : int, optional
        Where `output` holds class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count, as in `cross_entropy`.

    Returns
    -------
    float
        Between 0 and 1. With ``average=None`` an ndarray of shape (C,), NaN for classes that do not
        occur at all.

    Raises
    ------
    ShapeError, DtypeError
        If output and target do not fit together.
    ArgumentError
        If a label is no class, there is no row, or more than two classes are to be averaged as
        "binary".

    Examples
    --------
    >>> recall_score(np.array([0, 1, 2, 1]), np.array([0, 1, 1, 2]), average=None)
    array([1. , 0.5, 0. ])
    """
    metric = Recall(
        average=average,
        zero_division=zero_division,
        num_classes=num_classes,
        threshold=threshold,
        ignore_index=ignore_index,
    )
    return metric(output, target, weight)


def f1_score(
    output: Any,
    target: Any,
    weight: Any = None,
    *,
    average: str | None = "binary",
    zero_division: float = 0.0,
    num_classes: int | None = None,
    threshold: float = 0.0,
    ignore_index: int | None = -100,
) -> Any:
    """Return the harmonic mean of precision and recall, 2 p r / (p + r).

    As in scikit-learn, whose values these are, classes that occur neither in the targets nor in the
    outputs do not count in averages.

    Parameters
    ----------
    output : Tensor or array
        Class indices, integers of shape (N, ...); scores or probabilities of C classes, floats of
        shape (N, C, ...); or yes-or-no scores, floats of the shape of the target.
    target : array of int, shape (N, ...)
        Right class indices. (scikit-learn has them first; here they are second, as in the losses.)
    weight : array, shape (N,), optional
        How much each row counts.
    average : {"binary", "micro", "macro", "weighted", None}, default "binary"
        The value of class 1 of two classes; of all rows together; the mean over the classes; the
        mean weighted by how often they occur; or one value for each class.
    zero_division : float, default 0.0
        The value of a class that occurs neither in the targets nor in the outputs.
    num_classes : int, optional
        Where `output` holds class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count, as in `cross_entropy`.

    Returns
    -------
    float
        Between 0 and 1. With ``average=None`` an ndarray of shape (C,), NaN for classes that do not
        occur at all.

    Raises
    ------
    ShapeError, DtypeError
        If output and target do not fit together.
    ArgumentError
        If a label is no class, there is no row, or more than two classes are to be averaged as
        "binary".

    Examples
    --------
    >>> scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    >>> f1_score(scores, np.array([0, 1, 0])) == 2 / 3
    True
    """
    metric = F1(
        average=average,
        zero_division=zero_division,
        num_classes=num_classes,
        threshold=threshold,
        ignore_index=ignore_index,
    )
    return metric(output, target, weight)


class Averaged(Counts):
    """Precision, recall and F1: a ratio for each class, and the ways to average them."""

    def __init__(
        self,
        *,
        average: str | None = "binary",
        zero_division: float = 0.0,
        num_classes: int | None = None,
        threshold: float = 0.0,
        ignore_index: int | None = -100,
        name: str | None = None,
    ) -> None:
        if average not in ("binary", "micro", "macro", "weighted", None):
            raise ArgumentError(
                f"{self.name}: average is 'binary', 'micro', 'macro', 'weighted' or None, got "
                f"{average!r}."
            )
        self.average = average
        self.zero_division = zero_division
        super().__init__(
            num_classes=num_classes, threshold=threshold, ignore_index=ignore_index, name=name
        )

    def _check(self, labels: Array, decided: Array, classes: int) -> None:
        if self.average == "binary" and classes > 2:
            raise ArgumentError(
                f"{self.name}: there are {classes} classes, and average='binary' is for 0 and 1. "
                f"Say average='macro' (each class counts alike), 'micro', 'weighted', or None; in "
                f'metrics=[...] of a Trainer, "{self.name}_macro".'
            )

    def _ratio(self, right: Array, said: Array, actual: Array) -> tuple[Array, Array]:
        raise NotImplementedError

    def compute(self) -> Any:
        """Return the value for all batches since the last reset.

        A float; with ``average=None`` an array with one value for each class, NaN for a class that
        occurs neither in the targets nor in the outputs.
        """
        self._need(float(self._counts.sum()))
        counts, seen = self._counts, self._seen
        if self.average == "binary" and len(counts) < 2:
            counts, seen = np.pad(counts, (0, 1)), np.pad(seen, (0, 1))
        right, said, actual = np.diagonal(counts), counts.sum(axis=0), counts.sum(axis=1)
        if self.average == "micro":
            right, said, actual = (a.sum(keepdims=True) for a in (right, said, actual))
        above, below = self._ratio(right, said, actual)
        values = np.where(below == 0, self.zero_division, above / np.where(below == 0, 1, below))
        if self.average is None:
            return np.where(seen, values, np.nan)
        if self.average == "macro":
            return float(values[seen].mean())
        if self.average == "weighted":
            return float((values * actual).sum() / actual.sum())
        return float(values[-1])


class Precision(Averaged):
    """The share of rows said to be of a class that are of it, batch by batch.

    Parameters
    ----------
    average : {"binary", "micro", "macro", "weighted", None}, default "binary"
        The value of class 1 of two classes; of all rows together; the mean over the classes; the
        mean weighted by how often they occur; or one value for each class.
    zero_division : float, default 0.0
        The value of a class that was never said.
    num_classes : int, optional
        Where outputs are class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count.
    name : str, default "precision"

    See Also
    --------
    precision_score : The same for arrays, with what output and target may be.

    Examples
    --------
    >>> metric = Precision()
    >>> metric.update(np.array([2.0, 0.5, -1.0]), np.array([1, 0, 1]))
    >>> metric.compute()
    0.5
    """

    name = "precision"

    def _ratio(self, right: Array, said: Array, actual: Array) -> tuple[Array, Array]:
        return right, said


class Recall(Averaged):
    """The share of rows of a class that were said to be of it, batch by batch.

    Parameters
    ----------
    average : {"binary", "micro", "macro", "weighted", None}, default "binary"
        The value of class 1 of two classes; of all rows together; the mean over the classes; the
        mean weighted by how often they occur; or one value for each class.
    zero_division : float, default 0.0
        The value of a class that does not occur in the targets.
    num_classes : int, optional
        Where outputs are class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count.
    name : str, default "recall"

    See Also
    --------
    recall_score : The same for arrays, with what output and target may be.

    Examples
    --------
    >>> metric = Recall()
    >>> metric.update(np.array([2.0, 0.5, -1.0]), np.array([1, 1, 1]))
    >>> metric.update(np.array([1.0]), np.array([1]))
    >>> metric.compute()
    0.75
    """

    name = "recall"

    def _ratio(self, right: Array, said: Array, actual: Array) -> tuple[Array, Array]:
        return right, actual


class F1(Averaged):
    """The harmonic mean of precision and recall, batch by batch.

    Parameters
    ----------
    average : {"binary", "micro", "macro", "weighted", None}, default "binary"
        The value of class 1 of two classes; of all rows together; the mean over the classes; the
        mean weighted by how often they occur; or one value for each class.
    zero_division : float, default 0.0
        The value of a class that occurs neither in the targets nor in the outputs.
    num_classes : int, optional
        Where outputs are class indices; by default the highest label that occurs, plus one.
    threshold : float, default 0.0
        Yes-or-no scores above it say yes. For probabilities instead of logits, 0.5.
    ignore_index : int or None, default -100
        The label of rows that do not count.
    name : str, default "f1"

    See Also
    --------
    f1_score : The same for arrays, with what output and target may be.

    Examples
    --------
    >>> metric = F1(average="macro")
    >>> metric.update(np.array([0, 1, 2]), np.array([0, 1, 1]))
    >>> metric.update(np.array([2, 1]), np.array([2, 1]))
    >>> round(metric.compute(), 4)
    0.8222
    """

    name = "f1"

    def _ratio(self, right: Array, said: Array, actual: Array) -> tuple[Array, Array]:
        return 2 * right, said + actual
