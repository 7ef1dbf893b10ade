"""Datasets: what gives samples by index, or one after the other, and whole batches where it can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe

__all__ = ["ConcatDataset", "Dataset", "IterableDataset", "NamedDataset", "Subset", "TensorDataset"]


class Dataset:
    """Base of datasets of one's own: write `__len__` and `__getitem__(i)`, which gives a sample.

    Any object with these two methods is as good. A dataset that reads many samples faster than
    one by one may have `__getitems__(indices)`, which gives a list of samples, or
    `batch(indices)`, which gives the finished batch as a tuple of arrays. ``a + b`` puts two
    datasets one after the other.

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

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} has no __getitem__: return the sample of an index."
        )

    def __add__(self, other: Any) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset):
    """Base of datasets that are a stream of samples: write `__iter__`.

    For what has no index or does not fit into memory. With `__len__` a `DataLoader` over it knows
    its length too.

    Examples
    --------
    >>> from nnkit.data import DataLoader
    >>> class Countdown(IterableDataset):
    ...     def __iter__(self):
    ...         yield from (3, 2, 1)
    >>> [batch.tolist() for batch in DataLoader(Countdown(), batch_size=2)]
    [[3, 2], [1]]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__: yield the samples.")


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
        If there are none.

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


class NamedDataset(TensorDataset):
    """Arrays with the names of their columns and classes.

    Parameters
    ----------
    *tensors : array_like
        Inputs, and targets if there are any.
    features : sequence of str, optional
        Names of the columns of the inputs.
    classes : sequence of str, optional
        Names of the classes; class number i of the targets is ``classes[i]``.

    Examples
    --------
    >>> data = NamedDataset([[5.1], [7.0]], [0, 1], features=["length"], classes=["small", "big"])
    >>> X, y = data.tensors
    >>> data.features, data.classes[y[1]]
    (['length'], 'big')
    """

    def __init__(
        self,
        *tensors: Any,
        features: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        super().__init__(*tensors)
        self.features = None if features is None else list(features)
        self.classes = None if classes is None else list(classes)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{t.shape} {t.dtype}" for t in self.tensors)
        classes = "" if self.classes is None else f", {len(self.classes)} classes"
        return f"{type(self).__name__}({shapes}{classes})"


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


def name_rows(bad: NDArray[np.bool_]) -> str:
    """Say how many rows a mask marks, and which: the first five."""
    rows = np.flatnonzero(bad)
    named = ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "")
    return f"{len(rows)} of {len(bad)} rows: {named}"


class Subset(Dataset):
    """Some samples of a dataset, by their indices.

    Parameters
    ----------
    dataset : dataset
    indices : sequence of int

    Raises
    ------
    ArgumentError
        If an index is outside the dataset.
    DtypeError
        If the indices are not whole numbers.

    Examples
    --------
    >>> part = Subset(TensorDataset(np.arange(10)), [1, 3])
    >>> len(part), part[1]
    (2, (np.int64(3),))
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | NDArray[Any]) -> None:
        self.dataset = dataset
        self.indices = as_indices(indices)
        n = len(dataset)
        if self.indices.size and not (-n <= self.indices.min() and self.indices.max() < n):
            raise ArgumentError(
                f"Subset: the dataset has {n} samples; got indices from {self.indices.min()} to "
                f"{self.indices.max()}."
            )
        if reads_batches(dataset):
            self.batch = self._batch

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[self.indices[index]]

    def _batch(self, index: Any) -> Any:
        return self.dataset.batch(self.indices[index])


def as_indices(indices: Any) -> NDArray[np.intp]:
    """Make an array of indices; refuse masks and fractions, which NumPy would take for numbers."""
    array = np.asarray(indices)
    if array.size and array.dtype.kind not in "iu":
        hint = "np.flatnonzero(mask) gives those of a mask." if array.dtype.kind == "b" else ""
        raise DtypeError(f"indices are whole numbers, got {describe(array)}. {hint}".rstrip())
    return array.astype(np.intp)


class ConcatDataset(Dataset):
    """Datasets one after the other; also written ``a + b``.

    Parameters
    ----------
    datasets : iterable of datasets

    Attributes
    ----------
    datasets : list
    cumulative_sizes : list of int
        Where each dataset ends.

    Raises
    ------
    ArgumentError
        If there are none.
    DtypeError
        If one has no `__len__` and `__getitem__`, such as an `IterableDataset`.

    Examples
    --------
    >>> both = ConcatDataset([TensorDataset(np.arange(3)), TensorDataset(np.arange(10, 12))])
    >>> len(both), both[3], both[-1]
    (5, (np.int64(10),), (np.int64(11),))
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError("ConcatDataset needs at least one dataset: ConcatDataset([a, b]).")
        for dataset in self.datasets:
            if isinstance(dataset, IterableDataset) or not is_indexed(dataset):
                raise DtypeError(
                    f"ConcatDataset: {describe(dataset)} has no __len__ and __getitem__. A stream "
                    f"of streams is an IterableDataset that yields from one after the other."
                )
        self.cumulative_sizes: list[int] = np.cumsum([len(d) for d in self.datasets]).tolist()
        if all(map(reads_batches, self.datasets)):
            self.batch = self._batch

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> Any:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"the datasets have {n} samples together; got index {index}.")
        index %= n
        part = int(np.searchsorted(self.cumulative_sizes, index, side="right"))
        return self.datasets[part][index - self._start(part)]

    def _start(self, part: int) -> int:
        return self.cumulative_sizes[part - 1] if part else 0

    def _batch(self, index: Any) -> Any:
        n = len(self)
        index = np.arange(n)[index] if isinstance(index, slice) else np.asarray(index) % n
        which = np.searchsorted(self.cumulative_sizes, index, side="right")
        parts = sorted(set(which.tolist()))
        pieces = [self.datasets[p].batch(index[which == p] - self._start(p)) for p in parts]
        if len(pieces) == 1:
            return pieces[0]
        if not all(isinstance(piece, tuple) for piece in pieces):
            raise DtypeError(
                "ConcatDataset: the method batch of a dataset gives a tuple of arrays, but one "
                f"gave {', '.join(sorted({type(piece).__name__ for piece in pieces}))}."
            )
        shapes = [[column.shape[1:] for column in piece] for piece in pieces]
        if any(shape != shapes[0] for shape in shapes):
            raise ShapeError(
                f"ConcatDataset: the samples of its datasets {parts} have different shapes: "
                f"{', '.join(map(str, shapes))}."
            )
        place = np.empty_like(which)  # undoes the sorting by dataset
        place[np.argsort(which, kind="stable")] = np.arange(len(which))
        return tuple(np.concatenate(column).take(place, axis=0) for column in zip(*pieces))


def is_indexed(dataset: Any) -> bool:
    """Whether something has a length and samples by index."""
    return hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")


def reads_batches(dataset: Any) -> bool:
    """Whether a method `batch` gives what `__getitem__` gives, for many samples at once."""
    if not hasattr(dataset, "batch"):
        return False
    for cls in type(dataset).__mro__:
        if "batch" in vars(cls) or "_batch" in vars(cls):
            return True
        if "__getitem__" in vars(cls):  # a subclass that changes samples means its own
            return False
    return True
