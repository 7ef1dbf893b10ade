"""Chains of elementwise calls over large arrays, cut into blocks that stay in the cache.

Each block goes through the whole chain before the next one begins, and over two threads where
there are: NumPy lets go of Python's lock while it calculates. A sum of all elements is
added up block by block, which is another order of summation.
"""

from __future__ import annotations

import contextvars
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .records import Call, Value
from .threads import alone, can_share, helper, threads_allowed

__all__ = ["Chain", "chains", "shared", "shared_out"]

LEAST = 1 << 17  # elements, below which whole arrays stay in the cache by themselves
BLOCK = 1 << 16
SHARED = 1 << 19  # elements, above which a second thread pays
FEW_OTHERS = 4  # times as many multiplications are shared out as are left to BLAS


def is_contiguous(v: Value) -> bool:
    """Whether an array is laid out as C does it."""
    expected = v.dtype.itemsize
    for stride, length in zip(v.strides[::-1], v.shape[::-1], strict=True):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def is_link(call: Call, shape: tuple[int, ...] | None) -> bool:
    """Whether a call can be a part of a chain of elementwise calls over arrays of a shape."""
    y = call.result
    if call.keeps or call.writes or call.kwargs or type(y) is not Value:
        return False
    if not isinstance(call.f, np.ufunc) or call.f.nout != 1 or call.f.signature is not None:
        return False
    if y.kind != "array" or len(call.args) != call.f.nin or not is_large(y, shape):
        return False
    return all(
        type(x) is not Value
        or x.kind == "number"
        or math.prod(x.shape) == 1
        or (x.kind == "array" and is_large(x, y.shape))
        for x in call.args
    ) and all(not v.storage.writes for v in call.reads)


def is_large(v: Value, shape: tuple[int, ...] | None) -> bool:
    """Whether a value has the shape of a chain, and lies in one piece."""
    fits = v.shape == shape if shape is not None else math.prod(v.shape) >= LEAST
    return fits and is_contiguous(v) and v.dtype.kind in "fiub" and not v.storage.writes


def is_total(call: Call, shape: tuple[int, ...]) -> bool:
    """Whether a call adds up all elements of an array of a chain."""
    if call.f != np.add.reduce or call.keeps or call.writes or len(call.args) != 1:
        return False
    x, y = call.args[0], call.result
    axis = call.kwargs.get("axis", 0)
    whole = axis is None or sorted(axis if type(axis) is tuple else (axis,)) == list(
        range(len(shape))
    )
    return (
        whole
        and not call.kwargs.get("keepdims", False)
        and type(x) is Value
        and is_large(x, shape)
        and y.dtype.kind == "f"
        and y.dtype == x.dtype
    )


class Chain:
    """Calls that follow each other, elementwise over arrays of one shape, and sums of these."""

    def __init__(self, exact: bool) -> None:
        self.exact = exact
        self.calls: list[Call] = []
        self.shape: tuple[int, ...] | None = None

    def take(self, call: Call) -> bool:
        """Add a call, if it belongs here."""
        if is_link(call, self.shape):
            self.shape = call.result.shape
        elif self.exact or self.shape is None or not is_total(call, self.shape):
            return False
        totals = {c.result for c in self.calls if c.f == np.add.reduce}
        if any(v in totals for v in call.reads):
            return False
        self.calls.append(call)
        return True


def chains(calls: list[Call], exact: bool) -> list[Call | Chain]:
    """Find the chains among calls; `exact` keeps sums of whole arrays out of them."""
    found: list[Call | Chain] = []
    chain = Chain(exact)
    for call in calls:
        if chain.take(call):
            continue
        found += closed(chain)
        chain = Chain(exact)
        if not chain.take(call):
            found.append(call)
    return found + closed(chain)


def closed(chain: Chain) -> list[Call | Chain]:
    """Return a chain; one of a single call is none."""
    return [chain] if len(chain.calls) > 1 else list(chain.calls)


class Parts:
    """The blocks of a chain: number, begin, end and temporaries of each; a list for each thread."""

    def __init__(self, size: int, dtypes: list[Any]) -> None:
        threads = threads_allowed() if size >= SHARED else 1
        self.count = math.ceil(math.ceil(size / BLOCK) / threads) * threads
        step = math.ceil(size / self.count)
        self.step, self.bytes = step, 0
        self.of_threads = []
        bounds = [(k, k * step, min((k + 1) * step, size)) for k in range(self.count)]
        bounds = [(k, i, j) for k, i, j in bounds if i < j]
        for thread in range(threads):
            memory = [np.empty(step, dtype) for dtype in dtypes]
            self.bytes += sum(m.nbytes for m in memory)
            own = bounds[thread * self.count // threads : (thread + 1) * self.count // threads]
            self.of_threads.append(
                [(k, i, j, tuple(m[: j - i] for m in memory)) for k, i, j in own]
            )


def shared(run: Callable[..., None], of_threads: list, *arrays: Any) -> None:
    """Run the blocks of a chain, half of them in another thread if there are two."""
    if len(of_threads) == 1:
        run(of_threads[0], *arrays)
        return
    context = contextvars.copy_context()
    other = helper(os.getpid()).submit(context.run, run, of_threads[1], *arrays)
    try:
        run(of_threads[0], *arrays)
    finally:
        other.result()


PRODUCTS = (np.dot, np.matmul)


def shared_out(run: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    """Return `run` without BLAS's threads, where its calls share their work out by themselves.

    Those tell by `shared_work(call)` how many multiplications that is. All other products have one
    thread then, so they must be few.
    """
    shared = sum(call.f.shared_work(call) for call in calls if hasattr(call.f, "shared_work"))
    pairs = [map(np.shape, call.args[:2]) for call in calls if call.f in PRODUCTS]
    others = sum(math.prod(a) * math.prod(b[-1:]) for a, b in pairs)
    if not can_share() or shared < FEW_OTHERS * others or not shared:
        return run

    def run_alone(*inputs: Any) -> Any:
        with alone():
            return run(*inputs)

    return run_alone
