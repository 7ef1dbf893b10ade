"""One recurrent layer in one direction over a whole sequence, as one operation: what the three
kinds share, and the simple one, h_t = tanh(W x_t + U h_t-1).

Letters: T steps, N sequences, I features of the input, H of the state, P of the state that is
handed on (H, but for an LSTM with a projection). Arrays are (T, N, ...). `valid`, of shape
(T, N, 1), says which steps count; at the others the state stays and the output is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.activation import relu_op
from nnkit.functional.linear import ones
from nnkit.functional.operands import operation

__all__ = ["RNN_OPS", "Shares", "blocks", "project", "shown", "step_back", "walk"]

Array = NDArray[Any]

BLOCK = 2**17  # numbers: with float32 half a megabyte


def walk(steps: int, reverse: bool) -> tuple[range, int, int]:
    """Return the steps in order, and where in an array of T + 1 states a step finds and leaves its.

    Step t reads state ``t + before`` and writes ``t + after``; the initial state is ``T * before``,
    the last one ``T * after``.
    """
    return (range(steps - 1, -1, -1), 1, 0) if reverse else (range(steps), 0, 1)


def project(x: Array, w: Array, bias: Array | None, out: Array) -> None:
    """x_t w + b for all steps of a block in one product."""
    np.dot(as_rows(x), w, out=as_rows(out))
    if bias is not None:
        out += bias


def shown(h: Array, valid: Array | None) -> Array:
    """Return the outputs: a copy, since what is handed out may be changed; 0 where masked."""
    return h.copy() if valid is None else np.where(valid, h, 0)


def blocks(steps: range, step_size: int) -> Iterator[tuple[range, slice]]:
    """Cut the steps, in their order, into blocks whose arrays stay in the cache.

    Yield the steps of each, and the same as a slice. `step_size` is the numbers of one step.
    """
    length = max(1, BLOCK // max(1, step_size))
    for i in range(0, len(steps), length):
        block = steps[i : i + length]
        yield block, slice(min(block[0], block[-1]), max(block[0], block[-1]) + 1)


class Shares:
    """The gradients of x, W_ih, W_hh, b_ih, b_hh, gathered block by block in few large products.

    `h` are the states before each step.
    """

    def __init__(
        self, x: Array, h: Array, w_ih: Array, w_hh: Array, needs: tuple[bool, ...]
    ) -> None:
        self.x, self.h, self.w_ih = x, h, w_ih
        shapes = [x.shape, w_ih.shape, w_hh.shape, (len(w_ih),), (len(w_hh),)]
        self.arrays: list[Any] = [
            np.zeros(shape, h.dtype) if wanted else None
            for shape, wanted in zip(shapes, needs, strict=True)
        ]

    def add(self, span: slice, da: Array, dq: Array) -> None:
        """Add a block: `da` and `dq` are the gradients of a = W_ih x_t + b_ih and q = W_hh h_t-1
        + b_hh (one and the same array, but for a GRU).
        """
        da, dq, x, h = (as_rows(v) for v in (da, dq, self.x[span], self.h[span]))
        dx, dw_ih, dw_hh, db_ih, db_hh = self.arrays
        if dx is not None:
            np.dot(da, self.w_ih, out=as_rows(dx[span]))
        if dw_ih is not None:
            dw_ih += np.dot(da.T, x)
        if dw_hh is not None:
            dw_hh += np.dot(dq.T, h)
        sums = ones(len(da), da.dtype)
        if db_ih is not None:
            db_ih += np.dot(sums, da)
        if db_hh is not None:
            db_hh += np.dot(sums, dq)


def step_back(dz: Array, w_hh: Array, valid: Array | None, t: int, out: Array) -> None:
    """Make dh_t-1 of dh_t: W_hh^T dz, or what it was where step t does not count."""
    passed = None if valid is None else out * ~valid[t]
    np.dot(dz, w_hh, out=out)
    if passed is not None:
        out += passed


def as_rows(x: Array) -> Array:
    """Join all axes but the last."""
    return x.reshape(-1, x.shape[-1])


# --- the simple layer -----------------------------------------------------------------------------


def rnn_forward(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make the forward pass for an activation that can write in place."""

    def forward(
        x: Array,
        h: Array,
        w_ih: Array,
        w_hh: Array,
        b_ih: Array | None = None,
        b_hh: Array | None = None,
        valid: Array | None = None,
        *,
        reverse: bool,
    ) -> tuple[tuple[Array, Array], Array]:
        """h_t = f(W_ih x_t + b_ih + W_hh h_t-1 + b_hh): all h_t, and the last one."""
        n = len(x)
        steps, before, after = walk(n, reverse)
        states = np.empty((n + 1, *h.shape), h.dtype)
        states[n * before] = h
        new = states[after : after + n]
        bias = None if b_ih is None else b_ih + b_hh
        w_ih, w_hh = (np.ascontiguousarray(w.T) for w in (w_ih, w_hh))
        recurrent = np.empty_like(h)
        for block, span in blocks(steps, h.size):
            project(x[span], w_ih, bias, out=new[span])
            for t in block:
                h, state = states[t + before], new[t]
                state += np.dot(h, w_hh, out=recurrent)
                f(state, out=state)
                if valid is not None:
                    np.copyto(state, h, where=~valid[t])
        return (shown(new, valid), states[n * after].copy()), states

    return forward


def rnn_vjp(slope: Callable[[Array], Array]) -> Callable[..., Any]:
    """Make the backward pass for an activation whose derivative is a function of its value."""

    def vjp(
        g: tuple[Array, Array],
        states: Array,
        x: Array,
        _h: Any,
        w_ih: Array,
        w_hh: Array,
        _b_ih: Any = None,
        _b_hh: Any = None,
        valid: Array | None = None,
        *,
        reverse: bool,
        needs: Any,
    ) -> tuple[Any, ...]:
        """dz_t = f'(z_t) dh_t; dh_t-1 = W_hh^T dz_t + dL/dy_t-1."""
        n = len(x)
        steps, before, after = walk(n, reverse)
        gy, dh = g[0], g[1].copy()
        if valid is not None:
            gy = gy * valid
        shares = Shares(x, states[before : before + n], w_ih, w_hh, (needs[0], *needs[2:6]))
        for block, span in blocks(steps[::-1], dh.size):
            dz = slope(states[after : after + n][span])
            if valid is not None:
                dz *= valid[span]
            for t in block:
                step = dz[t - span.start]
                dh += gy[t]
                step *= dh
                step_back(step, w_hh, valid, t, out=dh)
            shares.add(span, dz, dz)
        dx, *others = shares.arrays
        return dx, dh, *others, None

    return vjp


def rnn_composition(f: Callable[[Any], Any]) -> Callable[..., Any]:
    """Write it in functions that differentiate."""

    def composition(
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
        steps, _, _ = walk(len(x), reverse)
        outputs: list[Any] = [None] * len(x)
        for t in steps:
            z = affine(x[t], w_ih, b_ih) + affine(h, w_hh, b_hh)
            h, outputs[t] = chosen(valid, t, f(z), h)
        return np.stack(outputs), h

    return composition


def affine(x: Any, weight: Any, bias: Any) -> Any:
    """W x + b, in functions that differentiate."""
    y = np.matmul(x, np.transpose(weight))
    return y if bias is None else y + bias


def chosen(valid: Array | None, t: int, new: Any, old: Any) -> tuple[Any, Any]:
    """Return the state after step t, and the output of that step."""
    if valid is None:
        return new, new
    return np.where(valid[t], new, old), np.where(valid[t], new, 0.0)


def rectified(x: Array, out: Array) -> Array:
    """max(x, 0)."""
    return np.maximum(x, 0.0, out=out)


def rnn_operation(name: str, forward: Any, slope: Any, composed: Any) -> Callable[..., Any]:
    """Register the layer with one activation."""
    return operation(
        name,
        rnn_forward(forward),
        vjp=rnn_vjp(slope),
        composition=rnn_composition(composed),
        saves=True,
    )


RNN_OPS = {
    "tanh": rnn_operation("rnn_tanh", np.tanh, lambda y: 1.0 - y * y, np.tanh),
    "relu": rnn_operation(
        "rnn_relu",
        rectified,
        lambda y: (y > 0).astype(y.dtype),
        relu_op,
    ),
}
