"""W5: a character LSTM by hand.

State, input and two ones (for the two biases) stand beside each other in `hx`, so a step is one
product. The gates' order is i, f, o, g: with sigmoid(z) = (1 + tanh(z / 2)) / 2 and weights halved
for the first three, one tanh serves all four. Weight gradients of the sequence are one product.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.engines import Program
from benchmarks.engines.numpy_limit.flat import CrossEntropy, Flat, constant, updater
from benchmarks.engines.numpy_limit.memory import full, new, ones, zeros
from benchmarks.workloads import Data, Workload

dot, multiply, add, subtract, tanh = np.dot, np.multiply, np.add, np.subtract, np.tanh
HALF, ONE = constant(0.5), constant(1)


class Step:
    """The views that one step of the sequence needs."""

    def __init__(self, net: CharLSTM, t: int) -> None:
        H = net.H
        self.hx, self.a, self.d = net.hx[t], net.a[t], net.d[t]
        self.sigmoids, self.g = self.a[:, : 3 * H], self.a[:, 3 * H :]
        self.i, self.f, self.o = (self.a[:, k * H : (k + 1) * H] for k in range(3))
        self.di, self.df, self.do, self.dg = (self.d[:, k * H : (k + 1) * H] for k in range(4))
        self.before, self.c, self.tc = net.c[t], net.c[t + 1], net.tc[t]
        self.h, self.dh = net.hx[t + 1][:, :H], net.dh[t]


class CharLSTM:
    """Parameters, buffers and the two passes."""

    def __init__(self, workload: Workload, data: Data) -> None:
        self.sizes = s = workload.sizes
        V, W, H, T, B = (s[k] for k in ("vocabulary", "width", "hidden", "steps", "batch"))
        self.H, self.T, self.rows, K = H, T, T * B, H + W + 2
        shapes = {"embedding": (V, W), "lstm": (K, 4 * H), "head": (V, H + 1)}
        self.params, self.grads = Flat(shapes), Flat(shapes)
        self.order = np.concatenate(
            [np.arange(2 * H), np.arange(3 * H, 4 * H), np.arange(2 * H, 3 * H)]
        )
        self.take_over(data["params"])
        self.hx = ones(T + 1, B, K)
        self.hx[0, :, :H] = 0
        self.a, self.d, self.tc = new(T, B, 4 * H), new(T, B, 4 * H), new(T, B, H)
        self.c = zeros(T + 1, B, H)
        self.states = ones(self.rows, H + 1)
        self.logits, self.dh_rows = new(V, self.rows), new(self.rows, H + 1)
        self.dh = self.dh_rows.reshape(T, B, H + 1)[:, :, :H]
        self.scale = full((4 * H,), 0.5)
        self.scale[3 * H :] = 1
        self.halved, self.wT = new(K, 4 * H), new(4 * H, H)
        self.dx, self.hot = new(self.rows, W), new(V, self.rows)
        self.wxT = new(4 * H, W)
        self.t, self.dh_now, self.dh_next, self.dc = (new(B, H) for _ in range(4))
        self.slopes = new(B, 4 * H)
        self.steps = [Step(self, t) for t in range(T)]
        self.loss, self.places = CrossEntropy(V, self.rows), np.arange(self.rows)

    def take_over(self, given: dict[str, np.ndarray]) -> None:
        """Copy parameters from PyTorch's layout."""
        p, H, order = self.params, self.H, self.order
        p["embedding"][...] = given["embedding.weight"]
        p["lstm"][:H] = given["lstm.weight_hh_l0"][order].T
        p["lstm"][H:-2] = given["lstm.weight_ih_l0"][order].T
        p["lstm"][-2] = given["lstm.bias_ih_l0"][order]
        p["lstm"][-1] = given["lstm.bias_hh_l0"][order]
        p["head"][:, :-1], p["head"][:, -1] = given["head.weight"], given["head.bias"]

    def gradients(self) -> dict[str, np.ndarray]:
        """Return the gradients in PyTorch's layout."""
        g, H = self.grads, self.H
        lstm = np.empty_like(g["lstm"])
        lstm[:, self.order] = g["lstm"]
        return {
            "embedding.weight": g["embedding"].copy(),
            "lstm.weight_hh_l0": lstm[:H].T.copy(),
            "lstm.weight_ih_l0": lstm[H:-2].T.copy(),
            "lstm.bias_ih_l0": lstm[-2].copy(),
            "lstm.bias_hh_l0": lstm[-1].copy(),
            "head.weight": g["head"][:, :-1].copy(),
            "head.bias": g["head"][:, -1].copy(),
        }

    def backward(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Calculate loss and gradients."""
        p, g, H = self.params, self.grads, self.H
        self.forward(x)
        head = p["head"]
        dot(head, self.states.T, self.logits)
        loss = self.loss.forward_backward(self.logits, y.reshape(-1))
        dot(self.logits, self.states, g["head"])
        dot(self.logits.T, head, self.dh_rows)
        self.through_time()
        d = self.d.reshape(self.rows, -1)
        dot(self.hx[: self.T].reshape(self.rows, -1).T, d, g["lstm"])
        self.wxT[...] = p["lstm"][H:-2].T
        dot(d, self.wxT, self.dx)
        self.hot.fill(0)  # a product with one-hot rows: six times faster than np.add.at
        self.hot[x.reshape(-1), self.places] = 1
        dot(self.hot, self.dx, g["embedding"])
        return loss

    def forward(self, x: np.ndarray) -> None:
        """Calculate all states."""
        H, halved, t = self.H, self.halved, self.t
        self.hx[: self.T, :, H:-2] = self.params["embedding"][x]
        multiply(self.params["lstm"], self.scale, halved)
        for s in self.steps:
            dot(s.hx, halved, s.a)
            tanh(s.a, s.a)
            multiply(s.sigmoids, HALF, s.sigmoids)
            add(s.sigmoids, HALF, s.sigmoids)
            multiply(s.f, s.before, s.c)
            multiply(s.i, s.g, t)
            add(s.c, t, s.c)
            tanh(s.c, s.tc)
            multiply(s.o, s.tc, s.h)
        self.states[:, :-1] = self.hx[1:, :, :H].reshape(self.rows, H)

    def through_time(self) -> None:
        """Calculate the gradients at the gates, from the last step to the first."""
        H, t, dh, dh_next, dc = self.H, self.t, self.dh_now, self.dh_next, self.dc
        slopes, wT = self.slopes, self.wT
        of_sigmoids, of_tanh = slopes[:, : 3 * H], slopes[:, 3 * H :]
        wT[...] = self.params["lstm"][:H].T  # the copy is cheaper than 64 products with a view
        dh_next.fill(0)
        dc.fill(0)
        for s in reversed(self.steps):
            add(s.dh, dh_next, dh)
            multiply(s.tc, s.tc, t)
            subtract(ONE, t, t)
            multiply(t, s.o, t)
            multiply(t, dh, t)
            add(dc, t, dc)
            multiply(s.a, s.a, slopes)
            subtract(s.sigmoids, of_sigmoids, of_sigmoids)
            subtract(ONE, of_tanh, of_tanh)
            multiply(dc, s.g, s.di)
            multiply(dc, s.before, s.df)
            multiply(dh, s.tc, s.do)
            multiply(dc, s.i, s.dg)
            multiply(s.d, slopes, s.d)
            multiply(dc, s.f, dc)
            dot(s.d, wT, dh_next)


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    net, x, y = CharLSTM(workload, data), data["x"], data["y"]
    update = updater(workload, net.params.vector, net.grads.vector)

    def step() -> Any:
        loss = net.backward(x, y)
        update()
        return loss

    return Program(step, lambda: (float(net.backward(x, y)), net.gradients()))
