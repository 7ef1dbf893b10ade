"""The same numbers with fewer calls: rewriting that changes no bit of a result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from .records import Call, Value, through

__all__ = ["final", "rename", "simplified"]

IsConstant = Callable[[Value], bool]
SMALL = 1 << 16


def simplified(
    calls: list[Call], same: dict[Value, Value], constant: Callable[[Value], Any], kept: set[Value]
) -> list[Call]:
    """Leave out products with 1, make differences of sums with negated products, and scale rows.

    ``c + (-a) b`` is ``c - a b``, ``1 x`` is ``x``, and ``diag(d) @ b`` is ``d`` times the rows of
    b (the Jacobian of what works element by element on what is linear), to the last bit.

    Parameters
    ----------
    calls : list of Call
    same : dict
        Receives which values are others.
    constant : callable
        Gives the array of a constant value, None for others.
    kept : set of Value
        What is asked of the calculation.
    """
    uses = Counter(v for call in calls for v in call.reads)
    made = {call.result: call for call in calls if type(call.result) is Value}
    dropped: set[int] = set()
    for call in calls:
        rename(call, same)
        if not is_plain(call):
            continue
        if call.f is np.multiply:
            a, b = call.args
            for one, x in ((a, b), (b, a)):
                if is_one(one, constant) and is_like(x, call.result) and call.result not in kept:
                    same[call.result] = x
                    dropped.add(id(call))
                    break
        elif call.f is np.add:
            subtract_instead(call, made, uses, kept, same, dropped)
        elif call.f is np.matmul:
            times = maker(call.args[0], made)
            if times is not None and uses[times.result] == 1 and times.result not in kept:
                scale_instead(call, times, constant, dropped)
    return [call for call in calls if id(call) not in dropped]


def maker(x: Any, made: dict[Value, Call]) -> Call | None:
    """Return the call that an operand comes from, if it is no list or number."""
    return made.get(x) if type(x) is Value else None


def rename(call: Call, same: dict[Value, Value]) -> None:
    """Put values in the place of those that are the same."""
    if same and any(v in same for v in call.reads):

        def leaf(v: Any) -> Any:
            return final(v, same) if type(v) is Value else v

        call.args, call.kwargs = through(call.args, leaf), through(call.kwargs, leaf)
        call.reads = [final(v, same) for v in call.reads]


def final(v: Any, same: dict[Any, Any]) -> Any:
    """Follow what is the same to its end."""
    while v in same:
        v = same[v]
    return v


def is_plain(call: Call) -> bool:
    """Whether a call is a ufunc of two operands, of memory that is written once."""
    return (
        isinstance(call.f, np.ufunc)
        and type(call.result) is Value
        and len(call.args) == 2
        and not call.kwargs
        and not call.writes
        and not call.keeps
        and not any(v.storage.writes for v in (*call.reads, call.result))
    )


def is_one(x: Any, constant: Callable[[Value], Any]) -> bool:
    """Whether an operand is 1."""
    if type(x) is not Value:
        return type(x) in (int, float) and x == 1
    array = constant(x)
    if array is None or not np.size(array):
        return False
    if not any(np.asarray(array).strides):  # one number, stretched
        return bool(np.asarray(array).flat[0] == 1)
    return np.size(array) <= SMALL and bool(np.all(array == 1))


def is_like(x: Any, y: Value) -> bool:
    """Whether a value could stand for another one."""
    return (
        type(x) is Value
        and x.source == "result"
        and (x.kind, x.shape, x.dtype, x.strides) == (y.kind, y.shape, y.dtype, y.strides)
    )


def subtract_instead(
    call: Call, made: dict, uses: Counter, kept: set, same: dict, dropped: set[int]
) -> None:
    """Turn ``c + (-a) b`` into ``c - a b``."""
    for c, product in (call.args, call.args[::-1]):
        times = maker(product, made)
        if type(c) is not Value or times is None or times.f is not np.multiply:
            continue
        if uses[product] != 1 or product in kept or not is_plain(times):
            continue
        for negated, b in (times.args, times.args[::-1]):
            minus = maker(negated, made)
            if minus is None or minus.f is not np.negative or uses[negated] != 1:
                continue
            if minus.keeps or minus.writes or negated in kept:
                continue
            (a,) = minus.args
            if type(a) is not Value or a.storage.writes or id(minus) in dropped:
                continue
            if a.dtype is not None and a.dtype.kind in "iu" and a.dtype != product.dtype:
                continue  # -a wraps around in its own dtype
            times.args = (a, b)
            times.reads = [v for v in (a, b) if type(v) is Value]
            call.f, call.args, call.reads = np.subtract, (c, product), [c, product]
            dropped.add(id(minus))
            return


def scale_instead(
    call: Call, times: Call, constant: Callable[[Value], Any], dropped: set[int]
) -> None:
    """Turn ``(I * d) @ b`` into d times the rows of b."""
    b = call.args[1]
    if times.f is not np.multiply or not is_plain(times) or type(b) is not Value:
        return
    for identity, d in (times.args, times.args[::-1]):
        if type(d) is not Value or len(b.shape) != 2 or {d.dtype, b.dtype} != {call.result.dtype}:
            continue
        n = b.shape[0]
        if d.shape in ((n,), (1, n), (n, 1)) and n > 1 and is_identity(identity, n, constant):
            call.f, call.args, call.reads = scaled_rows, (d, b), [d, b]
            dropped.add(id(times))
            return


def is_identity(x: Any, n: int, constant: Callable[[Value], Any]) -> bool:
    """Whether an operand is the identity matrix of n rows."""
    array = constant(x) if type(x) is Value and x.shape == (n, n) and n * n <= SMALL else None
    return array is not None and np.array_equal(array, np.eye(n))


def scaled_rows(d: np.ndarray, b: np.ndarray) -> Any:
    """Multiply row i of b by d[i]; where something is not finite, it spreads as in a product."""
    with np.errstate(all="ignore"):
        y = np.multiply(b, d.reshape(-1, 1), order="C")
    entries = y.reshape(-1)
    if math.isfinite(np.dot(entries, entries)):
        return y
    return np.matmul(np.eye(len(b), dtype=b.dtype) * d.reshape(-1), b)
