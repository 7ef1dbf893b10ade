"""Pass: the batches of one pass through the data, from the batch on at which a training stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nnkit.data import DataLoader, Subset, TensorDataset
from nnkit.data.sampler import BatchSampler, draws_at_once
from nnkit.training.generators import Generators
from nnkit.training.position import Position

__all__ = ["Pass", "length_of"]

END = object()


class Pass:
    """Yields the batches that are left of a pass.

    A pass that is taken up again draws its order anew from the states that the generators had when
    it began, leaves out what was done, and then gives the generators the states that they had when
    it was left.
    """

    def __init__(self, loader: Any, position: Position, generators: Generators) -> None:
        self._loader = loader
        self._position = position
        self._generators = generators
        self._draws = not is_plain(loader)

    def __iter__(self) -> Iterator[Any]:
        position = self._position
        batches = self._open()
        while True:
            if self._draws:  # reading draws random numbers, perhaps
                position.pending = self._generators.states()
            batch = next(batches, END)
            if batch is END:
                return
            yield batch

    def _open(self) -> Iterator[Any]:
        position, generators = self._position, self._generators
        if position.began is None:
            position.began = generators.states()
            return iter(self._loader)
        now = generators.states()
        generators.set_states(position.began)
        if isinstance(self._loader, DataLoader):
            batches = self._loader.batches(position.batch)
        else:
            batches = iter(self._loader)
            for _ in range(position.batch):
                next(batches, END)
        generators.set_states(now)
        return batches


def is_plain(loader: Any) -> bool:
    """Whether a loader reads arrays in memory, so that reading a batch draws no random numbers."""
    if type(loader) is not DataLoader or loader.num_workers or loader.collate_fn is not None:
        return False
    if type(loader.batch_sampler) is not BatchSampler or not draws_at_once(loader.sampler):
        return False
    dataset = loader.dataset
    while type(dataset) is Subset:
        dataset = dataset.dataset
    return type(dataset) is TensorDataset


def length_of(loader: Any) -> int | None:
    """Return the number of batches of a loader, if it is known."""
    try:
        return len(loader)
    except TypeError:
        return None
