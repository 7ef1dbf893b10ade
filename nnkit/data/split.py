"""Splitting: divide a dataset at random, by numbers or shares, class by class if asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd_core.errors import ArgumentError
from nnkit.data.dataset import Subset
from nnkit.data.sampler import as_labels, spread
from nnkit.random import stream

__all__ = ["random_split"]


def random_split(
    dataset: Any,
    lengths: Sequence[float],
    generator: np.random.Generator | None = None,
    *,
    stratify: ArrayLike | None = None,
) -> list[Subset]:
    """Divide a dataset at random.

    Parameters
    ----------
    dataset : dataset
    lengths : sequence of int, or of float
        Numbers of samples that add up to the length of the dataset, or shares that add up to 1.
        What rounding leaves over goes to the first parts.
    generator : numpy.random.Generator, optional
        By default the stream that `nnkit.seed` sets.
    stratify : array_like of shape (n,), optional
        The class of each sample, numbers or text: each part then has the classes in nearly the
        shares of the whole.

    Returns
    -------
    list of Subset

    Raises
    ------
    ArgumentError
        If `lengths` do not add up, `stratify` is not one label for each sample, or a class has
        fewer samples than there are parts.

    Examples
    --------
    >>> from nnkit.data import TensorDataset
    >>> y = np.array([0] * 8 + [1] * 2)
    >>> train, test = random_split(TensorDataset(y), [0.5, 0.5], stratify=y)
    >>> y[train.indices].sum(), y[test.indices].sum()
    (np.int64(1), np.int64(1))
    """
    n = len(dataset)
    counts = as_counts(lengths, n)
    rng = stream("shuffle") if generator is None else generator
    if stratify is None:
        order = rng.permutation(n)
    else:
        order = spread(check_strata(stratify, n, sum(c > 0 for c in counts)), rng)
    ends = np.cumsum(counts).tolist()
    parts = [order[end - count : end] for end, count in zip(ends, counts)]
    if stratify is not None:
        parts = [rng.permutation(part) for part in parts]  # not the even order of the drawing
    return [Subset(dataset, part) for part in parts]


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
    if min(counts, default=-1) < 0:
        raise ArgumentError(
            f"random_split: lengths are numbers of samples that add up to {n}, or shares that add "
            f"up to 1, for example [0.8, 0.2]; got {lengths!r}, together {total}."
        )
    return counts


def check_strata(stratify: ArrayLike, n: int, parts: int) -> NDArray[Any]:
    """Refuse labels that are not one for each sample, and classes too small to divide."""
    labels = as_labels(stratify, "random_split: stratify")
    if len(labels) != n:
        raise ArgumentError(
            f"random_split: stratify has {len(labels)} labels, the dataset {n} samples."
        )
    classes, sizes = np.unique(labels, return_counts=True)
    if sizes.min() < parts:
        rare = classes[sizes.argmin()].item()
        raise ArgumentError(
            f"random_split: class {rare!r} has {sizes.min()} of {n} samples, too few for {parts} "
            f"parts. stratify is for classes; join rare ones, or leave it out."
        )
    return labels
