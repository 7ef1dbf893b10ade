"""The blocks of chains, one after the other or over two threads.

NumPy lets go of Python's lock while it calculates.
"""

from __future__ import annotations

import contextvars
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from .chains import PRODUCTS
from .memory import side_by_side
from .records import Call
from .threads import alone, can_share, helper, threads_allowed

__all__ = ["Parts", "shared", "shared_out"]

BLOCK = 3 << 14
TILE = 1 << 20  # bytes of a matrix that go through a chain together
SHARED = 1 << 19  # elements, above which a second thread pays
FEW_OTHERS = 4  # times as many multiplications are shared out as are left to BLAS


class Parts:
    """The blocks of a chain: number, begin, end and temporaries of each; a list for each thread."""

    def __init__(self, size: int, dtypes: list[Any], row: int) -> None:
        if row:  # bytes of matrices for each element, which BLAS multiplies with its own threads
            threads, block = 1, max(1, min(BLOCK, TILE // row))
        else:
            threads, block = threads_allowed() if size >= SHARED else 1, BLOCK
        self.count = math.ceil(math.ceil(size / block) / threads) * threads
        step = math.ceil(size / self.count)
        self.step, self.bytes = step, 0
        self.of_threads = []
        bounds = [(k, k * step, min((k + 1) * step, size)) for k in range(self.count)]
        bounds = [(k, i, j) for k, i, j in bounds if i < j]
        for thread in range(threads):
            memory = side_by_side(step, dtypes)
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
