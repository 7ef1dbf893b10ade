"""What `fit`, `evaluate` and `predict` accept as data, brought to one form: a loader of batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit.data import DataLoader
from nnkit.data.dataset import as_rows

__all__ = ["as_arrays", "as_batches", "is_arrays", "join_outputs", "plain_output", "split_batch"]

Array = NDArray[Any]


def is_arrays(X: Any) -> bool:
    """Whether data are arrays in memory, not a dataset or loader."""
    if isinstance(X, tuple):
        raise DtypeError(
            "the data came as a tuple: write fit(X, y), with inputs and targets as two arguments."
        )
    return isinstance(X, (np.ndarray, Tensor, list)) or hasattr(X, "__array__")


def as_arrays(X: Any, y: Any, dtype: np.dtype[Any], what: str) -> tuple[Array, ...]:
    """Check inputs and targets, and bring floating point numbers to the dtype of the model.

    Parameters
    ----------
    X : array_like
    y : array_like or None
    dtype : dtype
        Of the model.
    what : str
        The caller, for the errors.

    Raises
    ------
    ShapeError
        If the lengths differ.
    DtypeError
        If something does not hold numbers.
    ArgumentError
        If there are no rows, or numbers that are not finite; the rows are named.
    """
    arrays = [as_rows(X, f"{what}: X")]
    if y is not None:
        arrays.append(as_rows(y, f"{what}: y"))
        if len(arrays[0]) != len(arrays[1]):
            raise ShapeError(
                f"{what}: X has {len(arrays[0])} rows (shape {arrays[0].shape}), y has "
                f"{len(arrays[1])} (shape {arrays[1].shape}). Each input needs its target."
            )
    if not len(arrays[0]):
        raise ArgumentError(f"{what}: X has no rows (shape {arrays[0].shape}).")
    for array, name in zip(arrays, "Xy"):
        check_finite(array, f"{what}: {name}")
    return tuple(a.astype(dtype, copy=False) if a.dtype.kind == "f" else a for a in arrays)


def check_finite(array: Array, name: str) -> None:
    """Refuse NaN and infinite numbers, naming the rows."""
    if array.dtype.kind not in "fc":
        return
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum()):  # one pass without a temporary array
            return
    bad = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    rows = np.flatnonzero(bad)
    if len(rows):
        named = ", ".join(map(str, rows[:5])) + (" ..." if len(rows) > 5 else "")
        raise ArgumentError(
            f"{name} holds NaN or infinite numbers in {len(rows)} of {len(array)} rows: {named}. "
            f"Leave these rows out, X[np.isfinite(X).all(axis=1)], or fill them in."
        )


def as_batches(X: Any, batch_size: int, shuffle: bool, epochs: int, what: str) -> Iterable[Any]:
    """Make a loader of a dataset; take a loader, or anything that yields batches, as it is."""
    if isinstance(X, DataLoader):
        return X
    if hasattr(X, "__getitem__") and hasattr(X, "__len__"):
        return DataLoader(X, batch_size, shuffle)
    if isinstance(X, Iterator) and epochs > 1:
        raise ArgumentError(
            f"{what}: {describe(X)} can be walked through once only, but epochs={epochs}. Give "
            f"arrays, a DataLoader, or an object with __iter__."
        )
    if not isinstance(X, Iterable):
        raise DtypeError(
            f"{what} takes arrays, a dataset or a DataLoader, got {describe(X)}: "
            f"{what}(X, y), or {what}(DataLoader((X, y), 32))."
        )
    return X


def split_batch(batch: Any, what: str) -> tuple[Any, Any, Any]:
    """Take a batch apart into inputs, targets, and weights of the rows or None."""
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        got = f"{len(batch)} parts" if isinstance(batch, (tuple, list)) else describe(batch)
        raise ArgumentError(
            f"{what}: a batch must be a pair (inputs, targets), or three with the weights of the "
            f"rows, but the loader gave {got}. An autoencoder's targets are its inputs: (X, X)."
        )
    if getattr(batch[0], "shape", (1,))[:1] == (0,):
        raise ArgumentError(
            f"{what}: the loader gave an empty batch, inputs of shape {batch[0].shape}."
        )
    if len(batch) == 2:
        return batch[0], batch[1], None
    weight = np.asarray(raw(batch[2]))
    if weight.ndim != 1 or len(weight) != np.shape(raw(batch[1]))[:1][0]:
        raise ShapeError(
            f"{what}: the third part of a batch is one weight for each of its rows; got shape "
            f"{weight.shape} for targets of shape {np.shape(raw(batch[1]))}."
        )
    return batch[0], batch[1], weight


def plain_output(output: Any, model: str) -> Any:
    """Return what a model gave as a plain array; several as a tuple of its kind."""
    if isinstance(output, tuple) and output:
        parts = [plain_output(part, model) for part in output]
        return same_kind(output, parts)
    array = raw(output)
    if not isinstance(array, np.ndarray):
        raise DtypeError(
            f"{model} gave {describe(array)}; a Trainer works with models whose output is an "
            f"array, or a tuple of arrays."
        )
    return array


def join_outputs(outputs: list[Any]) -> Any:
    """Put the outputs of several batches together, row under row."""
    if isinstance(outputs[0], tuple):
        return same_kind(outputs[0], [join_outputs(list(parts)) for parts in zip(*outputs)])
    return np.concatenate(outputs)


def same_kind(model: tuple[Any, ...], parts: list[Any]) -> Any:
    """Make a tuple, or a named tuple of the same class."""
    return type(model)(*parts) if hasattr(model, "_fields") else tuple(parts)
