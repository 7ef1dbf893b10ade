"""Recurrent layers for a single step: RNN, LSTM, GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.operands import as_dtype
from nnkit.functional.recurrent import OPS
from nnkit.functional.recurrent_arguments import check_state, pair_of, sizes_of

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]


def one_step(
    kind: str, input: Any, hx: tuple[Any, ...] | None, params: tuple[Any, ...], who: object
) -> list[Any]:
    """Run a sequence of one step; return the states after it. `who` names the caller in errors."""
    w_ih, w_hh, b_ih, b_hh = params
    if (b_ih is None) != (b_hh is None):
        raise ArgumentError(f"{who} takes both biases, b_ih and b_hh, or none.")
    x = as_dtype(input, w_ih.dtype, f"the input of {who}")
    size = w_ih.shape[1]
    if x.ndim not in (1, 2) or x.shape[-1] != size:
        hint = " For whole sequences there is the layer without Cell." if x.ndim == 3 else ""
        raise ShapeError(
            f"{who} got {x.shape}. Its input is one step: (N, {size}), or ({size},).{hint}"
        )
    width = sizes_of(kind, [w_ih, w_hh])[1]
    shape = (*x.shape[:-1], width)
    names = ("h", "c")[: 2 if kind == "lstm" else 1]
    if hx is None:
        states = [np.zeros(shape, x.dtype) for _ in names]
    else:
        states = [
            check_state(state, shape, x.dtype, who, name)
            for state, name in zip(hx, names, strict=True)
        ]
    if x.ndim == 1:
        x, states = x[None], [state[None] for state in states]
    projection = (None,) if kind == "lstm" else ()
    _, *after = OPS[kind](x[None], *states, *params, *projection, None, reverse=False)
    return after if len(shape) == 2 else [state[0] for state in after]


def rnn_tanh_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Any:
    """Return the state after one step of an RNN with tanh; `nnkit.RNNCell` has the formulas.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, I) or (I,)
    hx : array or Tensor, shape (N, H) or (H,), or None
        The state before; None: zeros.
    w_ih, w_hh : array or Tensor, shapes (H, I) and (H, H)
    b_ih, b_hh : array or Tensor, shape (H,), optional
        Both or none.

    Returns
    -------
    Tensor or array, shape (N, H) or (H,)

    Raises
    ------
    ShapeError
        If shapes do not fit.
    ArgumentError
        If there is one bias only.

    Examples
    --------
    >>> weights = np.zeros((2, 3)), np.zeros((2, 2))
    >>> rnn_tanh_cell(np.ones((1, 3)), None, *weights)
    array([[0., 0.]])
    """
    params = (w_ih, w_hh, b_ih, b_hh)
    (h,) = one_step("rnn_tanh", input, None if hx is None else (hx,), params, "rnn_tanh_cell")
    return h


def rnn_relu_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> Any:
    """Return the state after one step of an RNN with ReLU; `nnkit.RNNCell` has the formulas.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, I) or (I,)
    hx : array or Tensor, shape (N, H) or (H,), or None
        The state before; None: zeros.
    w_ih, w_hh : array or Tensor, shapes (H, I) and (H, H)
    b_ih, b_hh : array or Tensor, shape (H,), optional
        Both or none.

    Returns
    -------
    Tensor or array, shape (N, H) or (H,)

    Raises
    ------
    ShapeError
        If shapes do not fit.
    ArgumentError
        If there is one bias only.

    Examples
    --------
    >>> weights = np.zeros((2, 3)), np.zeros((2, 2))
    >>> rnn_relu_cell(np.ones((1, 3)), None, *weights)
    array([[0., 0.]])
    """
    params = (w_ih, w_hh, b_ih, b_hh)
    (h,) = one_step("rnn_relu", input, None if hx is None else (hx,), params, "rnn_relu_cell")
    return h


def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
    """Return the state after one step of a GRU; `nnkit.GRUCell` has the formulas.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, I) or (I,)
    hx : array or Tensor, shape (N, H) or (H,), or None
        The state before; None: zeros.
    w_ih, w_hh : array or Tensor, shapes (3 * H, I) and (3 * H, H)
    b_ih, b_hh : array or Tensor, shape (3 * H,), optional
        Both or none.

    Returns
    -------
    Tensor or array, shape (N, H) or (H,)

    Raises
    ------
    ShapeError
        If shapes do not fit.
    ArgumentError
        If there is one bias only.

    Examples
    --------
    >>> weights = np.zeros((6, 3)), np.zeros((6, 2))
    >>> gru_cell(np.ones((1, 3)), None, *weights)
    array([[0., 0.]])
    """
    params = (w_ih, w_hh, b_ih, b_hh)
    (h,) = one_step("gru", input, None if hx is None else (hx,), params, "gru_cell")
    return h


def lstm_cell(
    input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
) -> tuple[Any, Any]:
    """Return the state after one step of an LSTM; `nnkit.LSTMCell` has the formulas.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, I) or (I,)
    hx : pair of arrays or Tensors, each of shape (N, H) or (H,), or None
        The states h and c before; None: zeros.
    w_ih, w_hh : array or Tensor, shapes (4 * H, I) and (4 * H, H)
    b_ih, b_hh : array or Tensor, shape (4 * H,), optional
        Both or none.

    Returns
    -------
    h, c : Tensor or array, shape (N, H) or (H,)

    Raises
    ------
    ShapeError
        If shapes do not fit.
    ArgumentError
        If there is one bias only, or `hx` is no pair.

    Examples
    --------
    >>> weights = np.zeros((8, 3)), np.zeros((8, 2))
    >>> h, c = lstm_cell(np.ones((1, 3)), None, *weights)
    >>> h
    array([[0., 0.]])
    """
    params = (w_ih, w_hh, b_ih, b_hh)
    h, c = one_step("lstm", input, pair_of(hx, "lstm_cell"), params, "lstm_cell")
    return h, c
