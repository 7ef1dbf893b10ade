"""Gradients that arrive at the parts of an array, put together at once.

Where a calculation reads ``x[:, 0]``, ``x[:, 1]`` ..., each reading sends back an array of x's size
that is 0 everywhere else, and these are added up. To the same numbers, each part is put where it
belongs.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np

from .kernels import names_places_once, scatter
from .records import Call, Value
from .simplify import is_plain, maker

__all__ = ["assembled", "put_together"]

SCATTER = inspect.unwrap(scatter)  # as a recording names it
LARGEST = 1 << 24  # elements, of arrays about which it is found out whether their parts fill them


def put_together(
    gs: Sequence[Any], indexes: Sequence[Any], shape: tuple[int, ...], fill: bool, out: Any = None
) -> Any:
    """Return the sum of ``scatter(g, index, shape)``; without `fill` the indexes name all places.

    Examples
    --------
    >>> put_together([np.ones(2), np.array([5.0])], [slice(0, 2), slice(1, 2)], (4,), True)
    array([1., 6., 0., 0.])
    """
    total = np.empty(shape, gs[0].dtype) if out is None else out
    if fill:
        total.fill(0)
    for g, index in zip(gs, indexes, strict=True):
        if fill:
            total[index] += g
        else:
            total[index] = g
    return total


put_together.takes_out = True  # type: ignore[attr-defined]


def assembled(calls: list[Call], kept: set[Value]) -> list[Call]:
    """Turn sums of scattered parts into one call.

    Parameters
    ----------
    calls : list of Call
    kept : set of Value
        What is asked of the calculation.
    """
    uses = Counter(v for call in calls for v in call.reads)
    made = {call.result: call for call in calls if type(call.result) is Value}
    dropped: set[int] = set()
    for call in calls:
        if call.f is np.add and is_plain(call) and is_whole(call.result):
            parts = [p for x in call.args if is_part(p := maker(x, made), call, uses, kept)]
            if len(parts) == 2 and parts[0] is not parts[1]:
                gs, indexes = zip(*itertools.chain(*map(parts_of, parts)), strict=True)
                call.f, call.args = put_together, (gs, indexes, call.result.shape, True)
                call.reads = list(gs)
                dropped.update(map(id, parts))
    left = [call for call in calls if id(call) not in dropped]
    for call in left:
        if call.f is put_together:
            gs, indexes, shape, _ = call.args
            call.args = gs, indexes, shape, not fills(indexes, shape)
    return left


def is_whole(v: Value) -> bool:
    """Whether an array lies in memory as a new one does."""
    steps = itertools.accumulate(v.shape[:0:-1], initial=v.dtype.itemsize, func=lambda a, n: a * n)
    return v.kind == "array" and bool(v.shape) and v.strides == tuple(steps)[::-1]


def is_part(part: Call | None, total: Call, uses: Counter, kept: set[Value]) -> TypeGuard[Call]:
    """Whether a call scatters a part (or several) for nobody but this total, to places it names."""
    if part is None or part.f not in (SCATTER, put_together) or part.kwargs or part.keeps:
        return False
    v, y = part.result, total.result
    if uses[v] != 1 or v in kept or v.storage.writes or (v.shape, v.dtype) != (y.shape, y.dtype):
        return False
    return all(
        type(g) is Value and g.dtype == y.dtype and not g.storage.writes and is_named(index)
        for g, index in parts_of(part)
    )


def is_named(index: Any) -> bool:
    """Whether an index is written down in a recording, and names no place twice."""
    parts = index if type(index) is tuple else (index,)
    return names_places_once(index) and all(
        p is None or p is Ellipsis or type(p) in (int, slice) for p in parts
    )


def parts_of(part: Call) -> list[tuple[Any, Any]]:
    """Return what a call puts together: arrays and where to."""
    if part.f is put_together:
        gs, indexes, *_ = part.args
        return list(zip(gs, indexes, strict=True))
    g, index, _ = part.args
    return [(g, index)]


def fills(indexes: Sequence[Any], shape: tuple[int, ...]) -> bool:
    """Whether indexes name each place once."""
    if math.prod(shape) > LARGEST:
        return False
    named = np.zeros(shape, np.uint8)
    for index in indexes:
        if named[index].any():
            return False
        named[index] = 1
    return bool(named.all())
