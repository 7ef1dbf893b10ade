"""DataLoader: batches of a dataset, in order, shuffled, or as a sampler says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from operator import getitem
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.data.collate import default_collate
from nnkit.data.dataset import IterableDataset, TensorDataset, is_indexed, reads_batches
from nnkit.data.prefetch import read_ahead, stream_ahead
from nnkit.data.sampler import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    check_count,
    gather,
    number_of_batches,
    whole_order,
)

__all__ = ["DataLoader"]


class DataLoader:
    """Iterate over a dataset in batches.

    Arrays are read a batch at a time, by one indexing of the whole array; other datasets sample
    by sample.

    Parameters
    ----------
    dataset : dataset, array, or tuple of arrays
        A `TensorDataset`; arrays with equally many rows; anything with `__len__` and
        `__getitem__`; or an `IterableDataset`.
    batch_size : int or None, default 1
        Samples in a batch. None gives single samples, not gathered.
    shuffle : bool, default False
        A new order in each pass.
    sampler : iterable of int, optional
        The indices to read, in place of `shuffle`.
    batch_sampler : iterable of lists of int, optional
        The indices of each batch, in place of `batch_size`, `shuffle`, `sampler` and `drop_last`.
    num_workers : int, default 0
        Threads that read ahead; 0 reads in the loop. The order of the batches stays.
    collate_fn : callable, optional
        Makes a batch of a list of samples. By default `default_collate`.
    drop_last : bool, default False
        Leave out a last batch that is not full.
    generator : numpy.random.Generator, optional
        Draws the order. By default the stream that `nnkit.seed` sets.
    prefetch_factor : int, default 2
        Batches that each worker is ahead.

    Raises
    ------
    ArgumentError
        If the dataset is empty, `batch_size` not a positive whole number, or arguments exclude
        each other.
    DtypeError
        If `dataset` cannot be indexed.

    Notes
    -----
    Batches are plain arrays; without shuffling they are views of the dataset's arrays. Workers
    are threads, not processes: they help where samples wait for a disk or leave the interpreter,
    as NumPy's larger operations do, and cost more than they give for arrays in memory. Several
    may be in `__getitem__` at the same time; a stream has one thread, however many are asked for.

    Examples
    --------
    >>> loader = DataLoader((np.zeros((5, 2)), np.arange(5)), batch_size=2)
    >>> [y.tolist() for X, y in loader]
    [[0, 1], [2, 3], [4]]
    >>> [y.tolist() for X, y in DataLoader(loader.dataset, 2, sampler=[4, 0, 4])]
    [[4, 0], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = False,
        sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        *,
        drop_last: bool = False,
        generator: np.random.Generator | None = None,
        prefetch_factor: int = 2,
    ) -> None:
        if batch_size is not None:
            check_count(batch_size, "batch_size")
        elif drop_last:
            raise ArgumentError(
                "DataLoader: batch_size=None makes no batches; leave out drop_last."
            )
        check_workers(num_workers, prefetch_factor)
        if batch_sampler is not None and (
            batch_size != 1 or shuffle or sampler is not None or drop_last
        ):
            raise ArgumentError(
                "DataLoader: batch_sampler says which samples are in which batch; leave out "
                "batch_size, shuffle, sampler and drop_last."
            )
        if sampler is not None and shuffle:
            raise ArgumentError("DataLoader: give shuffle=True or a sampler, not both.")
        self.dataset = as_dataset(dataset)
        self.batch_size = None if batch_sampler is not None else batch_size
        self.shuffle = bool(shuffle)
        self.num_workers = num_workers
        self.prefetch_factor = prefetch_factor
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.generator = generator
        self.sampler: Any = sampler
        self.batch_sampler: Any = batch_sampler
        if isinstance(self.dataset, IterableDataset):
            self._check_stream()
        else:
            self._choose_samplers()

    def _check_stream(self) -> None:
        if self.shuffle or self.sampler is not None or self.batch_sampler is not None:
            raise ArgumentError(
                "DataLoader: an IterableDataset gives its samples in its own order; shuffle in "
                "its __iter__, and leave out shuffle, sampler and batch_sampler."
            )

    def _choose_samplers(self) -> None:
        n = len(self.dataset)
        if n == 0:
            raise ArgumentError("DataLoader got a dataset without samples.")
        if self.batch_sampler is not None:
            return
        if self.sampler is None:
            self.sampler = (
                RandomSampler(self.dataset, generator=self.generator)
                if self.shuffle
                else SequentialSampler(self.dataset)
            )
        if self.batch_size is None:
            return
        self.batch_sampler = BatchSampler(self.sampler, self.batch_size, self.drop_last)
        if self.drop_last and hasattr(self.sampler, "__len__"):
            n = len(self.sampler)
            if n < self.batch_size:
                raise ArgumentError(
                    f"DataLoader: {n} samples do not fill one batch of {self.batch_size}, and "
                    f"drop_last=True leaves it out, so there would be none. Use a smaller "
                    f"batch_size."
                )

    def __len__(self) -> int:
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        if not hasattr(self.dataset, "__len__"):
            raise DtypeError(
                f"a DataLoader over {type(self.dataset).__name__} has no length: the dataset is a "
                f"stream without __len__."
            )
        n = len(self.dataset)
        size = self.batch_size
        return n if size is None else number_of_batches(n, size, self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        return self.batches()

    def batches(self, start: int = 0) -> Iterator[Any]:
        """Iterate from a batch on; what lies before it is not read, except from a stream.

        Parameters
        ----------
        start : int, default 0
            Batches to leave out.
        """
        ahead = self.num_workers * self.prefetch_factor
        if isinstance(self.dataset, IterableDataset):
            stream = leave_out(self._stream(), start)
            return stream_ahead(stream, ahead) if ahead else stream
        if not ahead and self._reads_slices():
            return self._slices(start)
        read, keys = self._reader(), leave_out(self._keys(), start)
        return read_ahead(read, keys, self.num_workers, ahead) if ahead else map(read, keys)

    def _stream(self) -> Iterator[Any]:
        if self.batch_size is None:
            yield from map(self.collate_fn or as_it_is, self.dataset)
        else:
            collate = self.collate_fn or default_collate
            yield from map(collate, gather(self.dataset, self.batch_size, self.drop_last))

    def _keys(self) -> Iterator[Any]:
        """Return what each batch is read by: a slice, an array of indices, or a list of them."""
        if self.batch_sampler is None:
            return iter(self.sampler)
        if type(self.batch_sampler) is not BatchSampler:
            return iter(self.batch_sampler)
        sampler, size = self.batch_sampler.sampler, self.batch_sampler.batch_size
        in_order = type(sampler) is SequentialSampler
        order = None if in_order else whole_order(sampler)
        if not in_order and order is None:
            return iter(self.batch_sampler)
        n = len(sampler)
        count = number_of_batches(n, size, self.batch_sampler.drop_last)
        rows = (slice(i * size, min((i + 1) * size, n)) for i in range(count))
        return rows if order is None else (order[r] for r in rows)

    def _reads_slices(self) -> bool:
        """Whether the batches are slices of arrays, one after the other."""
        dataset, batches = self.dataset, self.batch_sampler
        return (
            type(batches) is BatchSampler
            and type(batches.sampler) is SequentialSampler
            and self.collate_fn is None
            and getattr(type(dataset), "batch", None) is TensorDataset.batch
            and reads_batches(dataset)
        )

    def _slices(self, start: int) -> Iterator[Any]:
        """Slice without a Python function for each batch, which takes longer than to slice."""
        batches: Any = self.batch_sampler
        size = batches.batch_size
        count = number_of_batches(len(batches.sampler), size, batches.drop_last)
        firsts = range(start * size, count * size, size)
        lasts = range((start + 1) * size, (count + 1) * size, size)
        slices = list(map(slice, firsts, lasts))
        return zip(*[map(getitem, repeat(t), slices) for t in self.dataset.tensors])

    def _reader(self) -> Callable[[Any], Any]:
        """Return what turns a key into a batch."""
        dataset = self.dataset
        if self.batch_sampler is None:
            convert = self.collate_fn or as_it_is
            return lambda i: convert(dataset[i])
        if self.collate_fn is None and reads_batches(dataset):
            read = dataset.batch
            return lambda rows: read(rows if isinstance(rows, slice) else np.asarray(rows))
        collate = self.collate_fn or default_collate
        many = getattr(dataset, "__getitems__", None) or (lambda rows: [dataset[i] for i in rows])
        return lambda rows: collate(many(as_list(rows)))

    def __repr__(self) -> str:
        if isinstance(self.dataset, IterableDataset):
            return f"DataLoader({type(self.dataset).__name__}, batch_size={self.batch_size})"
        return (
            f"DataLoader({len(self.dataset)} samples, batch_size={self.batch_size}, "
            f"shuffle={self.shuffle})"
        )


def leave_out(items: Iterator[Any], count: int) -> Iterator[Any]:
    """Take the first items, now: a sampler may draw random numbers for each."""
    for _ in range(count):
        next(items, None)
    return items


class SingleArray(TensorDataset):
    """One array: its samples and batches are rows, not tuples of one."""

    def __getitem__(self, index: Any) -> Any:
        return self.tensors[0][index]

    def batch(self, index: Any) -> Any:
        """Return the rows of many samples as one array."""
        return super().batch(index)[0]


def as_dataset(dataset: Any) -> Any:
    """Make a dataset of arrays; take anything else that has samples by index as it is."""
    if isinstance(dataset, tuple):
        return TensorDataset(*dataset)
    if isinstance(dataset, (np.ndarray, Tensor)):
        return SingleArray(dataset)
    if not isinstance(dataset, IterableDataset) and not is_indexed(dataset):
        raise DtypeError(
            f"DataLoader got {describe(dataset)}; it needs arrays, DataLoader((X, y), ...), a "
            f"dataset with __len__ and __getitem__, or an IterableDataset."
        )
    return dataset


def as_list(rows: Any) -> list[Any]:
    """Return the indices that a key stands for."""
    if isinstance(rows, slice):
        return list(range(rows.start, rows.stop))
    return rows.tolist() if isinstance(rows, np.ndarray) else list(rows)


def as_it_is(sample: Any) -> Any:
    """Return a sample that is not gathered in a batch."""
    return sample


def check_workers(num_workers: Any, prefetch_factor: Any) -> None:
    """Refuse what is not a number of threads and of batches ahead."""
    if num_workers != 0 or isinstance(num_workers, bool):
        check_count(num_workers, "num_workers, if not 0,")
    check_count(prefetch_factor, "prefetch_factor")
