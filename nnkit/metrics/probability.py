"""Probability: the loss of the probabilities that a model gives to what is right."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.metrics.inputs import scored_rows
from nnkit.metrics.metric import Metric

__all__ = ["LogLoss", "log_loss", "log_softmax", "refuse_distribution"]

Array = NDArray[Any]


def log_loss(
    output: Any,
    target: Any,
    weight: Any = None,
    *,
    from_logits: bool = True,
    ignore_index: int | None = -100,
) -> float:
    """Return the mean of -log(probability of what was right), in float64.

    Parameters
    ----------
    output : Tensor or array
        Yes-or-no scores of the shape of the target; or scores of C classes, shape (N, C, ...).
    target : array of int, shape (N, ...)
        0 or 1, or class indices.
    weight : array, shape (N,), optional
        How much each row counts.
    from_logits : bool, default True
        Whether the scores are logits, or probabilities; these are kept away from 0 and 1 by the
        epsilon of their dtype, as in scikit-learn.
    ignore_index : int or None, default -100
        The label of rows that do not count, where there is a score for each class.

    Returns
    -------
    float
        In nats. As `binary_cross_entropy_with_logits` or `cross_entropy`, but for reading.

    Raises
    ------
    ShapeError, DtypeError
        If output and target do not fit together.
    ArgumentError
        If a probability is outside of [0, 1], or probabilities are given as logits.

    Examples
    --------
    >>> round(log_loss(np.array([0.0, 0.0]), np.array([0, 1])), 4)
    0.6931
    >>> round(log_loss(np.array([[0.9, 0.1]]), np.array([0]), from_logits=False), 4)
    0.1054
    """
    metric = LogLoss(from_logits=from_logits, ignore_index=ignore_index)
    return float(metric(output, target, weight))


def is_distribution(scores: Array) -> bool:
    """Whether each row is a distribution: not negative, and adding up to 1."""
    return bool(scores.min() >= 0 and np.abs(scores.sum(axis=1) - 1).max() < 1e-5)


def log_softmax(scores: Array) -> Array:
    """Return the logarithms of the probabilities of the classes, in float64."""
    shifted = scores.astype(np.float64) - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def refuse_distribution(what: str, scores: Array) -> None:
    """Refuse probabilities that were given as logits."""
    if is_distribution(scores):
        raise ArgumentError(
            f"{what}: each row of the output adds up to 1 and none is negative, so these seem to "
            f"be probabilities, not logits; say from_logits=False."
        )


class LogLoss(Metric):
    """The mean of -log(probability of what was right), batch by batch.

    Parameters
    ----------
    from_logits : bool, default True
        Whether the scores are logits, or probabilities.
    ignore_index : int or None, default -100
        The label of rows that do not count, where there is a score for each class.
    name : str, default "log_loss"

    See Also
    --------
    log_loss : The same for arrays, with what output and target may be.

    Examples
    --------
    >>> metric = LogLoss()
    >>> metric.update(np.array([0.0, 0.0]), np.array([0, 1]))
    >>> round(metric.compute(), 4)
    0.6931
    """

    name = "log_loss"

    def __init__(
        self,
        *,
        from_logits: bool = True,
        ignore_index: int | None = -100,
        name: str | None = None,
    ) -> None:
        self.from_logits = from_logits
        self.ignore_index = ignore_index
        super().__init__(name)

    def reset(self) -> None:
        """Forget all batches."""
        self._sum = self._weight = 0.0

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch."""
        scores, labels, weights = scored_rows(self.name, output, target, weight, self.ignore_index)
        logs = self._of_logits(scores, labels) if self.from_logits else self._of(scores, labels)
        self._sum -= float(logs.sum() if weights is None else weights @ logs)
        self._weight += len(labels) if weights is None else float(weights.sum())

    def _of_logits(self, scores: Array, labels: Array) -> Array:
        if scores.ndim == 1:
            signed = np.where(labels == 1, scores, -scores.astype(np.float64))
            return -np.logaddexp(0.0, -signed)
        refuse_distribution(self.name, scores)
        return log_softmax(scores)[np.arange(len(labels)), labels]

    def _of(self, scores: Array, labels: Array) -> Array:
        if (
            scores.min() < 0
            or scores.max() > 1
            or (scores.ndim == 2 and not is_distribution(scores))
        ):
            raise ArgumentError(
                f"{self.name}: with from_logits=False the output must be probabilities, between 0 "
                f"and 1{' and adding up to 1 in each row' if scores.ndim == 2 else ''}; they go "
                f"from {scores.min():.4g} to {scores.max():.4g}."
            )
        if scores.ndim == 1:
            right = np.where(labels == 1, scores, 1 - scores)
        else:
            right = scores[np.arange(len(labels)), labels]
        eps = np.finfo(scores.dtype if scores.dtype.kind == "f" else np.float64).eps
        return np.log(np.clip(right, eps, 1 - eps).astype(np.float64))

    def _merge(self, other: Self, *_batch: Any) -> None:
        self._sum += other._sum
        self._weight += other._weight

    def compute(self) -> float:
        """Return the value for all batches since the last reset, in nats."""
        return float(self._sum / self._need(self._weight))
