"""Datasets: what has a length and gives samples by index, and whole batches where it can."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from nnkit.random import stream

__all__ = ["Dataset", "Subset", "TensorDataset", "random_split"]


class Dataset:
    """Base of datasets of one's own: write `__len__` and `__getitem__(i)`, which gives a sample.

    Any object with these two methods is as good.

    Examples
    --------
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 10
    ...
    ...     def __getitem__(self, i):
    ...         return np.float32(i), np.float32(i * i)
    >>> Squares()[3]
    (np.float32(3.0), np.float32(9.0))
    """

    def __len__(self) -> int:
        raise NotImplementedError(
            f"{type(self).__name__} has no __len__: return the number of samples."
        )

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__: return the sample of an index."
        )


class TensorDataset(Dataset):
    """Arrays whose first axis counts the samples.

    Parameters
    ----------
    *tensors : array_like
        As many rows in each. They are kept as they are, not copied.

    Raises
    ------
    ShapeError
        If the arrays differ in length.
    ArgumentError
        If there are none, or no rows.

    Examples
    --------
    >>> data = TensorDataset(np.zeros((5, 2)), np.arange(5))
    >>> len(data)
    5
    >>> data[3]
    (array([0., 0.]), np.int64(3))
    """

    def __init__(self, *tensors: Any) -> None:
        if not tensors:
            raise ArgumentError("TensorDataset needs at least one array: TensorDataset(X, y).")
        self.tensors = tuple(as_rows(t, f"array {i} of the dataset") for i, t in enumerate(tensors))
        lengths = [len(t) for t in self.tensors]
        if len(set(lengths)) > 1:
            raise ShapeError(
                f"the arrays of a dataset need equally many rows; their shapes are "
                f"{', '.join(str(t.shape) for t in self.tensors)}."
            )

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(t[index] for t in self.tensors)

    def batch(self, index: NDArray[np.intp] | slice) -> tuple[NDArray[Any], ...]:
        """Return the rows of many samples at once, as one array each."""
        if isinstance(index, slice):
            return tuple([t[index] for t in self.tensors])
        return tuple([t.take(index, axis=0) for t in self.tensors])  # take is faster than [index]


def as_rows(data: Any, name: str) -> NDArray[Any]:
    """Make an array of numbers with a first axis; `name` stands for it in the errors."""
    if isinstance(data, Tensor) and data.requires_grad:
        raise DtypeError(
            f"{name} is a Tensor that is being differentiated; data have no gradient. Pass "
            f"x.detach()."
        )
    try:
        array: NDArray[Any] = np.asarray(raw(data))
    except ValueError as error:
        raise ShapeError(f"{name} has rows of different lengths: {error}") from None
    if array.dtype.kind not in "fciub":
        raise DtypeError(
            f"{name} holds {array.dtype}, not numbers. Encode text and categories as numbers "
            f"first (np.unique(names, return_inverse=True))."
        )
    if array.ndim == 0:
        raise ShapeError(
            f"{name} is one number, or nothing that can be read as an array: {data!r}."
        )
    return array


class Subset(Dataset):
    """Some samples of a dataset, by their indices.

    Parameters
    ----------
    dataset : dataset
    indices : sequence of int

    Examples
    --------
    >>> part = Subset(TensorDataset(np.arange(10)), [1, 3])
    >>> len(part), part[1]
    (2, (np.int64(3),))
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | NDArray[Any]) -> None:
        self.dataset = dataset
        self.indices = np.asarray(indices, dtype=np.intp)
        n = len(dataset)
        if self.indices.size and not (-n <= self.indices.min() and self.indices.max() < n):
            raise ArgumentError(
                f"Subset: the dataset has {n} samples; got indices from {self.indices.min()} to "
                f"{self.indices.max()}."
            )
        if hasattr(dataset, "batch"):
            self.batch = self._batch

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[self.indices[index]]

    def _batch(self, index: Any) -> Any:
        return self.dataset.batch(self.indices[index])


def random_split(
    dataset: Any,
    lengths: Sequence[float],
    generator: np.random.Generator | None = None,
) -> list[Subset]:
    """Divide a dataset at random.

    Parameters
    ----------
    dataset : dataset
    lengths : sequence of int, or of float
        Numbers of samples that add up to the length of the dataset, or shares that add up to 1.
    generator : numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Returns
    -------
    list of Subset

    Raises
    ------
    ArgumentError
        If `lengths` do not add up.

    Examples
    --------
    >>> train, test = random_split(TensorDataset(np.arange(10)), [0.8, 0.2])
    >>> len(train), len(test)
    (8, 2)
    """
    n = len(dataset)
    counts = as_counts(lengths, n)
    order = (stream("shuffle") if generator is None else generator).permutation(n)
    ends = np.cumsum(counts).tolist()
    return [Subset(dataset, order[end - count : end]) for end, count in zip(ends, counts)]


def as_counts(lengths: Sequence[float], n: int) -> list[int]:
    """Turn shares into numbers of samples; what rounding leaves over goes to the first parts."""
    total = sum(lengths)
    if all(isinstance(x, (int, np.integer)) for x in lengths) and total == n:
        counts = [int(x) for x in lengths]
    elif math.isclose(total, 1) and all(x >= 0 for x in lengths):
        counts = [math.floor(n * x + 1e-9) for x in lengths]
        for i in range(n - sum(counts)):
            counts[i % len(counts)] += 1
    else:
        counts = [-1]
    if min(counts) < 0:
        raise ArgumentError(
            f"random_split: lengths are numbers of samples that add up to {n}, or shares that add "
            f"up to 1, for example [0.8, 0.2]; got {lengths!r}, together {total}."
        )
    return counts
