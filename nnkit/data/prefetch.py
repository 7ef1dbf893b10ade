"""Prefetching: read batches ahead in threads while the loop computes, in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from itertools import islice, repeat
from typing import Any

__all__ = ["read_ahead", "stream_ahead"]

END = object()  # what a stream gives after its last batch


def read_ahead(
    read: Callable[[Any], Any], keys: Iterable[Any], workers: int, ahead: int
) -> Generator[Any, None, None]:
    """Yield ``read(key)`` for each key in order, while threads work on the next `ahead` keys.

    An exception in a thread comes out where its result would. The threads end when the iteration
    does: exhausted, left by ``break``, or by an error.

    Examples
    --------
    >>> list(read_ahead(str.upper, "abc", workers=2, ahead=2))
    ['A', 'B', 'C']
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="nnkit-data")

    def submit(key: Any) -> Future[Any]:
        # The settings of the caller (grad mode, np.errstate) hold in the thread too.
        return pool.submit(copy_context().run, read, key)

    try:
        remaining = iter(keys)
        pending = deque(submit(key) for key in islice(remaining, ahead))
        while pending:
            batch = pending.popleft().result()
            pending.extend(submit(key) for key in islice(remaining, 1))
            yield batch
    finally:
        pool.shutdown(cancel_futures=True)


def stream_ahead(batches: Iterator[Any], ahead: int) -> Iterator[Any]:
    """Yield the items of an iterator, while a thread gets the next `ahead` ones.

    One thread only: two cannot be inside one iterator at the same time.

    Examples
    --------
    >>> list(stream_ahead(iter("abc"), ahead=2))
    ['a', 'b', 'c']
    """
    with closing(read_ahead(lambda _: next(batches, END), repeat(None), 1, ahead)) as results:
        for batch in results:
            if batch is END:
                return
            yield batch
