"""W6: a small GPT by hand.

Activations are (features, places): sums over features are products with a vector, broadcasts run
along memory, and a last row of ones carries the biases. A norm's weight and bias are folded into
the affine map after it. Attention divides its result, not its weights, by the sums of exponentials,
and the backward pass takes sum(dP P) from dO O, as FlashAttention does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.engines import Program
from benchmarks.engines.numpy_limit.flat import CrossEntropy, Flat, constant, updater
from benchmarks.engines.numpy_limit.memory import full, new, ones, zeros
from benchmarks.workloads import Data, Workload

dot, matmul, multiply, add, subtract = np.dot, np.matmul, np.multiply, np.add, np.subtract
C = 0.7978845608028654  # sqrt(2 / pi), of gelu
EPS, ONE = constant(1e-5), constant(1)


class Dense:
    """y = [W b] [x; 1]."""

    def __init__(self, net: Any, name: str, inputs: int, out: int, rows: int) -> None:
        self.w, self.grad = net.params[name], net.grads[name]
        self.x = ones(inputs + 1, rows)
        self.h, self.y, self.dx = self.x[:-1], new(out, rows), new(inputs + 1, rows)

    def forward(self) -> np.ndarray:
        return dot(self.w, self.x, self.y)

    def backward(self, d: np.ndarray) -> np.ndarray:
        dot(d, self.x.T, self.grad)
        return dot(self.w.T, d, self.dx)[:-1]


class NormDense:
    """A layer norm and an affine map: W (gamma n + beta) + b = [W gamma, W beta + b] [n; 1]."""

    def __init__(self, net: Any, norm: str, dense: str, rows: int, scaled: int = 0) -> None:
        self.w, self.b = net.params[f"{dense}.w"], net.params[f"{dense}.b"]
        self.dw, self.db = net.grads[f"{dense}.w"], net.grads[f"{dense}.b"]
        self.gamma, self.beta = net.params[f"{norm}.w"], net.params[f"{norm}.b"]
        self.dgamma, self.dbeta = net.grads[f"{norm}.w"], net.grads[f"{norm}.b"]
        out, d = self.w.shape
        self.folded, self.grad, self.t = new(out, d + 1), new(out, d + 1), new(out, d)
        self.n = ones(d + 1, rows)
        self.hat, self.square, self.inverse, self.mean = (
            self.n[:-1],
            new(d, rows),
            new(rows),
            new(rows),
        )
        self.y, self.dx, self.average = (
            new(out, rows),
            new(d + 1, rows),
            full((d,), 1 / d),
        )
        self.ones = ones(out)
        self.scaled, self.factor = scaled, constant(net.scale)

    def forward(self, x: np.ndarray) -> np.ndarray:
        hat, t, s = self.hat, self.square, self.inverse
        dot(self.average, x, self.mean)
        subtract(x, self.mean, hat)
        multiply(hat, hat, t)
        dot(self.average, t, s)
        add(s, EPS, s)
        np.sqrt(s, s)
        np.divide(ONE, s, s)
        multiply(hat, s, hat)
        multiply(self.w, self.gamma, self.folded[:, :-1])
        add(dot(self.w, self.beta), self.b, self.folded[:, -1])
        if self.scaled:  # the queries' rows, by 1 / sqrt(d)
            multiply(self.folded[: self.scaled], self.factor, self.folded[: self.scaled])
        return dot(self.folded, self.n, self.y)

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Return the gradient at the norm's input; it may be overwritten."""
        g, t, m = self.grad, self.square, self.mean
        dot(d, self.n.T, g)
        dx = dot(self.folded.T, d, self.dx)[:-1]
        if self.scaled:
            multiply(g[: self.scaled], self.factor, g[: self.scaled])
        self.db[...] = g[:, -1]
        multiply(g[:, :-1], self.gamma, self.dw)
        multiply(self.db[:, None], self.beta, self.t)
        add(self.dw, self.t, self.dw)
        multiply(self.w, g[:, :-1], self.t)
        dot(self.ones, self.t, self.dgamma)
        dot(self.db, self.w, self.dbeta)
        multiply(dx, self.hat, t)
        dot(self.average, t, m)
        multiply(self.hat, m, t)
        subtract(dx, t, dx)
        dot(self.average, self.dx[:-1], m)  # mean(n) is 0: the other term does not change it
        subtract(dx, m, dx)
        return multiply(dx, self.inverse, dx)


class Attention:
    """softmax(K^T Q) with keys along the first axis, for all examples and heads at once."""

    def __init__(self, net: Any) -> None:
        n, T, heads, d = net.batch, net.T, net.heads, net.d
        self.shape = (heads, d // heads, n, T)
        self.p, self.dp = new(n, heads, T, T), new(n, heads, T, T)
        self.top, self.inverse = new(n, heads, 1, T), new(n, heads, 1, T)
        self.mask = zeros(T, T)
        self.mask[np.tril_indices(T, -1)] = -np.inf  # key after query
        self.dqkv = new(3 * d, n * T)
        self.do, self.t = new(n, heads, d // heads, T), new(n, heads, d // heads, T)
        self.d = d

    def views(self, x: np.ndarray) -> list[np.ndarray]:
        """See each d rows as (examples, heads, features of a head, places)."""
        parts = [x[i : i + self.d] for i in range(0, len(x), self.d)]
        return [part.reshape(self.shape).transpose(2, 0, 1, 3) for part in parts]

    def forward(self, qkv: np.ndarray, out: np.ndarray) -> None:
        p = self.p
        self.q, self.k, self.v = self.views(qkv)
        (self.o,) = self.views(out)
        matmul(self.k.swapaxes(2, 3), self.q, out=p)
        add(p, self.mask, p)
        np.maximum.reduce(p, axis=2, out=self.top, keepdims=True)
        subtract(p, self.top, p)
        np.exp(p, p)
        add.reduce(p, axis=2, out=self.inverse, keepdims=True)
        np.divide(ONE, self.inverse, self.inverse)
        matmul(self.v, p, out=self.do)
        multiply(self.do, self.inverse, out=self.o)

    def backward(self, d: np.ndarray) -> np.ndarray:
        (do,), (dq, dk, dv) = self.views(d), self.views(self.dqkv)
        multiply(do, self.inverse, out=self.do)
        multiply(self.do, self.o, out=self.t)
        add.reduce(self.t, axis=2, out=self.top, keepdims=True)
        matmul(self.do, self.p.swapaxes(2, 3), out=dv)
        matmul(self.v.swapaxes(2, 3), self.do, out=self.dp)
        subtract(self.dp, self.top, self.dp)
        multiply(self.dp, self.p, self.dp)
        matmul(self.k, self.dp, out=dq)
        matmul(self.q, self.dp.swapaxes(2, 3), out=dk)
        return self.dqkv


class Gelu:
    """x s with s = (1 + tanh(C (x + 0.044715 x^3))) / 2, in blocks that stay in the cache."""

    def __init__(self, rows: int, places: int) -> None:
        self.s = new(rows, places)
        step = max(1, (1 << 15) // places)
        self.blocks = [slice(i, i + step) for i in range(0, rows, step)]
        self.t, self.q = new(step, places), new(step, places)
        self.a, self.b = constant(0.044715 * C), constant(C)
        self.a6, self.b2, self.half = constant(6 * 0.044715 * C), constant(2 * C), constant(0.5)

    def forward(self, x: np.ndarray, y: np.ndarray) -> None:
        self.x, self.y = x, y
        for i in self.blocks:
            x, y, s = self.x[i], self.y[i], self.s[i]
            multiply(x, x, s)
            multiply(s, self.a, s)
            add(s, self.b, s)
            multiply(s, x, s)
            np.tanh(s, s)
            multiply(s, self.half, s)
            add(s, self.half, s)
            multiply(x, s, y)

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Overwrite d: d (s + (y - y s) (2 C + 6 * 0.044715 C x^2))."""
        for i in self.blocks:
            x, y, s, g = self.x[i], self.y[i], self.s[i], d[i]
            q, t = self.q[: len(x)], self.t[: len(x)]
            multiply(x, x, q)
            multiply(q, self.a6, q)
            add(q, self.b2, q)
            multiply(y, s, t)
            subtract(y, t, t)
            multiply(q, t, q)
            add(q, s, q)
            multiply(g, q, g)
        return d


class Block:
    """One layer of the Transformer."""

    def __init__(self, net: Any, name: str) -> None:
        d, rows = net.d, net.rows
        self.qkv = NormDense(net, f"{name}.norm1", f"{name}.qkv", rows, scaled=d)
        self.attention, self.gelu = Attention(net), Gelu(4 * d, rows)
        self.out = Dense(net, f"{name}.out", d, d, rows)
        self.up = NormDense(net, f"{name}.norm2", f"{name}.up", rows)
        self.down = Dense(net, f"{name}.down", 4 * d, d, rows)

    def forward(self, h: np.ndarray) -> None:
        """Add to h in place."""
        self.attention.forward(self.qkv.forward(h), self.out.h)
        add(h, self.out.forward(), h)
        self.gelu.forward(self.up.forward(h), self.down.h)
        add(h, self.down.forward(), h)

    def backward(self, dh: np.ndarray) -> None:
        """Add to the gradient in place."""
        add(dh, self.up.backward(self.gelu.backward(self.down.backward(dh))), dh)
        add(dh, self.qkv.backward(self.attention.backward(self.out.backward(dh))), dh)


class TinyGPT:
    """Parameters, layers and the two passes."""

    def __init__(self, workload: Workload, data: Data) -> None:
        s = workload.sizes
        self.d, self.heads, self.T, self.batch = (
            s[k] for k in ("width", "heads", "context", "batch")
        )
        self.rows, self.V, d = self.T * self.batch, s["vocabulary"], self.d
        self.scale = (d // self.heads) ** -0.5
        shapes = {"token": (d, self.V), "place": (d, self.T)}
        names = [f"blocks.{i}" for i in range(s["layers"])]
        for b in names:
            for norm, dense, out in (("norm1", "qkv", 3 * d), ("norm2", "up", 4 * d)):
                shapes |= {f"{b}.{norm}.w": (d,), f"{b}.{norm}.b": (d,)}
                shapes |= {f"{b}.{dense}.w": (out, d), f"{b}.{dense}.b": (out,)}
            shapes |= {f"{b}.out": (d, d + 1), f"{b}.down": (d, 4 * d + 1)}
        shapes |= {"norm.w": (d,), "norm.b": (d,), "head.w": (self.V, d), "head.b": (self.V,)}
        self.params, self.grads = Flat(shapes), Flat(shapes)
        for name, part in self.parts(self.params).items():
            part[...] = data["params"][name]
        self.blocks = [Block(self, b) for b in names]
        self.head = NormDense(self, "norm", "head", self.rows)
        self.loss = CrossEntropy(self.V, self.rows)
        self.h, self.hot, self.places = (
            new(d, self.rows),
            new(self.rows, self.V),
            np.arange(self.rows),
        )

    def parts(self, flat: Flat) -> dict[str, np.ndarray]:
        """Return views of the parameters or gradients under PyTorch's names and in its layout."""
        found = {}
        for name, view in flat.views.items():
            if name in ("token", "place"):
                found[f"{name}.weight"] = view.T
            elif name.endswith((".w", ".b")):
                found[name[:-1] + {"w": "weight", "b": "bias"}[name[-1]]] = view
            else:
                found |= {f"{name}.weight": view[:, :-1], f"{name}.bias": view[:, -1]}
        return found

    def backward(self, x: np.ndarray, y: np.ndarray) -> Any:
        """Calculate loss and gradients."""
        h, tokens = self.h, x.reshape(-1)
        np.take(self.params["token"], tokens, axis=1, out=h, mode="clip")
        by_place = h.reshape(self.d, self.batch, self.T)
        add(by_place, self.params["place"][:, None], by_place)
        for block in self.blocks:
            block.forward(h)
        logits = self.head.forward(h)
        loss = self.loss.forward_backward(logits, y.reshape(-1))
        dh = self.head.backward(logits)
        for block in reversed(self.blocks):
            block.backward(dh)
        add.reduce(dh.reshape(by_place.shape), axis=1, out=self.grads["place"])
        self.hot.fill(0)
        self.hot[self.places, tokens] = 1
        dot(dh, self.hot, self.grads["token"])
        return loss


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    net, x, y = TinyGPT(workload, data), data["x"], data["y"]
    update = updater(workload, net.params.vector, net.grads.vector)

    def step() -> Any:
        loss = net.backward(x, y)
        update()
        return loss

    def first() -> Any:
        loss = float(net.backward(x, y))
        return loss, {name: part.copy() for name, part in net.parts(net.grads).items()}

    return Program(step, first)
