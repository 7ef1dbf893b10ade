"""Criterion: a loss function as a mean over rows, that can be weighted and put together from the
means of parts.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError, describe
from nnkit import losses
from nnkit.losses import CrossEntropyLoss, FocalLoss, NLLLoss

__all__ = ["Criterion", "may_stretch"]

Array = NDArray[Any]
OF_CLASSES = (CrossEntropyLoss, FocalLoss, NLLLoss)
OURS = tuple(getattr(losses, name) for name in losses.__all__)


class Criterion:
    """A loss function, with what a Trainer has to know of it.

    Parameters
    ----------
    loss : callable
        ``loss(output, target)``.

    Attributes
    ----------
    adds_up : bool
        Whether the loss of all rows follows from those of the batches. True for the losses of this
        package; of a function of one's own nothing is known.
    is_sum : bool
        Whether the losses of two batches are added, and not averaged.

    Notes
    -----
    The mean is sum(w_i l_i) / sum(w_i c_i), where l_i is the loss of row i, w_i its weight, and c_i
    what it counts for in the loss function itself: the weight of its class, 0 if it is ignored.
    """

    def __init__(self, loss: Callable[[Any, Any], Any]) -> None:
        self.loss = loss
        self.adds_up = type(loss) in OURS  # a subclass may do anything
        self.is_sum = getattr(loss, "reduction", None) == "sum"
        self._of_classes = type(loss) in OF_CLASSES
        self._ignore_index = getattr(loss, "ignore_index", None)
        self._is_plain_mean = (
            self.adds_up
            and getattr(loss, "reduction", None) == "mean"
            and not (self._of_classes and getattr(loss, "weight", None) is not None)
        )
        self._name = getattr(loss, "__name__", type(loss).__name__)
        self._by_rows: Callable[[Any, Any], Any] | None = None

    def __call__(
        self, output: Any, target: Any, weight: Array | None = None, count: Any = None
    ) -> Any:
        """Return the loss of a batch: one number, as a Tensor.

        `count` is what `count` gives for target and weight, where it is known already.
        """
        if weight is None:
            loss = self.loss(output, target)
        else:
            if count is None:
                count = np.array(self.count(target, weight))
            loss = self._weighted(output, target, weight, count)
        if not hasattr(loss, "item") or loss.size != 1:
            raise ShapeError(
                f"the loss must be one number, but {self._name} gave {describe(loss)}. Use "
                f"reduction='mean', or .mean()."
            )
        return loss

    def count(self, target: Any, weight: Array | None = None) -> float:
        """Return what a batch counts for in the mean over several: the divisor of its own mean."""
        if self.is_sum:
            return 1.0
        if weight is None and self._is_plain_mean:  # the short way, in every step
            t = target if type(target) is np.ndarray else np.asarray(raw(target))
            if not self._of_classes:
                return t.size
            if t.dtype.kind in "iub":
                return t.size - int(np.count_nonzero(t == self._ignore_index))
        counts = self._counts(target)
        if weight is not None:
            counts = counts * spread(weight, counts.ndim)
        return float(counts.sum())

    def refuse_stretching(self, output: Array, target: Array) -> None:
        """Refuse a function of one's own that compares each row with all others.

        NumPy stretches (N, 1) and (N,) to (N, N) without a word. It is seen by the losses of single
        rows, for which there is nothing to stretch.

        Raises
        ------
        ShapeError
            If the loss of some rows is not that of the single ones, but is with targets of the
            shape of the outputs.
        """
        if not may_stretch(output, target):
            return
        try:
            n = len(target)
            single = [float(self.loss(output[i : i + 1], target[i : i + 1])) for i in range(n)]
            together = float(self.loss(output, target))
            reshaped = float(self.loss(output, target.reshape(output.shape)))
        except Exception:  # it takes no such arrays; what it does take will be seen in training
            return
        right = (sum(single), sum(single) / n)
        if not np.isclose(together, right).any() and np.isclose(reshaped, right).any():
            raise ShapeError(
                f"the loss function {self._name} got outputs of shape {output.shape} and targets "
                f"of shape {target.shape} and compared each row with all others, {n} x {n}. Give "
                f"both the same shape: y.reshape(-1{', 1' if output.ndim == 2 else ''})."
            )

    def _shape_of_counts(self, target: Any) -> tuple[int, ...]:
        """Say of what something is counted: of rows, or of single numbers."""
        shape: tuple[int, ...] = target.shape
        batchmean = getattr(self.loss, "reduction", "") == "batchmean"
        of_rows = self._of_classes and target.dtype.kind not in "iub"  # probabilities of classes
        return shape[:1] if not self.adds_up or batchmean or of_rows else shape

    def _counts(self, target: Any) -> Array:
        t = np.asarray(raw(target))
        counts = np.ones(self._shape_of_counts(t))
        loss: Any = self.loss
        if self._of_classes and t.dtype.kind in "iub" and counts.ndim:
            ignored = t == loss.ignore_index
            if loss.weight is not None:
                classes = np.asarray(raw(loss.weight), np.float64)
                counts = classes[np.where(ignored, 0, t)]
            counts[ignored] = 0
        return counts

    def _weighted(self, output: Any, target: Any, weight: Array, count: Array) -> Any:
        losses = self._rows()(output, target)
        if np.ndim(raw(losses)) < 1 or losses.shape[0] != len(weight):
            raise ArgumentError(
                f"weights of rows need the loss of each row, but {self._name} gave "
                f"{describe(losses)} for {len(weight)} rows. Take a loss of nnkit, or write a "
                f"function that returns one number for each row; the Trainer averages them."
            )
        total = (losses * spread(weight, losses.ndim).astype(losses.dtype)).sum()
        if self.is_sum:
            return total
        divisor = np.where(count == 0, 1.0, count)  # all weights 0: a loss of 0
        if getattr(self.loss, "reduction", "") != "batchmean":
            divisor = divisor * (losses.size / math.prod(self._shape_of_counts(raw(target))))
        return total / divisor.astype(total.dtype)

    def _rows(self) -> Callable[[Any, Any], Any]:
        """Return the loss function that gives the losses of single rows."""
        if self._by_rows is None:
            loss: Any = self.loss
            if hasattr(loss, "reduction"):
                loss = copy.copy(loss)
                loss.reduction = "none"
            self._by_rows = loss
        return self._by_rows


def may_stretch(output: Any, target: Array) -> bool:
    """Whether outputs and targets are (N, 1) and (N,), or the other way round."""
    n = len(target)
    if isinstance(output, tuple) or n < 2:
        return False
    return {np.shape(output), target.shape} == {(n, 1), (n,)}


def spread(weight: Array, ndim: int) -> Array:
    """Give weights of rows, shape (N,), axes of length 1 to reach `ndim`."""
    return weight.reshape(weight.shape + (1,) * (ndim - 1))
