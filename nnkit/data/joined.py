"""Datasets made of others: side by side, and streams one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.data.dataset import Dataset, IterableDataset, is_indexed

__all__ = ["ChainDataset", "StackDataset"]


class StackDataset(Dataset):
    """Datasets side by side: a sample is made of one of each.

    Parameters
    ----------
    *args : dataset
        Equally long; samples are tuples.
    **kwargs : dataset
        Instead of `args`: samples are dicts with these names.

    Raises
    ------
    ArgumentError
        If there are none, or both kinds.
    DtypeError
        If one has no `__len__` and `__getitem__`.
    ShapeError
        If they differ in length.

    Examples
    --------
    >>> StackDataset(["a", "b", "c"], [1, 2, 3])[1]
    ('b', 2)
    >>> StackDataset(image=["a", "b"], caption=["A", "B"])[-1]
    {'image': 'b', 'caption': 'B'}
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ArgumentError(
                "StackDataset takes datasets, StackDataset(images, captions), or named ones, "
                "StackDataset(image=images, caption=captions); not none, and not both."
            )
        self.datasets: Any = kwargs or args
        parts = list(kwargs.values() if kwargs else args)
        for part in parts:
            if isinstance(part, IterableDataset) or not is_indexed(part):
                raise DtypeError(f"StackDataset: {describe(part)} has no __len__ and __getitem__.")
        lengths = [len(part) for part in parts]
        if len(set(lengths)) > 1:
            raise ShapeError(
                f"StackDataset: datasets side by side must be equally long, got {lengths}."
            )
        self._length = lengths[0]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: part[index] for name, part in self.datasets.items()}
        return tuple(part[index] for part in self.datasets)


class ChainDataset(IterableDataset):
    """Streams one after the other.

    Parameters
    ----------
    datasets : iterable of IterableDataset
        Each is read to its end before the next begins.

    Raises
    ------
    DtypeError
        If something cannot be iterated.

    Examples
    --------
    >>> list(ChainDataset([range(2), "ab"]))
    [0, 1, 'a', 'b']
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        for part in self.datasets:
            if not hasattr(part, "__iter__"):
                raise DtypeError(
                    f"ChainDataset: {describe(part)} has no __iter__. Datasets with an index are "
                    f"joined by ConcatDataset."
                )

    def __iter__(self) -> Iterator[Any]:
        for part in self.datasets:
            yield from part

    def __len__(self) -> int:
        return sum(len(part) for part in self.datasets)
