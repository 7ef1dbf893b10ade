"""Parameters and gradients as one vector each, and the optimisers over them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.engines.numpy_limit.memory import full, new, ones, zeros
from benchmarks.workloads import Workload

CHUNK = 1 << 14  # elements: all operands of an update stay in the caches


class Flat:
    """Named arrays that are views of one vector."""

    def __init__(self, shapes: dict[str, tuple[int, ...]]) -> None:
        self.vector = zeros(sum(map(math.prod, shapes.values())))
        self.views, start = {}, 0
        for name, shape in shapes.items():
            end = start + math.prod(shape)
            self.views[name] = self.vector[start:end].reshape(shape)
            start = end

    def __getitem__(self, name: str) -> np.ndarray:
        return self.views[name]


def constant(x: float) -> np.ndarray:
    """Return a 0-d array: half the cost of a Python float in a call on a small array."""
    return np.array(x, np.float32)


def chunks(size: int) -> list[slice]:
    return [slice(i, min(i + CHUNK, size)) for i in range(0, size, CHUNK)]


def updater(workload: Workload, p: np.ndarray, g: np.ndarray) -> Callable[[], None]:
    """Return the function that changes the vector of parameters along that of gradients."""
    name, settings = workload.optimizer
    if name != "sgd":
        return adam(p, g, **settings)
    if "momentum" in settings:
        return momentum(p, g, **settings)
    lr, pieces, t = constant(settings["lr"]), chunks(p.size), new(min(CHUNK, p.size))
    parts = [(p[i], g[i], t[: p[i].size]) for i in pieces]
    multiply, subtract = np.multiply, np.subtract

    def update() -> None:
        for p, g, t in parts:
            multiply(g, lr, t)
            subtract(p, t, p)

    return update


def momentum(p: np.ndarray, g: np.ndarray, lr: float, momentum: float) -> Callable[[], None]:
    """v = momentum v + g; p = p - lr v."""
    v, t = zeros(p.size), new(min(CHUNK, p.size))
    parts = [(p[i], g[i], v[i], t[: p[i].size]) for i in chunks(p.size)]
    mu, rate = constant(momentum), constant(lr)
    multiply, add, subtract = np.multiply, np.add, np.subtract

    def update() -> None:
        for p, g, v, t in parts:
            multiply(v, mu, v)
            add(v, g, v)
            multiply(v, rate, t)
            subtract(p, t, p)

    return update


def adam(p: np.ndarray, g: np.ndarray, lr: float, weight_decay: float = 0.0) -> Callable[[], None]:
    """Adam with m / (1 - beta1) and v / (1 - beta2) as its state: a pass less for each.

    With M = beta1 M + g, V = beta2 V + g^2:
    p -= lr (1 - beta1) / (1 - beta1^t) M / (sqrt((1 - beta2) / (1 - beta2^t)) sqrt(V) + eps).
    """
    M, V = zeros(p.size), zeros(p.size)
    t = new(min(CHUNK, p.size))
    parts = [(p[i], g[i], M[i], V[i], t[: p[i].size]) for i in chunks(p.size)]
    beta1, beta2, count = constant(0.9), constant(0.999), 0
    decay, rate, eps = constant(1 - lr * weight_decay), constant(0), constant(0)
    multiply, add, divide, subtract, sqrt = np.multiply, np.add, np.divide, np.subtract, np.sqrt

    def update() -> None:
        nonlocal count
        count += 1
        scale = math.sqrt(0.001 / (1 - 0.999**count))
        eps[()] = 1e-8 / scale
        rate[()] = lr * 0.1 / (1 - 0.9**count) / scale
        for p, g, M, V, t in parts:
            if weight_decay:
                multiply(p, decay, p)
            multiply(M, beta1, M)
            add(M, g, M)
            multiply(V, beta2, V)
            multiply(g, g, t)
            add(V, t, V)
            sqrt(V, t)
            add(t, eps, t)
            divide(M, t, t)
            multiply(t, rate, t)
            subtract(p, t, p)

    return update


class CrossEntropy:
    """Softmax cross-entropy of transposed logits (classes, rows): sums run over the first axis.

    `forward_backward` returns the loss and overwrites the logits with their gradient.
    """

    def __init__(self, classes: int, rows: int) -> None:
        self.top, self.sums = new(rows), new(rows)
        self.picked = new(rows)
        self.ones, self.rows = ones(classes), np.arange(rows)
        self.scale, self.share = constant(1 / rows), np.float32(1 / rows)
        self.mean = full((rows,), 1 / rows)

    def forward_backward(self, z: np.ndarray, labels: np.ndarray) -> Any:
        flat = z.reshape(-1)
        where = labels * len(self.rows) + self.rows
        np.maximum.reduce(z, axis=0, out=self.top)
        np.subtract(z, self.top, z)
        np.take(flat, where, out=self.picked, mode="clip")
        np.exp(z, z)
        np.dot(self.ones, z, self.sums)
        np.log(self.sums, self.top)
        np.subtract(self.top, self.picked, self.top)
        loss = np.dot(self.top, self.mean)
        np.divide(self.scale, self.sums, self.sums)
        np.multiply(z, self.sums, z)
        flat[where] -= self.share
        return loss
