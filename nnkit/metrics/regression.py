"""Errors of numbers: absolute, squared, their root, and the share of the variance explained."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.metrics.inputs import number_pairs
from nnkit.metrics.metric import Metric

__all__ = [
    "MAE",
    "MSE",
    "R2",
    "RMSE",
    "mean_absolute_error",
    "mean_squared_error",
    "r2_score",
    "root_mean_squared_error",
]

Array = NDArray[Any]


def mean_absolute_error(
    output: Any, target: Any, weight: Any = None, *, multioutput: str = "uniform_average"
) -> Any:
    """Return the mean of the absolute values of output - target.

    Parameters
    ----------
    output : Tensor or array, shape (N,), (N, D) or (N, ...)
        Predicted numbers.
    target : array, the same shape
    weight : array, shape (N,), optional
        How much each row counts.
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.

    Returns
    -------
    float, or ndarray of shape (D,)
        In the units of the target.

    Raises
    ------
    ShapeError
        If the shapes differ; (N, 1) and (N,) do.
    ArgumentError
        If there is no row.

    Examples
    --------
    >>> mean_absolute_error(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    1.5
    """
    return MAE(multioutput=multioutput)(output, target, weight)


def mean_squared_error(
    output: Any, target: Any, weight: Any = None, *, multioutput: str = "uniform_average"
) -> Any:
    """Return the mean of (output - target)².

    Parameters
    ----------
    output : Tensor or array, shape (N,), (N, D) or (N, ...)
        Predicted numbers.
    target : array, the same shape
    weight : array, shape (N,), optional
        How much each row counts.
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.

    Returns
    -------
    float, or ndarray of shape (D,)
        In the units of the target, squared.

    Raises
    ------
    ShapeError
        If the shapes differ; (N, 1) and (N,) do.
    ArgumentError
        If there is no row.

    Examples
    --------
    >>> mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    4.5
    """
    return MSE(multioutput=multioutput)(output, target, weight)


def root_mean_squared_error(
    output: Any, target: Any, weight: Any = None, *, multioutput: str = "uniform_average"
) -> Any:
    """Return the root of the mean of (output - target)²; of (N, D), the mean root of the columns.

    Parameters
    ----------
    output : Tensor or array, shape (N,), (N, D) or (N, ...)
        Predicted numbers.
    target : array, the same shape
    weight : array, shape (N,), optional
        How much each row counts.
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.

    Returns
    -------
    float, or ndarray of shape (D,)
        In the units of the target.

    Raises
    ------
    ShapeError
        If the shapes differ; (N, 1) and (N,) do.
    ArgumentError
        If there is no row.

    Examples
    --------
    >>> root_mean_squared_error(np.array([1.0, 5.0]), np.array([1.0, 1.0])) == 8**0.5
    True
    """
    return RMSE(multioutput=multioutput)(output, target, weight)


def r2_score(
    output: Any, target: Any, weight: Any = None, *, multioutput: str = "uniform_average"
) -> Any:
    """Return the coefficient of determination, 1 - Σ(output - target)² / Σ(target - mean)².

    1 is perfect, 0 is no better than the mean of the targets. A constant target has no variance to
    explain; as in scikit-learn it gives 1 where all errors are 0, else 0.

    Parameters
    ----------
    output : Tensor or array, shape (N,), (N, D) or (N, ...)
        Predicted numbers.
    target : array, the same shape
    weight : array, shape (N,), optional
        How much each row counts.
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.

    Returns
    -------
    float, or ndarray of shape (D,)
        At most 1.

    Raises
    ------
    ShapeError
        If the shapes differ; (N, 1) and (N,) do.
    ArgumentError
        If there are fewer than two rows.

    Examples
    --------
    >>> r2_score(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    >>> r2_score(np.array([2.0, 2.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    0.0
    """
    return R2(multioutput=multioutput)(output, target, weight)


class Errors(Metric):
    """What the metrics of numbers share: weighted sums for each column."""

    def __init__(self, *, multioutput: str = "uniform_average", name: str | None = None) -> None:
        if multioutput not in ("uniform_average", "raw_values"):
            raise ArgumentError(
                f"{self.name}: multioutput is 'uniform_average' or 'raw_values', got "
                f"{multioutput!r}."
            )
        self.multioutput = multioutput
        super().__init__(name)

    def reset(self) -> None:
        """Forget all batches."""
        self._sum: Array | None = None
        self._weight = 0.0

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch."""
        out, t, w = number_pairs(self.name, output, target, weight)
        self._check_columns(self._sum, out)
        errors = self._error(out - t)
        total = errors.sum(axis=0) if w is None else (w * errors).sum(axis=0)
        self._add(total, len(out) if w is None else float(w.sum()))

    def _add(self, total: Array, weight: float) -> None:
        self._sum = total if self._sum is None else self._sum + total
        self._weight += weight

    def _merge(self, other: Self, *batch: Any) -> None:
        assert other._sum is not None
        self._check_columns(self._sum, other._sum[None])
        self._add(other._sum, other._weight)

    def _check_columns(self, before: Array | None, out: Array) -> None:
        if before is not None and len(before) != out.shape[1]:
            raise ArgumentError(
                f"{self.name}: batches before had {len(before)} columns, this one has "
                f"{out.shape[1]}; call reset() first."
            )

    def _error(self, difference: Array) -> Array:
        raise NotImplementedError

    def _averages(self) -> Array:
        total = self._need(self._weight)
        assert self._sum is not None
        return self._sum / total

    def compute(self) -> Any:
        """Return the value for all batches since the last reset."""
        values = self._averages()
        return float(values.mean()) if self.multioutput == "uniform_average" else values


class MAE(Errors):
    """The mean absolute error, batch by batch.

    Parameters
    ----------
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.
    name : str, default "mae"

    See Also
    --------
    mean_absolute_error : The same for arrays.

    Examples
    --------
    >>> metric = MAE()
    >>> metric.update(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    >>> metric.update(np.array([0.0]), np.array([0.0]))
    >>> metric.compute()
    1.0
    """

    name = "mae"

    def _error(self, difference: Array) -> Array:
        return np.abs(difference)


class MSE(Errors):
    """The mean squared error, batch by batch.

    Parameters
    ----------
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.
    name : str, default "mse"

    See Also
    --------
    mean_squared_error : The same for arrays.

    Examples
    --------
    >>> metric = MSE()
    >>> metric.update(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    >>> metric.update(np.array([0.0]), np.array([0.0]))
    >>> metric.compute()
    3.0
    """

    name = "mse"

    def _error(self, difference: Array) -> Array:
        return difference * difference


class RMSE(MSE):
    """The root of the mean squared error, batch by batch.

    Parameters
    ----------
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.
    name : str, default "rmse"

    See Also
    --------
    root_mean_squared_error : The same for arrays.

    Examples
    --------
    >>> metric = RMSE()
    >>> for x in (3.0, 5.0):
    ...     metric.update(np.array([x]), np.array([4.0]))
    >>> metric.compute()
    1.0
    """

    name = "rmse"

    def _averages(self) -> Array:
        return np.sqrt(super()._averages())


class R2(MSE):
    """The coefficient of determination, batch by batch.

    The spread of the targets is merged by the formula of Chan, Golub and LeVeque (1983), which
    loses no digits where the mean is large.

    Parameters
    ----------
    multioutput : {"uniform_average", "raw_values"}
        For outputs (N, D): the average over the D columns, or one value for each.
    name : str, default "r2"

    See Also
    --------
    r2_score : The same for arrays.

    Examples
    --------
    >>> metric = R2()
    >>> for x in (1.0, 2.0, 3.0):
    ...     metric.update(np.array([x]), np.array([x]))
    >>> metric.compute()
    1.0
    """

    name = "r2"
    per_batch = False

    def reset(self) -> None:
        """Forget all batches."""
        super().reset()
        self._rows = 0
        self._first: Array | None = None
        self._mean: Any = 0.0
        self._spread: Any = 0.0

    def update(self, output: Any, target: Any, weight: Any = None) -> None:
        """Add a batch."""
        out, t, w = number_pairs(self.name, output, target, weight)
        before = self._weight
        super().update(output, target, weight)
        self._rows += len(out)
        # Seen from the first row, a constant target is exactly 0.
        self._first = t[0].copy() if self._first is None else self._first
        t = t - self._first
        w = np.ones((len(t), 1)) if w is None else w
        added = float(w.sum())
        if not added:
            return
        mean = (w * t).sum(axis=0) / added
        spread = (w * (t - mean) ** 2).sum(axis=0)
        shift = mean - self._mean
        self._spread = self._spread + spread + shift**2 * (before * added / self._weight)
        self._mean = self._mean + shift * (added / self._weight)

    def _merge(self, other: Self, *batch: Any) -> None:
        self.update(*batch)

    def _averages(self) -> Array:
        self._need(self._weight)
        if self._rows < 2:
            raise ArgumentError(f"{self.name}: one row has no variance; give two or more.")
        assert self._sum is not None
        constant = self._spread == 0
        explained: Array = 1 - self._sum / np.where(constant, 1, self._spread)
        return np.where(constant, np.where(self._sum == 0, 1.0, 0.0), explained)
