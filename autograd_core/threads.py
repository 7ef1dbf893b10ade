"""A second thread for what NumPy calculates without Python's lock, and one for BLAS meanwhile.

BLAS's own threads run in circles for some 25 ms after each product, in wait for the next one, and a
thread beside them that has something to do shares a core with one of ours. So larger pieces of work
are shared out only inside `alone`, where BLAS has one thread.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

__all__ = ["alone", "can_share", "helper", "in_two", "threads_allowed"]

T = TypeVar("T")
sharing = contextvars.ContextVar("sharing", default=False)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_allowed() -> int:
    """Return how many threads may calculate: two at most, and as many as BLAS may have."""
    limits = [cores()]
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            limits.append(int(os.environ[name]))
    return max(1, min(2, *limits))


@lru_cache(maxsize=1)
def helper(_process: int) -> Any:
    """Return the other thread; what it needs is imported late."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1, "compiled")


@lru_cache(maxsize=1)
def libraries() -> list[Any]:
    """Return the BLAS libraries whose threads can be set; none without threadpoolctl."""
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
    except ImportError:
        return []
    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


@lru_cache(maxsize=1)
def can_share() -> bool:
    """Whether `alone` and `in_two` do anything: where there are two cores, for BLAS and for us.

    With more of them BLAS has more threads than we would.
    """
    return cores() == 2 and threads_allowed() == 2 and bool(libraries())


class Blas:
    """How many threads BLAS has, while somebody wants it to have one."""

    def __init__(self) -> None:
        self.lock, self.wishes = threading.Lock(), 0
        self.before: list[tuple[Any, int]] = []

    def hold(self) -> bool:
        """Leave it one thread; return whether it had more."""
        with self.lock:
            self.wishes += 1
            if self.wishes == 1:
                self.before = [(library, library.num_threads) for library in libraries()]
                for library, _ in self.before:
                    library.set_num_threads(1)
            return any(threads > 1 for _, threads in self.before)

    def release(self) -> None:
        """Give it back what it had, when nobody is left."""
        with self.lock:
            self.wishes -= 1
            if self.wishes == 0:
                for library, threads in self.before:
                    library.set_num_threads(threads)


blas = Blas()


@contextmanager
def alone() -> Iterator[None]:
    """Calculate without BLAS's threads; if it had some, `in_two` uses a second one of ours."""
    token = sharing.set(blas.hold())
    try:
        yield
    finally:
        sharing.reset(token)
        blas.release()


def in_two(run: Callable[[Any], T], parts: Sequence[Any]) -> list[T]:
    """Return run(part) for each of one or two parts; inside `alone`, two of them at once."""
    if len(parts) < 2 or not sharing.get():
        return [run(part) for part in parts]
    context = contextvars.copy_context()
    context.run(sharing.set, False)  # what the other thread does is not shared out again
    other = helper(os.getpid()).submit(context.run, run, parts[1])
    try:
        mine = run(parts[0])
    finally:
        theirs = other.result()
    return [mine, theirs]
