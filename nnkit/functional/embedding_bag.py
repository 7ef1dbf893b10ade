"""Embedding in bags: the sum, the mean or the maximum of several rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.live import live
from nnkit.functional.embedding import (
    add_rows_op,
    beginnings,
    check_index,
    gradient_scale,
    looked_up,
    place_of_padding,
    shorten,
    table_of,
    whole_numbers,
)
from nnkit.functional.operands import as_dtype, operation

__all__ = ["embedding_bag"]

Array = NDArray[Any]


def bags_of(index: Array, offsets: Any, include_last: bool) -> tuple[Array, int]:
    """Return the number of the bag of each index, in order, and how many bags there are."""
    if index.ndim == 2:
        if offsets is not None:
            raise ArgumentError(
                "embedding_bag: the rows of a two-dimensional input are the bags; offsets are for "
                "a one-dimensional one."
            )
        return np.repeat(np.arange(len(index)), index.shape[1]), len(index)
    if index.ndim != 1 or offsets is None:
        raise ShapeError(
            f"embedding_bag takes indices of shape (bags, length), or of shape (total,) with "
            f"offsets, the place where each bag begins; got shape {index.shape}"
            f"{' without offsets' if index.ndim == 1 else ''}."
        )
    starts = whole_numbers(offsets, "embedding_bag")
    return bags_from(starts, len(index), include_last), len(starts) - include_last


def bags_between(starts: Array, total: int, include_last: bool) -> Array:
    """Return the number of the bag of each index, from the places where bags begin."""
    ends = np.append(starts, total) if not include_last else starts
    wrong = ends.ndim != 1 or len(ends) < 1 or ends[0] != 0 or (np.diff(ends) < 0).any()
    if wrong or ends[-1] > total:
        raise ArgumentError(
            f"embedding_bag: offsets begin with 0, do not fall, and do not exceed the number of "
            f"indices, {total}; got {starts.tolist()}."
        )
    return np.repeat(np.arange(len(ends) - 1), np.diff(ends))


def lengths_of_bags(bags: Array, n: int, dtype: Any) -> Array:
    """Return how many indices each bag has; 1 for those that have none."""
    return np.maximum(np.bincount(bags, minlength=n), 1).astype(dtype)


bags_from, sizes_of = live(bags_between), live(lengths_of_bags, needed=False)


def largest_of_bags(rows: Array, bags: Array, *, n: int) -> Array:
    """Return the largest numbers of each bag, column by column; 0 for a bag that is empty."""
    out = np.zeros((n, rows.shape[1]), rows.dtype)
    if len(bags):
        starts = beginnings(bags)
        out[bags[starts]] = np.maximum.reduceat(rows, starts, axis=0)
    return out


def largest_vjp(g: Array, y: Array, rows: Array, bags: Array, *, n: int) -> tuple[Array, None]:
    """Send the gradient of each number to the first row that it may come from."""
    share = np.zeros_like(rows)
    if len(bags):
        starts = beginnings(bags)
        places = np.where(rows == y[bags], np.arange(len(bags))[:, None], len(bags) - 1)
        first = np.minimum.reduceat(places, starts, axis=0)
        share[first, np.arange(rows.shape[1])] = g[bags[starts]]
    return share, None


def largest_composition(rows: Any, bags: Array, *, n: int) -> Any:
    """Write it in functions that differentiate."""
    nothing = np.zeros(rows.shape[1], rows.dtype)
    members = [np.flatnonzero(bags == k) for k in range(n)]
    return np.stack([np.max(rows[m], axis=0) if len(m) else nothing for m in members])


largest_op = operation(
    "embedding_bag_max", largest_of_bags, vjp=largest_vjp, composition=largest_composition
)


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Return the sum, the mean or the maximum of rows of a table, for each bag of row numbers.

    Parameters
    ----------
    input : array of int, shape (B, L) or (total,)
        Numbers of rows: a bag in each row, or all bags one after the other.
    weight : Tensor or array, shape (V, D)
        The table.
    offsets : array of int, shape (B,), optional
        Where each bag begins in an `input` of shape (total,).
    max_norm : float, optional
        Rows that are looked up and longer are shortened to this, in the table itself.
    norm_type : float, default 2
        Which norm is the length.
    scale_grad_by_freq : bool, default False
        Divide the gradient of a row by how often it is looked up here; not with mode "max".
    mode : {"mean", "sum", "max"}, default "mean"
    sparse : bool, default False
        Accepted because PyTorch has it; gradients are always full arrays.
    per_sample_weights : Tensor or array, shape as `input`, optional
        Factors of the rows; with mode "sum" only.
    include_last_offset : bool, default False
        Whether `offsets` has one number more, where the last bag ends.
    padding_idx : int, optional
        A row that does not count, as if it were not in the bag, and is not learned.

    Returns
    -------
    Tensor or array, shape (B, D)
        0 for a bag that is empty.

    Raises
    ------
    ArgumentError
        If an index is out of range (naming value and position), if `offsets` are not increasing,
        or if settings do not go together.
    ShapeError, DtypeError
        If the indices are no integers, or shapes do not fit together.

    Examples
    --------
    >>> table = np.array([[0.0, 0.5], [1.0, 1.5], [2.0, 2.5]])
    >>> embedding_bag([1, 2, 2, 0], table, offsets=[0, 2], mode="sum")
    array([[3., 4.],
           [2., 3.]])
    """
    what = "embedding_bag"
    check_mode(mode, scale_grad_by_freq, per_sample_weights is not None)
    table, index = table_of(weight, what), whole_numbers(input, what)
    check_index(index, table.shape[0], what)
    bags, n = bags_of(index, offsets, include_last_offset)
    factors = None
    if per_sample_weights is not None:
        factors = as_dtype(per_sample_weights, table.dtype, f"per_sample_weights of {what}")
        if factors.shape != index.shape:
            raise ShapeError(
                f"{what}: per_sample_weights have shape {factors.shape}, the indices {index.shape}."
            )
        factors = factors.reshape(-1)
    index = index.reshape(-1)
    padding = place_of_padding(padding_idx, table.shape[0], what)
    if padding is not None:
        counts = index != padding
        index, bags = index[counts], bags[counts]
        factors = None if factors is None else factors[counts]
    if max_norm is not None:
        shorten(table, index, max_norm, norm_type)
    rows = looked_up(table, index, gradient_scale(index, None, scale_grad_by_freq, table.dtype))
    if mode == "max":
        return largest_op(rows, bags, n=n)
    total = add_rows_op(rows if factors is None else rows * factors[:, None], bags, rows=n)
    if mode == "sum":
        return total
    return total / sizes_of(bags, n, table.dtype)[:, None]


def check_mode(mode: str, by_freq: bool = False, weighted: bool = False) -> None:
    """Refuse settings of an embedding bag that do not go together."""
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"embedding_bag: mode is 'sum', 'mean' or 'max', got {mode!r}.")
    if by_freq and mode == "max":
        raise ArgumentError("embedding_bag: scale_grad_by_freq does not go with mode='max'.")
    if weighted and mode != "sum":
        raise ArgumentError(
            f"embedding_bag: per_sample_weights go with mode='sum' only, not with {mode!r}."
        )
