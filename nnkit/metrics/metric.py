"""Metric: a number for people to read, added up batch by batch; and the average of a stream."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError

__all__ = ["Mean", "Metric"]


class Metric:
    """A number that is added up batch by batch and is the same whatever the size of the batches.

    For a metric of your own write `reset`, `update` and `compute`. An update that raises must leave
    the state as it was: check first, add then.

    Parameters
    ----------
    name : str, optional
        What a table calls it; by default the name of its kind.

    Attributes
    ----------
    name : str
    per_batch : bool
        Whether a single small batch has a value that says something. False for what compares rows
        with each other, such as the area under the ROC curve: one batch may hold one class only.

    Examples
    --------
    >>> class Largest(Metric):
    ...     name = "largest_error"
    ...
    ...     def reset(self):
    ...         self.value = 0.0
    ...
    ...     def update(self, output, target, weight=None):
    ...         self.value = max(self.value, float(np.abs(output - target).max()))
    ...
    ...     def compute(self):
    ...         return self.value
    >>> largest = Largest()
    >>> for batch in ([1.0, 2.0], [3.0]):
    ...     largest.update(np.array(batch), 0)
    >>> largest.compute(), largest(np.array([0.5]), 0), largest.compute()
    (3.0, 0.5, 3.0)
    """

    name: str = "metric"
    per_batch: bool = True

    def __init__(self, name: str | None = None) -> None:
        if name is not None:
            self.name = name
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__} has no reset(self): write one.")

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch.

        Parameters
        ----------
        output : Tensor or array
            What the model gave, N rows.
        target : array
            What was right.
        weight : array, shape (N,), optional
            How much each row counts; all alike by default.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(self, output, target).")

    def compute(self) -> Any:
        """Return the value for all batches since the last reset."""
        raise NotImplementedError(f"{type(self).__name__} has no compute(self): write one.")

    def step(self, output: Any, target: Any, weight: Any = None) -> Any:
        """Add a batch, and return the value of its rows alone, as a call would.

        Parameters
        ----------
        output, target, weight
            As for `update`.
        """
        alone = self._fresh()
        alone.update(output, target, weight)
        value = alone.compute()
        self._merge(alone, output, target, weight)
        return value

    def _merge(self, other: Self, output: Any, target: Any, weight: Any) -> None:
        """Add a batch that `other` has added up already: where sums are kept, add them."""
        self.update(output, target, weight)

    def __call__(self, output: Any, target: Any, weight: Any = None) -> Any:
        """Return the value of these rows alone; what was added up before stays as it is."""
        alone = self._fresh()
        alone.update(output, target, weight)
        return alone.compute()

    def _fresh(self) -> Self:
        fresh = object.__new__(type(self))
        fresh.__dict__.update(self.__dict__)
        fresh.reset()
        return fresh

    def _need(self, total: float) -> float:
        """Refuse a value of nothing."""
        if not total:
            raise ArgumentError(
                f"{self.name}: no row was counted yet, so there is no value; call "
                f"update(output, target) first, with weights that are not all 0."
            )
        return total

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class Mean:
    """The average of numbers that come one after another, such as the loss of each batch.

    Parameters
    ----------
    name : str, default "mean"

    Examples
    --------
    Batches of 32 and of 8 rows:

    >>> mean = Mean()
    >>> mean.update(0.5, weight=32)
    >>> mean.update(1.0, weight=8)
    >>> mean.compute()
    0.6
    >>> mean.reset()
    >>> mean.update([1.0, 2.0, 6.0])
    >>> mean.compute()
    3.0
    """

    def __init__(self, name: str = "mean") -> None:
        self.name = name
        self.reset()

    def reset(self) -> None:
        """Forget all numbers."""
        self._sum = self._weight = 0.0

    def update(self, value: Any, weight: Any = None) -> None:
        """Add a number, or an array of numbers.

        Parameters
        ----------
        value : float, Tensor or array
        weight : float or array of the shape of `value`, optional
            How much it counts, 1 by default; for the mean loss of a batch, its number of rows.

        Raises
        ------
        ShapeError
            If `weight` does not fit to `value`.
        ArgumentError
            If a weight is negative or not finite.
        """
        numbers: NDArray[Any] = np.asarray(raw(value), np.float64)
        weights: NDArray[Any] = np.asarray(1.0 if weight is None else raw(weight), np.float64)
        if weights.shape not in ((), numbers.shape):
            raise ShapeError(
                f"{self.name}: values of shape {numbers.shape} and weights of shape "
                f"{weights.shape}; give one weight, or one for each value."
            )
        if weights.size and not (weights.min() >= 0 and np.isfinite(weights.max())):
            raise ArgumentError(f"{self.name}: weights are 0 or more, and finite.")
        self._sum += float((numbers * weights).sum())
        self._weight += float(np.broadcast_to(weights, numbers.shape).sum())

    def compute(self) -> float:
        """Return the average of all numbers since the last reset.

        Raises
        ------
        ArgumentError
            If there was none.
        """
        if not self._weight:
            raise ArgumentError(f"{self.name}: the average of no numbers; call update first.")
        return self._sum / self._weight

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"
