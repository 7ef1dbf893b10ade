"""Scaling: bring features to one size, fitted on the training part and undone when needed."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from nnkit.data.dataset import as_rows, name_rows

__all__ = ["MinMax", "Standardize"]

Array = NDArray[Any]
Self = TypeVar("Self", bound="Scaling")


class Scaling:
    """A shift and a scale for each feature: ``(X - shift) / scale``.

    Subclasses say in `_measure` what both are.
    """

    def __init__(self, axis: int | tuple[int, ...] = 0) -> None:
        self.axis = axis
        self.shift: Array | None = None
        self.scale: Array | None = None

    def _measure(self, X: Array) -> tuple[Array, Array]:
        raise NotImplementedError

    def fit(self: Self, X: ArrayLike) -> Self:
        """Learn shift and scale from the training part; return self.

        Parameters
        ----------
        X : array_like of shape (N, ...)

        Raises
        ------
        ArgumentError
            If there are no rows, or NaN or infinite numbers; the rows are named.
        """
        array = self._as_numbers(X)
        if not array.size:
            raise ArgumentError(f"{self._name}.fit got no numbers (shape {array.shape}).")
        bad = np.logical_not(np.isfinite(array.reshape(len(array), -1)).all(axis=1))
        if bad.any():
            raise ArgumentError(
                f"{self._name}.fit: NaN or infinite numbers in {name_rows(bad)}. Leave these rows "
                f"out, X[np.isfinite(X).all(axis=1)], or fill them in."
            )
        self.shift, scale = self._measure(array)
        low, high = array.min(axis=self.axis, keepdims=True), array.max(self.axis, keepdims=True)
        self.scale = np.where(low == high, 1.0, scale)  # rounding makes no size of a constant
        return self

    def transform(self, X: ArrayLike) -> Array:
        """Scale data with what `fit` learned.

        Parameters
        ----------
        X : array_like of shape (N, ...)

        Returns
        -------
        array of the shape of `X`
            Floating point numbers keep their dtype; others become float32.

        Raises
        ------
        ArgumentError
            Before `fit`.
        ShapeError
            If the features are not those of `fit`.
        """
        array, shift, scale = self._fitted(X, "transform")
        return ((array - shift) / scale).astype(result_dtype(array), copy=False)

    def inverse(self, X: ArrayLike) -> Array:
        """Undo `transform`, for predictions in the units of the data.

        Parameters
        ----------
        X : array_like of shape (N, ...)

        Returns
        -------
        array of the shape of `X`
        """
        array, shift, scale = self._fitted(X, "inverse")
        return (array * scale + shift).astype(result_dtype(array), copy=False)

    def fit_transform(self, X: ArrayLike) -> Array:
        """Fit on `X` and scale it: for the training part only."""
        return self.fit(X).transform(X)

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _as_numbers(self, X: ArrayLike) -> Array:
        array = as_rows(X, f"{self._name}: X")
        if array.dtype.kind == "c":
            raise DtypeError(f"{self._name} scales real numbers; X holds {array.dtype}.")
        return array

    def _fitted(self, X: ArrayLike, method: str) -> tuple[Array, Array, Array]:
        array = self._as_numbers(X)
        if self.shift is None or self.scale is None:
            raise ArgumentError(
                f"{self._name}.{method} before fit; call fit(X_train) with the training part first."
            )
        expected = self.shift.shape
        reduced = np.atleast_1d(self.axis) % len(expected)
        kept = [i for i in range(len(expected)) if i not in reduced]
        if array.ndim != len(expected) or any(array.shape[i] != expected[i] for i in kept):
            named = ["any" if i in reduced else str(n) for i, n in enumerate(expected)]
            raise ShapeError(
                f"{self._name}.{method}: fitted on data of shape ({', '.join(named)}), got "
                f"{array.shape}."
            )
        return array, self.shift, self.scale

    def __repr__(self) -> str:
        return f"{self._name}(axis={self.axis})"


class Standardize(Scaling):
    """Bring each feature to mean 0 and standard deviation 1.

    Parameters
    ----------
    axis : int or tuple of int, default 0
        Axes to measure over. ``(0, 2, 3)`` gives one mean for each channel of (N, C, H, W) images.

    Attributes
    ----------
    mean, std : array
        What `fit` measured, in float64, with length 1 along `axis`. The standard deviation is that
        of the data (division by N), and 1 where a feature is constant, which so becomes 0.

    Examples
    --------
    >>> X_train, X_test = np.array([[1.0], [3.0]]), np.array([[5.0]])
    >>> scaling = Standardize().fit(X_train)
    >>> scaling.transform(X_test), scaling.inverse([[3.0]])
    (array([[3.]]), array([[5.]]))
    """

    def _measure(self, X: Array) -> tuple[Array, Array]:
        return (
            X.mean(axis=self.axis, keepdims=True, dtype=np.float64),
            X.std(axis=self.axis, keepdims=True, dtype=np.float64),
        )

    @property
    def mean(self) -> Array | None:
        """Mean of each feature, None before `fit`."""
        return self.shift

    @property
    def std(self) -> Array | None:
        """Standard deviation of each feature, None before `fit`."""
        return self.scale


class MinMax(Scaling):
    """Bring each feature of the training part to the range from 0 to 1, or another.

    Other data can lie outside of it.

    Parameters
    ----------
    low, high : float, default 0 and 1
        The range.
    axis : int or tuple of int, default 0
        Axes to measure over.

    Raises
    ------
    ArgumentError
        If `low` is not below `high`.

    Examples
    --------
    >>> scaling = MinMax(-1, 1).fit([[10.0], [20.0]])
    >>> scaling.transform([[15.0], [25.0]]).ravel().tolist()
    [0.0, 2.0]
    """

    def __init__(
        self, low: float = 0.0, high: float = 1.0, *, axis: int | tuple[int, ...] = 0
    ) -> None:
        super().__init__(axis)
        if not low < high:
            raise ArgumentError(f"MinMax: low must be below high, got {low!r} and {high!r}.")
        self.low, self.high = low, high

    def _measure(self, X: Array) -> tuple[Array, Array]:
        smallest = X.min(axis=self.axis, keepdims=True).astype(np.float64)
        size = X.max(axis=self.axis, keepdims=True) - smallest
        scale = np.where(size == 0, 1.0, size / (self.high - self.low))
        return smallest - self.low * scale, scale


def result_dtype(array: Array) -> Any:
    """Keep the dtype of floating point numbers; make float32 of others."""
    return array.dtype if array.dtype.kind == "f" else np.float32
