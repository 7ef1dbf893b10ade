"""Losses as modules: what a model's output is worth, as one number to make small."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from nnkit import functional as F
from nnkit.functional.operands import check_reduction
from nnkit.module import Module

__all__ = ["BCEWithLogitsLoss", "CrossEntropyLoss", "L1Loss", "MSELoss", "NLLLoss"]


class Loss(Module):
    """A module that compares an output with a target; `reduction` as everywhere in the field."""

    def __init__(self, reduction: str) -> None:
        super().__init__()
        check_reduction(reduction, type(self).__name__)
        self.reduction = reduction


class MSELoss(Loss):
    """The mean of (input - target)^2.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> MSELoss()(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(2.5)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare two arrays of the same shape."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The mean of the absolute values of input - target.

    Parameters
    ----------
    reduction : {"mean", "sum", "none"}, default "mean"

    Examples
    --------
    >>> L1Loss()(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(1.5)
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare two arrays of the same shape."""
        return F.l1_loss(input, target, reduction=self.reduction)


class BCEWithLogitsLoss(Loss):
    """The cross-entropy of yes-or-no scores; it contains the sigmoid.

    Parameters
    ----------
    weight : array_like, optional
        Of the elements.
    reduction : {"mean", "sum", "none"}, default "mean"
    pos_weight : array_like, optional
        Factor of the positives, against rare ones.

    Examples
    --------
    >>> BCEWithLogitsLoss()(np.array([0.0]), [1.0]).round(4)
    np.float64(0.6931)
    """

    def __init__(
        self, weight: Any = None, *, reduction: str = "mean", pos_weight: Any = None
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with probabilities of yes, of the same shape."""
        return F.binary_cross_entropy_with_logits(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            reduction=self.reduction,
            pos_weight=self.pos_weight,  # type: ignore[attr-defined]
        )


class CrossEntropyLoss(Loss):
    """The cross-entropy of scores (logits) and the right classes; it contains the softmax.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        Of the classes.
    ignore_index : int, default -100
        A label that marks rows that do not count.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is weighted by `weight`, where class indices are given.
    label_smoothing : float, default 0.0
        The share of the probability that is spread evenly over all classes.

    Raises
    ------
    ArgumentError
        If a label is no class; if the first batch of outputs looks like probabilities.

    Notes
    -----
    The target is an array of class indices, shape (N,), or of class probabilities, shape (N, C).

    A network that ends with a softmax still learns under this loss, only slowly and badly, so
    the mistake stays hidden; that is why the first batch is looked at. If it is meant, call
    `functional.cross_entropy`.

    Examples
    --------
    >>> loss = CrossEntropyLoss()
    >>> loss(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([0, 1])).round(4)
    np.float64(0.41)
    """

    def __init__(
        self,
        weight: Any = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        self._looked = False

    def forward(self, input: Any, target: Any) -> Any:
        """Compare scores with class indices or class probabilities."""
        loss = F.cross_entropy(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )
        if not self._looked:
            refuse_probabilities(raw(input))
            self._looked = True
        return loss

    def check_targets(self, output: Any, target: Any) -> None:
        """Refuse wrong labels of a whole data set at once, before the training starts."""
        check_all_labels(output, target, self.ignore_index)


def check_all_labels(output: Any, target: Any, ignore_index: int) -> None:
    """Refuse labels that are no class, where `output` has the scores of at least one row."""
    scores, labels = raw(output), np.asarray(raw(target))
    if labels.dtype.kind in "iub" and labels.ndim == scores.ndim - 1 and labels.size:
        F.check_labels(labels.astype(np.intp), scores.shape[1], ignore_index, "the labels")


def refuse_probabilities(x: Any) -> None:
    """Refuse rows of positive numbers that add up to 1: softmax has been applied already."""
    x = np.asarray(x)
    if x.ndim < 2 or x.shape[1] < 2 or (x < 0).any():
        return
    if np.allclose(x.sum(axis=1), 1, rtol=0, atol=1e-4):
        raise ArgumentError(
            "CrossEntropyLoss takes scores (logits), but got rows of positive numbers that add up "
            "to 1: these look like probabilities. Take the softmax off the end of the model; for "
            "probabilities p use NLLLoss on np.log(p)."
        )


class NLLLoss(Loss):
    """Minus the log-probability of the right class: what follows on a LogSoftmax.

    Parameters
    ----------
    weight : array_like, shape (C,), optional
        Of the classes.
    ignore_index : int, default -100
        A label that marks rows that do not count.
    reduction : {"mean", "sum", "none"}, default "mean"
        The mean is weighted by `weight`.

    Examples
    --------
    >>> NLLLoss()(np.log([[0.25, 0.75]]), np.array([1])).round(4)
    np.float64(0.2877)
    """

    def __init__(
        self, weight: Any = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        """Compare log-probabilities with class indices."""
        return F.nll_loss(
            input,
            target,
            self.weight,  # type: ignore[attr-defined]
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )

    def check_targets(self, output: Any, target: Any) -> None:
        """Refuse wrong labels of a whole data set at once, before the training starts."""
        check_all_labels(output, target, self.ignore_index)
