"""DataLoader: batches of a dataset, in order or shuffled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.data.dataset import TensorDataset
from nnkit.random import stream

__all__ = ["DataLoader", "default_collate"]


class DataLoader:
    """Iterate over a dataset in batches.

    Arrays are read a batch at a time, by one indexing of the whole array; other datasets sample
    by sample.

    Parameters
    ----------
    dataset : dataset, array, or tuple of arrays
        A `TensorDataset`; arrays with equally many rows; or anything with `__len__` and
        `__getitem__`.
    batch_size : int, default 1
        Samples in a batch.
    shuffle : bool, default False
        A new order in each pass.
    collate_fn : callable, optional
        Makes a batch of a list of samples. By default `default_collate`.
    drop_last : bool, default False
        Leave out a last batch that is not full.
    generator : numpy.random.Generator, optional
        Draws the order. By default the stream that `nnkit.seed` sets.

    Raises
    ------
    ArgumentError
        If the dataset is empty, or `batch_size` not a positive whole number.
    DtypeError
        If `dataset` cannot be indexed.

    Notes
    -----
    Batches are plain arrays; without shuffling they are views of the dataset's arrays. Arrays are
    in memory, so there are no worker processes.

    Examples
    --------
    >>> loader = DataLoader((np.zeros((5, 2)), np.arange(5)), batch_size=2)
    >>> [y.tolist() for X, y in loader]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        drop_last: bool = False,
        generator: np.random.Generator | None = None,
    ) -> None:
        check_batch_size(batch_size)
        self.dataset = as_dataset(dataset)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.generator = generator
        n = len(self.dataset)
        if n == 0:
            raise ArgumentError("DataLoader got a dataset without samples.")
        if drop_last and n < batch_size:
            raise ArgumentError(
                f"DataLoader: {n} samples do not fill one batch of {batch_size}, and "
                f"drop_last=True leaves it out, so there would be none. Use a smaller batch_size."
            )

    def __len__(self) -> int:
        n = len(self.dataset)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        size, n = self.batch_size, len(self.dataset)
        read = self._reader()
        order = None
        if self.shuffle:
            rng = stream("shuffle") if self.generator is None else self.generator
            order = rng.permutation(n)
        for i in range(len(self)):
            rows = slice(i * size, min((i + 1) * size, n))
            yield read(rows if order is None else order[rows])

    def _reader(self) -> Callable[[Any], Any]:
        """Return what turns indices into a batch."""
        if self.collate_fn is None and hasattr(self.dataset, "batch"):
            if isinstance(self.dataset, SingleArray):
                return lambda rows: self.dataset.batch(rows)[0]
            return self.dataset.batch
        collate = self.collate_fn or default_collate

        def read(rows: Any) -> Any:
            numbers = range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist()
            return collate([self.dataset[i] for i in numbers])

        return read

    def __repr__(self) -> str:
        return (
            f"DataLoader({len(self.dataset)} samples, batch_size={self.batch_size}, "
            f"shuffle={self.shuffle})"
        )


class SingleArray(TensorDataset):
    """One array: its samples and batches are rows, not tuples of one."""

    def __getitem__(self, index: Any) -> Any:
        return self.tensors[0][index]


def as_dataset(dataset: Any) -> Any:
    """Make a dataset of arrays; take anything else that has samples by index as it is."""
    if isinstance(dataset, tuple):
        return TensorDataset(*dataset)
    if isinstance(dataset, (np.ndarray, Tensor)):
        return SingleArray(dataset)
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise DtypeError(
            f"DataLoader got {describe(dataset)}; it needs arrays, DataLoader((X, y), ...), or a "
            f"dataset with __len__ and __getitem__."
        )
    return dataset


def check_batch_size(batch_size: Any) -> None:
    """Refuse what is not a positive whole number."""
    fits = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if not fits or batch_size < 1:
        raise ArgumentError(
            f"batch_size must be a positive whole number, for example 32; got {batch_size!r}."
        )


def default_collate(samples: list[Any]) -> Any:
    """Make a batch of samples: numbers and arrays are stacked, tuples and dicts part by part.

    Parameters
    ----------
    samples : list
        All of the same form.

    Returns
    -------
    array, or tuple or dict of arrays; a list where the samples are neither

    Raises
    ------
    ShapeError
        If the shapes of the samples differ.

    Examples
    --------
    >>> default_collate([(np.zeros(2), 0), (np.ones(2), 1)])
    (array([[0., 0.],
           [1., 1.]]), array([0, 1]))
    """
    first = samples[0]
    if isinstance(first, (tuple, list)):
        parts = [default_collate(list(part)) for part in zip(*samples, strict=True)]
        return first._make(parts) if hasattr(first, "_make") else tuple(parts)
    if isinstance(first, dict):
        return {key: default_collate([s[key] for s in samples]) for key in first}
    if isinstance(first, (np.ndarray, np.generic, Tensor, int, float, complex)):
        arrays = [np.asarray(raw(s)) for s in samples]
        shapes = {a.shape for a in arrays}
        if len(shapes) > 1:
            raise ShapeError(
                f"the samples of a batch have different shapes: "
                f"{', '.join(map(str, sorted(shapes)))}. Pad or cut them to one shape in "
                f"__getitem__, or pass a collate_fn."
            )
        return np.stack(arrays)
    return samples
