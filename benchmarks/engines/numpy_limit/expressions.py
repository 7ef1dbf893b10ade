"""W7 to W9: formulas and their derivatives by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.engines import Program
from benchmarks.engines.numpy_limit.flat import constant
from benchmarks.engines.numpy_limit.memory import full, new, ones, zeros
from benchmarks.workloads import Data, Workload

CHUNK = 1 << 15
LARGE, TILE = 1 << 24, 1 << 20  # bytes of a matrix that is cut, and of its pieces
multiply, add, subtract, divide = np.multiply, np.add, np.subtract, np.divide
dot, exp, tanh, log1p, negative = np.dot, np.exp, np.tanh, np.log1p, np.negative


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    return KINDS[workload.kind](workload, data)


def with_gradient(f: Callable[[], Any], out: np.ndarray) -> Program:
    return Program(f, lambda: (float(f()), {"gradient": out.copy()}))


def expression(workload: Workload, data: Data) -> Program:
    """f = tanh(x) e + log1p(q) with q = x^2, e = exp(-q).

    f' = (1 - tanh^2) e + 2 x (1 / (1 + q) - tanh e); in blocks that stay in the cache.
    """
    x = data["x"]
    gradient = new(x.size)
    q, t, e, s = (new(min(x.size, CHUNK)) for _ in range(4))
    one, two, parts = constant(1), constant(2), []
    for i in range(0, x.size, CHUNK):
        n = min(CHUNK, x.size - i)
        parts.append((x[i : i + n], gradient[i : i + n], q[:n], t[:n], e[:n], s[:n]))

    total = add.reduce

    def f() -> Any:
        value = 0.0
        for x, g, q, t, e, s in parts:
            multiply(x, x, q)
            tanh(x, t)
            negative(q, e)
            exp(e, e)
            multiply(t, e, s)
            log1p(q, g)
            value += total(g) + dot(t, e)
            add(q, one, q)
            divide(one, q, q)
            subtract(q, s, q)
            multiply(q, x, q)
            multiply(q, two, q)
            multiply(t, s, t)  # tanh^2 e
            subtract(e, t, e)
            add(q, e, g)
        return value

    return with_gradient(f, gradient)


def chain(workload: Workload, data: Data) -> Program:
    """Two calls forward and one backward for each pair; every value has a place of its own."""
    x, pairs = data["x"], workload.sizes["pairs"]
    y, gradient = new(x.size), new(x.size)
    factor, one = constant(0.99999), constant(1)
    first, times = ones(x.size), range(pairs)

    def f() -> Any:
        multiply(x, factor, y)
        add(y, one, y)
        for _ in times[1:]:
            multiply(y, factor, y)
            add(y, one, y)
        value = add.reduce(y)
        gradient[...] = first
        for _ in times:
            multiply(gradient, factor, gradient)
        return value

    return with_gradient(f, gradient)


def logistic(workload: Workload, data: Data) -> Program:
    """z = -y (X w); the loss is mean(log1p(exp(z))), its gradient -X^T (y / (1 + exp(-z))) / n.

    In blocks of rows, so that X comes from memory once.
    """
    X, signs, w = data["x"], data["y"], data["w"]
    n = len(X)
    rows = n if X.nbytes < LARGE else TILE // X[0].nbytes
    memory, other = new(rows), new(rows)
    one, mean = constant(1), full((rows,), 1 / n)
    cuts = [slice(i, min(i + rows, n)) for i in range(0, n, rows)]
    partial = new(len(cuts), len(w))
    lengths = [len(signs[cut]) for cut in cuts]
    blocks = [
        (X[cut], X[cut].T, signs[cut], memory[:m], other[:m], mean[:m], g)
        for cut, m, g in zip(cuts, lengths, partial, strict=True)
    ]
    gradient, share = new(len(w)), constant(-1 / n)

    def f() -> Any:
        value = 0.0
        for x, xt, s, z, e, m, g in blocks:
            dot(x, w, z)
            multiply(z, s, z)
            negative(z, z)
            exp(z, z)
            log1p(z, e)
            value += dot(e, m)
            add(z, one, e)
            divide(z, e, z)
            multiply(z, s, z)
            dot(xt, z, g)
        if len(blocks) > 1:
            add.reduce(partial, 0, None, gradient)
            multiply(gradient, share, gradient)
        else:
            multiply(g, share, gradient)
        return value

    return with_gradient(f, gradient)


def of_matrix(f: Callable[[], np.ndarray], name: str) -> Program:
    def first() -> Any:
        found = f().copy()
        return float(found.sum()), {name: found}

    return Program(f, first, lambda result: float(result.sum()))


def hessian(workload: Workload, data: Data) -> Program:
    """Three diagonals: 1200 x_i^2 - 400 x_{i+1} + 2 (+ 200 inside), and -400 x_i beside it."""
    x, n = data["x"], workload.sizes["size"]
    H = zeros(n, n)
    flat = H.reshape(-1)
    main, above, below = flat[:: n + 1], flat[1 :: n + 1], flat[n :: n + 1]
    head, tail, t = x[:-1], x[1:], new(n - 1)
    offset = full((n - 1,), 202)
    offset[0] = 2
    steep, slope, last = constant(1200), constant(-400), np.float32(200)

    def f() -> np.ndarray:
        multiply(head, slope, above)
        below[...] = above
        multiply(head, head, t)
        multiply(t, steep, t)
        add(t, offset, t)
        multiply(tail, slope, main[:-1])
        add(main[:-1], t, main[:-1])
        main[-1] = last
        return H

    return of_matrix(f, "hessian")


def jacobian(workload: Workload, data: Data) -> Program:
    """(1 - tanh(A x)^2) A, row by row."""
    A, x = data["A"], data["x"]
    y, J, one = new(len(A)), new(*A.shape), constant(1)
    column = y[:, None]

    def f() -> np.ndarray:
        dot(A, x, y)
        tanh(y, y)
        multiply(y, y, y)
        subtract(one, y, y)
        multiply(A, column, J)
        return J

    return of_matrix(f, "jacobian")


KINDS = {
    "expression": expression,
    "chain": chain,
    "logistic": logistic,
    "hessian": hessian,
    "jacobian": jacobian,
}
