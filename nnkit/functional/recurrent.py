"""Recurrent layers over sequences, stacked, in one or both directions: RNN, LSTM, GRU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnkit.functional.dropout import dropout as drop
from nnkit.functional.gru_steps import gru_op
from nnkit.functional.lstm_steps import lstm_op
from nnkit.functional.operands import as_dtype
from nnkit.functional.recurrent_arguments import (
    check_input,
    groups_of,
    initial_states,
    pair_of,
    valid_steps,
)
from nnkit.functional.rnn_steps import RNN_OPS

__all__ = [
    "gru",
    "lstm",
    "rnn_relu",
    "rnn_tanh",
]

OPS: dict[str, Callable[..., Any]] = {
    "rnn_tanh": RNN_OPS["tanh"],
    "rnn_relu": RNN_OPS["relu"],
    "gru": gru_op,
    "lstm": lstm_op,
}


# --- all layers and directions --------------------------------------------------------------------


def recurrent(
    kind: str,
    input: Any,
    hx: tuple[Any, ...] | None,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
    *,
    lengths: Any = None,
    mask: Any = None,
    who: object,
) -> tuple[Any, ...]:
    """Run all layers and directions; return the outputs and the last states.

    `who` is what errors name: the function, or the layer. For the other parameters see `lstm`.
    """
    directions = 2 if bidirectional else 1
    count = num_layers * directions
    groups = groups_of(params, has_biases, count, kind, who)
    dtype = params[0].dtype
    x = as_dtype(input, dtype, f"the input of {who}")
    check_input(x.shape, groups[0][0].shape[1], batch_first, who)
    single = x.ndim == 2
    if batch_first and not single:
        x = x.transpose(1, 0, 2)
    valid = valid_steps(lengths, mask, x.shape, batch_first and not single, who)
    x = x[:, None] if single else x
    starts = initial_states(kind, hx, groups[0], count, x, single, who)
    if valid is not None:
        x = np.where(valid, x, 0.0)
    last: list[tuple[Any, ...]] = []
    for layer in range(num_layers):
        if layer:
            x = drop(x, dropout, train)
        outputs = []
        for k in range(layer * directions, (layer + 1) * directions):
            start = [s[k] for s in starts]
            y, *end = OPS[kind](x, *start, *groups[k], valid, reverse=k % directions == 1)
            outputs.append(y)
            last.append(tuple(end))
        x = outputs[0] if directions == 1 else np.concatenate(outputs, axis=-1)
    states = [np.stack(each) for each in zip(*last, strict=True)]
    if single:
        return x[:, 0], *(s[:, 0] for s in states)
    return x.transpose(1, 0, 2) if batch_first else x, *states


def lstm(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
    *,
    lengths: Any = None,
    mask: Any = None,
) -> tuple[Any, Any, Any]:
    """Run an LSTM over sequences; `nnkit.LSTM` has the formulas.

    Parameters
    ----------
    input : array_like or Tensor, shape (T, N, I), (N, T, I) with `batch_first`, or (T, I)
    hx : pair of arrays or Tensors, or None
        Initial h, of shape (layers * directions, N, P), and c, of shape (..., N, H); None: zeros.
    params : sequence of arrays or Tensors
        For each layer, and in it for each direction: W_ih (4 H, I), W_hh (4 H, P), if
        `has_biases` b_ih and b_hh (4 H,), and W_hr (P, H) if there is a projection. Gates are in
        the order input, forget, cell, output.
    has_biases : bool
    num_layers : int
    dropout : float
        Probability of leaving out a value between two layers, while training.
    train : bool
    bidirectional : bool
    batch_first : bool
    lengths : array of int, shape (N,), optional
        How many steps of each sequence count. At the others outputs are 0, states stay, and
        inputs are not looked at: as PyTorch does with packed sequences, with no need to pack.
    mask : array of bool, shape (T, N) or, with `batch_first`, (N, T), optional
        Which steps count, where a length cannot say it.

    Returns
    -------
    output : Tensor or array, shape (T, N, directions * P), or (N, T, ...) with `batch_first`
    h_n : Tensor or array, shape (layers * directions, N, P)
    c_n : Tensor or array, shape (layers * directions, N, H)

    Raises
    ------
    ShapeError
        If the input, a state, lengths or mask do not fit.
    ArgumentError
        If there are too few or too many parameters, or a length is out of range.

    Examples
    --------
    >>> params = [np.zeros((8, 3)), np.zeros((8, 2))]
    >>> output, h, c = lstm(
    ...     np.ones((5, 1, 3)), None, params, False, 1, 0.0, False, False, False
    ... )
    >>> output.shape, h.shape, c.shape
    ((5, 1, 2), (1, 1, 2), (1, 1, 2))
    """
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first)
    state = pair_of(hx, "lstm")
    output, h, c = recurrent(
        "lstm", input, state, params, *settings, lengths=lengths, mask=mask, who="lstm"
    )
    return output, h, c


def gru(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
    *,
    lengths: Any = None,
    mask: Any = None,
) -> tuple[Any, Any]:
    """Run a GRU over sequences; `nnkit.GRU` has the formulas.

    Parameters
    ----------
    input, has_biases, num_layers, dropout, train, bidirectional, batch_first, lengths, mask
        As in `lstm`.
    hx : array or Tensor, shape (layers * directions, N, H), or None
        Initial state; None: zeros.
    params : sequence of arrays or Tensors
        For each layer, and in it for each direction: W_ih (3 * H, I), W_hh (3 * H, H), and, if
        `has_biases`, b_ih and b_hh (3 * H,). Gates are in the order reset, update, new.

    Returns
    -------
    output : Tensor or array, shape (T, N, directions * H), or (N, T, ...) with `batch_first`
    h_n : Tensor or array, shape (layers * directions, N, H)

    Raises
    ------
    ShapeError, ArgumentError
        As in `lstm`.

    Examples
    --------
    >>> params = [np.zeros((6, 3)), np.zeros((6, 2))]
    >>> output, h = gru(np.ones((5, 1, 3)), None, params, False, 1, 0.0, False, False, False)
    >>> output.shape, h.shape
    ((5, 1, 2), (1, 1, 2))
    """
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first)
    state = None if hx is None else (hx,)
    output, h = recurrent(
        "gru", input, state, params, *settings, lengths=lengths, mask=mask, who="gru"
    )
    return output, h


def rnn_tanh(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
    *,
    lengths: Any = None,
    mask: Any = None,
) -> tuple[Any, Any]:
    """Run a simple recurrent layer with tanh over sequences; `nnkit.RNN` has the formulas.

    Parameters
    ----------
    input, has_biases, num_layers, dropout, train, bidirectional, batch_first, lengths, mask
        As in `lstm`.
    hx : array or Tensor, shape (layers * directions, N, H), or None
        Initial state; None: zeros.
    params : sequence of arrays or Tensors
        For each layer, and in it for each direction: W_ih (H, I), W_hh (H, H), and, if
        `has_biases`, b_ih and b_hh (H,).

    Returns
    -------
    output : Tensor or array, shape (T, N, directions * H), or (N, T, ...) with `batch_first`
    h_n : Tensor or array, shape (layers * directions, N, H)

    Raises
    ------
    ShapeError, ArgumentError
        As in `lstm`.

    Examples
    --------
    >>> params = [np.zeros((2, 3)), np.zeros((2, 2))]
    >>> output, h = rnn_tanh(np.ones((5, 1, 3)), None, params, False, 1, 0.0, False, False, False)
    >>> output.shape, h.shape
    ((5, 1, 2), (1, 1, 2))
    """
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first)
    state = None if hx is None else (hx,)
    output, h = recurrent(
        "rnn_tanh", input, state, params, *settings, lengths=lengths, mask=mask, who="rnn_tanh"
    )
    return output, h


def rnn_relu(
    input: Any,
    hx: Any,
    params: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
    *,
    lengths: Any = None,
    mask: Any = None,
) -> tuple[Any, Any]:
    """Run a simple recurrent layer with max(x, 0) over sequences; `nnkit.RNN` has the formulas.

    Parameters
    ----------
    input, has_biases, num_layers, dropout, train, bidirectional, batch_first, lengths, mask
        As in `lstm`.
    hx : array or Tensor, shape (layers * directions, N, H), or None
        Initial state; None: zeros.
    params : sequence of arrays or Tensors
        For each layer, and in it for each direction: W_ih (H, I), W_hh (H, H), and, if
        `has_biases`, b_ih and b_hh (H,).

    Returns
    -------
    output : Tensor or array, shape (T, N, directions * H), or (N, T, ...) with `batch_first`
    h_n : Tensor or array, shape (layers * directions, N, H)

    Raises
    ------
    ShapeError, ArgumentError
        As in `lstm`.

    Examples
    --------
    >>> params = [np.zeros((2, 3)), np.zeros((2, 2))]
    >>> output, h = rnn_relu(np.ones((5, 1, 3)), None, params, False, 1, 0.0, False, False, False)
    >>> output.shape, h.shape
    ((5, 1, 2), (1, 1, 2))
    """
    settings = (has_biases, num_layers, dropout, train, bidirectional, batch_first)
    state = None if hx is None else (hx,)
    output, h = recurrent(
        "rnn_relu", input, state, params, *settings, lengths=lengths, mask=mask, who="rnn_relu"
    )
    return output, h
