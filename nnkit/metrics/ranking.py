"""Ranking: how well scores put the right rows first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.metrics.inputs import scored_rows
from nnkit.metrics.metric import Metric
from nnkit.metrics.probability import log_softmax, refuse_distribution

__all__ = ["ROCAUC", "AveragePrecision", "average_precision_score", "roc_auc_score"]

Array = NDArray[Any]


def roc_auc_score(
    output: Any,
    target: Any,
    weight: Any = None,
    *,
    average: str | None = "macro",
    from_logits: bool = True,
    ignore_index: int | None = -100,
) -> Any:
    """Return the area under the ROC curve: how often a yes has a higher score than a no.

    Rows with equal scores count half. Of several classes each is compared with all others
    (one-vs-rest), by its probability.

    Parameters
    ----------
    output : Tensor or array
        Yes-or-no scores of the shape of the target, for which any scale will do; or scores of C
        classes, shape (N, C, ...).
    target : array of int, shape (N, ...)
        0 or 1, or class indices.
    weight : array, shape (N,), optional
        How much each row counts.
    average : {"macro", "weighted", "micro", None}, default "macro"
        For more than two classes: the mean; the mean weighted by how often they occur; of all
        decisions together; or one value for each class.
    from_logits : bool, default True
        Whether scores of several classes are logits (or their log-softmax), which are made
        probabilities, or probabilities already.
    ignore_index : int or None, default -100
        The label of rows that do not count, where there is a score for each class.

    Returns
    -------
    float
        Between 0 and 1; 0.5 is chance. With ``average=None`` an ndarray of shape (C,).
        A class that no row, or each row, is of has no area: NaN there, and left out of the mean.

    Raises
    ------
    ShapeError, DtypeError
        If output and target do not fit together.
    ArgumentError
        If the target holds one class only, or probabilities are given as logits.

    Examples
    --------
    >>> roc_auc_score(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
    0.75
    """
    metric = ROCAUC(average=average, from_logits=from_logits, ignore_index=ignore_index)
    return metric(output, target, weight)


def average_precision_score(
    output: Any,
    target: Any,
    weight: Any = None,
    *,
    average: str | None = "macro",
    from_logits: bool = True,
    ignore_index: int | None = -100,
) -> Any:
    """Return the area under the steps of precision over recall, Σ (R_n - R_{n-1}) P_n.

    Parameters
    ----------
    output : Tensor or array
        Yes-or-no scores of the shape of the target, for which any scale will do; or scores of C
        classes, shape (N, C, ...).
    target : array of int, shape (N, ...)
        0 or 1, or class indices.
    weight : array, shape (N,), optional
        How much each row counts.
    average : {"macro", "weighted", "micro", None}, default "macro"
        For more than two classes: the mean; the mean weighted by how often they occur; of all
        decisions together; or one value for each class.
    from_logits : bool, default True
        Whether scores of several classes are logits (or their log-softmax), which are made
        probabilities, or probabilities already.
    ignore_index : int or None, default -100
        The label of rows that do not count, where there is a score for each class.

    Returns
    -------
    float
        Between 0 and 1. With ``average=None`` an ndarray of shape (C,).
        A class that no row is of has no recall: NaN there, and left out of the mean.

    Raises
    ------
    ShapeError, DtypeError
        If output and target do not fit together.
    ArgumentError
        If no row is a yes, or probabilities are given as logits.

    Examples
    --------
    >>> scores = np.array([0.1, 0.4, 0.35, 0.8])
    >>> round(average_precision_score(scores, np.array([0, 0, 1, 1])), 4)
    0.8333
    """
    metric = AveragePrecision(average=average, from_logits=from_logits, ignore_index=ignore_index)
    return metric(output, target, weight)


class Ranked(Metric):
    """What the metrics of rankings share: all scores are kept until the value is asked for."""

    per_batch = False

    def __init__(
        self,
        *,
        average: str | None = "macro",
        from_logits: bool = True,
        ignore_index: int | None = -100,
        name: str | None = None,
    ) -> None:
        if average not in ("macro", "weighted", "micro", None):
            raise ArgumentError(
                f"{self.name}: average is 'macro', 'weighted', 'micro' or None, got {average!r}."
            )
        self.average = average
        self.from_logits = from_logits
        self.ignore_index = ignore_index
        super().__init__(name)

    def reset(self) -> None:
        """Forget all batches."""
        self._batches: list[tuple[Array, Array, Array | None]] = []

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch; its scores are kept."""
        scores, labels, weights = scored_rows(self.name, output, target, weight, self.ignore_index)
        if self._batches and self._batches[0][0].shape[1:] != scores.shape[1:]:
            raise ShapeError(
                f"{self.name}: batches before had scores of shape (n, "
                f"{self._batches[0][0].shape[1:]}), this one (n, {scores.shape[1:]})."
            )
        self._batches.append((scores.copy(), labels.copy(), weights))

    def _area(self, scores: Array, yes: Array, weight: Array) -> float:
        """Return the area for scores and answers, NaN where there is none."""
        raise NotImplementedError

    def _refuse(self, labels: Array) -> ArgumentError:
        raise NotImplementedError

    def compute(self) -> Any:
        """Return the value for all batches since the last reset."""
        self._need(len(self._batches))
        scores = np.concatenate([b[0] for b in self._batches])
        labels = np.concatenate([b[1] for b in self._batches])
        weight = np.concatenate([np.ones(len(y)) if w is None else w for _, y, w in self._batches])
        if scores.ndim == 2 and scores.shape[1] == 2:
            # The probability of class 1 grows with the difference: nothing is lost in rounding.
            scores = scores[:, 1].astype(np.float64) - scores[:, 0]
        if scores.ndim == 1:
            value = self._area(scores, labels == 1, weight)
            if np.isnan(value):
                raise self._refuse(labels)
            return value
        return self._one_vs_rest(scores, labels, weight)

    def _one_vs_rest(self, scores: Array, labels: Array, weight: Array) -> Any:
        if self.from_logits:
            refuse_distribution(self.name, scores)
            scores = np.exp(log_softmax(scores))
        yes = labels[:, None] == np.arange(scores.shape[1])
        if self.average == "micro":
            every = np.repeat(weight, scores.shape[1])
            return self._area(scores.reshape(-1), yes.reshape(-1), every)
        areas = np.array(
            [self._area(scores[:, c], yes[:, c], weight) for c in range(scores.shape[1])]
        )
        known = ~np.isnan(areas)
        if not known.any():
            raise self._refuse(labels)
        if self.average is None:
            return areas
        shares = weight @ yes if self.average == "weighted" else np.ones(len(areas))
        return float((areas[known] * shares[known]).sum() / shares[known].sum())


def steps(scores: Array, yes: Array, weight: Array) -> tuple[Array, Array]:
    """Return the weights of true and of false positives at each distinct score, highest first."""
    order = np.argsort(-scores, kind="stable")
    scores, weight = scores[order], weight[order]
    last = np.append(np.flatnonzero(scores[1:] != scores[:-1]), len(scores) - 1)
    return np.cumsum(weight * yes[order])[last], np.cumsum(weight * ~yes[order])[last]


class ROCAUC(Ranked):
    """The area under the ROC curve, of all rows together. It keeps their scores.

    Parameters
    ----------
    average : {"macro", "weighted", "micro", None}, default "macro"
        For more than two classes: the mean; the mean weighted by how often they occur; of all
        decisions together; or one value for each class.
    from_logits : bool, default True
        Whether scores of several classes are logits, or probabilities already.
    ignore_index : int or None, default -100
        The label of rows that do not count, where there is a score for each class.
    name : str, default "roc_auc"

    See Also
    --------
    roc_auc_score : The same for arrays, with what output and target may be.

    Examples
    --------
    >>> metric = ROCAUC()
    >>> metric.update(np.array([0.1, 0.4]), np.array([0, 0]))
    >>> metric.update(np.array([0.35, 0.8]), np.array([1, 1]))
    >>> metric.compute()
    0.75
    """

    name = "roc_auc"

    def _area(self, scores: Array, yes: Array, weight: Array) -> float:
        right, wrong = steps(scores, yes, weight)
        if not right[-1] or not wrong[-1]:
            return float("nan")
        before = np.append(0.0, right[:-1])
        widths = np.diff(wrong, prepend=0.0)
        return float(((right + before) / 2) @ widths / (right[-1] * wrong[-1]))

    def _refuse(self, labels: Array) -> ArgumentError:
        return ArgumentError(
            f"{self.name}: every row that counts is of class {labels[0]}; the area compares rows "
            f"of two classes, so give some of another. (One small batch may hold one class only: "
            f"calculate it for all rows, with update for each batch and compute at the end.)"
        )


class AveragePrecision(Ranked):
    """The area under the steps of precision over recall, of all rows together.

    It keeps their scores.

    Parameters
    ----------
    average : {"macro", "weighted", "micro", None}, default "macro"
        For more than two classes: the mean; the mean weighted by how often they occur; of all
        decisions together; or one value for each class.
    from_logits : bool, default True
        Whether scores of several classes are logits, or probabilities already.
    ignore_index : int or None, default -100
        The label of rows that do not count, where there is a score for each class.
    name : str, default "average_precision"

    See Also
    --------
    average_precision_score : The same for arrays, with what output and target may be.

    Examples
    --------
    >>> metric = AveragePrecision()
    >>> metric.update(np.array([0.1, 0.4]), np.array([0, 0]))
    >>> metric.update(np.array([0.35, 0.8]), np.array([1, 1]))
    >>> round(metric.compute(), 4)
    0.8333
    """

    name = "average_precision"

    def _area(self, scores: Array, yes: Array, weight: Array) -> float:
        right, wrong = steps(scores, yes, weight)
        if not right[-1]:
            return float("nan")
        said = right + wrong
        precision = right / np.where(said == 0, 1, said)
        return float(np.diff(right, prepend=0.0) @ precision / right[-1])

    def _refuse(self, labels: Array) -> ArgumentError:
        return ArgumentError(
            f"{self.name}: no row that counts is of class 1; recall is a share of those, so give "
            f"some."
        )
