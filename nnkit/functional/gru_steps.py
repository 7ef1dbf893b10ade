"""One GRU layer in one direction over a whole sequence, as one operation.

With a = W_ih x_t + b_ih and q = W_hh h_t-1 + b_hh, each of three parts: r = sigmoid(a_r + q_r),
z = sigmoid(a_z + q_z), n = tanh(a_n + r q_n), h_t = (1 - z) n + z h_t-1.
"""

from __future__ import annotations

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
    project,
    shown,
    walk,
)

__all__ = ["gru_op"]


class Saved(NamedTuple):
    """What the backward pass needs: r, z, n and q_n (T, N, H), states (T + 1, N, H)."""

    gates: Array  # r, z, n side by side: (T, N, 3, H)
    q: Array
    states: Array


def gru_forward(
    x: Array,
    h: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
    valid: Array | None = None,
    *,
    reverse: bool,
) -> tuple[tuple[Array, Array], Saved]:
    """All h_t, and the last one."""
    n = len(x)
    steps, before, after = walk(n, reverse)
    batch, hidden = h.shape
    gates = np.empty((n, batch, 3 * hidden), h.dtype)
    states = np.empty((n + 1, *h.shape), h.dtype)
    qs = np.empty((n, *h.shape), h.dtype)
    states[n * before] = h
    w_ih, w_hh = (np.ascontiguousarray(w.T) for w in (w_ih, w_hh))
    recurrent = np.empty_like(gates[0])
    for block, span in blocks(steps, recurrent.size):
        project(x[span], w_ih, b_ih, out=gates[span])
        for t in block:
            h, state, gate = states[t + before], states[t + after], gates[t]
            np.dot(h, w_hh, out=recurrent)
            if b_hh is not None:
                recurrent += b_hh
            r_z, new = gate[:, : 2 * hidden], gate[:, 2 * hidden :]
            r_z += recurrent[:, : 2 * hidden]
            r_z *= 0.5  # sigmoid(a) = tanh(a / 2) / 2 + 1 / 2: one tanh for both
            np.tanh(r_z, out=r_z)
            r_z *= 0.5
            r_z += 0.5
            qs[t] = recurrent[:, 2 * hidden :]
            np.multiply(gate[:, :hidden], qs[t], out=state)
            new += state
            np.tanh(new, out=new)
            np.subtract(h, new, out=state)
            state *= gate[:, hidden : 2 * hidden]
            state += new
            if valid is not None:
                np.copyto(state, h, where=~valid[t])
    y = shown(states[after : after + n], valid)
    return (y, states[n * after].copy()), Saved(gates.reshape(n, batch, 3, hidden), qs, states)


def slopes(gates: Array, q: Array, h: Array, valid: Array | None) -> tuple[Array, Array, Array]:
    """Return what each step multiplies dh by, for a block of steps at once.

    That is (T, N, 3, H) for the gradients of a_r, a_z, a_n, (T, N, H) for that of q_n, and (T, N, H)
    for what goes straight to h_t-1. `h` are the states before.
    """  # noqa: E501
    r, z, n = np.moveaxis(gates, 2, 0)
    slope = np.empty_like(gates)
    d_r, d_z, d_n = np.moveaxis(slope, 2, 0)
    np.multiply(n, n, out=d_n)
    np.subtract(1.0, d_n, out=d_n)
    rest = 1.0 - z
    d_n *= rest
    np.subtract(h, n, out=d_z)
    d_z *= z
    d_z *= rest
    d_q = d_n * r
    np.subtract(1.0, r, out=d_r)
    d_r *= d_q
    d_r *= q
    if valid is None:
        return slope, d_q, z
    slope *= valid[:, :, None]
    d_q *= valid
    return slope, d_q, np.where(valid, z, 1)


def gru_vjp(
    g: tuple[Array, Array],
    saved: Saved,
    x: Array,
    h: Array,
    w_ih: Array,
    w_hh: Array,
    _b_ih: Any = None,
    _b_hh: Any = None,
    valid: Array | None = None,
    *,
    reverse: bool,
    needs: Any,
) -> tuple[Any, ...]:
    """Go back through the steps: dh_t-1 = z dh_t + W_hh^T (dq_r, dq_z, dq_n)."""
    n = len(x)
    steps, before, _ = walk(n, reverse)
    previous = saved.states[before : before + n]
    gy, dh = g[0], g[1].copy()
    if valid is not None:
        gy = gy * valid
    shares = Shares(x, previous, w_ih, w_hh, (needs[0], *needs[2:6]))
    back = np.empty_like(dh)
    for block, span in blocks(steps[::-1], 3 * h.size):
        mask = None if valid is None else valid[span]
        da, d_q, kept = slopes(saved.gates[span], saved.q[span], previous[span], mask)
        dq = np.empty_like(da)
        da_rows, dq_rows = (d.reshape(*d.shape[:2], len(w_ih)) for d in (da, dq))
        for t in block:
            k = t - span.start
            dh += gy[t]
            da[k] *= dh[:, None]
            dq[k, :, :2] = da[k, :, :2]
            np.multiply(d_q[k], dh, out=dq[k, :, 2])
            dh *= kept[k]
            np.dot(dq_rows[k], w_hh, out=back)
            dh += back
        shares.add(span, da_rows, dq_rows)
    dx, *others = shares.arrays
    return dx, dh, *others, None


def gru_composition(
    x: Any,
    h: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any = None,
    b_hh: Any = None,
    valid: Array | None = None,
    *,
    reverse: bool,
) -> tuple[Any, Any]:
    """Write it in functions that differentiate."""
    steps, _, _ = walk(len(x), reverse)
    outputs: list[Any] = [None] * len(x)
    size = h.shape[-1]
    for t in steps:
        a, q = affine(x[t], w_ih, b_ih), affine(h, w_hh, b_hh)
        r = sigmoid_op(a[..., :size] + q[..., :size])
        z = sigmoid_op(a[..., size : 2 * size] + q[..., size : 2 * size])
        new = np.tanh(a[..., 2 * size :] + r * q[..., 2 * size :])
        h, outputs[t] = chosen(valid, t, new + z * (h - new), h)
    return np.stack(outputs), h


gru_op = operation("gru", gru_forward, vjp=gru_vjp, composition=gru_composition, saves=True)
