"""Collating: one batch of a list of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import DtypeError, ShapeError, describe

__all__ = ["default_collate"]


def default_collate(batch: list[Any]) -> Any:
    """Make a batch of samples: numbers and arrays are stacked, tuples and dicts part by part.

    Parameters
    ----------
    batch : list
        Samples, all of the same form.

    Returns
    -------
    array, or tuple or dict of arrays; text stays a list

    Raises
    ------
    ShapeError
        If the shapes of the samples differ, or the numbers of their parts.
    DtypeError
        If the samples are neither numbers, arrays, text, nor containers of these.

    Examples
    --------
    >>> default_collate([(np.zeros(2), 0), (np.ones(2), 1)])
    (array([[0., 0.],
           [1., 1.]]), array([0, 1]))
    """
    first = batch[0]
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return collate_dicts(batch)
    if isinstance(first, (tuple, list)):
        lengths = sorted({len(sample) for sample in batch})
        if len(lengths) > 1:
            raise ShapeError(
                f"the samples of a batch have different numbers of parts: "
                f"{', '.join(map(str, lengths))}. Return as many from each __getitem__, or pass a "
                f"collate_fn."
            )
        parts = [default_collate(list(part)) for part in zip(*batch)]
        return first._make(parts) if hasattr(first, "_make") else tuple(parts)
    if isinstance(first, (np.ndarray, np.generic, Tensor, int, float, complex)):
        return stack(batch)
    raise DtypeError(
        f"a batch is made of numbers, arrays, text, and tuples, lists and dicts of these; a sample "
        f"holds {describe(first)}. Convert it in __getitem__, or pass a collate_fn."
    )


def collate_dicts(samples: list[Any]) -> Any:
    """Collate key by key, in a mapping of the same kind where it can be made."""
    keys = samples[0].keys()
    for sample in samples:
        if sample.keys() != keys:
            raise ShapeError(
                f"the samples of a batch have different keys: {sorted(map(str, keys))} and "
                f"{sorted(map(str, sample.keys()))}."
            )
    parts = {key: default_collate([s[key] for s in samples]) for key in keys}
    try:
        return type(samples[0])(parts)
    except TypeError:  # a defaultdict, for one, wants something else
        return parts


def stack(samples: list[Any]) -> Any:
    """Stack numbers or arrays along a new first axis."""
    arrays = [np.asarray(raw(s)) for s in samples]
    shapes = {a.shape for a in arrays}
    if len(shapes) > 1:
        raise ShapeError(
            f"the samples of a batch have different shapes: "
            f"{', '.join(map(str, sorted(shapes)))}. Pad or cut them to one shape in "
            f"__getitem__, or pass a collate_fn."
        )
    batch = np.stack(arrays)
    if batch.dtype.kind == "O":
        i = next(i for i, a in enumerate(arrays) if a.dtype.kind == "O")
        raise DtypeError(
            f"sample {i} of a batch is {describe(samples[i])}, not a number. Convert it in "
            f"__getitem__, or pass a collate_fn."
        )
    return batch
