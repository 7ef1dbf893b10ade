"""What recurrent layers are called with: checks of inputs, states, lengths and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError, describe
from nnkit.functional.operands import as_array, as_dtype

__all__ = [
    "check_input",
    "check_state",
    "groups_of",
    "initial_states",
    "pair_of",
    "sizes_of",
    "valid_steps",
]


def check_input(shape: tuple[int, ...], size: int, batch_first: bool, who: object) -> None:
    """Refuse an input that is no sequence of vectors, or no batch of sequences."""
    wanted = "(N, T" if batch_first else "(T, N"
    if len(shape) in (2, 3) and shape[-1] == size:
        if shape[-2 if batch_first and len(shape) == 3 else 0]:
            return
        raise ShapeError(f"{who} got {shape}, sequences without a single step.")
    hint = ""
    if len(shape) == 2 and size == 1:
        hint = " For sequences of numbers write x[..., None]."
    elif len(shape) == 3 and shape[1] == size:
        hint = " Its second axis does: pass x.transpose(0, 2, 1)."
    raise ShapeError(
        f"{who} got {shape}. Its input is {wanted}, {size}), or (T, {size}) for one sequence: "
        f"T steps, N sequences, {size} features.{hint}"
    )


def check_state(state: Any, shape: tuple[int, ...], dtype: Any, who: object, name: str) -> Any:
    """Cast an initial state; refuse one of another shape."""
    state = as_dtype(state, dtype, f"{name} of {who}")
    if state.shape != shape:
        raise ShapeError(
            f"{who} got an initial state {name} of shape {state.shape}; with this input it must "
            f"be {shape}."
        )
    return state


def valid_steps(
    lengths: Any, mask: Any, shape: tuple[int, ...], batch_first: bool, who: object
) -> Any:
    """Return which steps count, of shape (T, N, 1), or None if all do.

    `shape` is that of the input with the steps in front, (T, N, I); for one sequence (T, I).
    """
    if lengths is not None and mask is not None:
        raise ArgumentError(f"{who} takes lengths or a mask, not both.")
    rows = shape[:-1]
    if mask is not None:
        valid = as_array(raw(mask))
        wanted = rows[::-1] if batch_first else rows
        if valid.dtype != bool or valid.shape != wanted:
            raise ShapeError(
                f"{who}: mask says with True which steps count, an array of bool of shape "
                f"{wanted}; got {describe(valid)}."
            )
        valid = valid.T if batch_first else valid
    elif lengths is not None:
        n = as_array(raw(lengths))
        if n.dtype.kind not in "iu" or n.shape != rows[1:]:
            raise ShapeError(
                f"{who}: lengths are whole numbers, one for each sequence, of shape {rows[1:]}; "
                f"got {describe(n)}."
            )
        if n.size and not (n.min() >= 0 and n.max() <= rows[0]):
            raise ArgumentError(
                f"{who}: lengths are between 0 and {rows[0]}, the steps of the input; got "
                f"{n.tolist()}."
            )
        valid = np.arange(rows[0]).reshape(-1, *(1,) * n.ndim) < n
    else:
        return None
    return None if valid.all() else valid.reshape(rows[0], -1, 1)


def groups_of(
    params: Sequence[Any], has_biases: bool, count: int, kind: str, who: object
) -> list[list[Any]]:
    """Cut a list of parameters into one list for each layer and direction: the op's operands."""
    each = len(params) // count
    allowed = [4, 5] if has_biases else [2, 3]
    if kind != "lstm":
        allowed.pop()
    if each * count != len(params) or each not in allowed:
        raise ArgumentError(
            f"{who} got {len(params)} parameters; for {count} layers and directions it needs "
            f"{' or '.join(str(count * n) for n in allowed)} with has_biases={has_biases}."
        )
    groups = [list(params[i : i + each]) for i in range(0, len(params), each)]
    if not has_biases:
        groups = [[*group[:2], None, None, *group[2:]] for group in groups]
    if kind == "lstm":
        groups = [[*group, None][:5] for group in groups]
    return groups


def initial_states(
    kind: str,
    hx: tuple[Any, ...] | None,
    group: list[Any],
    count: int,
    x: Any,
    single: bool,
    who: object,
) -> list[Any]:
    """Return the initial states of all layers and directions, zeros unless they are given."""
    batch, dtype, (hidden, out) = x.shape[1], x.dtype, sizes_of(kind, group)
    widths = [out, hidden] if kind == "lstm" else [out]
    if hx is None:
        return [np.zeros((count, batch, width), dtype) for width in widths]
    starts = []
    for state, width, name in zip(hx, widths, ("h_0", "c_0"), strict=False):
        shape = (count, width) if single else (count, batch, width)
        state = check_state(state, shape, dtype, who, name)
        starts.append(state[:, None] if single else state)
    return starts


def sizes_of(kind: str, group: list[Any]) -> tuple[int, int]:
    """Return the length of the cell and of the state that is handed on."""
    out = group[1].shape[1]
    return (group[1].shape[0] // 4 if kind == "lstm" else out), out


def pair_of(hx: Any, who: object) -> tuple[Any, Any] | None:
    """Check that the state of an LSTM is a pair."""
    if hx is None or (isinstance(hx, (tuple, list)) and len(hx) == 2):
        return None if hx is None else (hx[0], hx[1])
    raise ArgumentError(f"{who}: its state is a pair (h_0, c_0), got {describe(hx)}.")
