"""One LSTM layer in one direction over a whole sequence, as one operation.

i, f, o = sigmoid(...), g = tanh(...) of W_ih x_t + b_ih + W_hh h_t-1 + b_hh, in the order i, f, g, o;
c_t = f c_t-1 + i g; m_t = o tanh(c_t); h_t = m_t, or W_hr m_t with a projection.
"""  # noqa: E501

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from autograd_core.memory import aligned
from nnkit.functional.activation import sigmoid_op
from nnkit.functional.operands import operation
from nnkit.functional.rnn_steps import (
    Array,
    Shares,
    affine,
    blocks,
    chosen,
    project,
    shown,
    step_back,
    walk,
)

__all__ = ["lstm_op"]


class Saved(NamedTuple):
    """What the backward pass needs: gates (T, N, 4, H), cells and states (T + 1, N, ...)."""

    gates: Array
    cells: Array
    states: Array


@lru_cache(maxsize=64)
def gate_scale(hidden: int, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """Return a, b, of length 4 H, with gate = a tanh(a z) + b: one tanh for all four gates.

    For sigmoid(z) = tanh(z / 2) / 2 + 1 / 2 they are 1 / 2, for tanh(z) 1 and 0.
    """
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], dtype), hidden)
    shift = np.repeat(np.array([0.5, 0.5, 0.0, 0.5], dtype), hidden)
    scale.flags.writeable = shift.flags.writeable = False
    return scale, shift


def lstm_forward(
    x: Array,
    h: Array,
    c: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
    w_hr: Array | None = None,
    valid: Array | None = None,
    *,
    reverse: bool,
) -> tuple[tuple[Array, Array, Array], Saved]:
    """All h_t, the last h and the last c."""
    n = len(x)
    steps, before, after = walk(n, reverse)
    batch, hidden = c.shape
    row, shift = gate_scale(hidden, c.dtype)
    w_ih, w_hh = (np.ascontiguousarray((w * row[:, None]).T) for w in (w_ih, w_hh))
    bias = None if b_ih is None else (b_ih + b_hh) * row
    # Whole arrays: multiplying by them takes half the time of broadcasting a row.
    scale, shift = np.tile(row, (batch, 1)), np.tile(shift, (batch, 1))
    gates = aligned((n, batch, 4 * hidden), c.dtype)
    states = aligned((n + 1, *h.shape), h.dtype)
    cells = aligned((n + 1, *c.shape), c.dtype)
    states[n * before], cells[n * before] = h, c
    recurrent, m = aligned(scale.shape, c.dtype), aligned(c.shape, c.dtype)
    for block, span in blocks(steps, gates[:1].size):
        project(x[span], w_ih, bias, out=gates[span])
        for t in block:
            h, c, gate = states[t + before], cells[t + before], gates[t]
            state, cell = states[t + after], cells[t + after]
            np.dot(h, w_hh, out=recurrent)
            gate += recurrent
            np.tanh(gate, out=gate)
            gate *= scale
            gate += shift
            advance(gate.reshape(batch, 4, hidden), c, w_hr, m, cell, state)
            if valid is not None:
                np.copyto(state, h, where=~valid[t])
                np.copyto(cell, c, where=~valid[t])
    y = shown(states[after : after + n], valid)
    last = states[n * after].copy(), cells[n * after].copy()
    return (y, *last), Saved(gates.reshape(n, batch, 4, hidden), cells, states)


def advance(gate: Array, c: Array, w_hr: Array | None, m: Array, cell: Array, state: Array) -> None:
    """Write the new cell and state, and m on the way."""
    i, f, g, o = gate.transpose(1, 0, 2)
    np.multiply(f, c, out=cell)
    np.multiply(i, g, out=m)
    cell += m
    np.tanh(cell, out=m)
    if w_hr is None:
        np.multiply(o, m, out=state)
    else:
        m *= o
        np.dot(m, w_hr.T, out=state)


def slopes(
    gates: Array, before: Array, after: Array, valid: Array | None
) -> tuple[Array, Array, Array]:
    """Return what the steps of a block multiply by, calculated for all of them at once.

    First (5, T, N, H): the gradients of the arguments of i, g are dc times the first and second, of
    f `kept` dc times the third, of o dm times the fourth; dm times the fifth comes to dc. Then m,
    and `kept`: dc_t-1 = kept dc_t. `before` and `after` are the cells.
    """
    i, f, g, o = np.moveaxis(gates, 2, 0)
    found = aligned((5, *after.shape), after.dtype)
    to_i, to_g, to_f, to_o, to_cell = found
    tanh_c = np.tanh(after)
    m = o * tanh_c
    np.multiply(m, tanh_c, out=to_cell)
    np.subtract(o, to_cell, out=to_cell)  # o (1 - tanh(c)^2)
    np.multiply(m, o, out=to_o)
    np.subtract(m, to_o, out=to_o)  # tanh(c) o (1 - o)
    np.subtract(1.0, f, out=to_f)
    to_f *= before  # c_t-1 (1 - f); f itself is in `kept`
    new = np.multiply(i, g, out=tanh_c)
    np.multiply(new, g, out=to_g)
    np.subtract(i, to_g, out=to_g)  # i (1 - g^2)
    np.multiply(new, i, out=to_i)
    np.subtract(new, to_i, out=to_i)  # g i (1 - i)
    if valid is None:
        return found, m, f
    found *= valid
    return found, m, np.where(valid, f, 1)


def lstm_vjp(
    g: tuple[Array, Array, Array],
    saved: Saved,
    x: Array,
    _h: Any,
    c: Array,
    w_ih: Array,
    w_hh: Array,
    _b_ih: Any = None,
    _b_hh: Any = None,
    w_hr: Array | None = None,
    valid: Array | None = None,
    *,
    reverse: bool,
    needs: Any,
) -> tuple[Any, ...]:
    """Go back through the steps; only dh_t-1 = W_hh^T dz_t is a product in the loop."""
    n = len(x)
    steps, before, after = walk(n, reverse)
    cells_before, cells_after = saved.cells[before : before + n], saved.cells[after : after + n]
    gy, dh, dc = g[0], g[1].copy(), g[2].copy()
    if valid is not None:
        gy = gy * valid
    h = saved.states[before : before + n]
    shares = Shares(x, h, w_ih, w_hh, (needs[0], *needs[3:7]))
    dw_hr = None if w_hr is None else np.zeros_like(w_hr)
    more, dm = aligned(c.shape, c.dtype), dh if w_hr is None else np.empty_like(c)
    for block, span in blocks(steps[::-1], 4 * c.size):
        mask = None if valid is None else valid[span]
        (to_i, to_g, to_f, to_o, to_cell), m, kept = slopes(
            saved.gates[span], cells_before[span], cells_after[span], mask
        )
        dz = aligned(saved.gates[span].shape, c.dtype)
        d_i, d_f, d_g, d_o = np.moveaxis(dz, 2, 0)
        rows = dz.reshape(*dz.shape[:2], len(w_ih))
        for t in block:
            k = t - span.start
            dh += gy[t]
            if w_hr is not None:
                np.dot(dh, w_hr, out=dm)
                dw_hr += np.dot((dh if valid is None else dh * valid[t]).T, m[k])
            np.multiply(dm, to_o[k], out=d_o[k])
            np.multiply(dm, to_cell[k], out=more)
            dc += more
            np.multiply(dc, to_i[k], out=d_i[k])
            np.multiply(dc, to_g[k], out=d_g[k])
            dc *= kept[k]
            np.multiply(dc, to_f[k], out=d_f[k])
            step_back(rows[k], w_hh, valid, t, out=dh)
        shares.add(span, rows, rows)
    dx, *others = shares.arrays
    return dx, dh, dc, *others, dw_hr, None


def lstm_composition(
    x: Any,
    h: Any,
    c: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    w_hr: Any = None,
    valid: Array | None = None,
    *,
    reverse: bool,
) -> tuple[Any, Any, Any]:
    """Write it in functions that differentiate."""
    steps, _, _ = walk(len(x), reverse)
    outputs: list[Any] = [None] * len(x)
    size = c.shape[-1]
    for t in steps:
        z = affine(x[t], w_ih, b_ih) + affine(h, w_hh, b_hh)
        i, f, g, o = (z[..., k * size : (k + 1) * size] for k in range(4))
        new = sigmoid_op(f) * c + sigmoid_op(i) * np.tanh(g)
        m = sigmoid_op(o) * np.tanh(new)
        h, outputs[t] = chosen(valid, t, m if w_hr is None else affine(m, w_hr, None), h)
        c, _ = chosen(valid, t, new, c)
    return np.stack(outputs), h, c


lstm_op = operation("lstm", lstm_forward, vjp=lstm_vjp, composition=lstm_composition, saves=True)
