"""Embedding: rows of a table looked up by their numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from autograd_core.inplace import mark_written
from autograd_core.live import live
from nnkit.functional.operands import as_array, as_float, everything, is_batched, operation

__all__ = ["embedding", "one_hot"]

Array = NDArray[Any]


# --- look up, and its adjoint ---------------------------------------------------------------------


def beginnings(sorted_numbers: Array) -> Array:
    """Return where each number occurs first."""
    return np.flatnonzero(np.concatenate([[True], sorted_numbers[1:] != sorted_numbers[:-1]]))


def add_rows(g: Array, index: Array, *, rows: int) -> Array:
    """Return a table in which row k is the sum of the g_i with index_i = k.

    Sorting brings the rows that belong together side by side, where one `reduceat` adds them up:
    each row of the table is written once.
    """
    table = np.zeros((rows, *g.shape[index.ndim :]), g.dtype)
    if index.size:
        order = np.argsort(index, axis=None, kind="stable")
        numbers = index.reshape(-1)[order]
        starts = beginnings(numbers)
        g = g.reshape(-1, *table.shape[1:])[order]
        table[numbers[starts]] = np.add.reduceat(g, starts, axis=0)
    return table


add_rows_op = operation(
    "embedding_gradient",
    add_rows,
    vjp=(lambda g, _y, _x, index, *, rows: look_up_op(g, index), None),
)


def look_up_vjp(g: Any, _y: Any, _table: Any, index: Any, scale: Any = None) -> Any:
    """Add the rows up where they came from; `scale` is a factor for the gradient of each."""
    if scale is not None:
        g = g * scale[..., None]
    return add_rows_op(g, index, rows=_table.shape[0])


look_up_op: Callable[..., Any] = operation(
    "embedding",
    lambda table, index, scale=None: np.take(table, index, axis=0),
    vjp=(look_up_vjp, None, None),
)


# --- checks ---------------------------------------------------------------------------------------


def whole_numbers(x: Any, what: str) -> Array:
    """Return indices as an array of intp."""
    index = raw(x) if is_batched(x) else as_array(raw(x))
    empty_list = index.dtype.kind == "f" and not index.size
    if index.dtype.kind not in "iu" and not empty_list:
        raise DtypeError(
            f"{what} takes numbers of rows or classes, which are integers; got {describe(index)}. "
            f"Convert with .astype(int)."
        )
    return index.astype(np.intp, copy=False)


def checked_index(index: Array, rows: int, what: str, things: str = "rows") -> None:
    """Refuse numbers of rows that are not there."""
    index = everything(index)
    # Seen as unsigned numbers, negative ones are too large as well: one pass finds both.
    if index.view(np.uintp).max(initial=0) < rows or not index.size:
        return
    where = tuple(int(i) for i in np.argwhere((index < 0) | (index >= rows))[0])
    position = where[0] if len(where) == 1 else where
    hint = " Give padding a number of its own." if index[where] < 0 else ""
    if index.min() >= 1 and index.max() == rows:
        hint = " The indices seem to count from 1: subtract 1."
    raise ArgumentError(
        f"{what}: the index {index[where]} at position {position} is out of range; there are "
        f"{rows} {things}, so indices are 0 to {rows - 1}.{hint}"
    )


check_index = live(checked_index)


def place_of_padding(padding_idx: int | None, rows: int, what: str) -> int | None:
    """Check `padding_idx`, and count it from the front."""
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ArgumentError(
            f"{what}: padding_idx={padding_idx} is no row of a table with {rows} rows."
        )
    return padding_idx % rows


def table_of(weight: Any, what: str) -> Any:
    """Check the table."""
    table = as_float(weight, f"the weight of {what}")
    if table.ndim != 2:
        raise ShapeError(
            f"{what}: weight is a table of shape (rows, features), got {table.shape}. (The indices "
            f"come first, the table second.)"
        )
    return table


def shorten(table: Any, index: Array, max_norm: float, norm_type: float) -> None:
    """Bring the rows that are looked up to the length `max_norm`, in place, if they are longer."""

    def shortened(values: Array, index: Array) -> None:
        used = np.unique(index)
        lengths = np.linalg.norm(values[used], norm_type, axis=1)
        long = lengths > max_norm
        if long.any():
            values[used[long]] *= (max_norm / (lengths[long] + 1e-7)).astype(values.dtype)[:, None]
            if isinstance(table, Tensor) and table.requires_grad:
                mark_written(table)

    live(shortened, writes=(0,), always=True)(raw(table), index)


def gradient_scale(index: Array, padding: int | None, by_freq: bool, dtype: Any) -> Array | None:
    """Return the factor of each row's gradient: 0 for padding, 1 / frequency if it is asked for."""
    return None if padding is None and not by_freq else row_scale(index, padding, by_freq, dtype)


def scale_of_rows(index: Array, padding: int | None, by_freq: bool, dtype: Any) -> Array:
    """Return these factors, where there are any."""
    scale = np.ones(index.shape, dtype)
    if by_freq and index.size:
        _, places, counts = np.unique(index, return_inverse=True, return_counts=True)
        scale /= counts[places.reshape(index.shape)]
    if padding is not None:
        scale[index == padding] = 0
    return scale


row_scale = live(scale_of_rows, needed=False)


def looked_up(table: Any, index: Array, scale: Array | None) -> Any:
    """Look rows up."""
    return look_up_op(table, index) if scale is None else look_up_op(table, index, scale)


# --- what people call -----------------------------------------------------------------------------


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """Return rows of a table by their numbers.

    Parameters
    ----------
    input : array of int, any shape
        Numbers of rows, from 0 to V - 1.
    weight : Tensor or array, shape (V, D)
        The table.
    padding_idx : int, optional
        A row that is not learned: its gradient is 0.
    max_norm : float, optional
        Rows that are looked up and longer are shortened to this, in the table itself.
    norm_type : float, default 2.0
        Which norm is the length.
    scale_grad_by_freq : bool, default False
        Divide the gradient of a row by how often it is looked up here.
    sparse : bool, default False
        Accepted because PyTorch has it; gradients are always full arrays.

    Returns
    -------
    Tensor or array, shape (*input.shape, D)

    Raises
    ------
    ArgumentError
        If an index is out of range (naming value and position).
    DtypeError
        If the indices are no integers.
    ShapeError
        If `weight` is no table.

    Examples
    --------
    >>> embedding([2, 0], np.array([[0.0, 0.1], [1.0, 1.1], [2.0, 2.1]]))
    array([[2. , 2.1],
           [0. , 0.1]])
    """
    table, index = table_of(weight, "embedding"), whole_numbers(input, "embedding")
    rows = table.shape[0]
    check_index(index, rows, "embedding")
    padding = place_of_padding(padding_idx, rows, "embedding")
    if max_norm is not None:
        shorten(table, index, max_norm, norm_type)
    return looked_up(table, index, gradient_scale(index, padding, scale_grad_by_freq, table.dtype))


def one_hot(tensor: Any, num_classes: int = -1) -> Array:
    """Return a vector for each number, with 1 at its place and 0 elsewhere.

    Parameters
    ----------
    tensor : array of int, any shape
        Classes, from 0.
    num_classes : int, default -1
        Length of the vectors; -1: the largest class and one more.

    Returns
    -------
    array of int64, shape (*tensor.shape, num_classes)

    Raises
    ------
    ArgumentError
        If a number is out of range (naming value and position).
    DtypeError
        If the classes are no integers.

    Examples
    --------
    >>> one_hot([0, 2], num_classes=3)
    array([[1, 0, 0],
           [0, 0, 1]])
    """
    classes = whole_numbers(tensor, "one_hot")
    if num_classes == -1:
        if not classes.size:
            raise ArgumentError("one_hot of nothing cannot guess num_classes: give it.")
        num_classes = int(classes.max()) + 1
    if num_classes < 1:
        raise ArgumentError(f"one_hot: num_classes is positive or -1, got {num_classes}.")
    check_index(classes, num_classes, "one_hot", "classes")
    return (classes[..., None] == np.arange(num_classes)).astype(np.int64)
