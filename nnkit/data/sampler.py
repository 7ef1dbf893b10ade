"""Samplers: in which order, and how often, the samples of a dataset are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd_core.errors import ArgumentError
from nnkit.data.dataset import as_indices
from nnkit.random import stream

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StratifiedSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

Order = NDArray[np.intp]


class Sampler:
    """Base of samplers of one's own: write `__iter__`, which yields indices, and `__len__`.

    Examples
    --------
    >>> class Backwards(Sampler):
    ...     def __init__(self, n):
    ...         self.n = n
    ...
    ...     def __iter__(self):
    ...         return iter(range(self.n - 1, -1, -1))
    ...
    ...     def __len__(self):
    ...         return self.n
    >>> list(Backwards(3))
    [2, 1, 0]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__: yield the indices.")


class ArraySampler(Sampler):
    """A sampler that knows the indices of a whole pass at once, as one array."""

    generator: np.random.Generator | None = None

    def order(self) -> Order:
        raise NotImplementedError

    def __iter__(self) -> Iterator[int]:
        return iter(self.order().tolist())

    def _rng(self) -> np.random.Generator:
        return stream("shuffle") if self.generator is None else self.generator


def whole_order(sampler: Any) -> Order | None:
    """Return the indices of a pass as an array, or None if the sampler only yields them."""
    return sampler.order() if draws_at_once(sampler) else None


def draws_at_once(sampler: Any) -> bool:
    """Whether a sampler knows the indices of a whole pass at its beginning."""
    # A subclass that writes an `__iter__` of its own means that one.
    return isinstance(sampler, ArraySampler) and type(sampler).__iter__ is ArraySampler.__iter__


class SequentialSampler(ArraySampler):
    """All samples in their order.

    Parameters
    ----------
    data_source : dataset
        Only its length is used.

    Examples
    --------
    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def order(self) -> Order:
        """Return 0 to n - 1."""
        return np.arange(len(self))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(ArraySampler):
    """Samples in random order, a new one in each pass.

    Parameters
    ----------
    data_source : dataset
        Only its length is used.
    replacement : bool, default False
        Draw each sample from all, so that some come twice and others not at all.
    num_samples : int, optional
        How many to draw in a pass. By default as many as there are. Without replacement, more
        than there are begin another shuffled round.
    generator : numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Raises
    ------
    ArgumentError
        If `num_samples` is not a positive whole number, or there is nothing to draw from.

    Examples
    --------
    >>> sorted(RandomSampler("abc"))
    [0, 1, 2]
    >>> len(list(RandomSampler("abc", replacement=True, num_samples=7)))
    7
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        if num_samples is not None:
            check_count(num_samples, "RandomSampler: num_samples")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator

    @property
    def num_samples(self) -> int:
        """Indices in one pass."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def order(self) -> Order:
        """Draw the indices of one pass."""
        n, rng = len(self.data_source), self._rng()
        if n == 0:
            raise ArgumentError("RandomSampler: the dataset has no samples to draw from.")
        if self.replacement:
            return rng.integers(n, size=self.num_samples)
        rounds = [rng.permutation(n) for _ in range(-(-self.num_samples // n))]
        return np.concatenate(rounds)[: self.num_samples]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(ArraySampler):
    """Some samples, in random order.

    Parameters
    ----------
    indices : sequence of int
    generator : numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Examples
    --------
    >>> sorted(SubsetRandomSampler([7, 2, 5]))
    [2, 5, 7]
    """

    def __init__(
        self, indices: Sequence[int], generator: np.random.Generator | None = None
    ) -> None:
        self.indices = indices
        self.generator = generator

    def order(self) -> Order:
        """Draw the order of one pass."""
        return self._rng().permutation(as_indices(self.indices))

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(ArraySampler):
    """Samples drawn with a probability proportional to their weight.

    The usual cure for rare classes: the weight ``1 / counts[y]`` makes all classes equally
    frequent.

    Parameters
    ----------
    weights : array_like of shape (n,)
        Not negative; need not add up to 1.
    num_samples : int
        How many to draw in a pass.
    replacement : bool, default True
        Whether a sample can be drawn more than once.
    generator : numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Raises
    ------
    ArgumentError
        If the weights are not one row of finite numbers >= 0 with a positive sum, or fewer of
        them are positive than are to be drawn without replacement.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 1])
    >>> rng = np.random.default_rng(0)
    >>> sampler = WeightedRandomSampler(1 / np.bincount(y)[y], 1000, generator=rng)
    >>> y[list(sampler)].mean().round(1)
    np.float64(0.5)
    """

    def __init__(
        self,
        weights: ArrayLike,
        num_samples: int,
        replacement: bool = True,
        generator: np.random.Generator | None = None,
    ) -> None:
        check_count(num_samples, "WeightedRandomSampler: num_samples")
        self.weights = np.asarray(weights, dtype=np.float64)
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator
        fits = np.isfinite(self.weights) & (self.weights >= 0)
        if self.weights.ndim != 1 or not fits.all() or not self.weights.sum() > 0:
            bad = np.argwhere(~fits)[:5].squeeze(-1).tolist() if self.weights.ndim == 1 else []
            at = f", not such at positions {bad}" if bad else ""
            raise ArgumentError(
                f"WeightedRandomSampler: weights are one finite number >= 0 for each sample, not "
                f"all 0; got shape {self.weights.shape}{at}."
            )
        positive = np.count_nonzero(self.weights)
        if not replacement and num_samples > positive:
            raise ArgumentError(
                f"WeightedRandomSampler: {positive} samples have a weight above 0, too few to draw "
                f"{num_samples} without replacement."
            )

    def order(self) -> Order:
        """Draw the indices of one pass."""
        p = self.weights / self.weights.sum()
        return self._rng().choice(len(p), self.num_samples, replace=self.replacement, p=p)

    def __len__(self) -> int:
        return self.num_samples


class StratifiedSampler(ArraySampler):
    """All samples in a random order that spreads each class evenly over the pass.

    However it is cut into batches, each has the classes in nearly the shares of the whole.

    Parameters
    ----------
    labels : array_like of shape (n,)
        The class of each sample: numbers or text.
    generator : numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.

    Raises
    ------
    ArgumentError
        If the labels are not one row.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 0, 1, 1])
    >>> [int(y[batch].sum()) for batch in BatchSampler(StratifiedSampler(y), 3, False)]
    [1, 1]
    """

    def __init__(self, labels: ArrayLike, generator: np.random.Generator | None = None) -> None:
        self.labels = as_labels(labels, "StratifiedSampler")
        self.generator = generator

    def order(self) -> Order:
        """Draw the order of one pass."""
        return spread(self.labels, self._rng())

    def __len__(self) -> int:
        return len(self.labels)


def spread(labels: NDArray[Any], rng: np.random.Generator) -> Order:
    """Draw an order whose beginnings have the classes in their shares.

    Notes
    -----
    Of a class of size c, the sample drawn as number j gets the place (j + 1/2) / c in [0, 1];
    sorting by place gives every beginning the counts of Webster's method of apportionment.
    """
    shuffled = rng.permutation(len(labels))
    _, codes, sizes = np.unique(labels[shuffled], return_inverse=True, return_counts=True)
    place = np.empty(len(labels))
    place[np.argsort(codes)] = np.concatenate([(np.arange(c) + 0.5) / c for c in sizes])
    ties = rng.random(len(labels))
    return shuffled[np.lexsort((ties, place))]


def as_labels(labels: ArrayLike, what: str) -> NDArray[Any]:
    """Make one row of labels, not empty."""
    array = np.asarray(labels)
    if array.ndim != 1 or not len(array):
        raise ArgumentError(
            f"{what}: labels are one class for each sample, shape (n,); got shape {array.shape}."
        )
    return array


class BatchSampler(Sampler):
    """Gather the indices of a sampler in lists, one for each batch.

    Parameters
    ----------
    sampler : iterable of int
    batch_size : int
    drop_last : bool
        Leave out a last batch that is not full.

    Raises
    ------
    ArgumentError
        If `batch_size` is not a positive whole number.

    Examples
    --------
    >>> list(BatchSampler(range(5), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        check_count(batch_size, "batch_size")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        return gather(self.sampler, self.batch_size, self.drop_last)

    def __len__(self) -> int:
        return number_of_batches(len(self.sampler), self.batch_size, self.drop_last)


def gather(items: Iterable[Any], size: int, drop_last: bool) -> Iterator[list[Any]]:
    """Yield lists of `size` items; the last may be shorter, or is left out."""
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch and not drop_last:
        yield batch


def number_of_batches(n: int, size: int, drop_last: bool) -> int:
    """Count the batches of n samples."""
    return n // size if drop_last else -(-n // size)


def check_count(count: Any, name: str) -> None:
    """Refuse what is not a positive whole number."""
    fits = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
    if not fits or count < 1:
        raise ArgumentError(
            f"{name} must be a positive whole number, for example 32; got {count!r}."
        )
