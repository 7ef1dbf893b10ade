"""What `compile` notes of calls that are more than arithmetic: checks, random draws, writes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .anomaly import watchers
from .records import owner_of, through
from .trace import current, find
from .traced import Traced, plainly

__all__ = [
    "ChangedError",
    "assign",
    "expect_nothing",
    "expect_something",
    "given_away",
    "live",
    "note_gradient",
    "traceable",
    "widened",
]


def live(
    f: Callable[..., Any],
    writes: Sequence[int] | slice = (),
    always: bool = False,
    needed: bool = True,
) -> Any:
    """Make a function of plain arrays appear in a recording as one call, carried out each time.

    `writes` are the positions of arguments that it writes into. `always` notes it also where none
    of its arguments comes from the recording: it draws random numbers, or changes what it is given.
    `needed` says that it is carried out even if nobody uses what it returns.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        if not watchers:
            return f(*args, **kwargs)
        args, kwargs = through(args, beneath), through(kwargs, beneath)
        found = find(args) or find(kwargs)
        if found is None:
            found = current.get() if always else None
        if found is None or not found.open:
            return f(*plainly(args), **plainly(kwargs))
        written = args[writes] if isinstance(writes, slice) else [args[i] for i in writes]
        y = found.record(f, args, kwargs, written)
        if needed and found.calls:
            found.calls[-1].keeps = True
        return y

    call.__name__, call.__doc__ = f.__name__, f.__doc__
    call.__wrapped__ = f  # type: ignore[attr-defined]
    return call


def assign(x: Any, index: Any, v: Any) -> None:
    """Do `x[index] = v`, noted if one of them is part of a recording."""
    if type(x) is np.ndarray and watchers:
        found = find((v, index))
        if found is not None and found.open:
            found.record(operator.setitem, (x, index, v), {}, [x])
            return
    x[index] = v


def traceable(f: Callable[..., Any]) -> Callable[..., Any]:
    """Say that a function of plain arrays is arithmetic all through: `compile` looks inside of it.

    It is written in NumPy functions, methods and in-place writes, and looks at shapes only.
    """
    f.traceable = True  # type: ignore[attr-defined]
    return f


def beneath(x: Any) -> Any:
    """Return what is recorded beneath a Tensor; other things as they are."""
    inside = x
    while hasattr(type(inside), "_alias"):
        inside = inside._value
    return inside if type(inside) is Traced else x


def given_away(value: Any) -> Any:
    """Let a recording that goes on know that somebody sees the plain array of a Tensor."""
    r = current.get() if watchers else None
    if r is not None and type(value) is np.ndarray:
        r.given_away.add(id(owner_of(value)))
    return value


def note_gradient(trace: Any, is_set: bool = False) -> None:
    """Tell the recording that goes on, if one does, of a look at (or a write of) `.grad`."""
    r = current.get()
    if r is not None and trace is not None and trace.sink is not None:
        r.note_gradient(trace.sink, is_set)


def widened(kind: type, x: Any) -> Any:
    """Make a NumPy number of a Python one."""
    return x._recorder.record(kind, (x,), {}) if type(x) is Traced else kind(x)


# --- checks, when they are carried out again ------------------------------------------------------


class ChangedError(Exception):
    """A check of the arguments has another outcome than when it was recorded."""


def expect_nothing(x: Any) -> None:
    """Go on if a check found nothing, as when it was recorded."""
    if x is not None:
        raise ChangedError("a check of the arguments has another outcome than when recorded")


def expect_something(x: Any) -> Any:
    """Go on if a check found something, as when it was recorded."""
    if x is None:
        raise ChangedError("a check of the arguments has another outcome than when recorded")
    return x
