"""One LSTM layer in one direction over a whole sequence, as one operation.

i, f, o = sigmoid(...), g = tanh(...) of W_ih x_t + b_ih + W_hh h_t-1 + b_hh, in the order i, f, g, o;
c_t = f c_t-1 + i g; m_t = o tanh(c_t); h_t = m_t, or W_hr m_t with a projection.
"""  # noqa: E501

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from nnkit.functional.activation import sigmoid_op
from nnkit.functional.operands import operation
from nnkit.functional.rnn_steps import (
    Array,
    Shares,
    affine,
    blocks,
    chosen,
    projected,
    shown,
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
    """Return a, b with gate = a tanh(a z) + b: sigmoid(z) = tanh(z / 2) / 2 + 1 / 2.

    So one tanh over all four gates does.
    """
    scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], dtype), hidden)
    shift = 1 - scale
    shift[2 * hidden : 3 * hidden] = 0
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
    scale, shift = gate_scale(hidden, c.dtype)
    bias = None if b_ih is None else (b_ih + b_hh) * scale
    gates = projected(x, w_ih * scale[:, None], bias)
    split = gates.reshape(n, batch, 4, hidden)
    states = np.empty((n + 1, *h.shape), h.dtype)
    cells = np.empty((n + 1, *c.shape), c.dtype)
    states[n * before], cells[n * before] = h, c
    w = np.ascontiguousarray((w_hh * scale[:, None]).T)
    recurrent, m = np.empty_like(gates[0]) if n else None, np.empty_like(c)
    for t in steps:
        gate, (i, f, g, o) = gates[t], split[t].transpose(1, 0, 2)
        h, c, state, cell = (
            states[t + before],
            cells[t + before],
            states[t + after],
            cells[t + after],
        )
        np.dot(h, w, out=recurrent)
        gate += recurrent
        np.tanh(gate, out=gate)
        gate *= scale
        gate += shift
        np.multiply(f, c, out=cell)
        np.multiply(i, g, out=m)
        cell += m
        np.tanh(cell, out=m)
        if w_hr is None:
            np.multiply(o, m, out=state)
        else:
            m *= o
            np.dot(m, w_hr.T, out=state)
        if valid is not None:
            np.copyto(state, h, where=~valid[t])
            np.copyto(cell, c, where=~valid[t])
    y = shown(states[after : after + n], valid)
    last = states[n * after].copy(), cells[n * after].copy()
    return (y, *last), Saved(split, cells, states)


def slopes(
    gates: Array, before: Array, after: Array, valid: Array | None
) -> tuple[Array, Array, Array]:
    """Return what each step multiplies by, for a block of steps at once.

    The gradients of the gates' arguments are dc times the first three of (T, N, 4, H) and dm times
    the last; dm adds `to_cell` dm to dc, and dc_t-1 is `kept` dc. `before` and `after` are the cells.
    """  # noqa: E501
    i, f, g, o = np.moveaxis(gates, 2, 0)
    tanh_c = np.tanh(after)
    slope = gates * gates
    np.subtract(gates, slope, out=slope)  # s (1 - s)
    slope[:, :, 0] *= g
    slope[:, :, 1] *= before
    np.multiply(g, g, out=slope[:, :, 2])
    np.subtract(1.0, slope[:, :, 2], out=slope[:, :, 2])
    slope[:, :, 2] *= i
    slope[:, :, 3] *= tanh_c
    to_cell = tanh_c * tanh_c
    np.subtract(1.0, to_cell, out=to_cell)
    to_cell *= o
    if valid is None:
        return slope, to_cell, f
    slope *= valid[:, :, None]
    to_cell *= valid
    return slope, to_cell, np.where(valid, f, 1)


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
    more, dm = np.empty_like(c), dh if w_hr is None else np.empty_like(c)
    for block, span in blocks(steps, 4 * c.size):
        dz, to_cell, kept = slopes(
            saved.gates[span],
            cells_before[span],
            cells_after[span],
            None if valid is None else valid[span],
        )
        for t in block:
            k = t - span.start
            step = dz[k]
            dh += gy[t]
            passed = None if valid is None else dh * ~valid[t]
            if w_hr is not None:
                np.dot(dh, w_hr, out=dm)
                m = saved.gates[t, :, 3] * np.tanh(cells_after[t])
                dw_hr += np.dot((dh if valid is None else dh * valid[t]).T, m)
            np.multiply(dm, to_cell[k], out=more)
            dc += more
            step[:, :3] *= dc[:, None]
            step[:, 3] *= dm
            dc *= kept[k]
            np.dot(step.reshape(len(c), -1), w_hh, out=dh)
            if passed is not None:
                dh += passed
        dz = dz.reshape(*dz.shape[:2], -1)
        shares.add(span, dz, dz)
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
