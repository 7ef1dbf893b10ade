"""Sequences of different lengths: one padded array, and back.

Recurrent layers take the lengths besides: ``lstm(padded, lengths=lengths)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.absent import teller
from nnkit.functional.operands import as_array

__all__ = ["pad_sequence", "unpad_sequence"]

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)


def pad_sequence(
    sequences: Iterable[Any],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Any:
    """Make one array of sequences of different lengths.

    Parameters
    ----------
    sequences : iterable of Tensor or array, shapes (L_i, ...)
        Gradients flow back to Tensors.
    batch_first : bool, default False
        Whether the axis of the sequences is the first, and time the second.
    padding_value : float, default 0.0
        What the shorter ones are filled up with.
    padding_side : {"right", "left"}
        Where.

    Returns
    -------
    Tensor or ndarray, shape (L, N, ...), or (N, L, ...) with `batch_first`
        L is the length of the longest.

    Raises
    ------
    ArgumentError
        If there are no sequences, or `padding_side` is neither side.
    ShapeError
        If they differ in more than their length.

    Examples
    --------
    >>> pad_sequence([np.array([1, 2, 3]), np.array([4])], batch_first=True)
    array([[1, 2, 3],
           [4, 0, 0]])
    """
    parts = [as_array(x) for x in sequences]
    if not parts:
        raise ArgumentError("pad_sequence got no sequences; it needs at least one.")
    if padding_side not in ("right", "left"):
        raise ArgumentError(
            f"pad_sequence: padding_side is 'right' or 'left', got {padding_side!r}."
        )
    if any(x.ndim < 1 or x.shape[1:] != parts[0].shape[1:] for x in parts):
        raise ShapeError(
            f"pad_sequence: sequences may differ in their first axis only; their shapes are "
            f"{', '.join(str(x.shape) for x in parts)}."
        )
    longest = max(len(x) for x in parts)
    rows = []
    for x in parts:
        fill = np.full((longest - len(x), *x.shape[1:]), padding_value, x.dtype)
        rows.append(np.concatenate([x, fill] if padding_side == "right" else [fill, x]))
    return np.stack(rows, axis=0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Any, lengths: Sequence[int], batch_first: bool = False
) -> list[Any]:
    """Take sequences of different lengths out of one padded array.

    Parameters
    ----------
    padded_sequences : Tensor or array, shape (L, N, ...), or (N, L, ...) with `batch_first`
    lengths : sequence of int
        The length of each of the N sequences.
    batch_first : bool, default False

    Returns
    -------
    list of Tensor or ndarray, shapes (L_i, ...)

    Raises
    ------
    ShapeError
        If there are not N lengths.
    ArgumentError
        If a length is negative or above L.

    Examples
    --------
    >>> unpad_sequence(np.array([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True)
    [array([1, 2, 3]), array([4])]
    """
    x = as_array(padded_sequences)
    n, longest = x.shape[:2] if batch_first else x.shape[1::-1]
    counts = [int(k) for k in np.asarray(raw(lengths) if isinstance(lengths, Tensor) else lengths)]
    if len(counts) != n:
        raise ShapeError(f"unpad_sequence: {len(counts)} lengths for {n} sequences.")
    if any(not 0 <= k <= longest for k in counts):
        raise ArgumentError(f"unpad_sequence: lengths go from 0 to {longest}, got {counts}.")
    return [x[i, :k] if batch_first else x[:k, i] for i, k in enumerate(counts)]
