"""How cost grows: time per operation with depth, per element with size, memory with depth.

    python -m benchmarks.growth

Time is CPU time on one thread, the smallest of several; memory is what tracemalloc counts, to which
NumPy reports its arrays.
"""

from __future__ import annotations

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core import checkpoint, grad, value_and_grad
from benchmarks.engines import formulas

DEPTHS = (100, 1_000, 10_000, 100_000, 1_000_000)
SIZES = (100, 10_000, 1_000_000, 10_000_000)
LAYERS = (16, 64, 256)
ROWS = (100, 1_000, 3_000)


def smallest(f: Callable[[], Any], seconds: float) -> float:
    """Return the least CPU time of a call, over so many seconds."""
    f()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 2:
        gc.collect()
        began = time.process_time()
        f()
        times.append(time.process_time() - began)
    return min(times)


def peak(f: Callable[[], Any]) -> int:
    """Return the most bytes in use at once during a call."""
    f()
    gc.collect()
    tracemalloc.start()
    f()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def depth(seconds: float, depths: tuple[int, ...] = DEPTHS) -> dict[str, Any]:
    x, lines, first = np.linspace(-1, 1, 10, dtype=np.float32), [], 0.0
    for n in depths:
        f = value_and_grad(lambda v, n=n: formulas.chain(np, v, n // 2))
        took = smallest(lambda f=f: f(x), seconds) / n * 1e6
        first = first or took
        size = peak(lambda f=f: f(x)) / n if n <= 100_000 else None
        lines.append(
            [f"{n:,}", f"{took:.2f}", f"{took / first:.2f}", f"{size:.0f}" if size else "-"]
        )
    return {"head": ["operations", "us per operation", "to the first", "bytes"], "lines": lines}


def elements(seconds: float, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    lines = []
    f = value_and_grad(lambda v: formulas.expression(np, v))
    for n in sizes:
        x = np.random.default_rng(0).standard_normal(n, np.float32)
        lines.append([f"{n:,}", f"{smallest(lambda x=x: f(x), seconds) / n * 1e9:.2f}"])
    return {"head": ["elements", "ns per element"], "lines": lines}


def layers(seconds: float, numbers: tuple[int, ...] = LAYERS) -> dict[str, Any]:
    """tanh(x) again and again: plain, and in groups of sqrt(n) under checkpoint."""
    x, lines = np.linspace(-1, 1, 100_000, dtype=np.float32), []

    def group(v: Any, times: int) -> Any:
        for _ in range(times):
            v = np.tanh(v * 1.1)
        return v

    for n in numbers:
        root = round(n**0.5)
        part = checkpoint(lambda v, root=root: group(v, root))

        def checkpointed(v: Any, part: Any = part, root: int = root) -> Any:
            for _ in range(root):
                v = part(v)
            return np.sum(v)

        plain = grad(lambda v, n=n: np.sum(group(v, n)))
        lean = grad(checkpointed)
        memory = [peak(lambda f=f: f(x)) / x.nbytes for f in (plain, lean)]
        times = [smallest(lambda f=f: f(x), seconds) for f in (plain, lean)]
        lines.append([str(n), f"{memory[0]:.0f}", f"{memory[1]:.0f}", f"{times[1] / times[0]:.2f}"])
    head = ["layers", "peak, in arrays", "with checkpoint", "its time, to the plain one's"]
    return {"head": head, "lines": lines}


def rows(seconds: float, numbers: tuple[int, ...] = ROWS) -> dict[str, Any]:
    """An array (n, 100) of which each row is read by itself, here and in HIPS autograd."""
    engines: list[tuple[Any, Any]] = [(np, grad)]
    try:
        import autograd
        import autograd.numpy as hips
    except ImportError:
        pass
    else:
        engines.append((hips, autograd.grad))
    lines = []
    for n in numbers:
        x, line = np.random.default_rng(0).standard_normal((n, 100)), [f"{n:,}"]
        for np_, derive in engines:

            def f(v: Any, np_: Any = np_, n: int = n) -> Any:
                total = 0.0
                for t in range(n):
                    total = total + np_.sum(v[t] * v[t])
                return total

            g = derive(f)
            took = smallest(lambda g=g, x=x: g(x), seconds) / n  # type: ignore[misc]
            line.append(f"{took * 1e6:.1f}")
        lines.append(line)
    head = ["rows", "us per row", "HIPS autograd"][: len(engines) + 1]
    return {"head": head, "lines": lines}


CHAINS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "sin(x)": lambda np_, x, c: np_.sin(x),
    "tanh(x)": lambda np_, x, c: np_.tanh(x),
    "tanh(x) * 0.5": lambda np_, x, c: np_.tanh(x) * 0.5,
    "x * c": lambda np_, x, c: x * c,
    "tanh(x * c)": lambda np_, x, c: np_.tanh(x * c),
    "x * x + c": lambda np_, x, c: x * x + c,
    "exp(-x**2)": lambda np_, x, c: np_.exp(-(x**2)),
    "log(1 + exp(x))": lambda np_, x, c: np_.log(1 + np_.exp(x)),
    "where(x > 0, x, 0.1 x)": lambda np_, x, c: np_.where(x > 0, x, 0.1 * x),
}


def chains(times: int = 20) -> dict[str, Any] | None:
    """The same operations again and again, here and in HIPS autograd; c is a plain array."""
    try:
        import autograd
        import autograd.numpy as hips
    except ImportError:
        return None
    x, c = np.random.default_rng(0).uniform(0.0, 0.25, (2, 100_000))
    lines = []
    for name, link in CHAINS.items():
        memory = []
        for np_, derive in ((np, grad), (hips, autograd.grad)):

            def f(v: Any, np_: Any = np_, link: Any = link) -> Any:
                for _ in range(times):
                    v = link(np_, v, c)
                return np_.sum(v)

            g = derive(f)
            memory.append(peak(lambda g=g: g(x)) / x.nbytes)  # type: ignore[misc]
        lines.append([name, *(f"{m:.2f}" for m in memory)])
    return {"head": [f"{times} times", "peak, in arrays", "HIPS autograd"], "lines": lines}


def measured(seconds: float = 1.0) -> dict[str, Any]:
    """Return all tables."""
    tables = {
        "depth (forward and backward of a chain)": depth(seconds),
        "size (the expression of W7)": elements(seconds),
        "rows that are read one by one": rows(seconds / 4),
        "memory with depth": layers(seconds / 2),
        "memory of chains on 100,000 numbers": chains(),
    }
    return {title: table for title, table in tables.items() if table is not None}


if __name__ == "__main__":
    print(json.dumps(measured(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)))
