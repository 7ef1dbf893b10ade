"""Gradients that a replay leaves in its own memory, which the next one writes again.

Nobody else ever has that memory in hand: `.grad` gives a copy to whoever looks, and the copy takes
its place (`taped`). A recording that reads a gradient of before, to add to it, takes the numbers of
such a copy into its memory, and gives them back afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .reach import Reach
from .records import owner_of
from .taped import shown
from .tensor import Tensor

__all__ = ["Lent", "at_home", "fits", "give", "homes_for", "is_seen", "move_out", "seen", "take"]


class Lent(Tensor):
    """A gradient in the memory of a recording."""

    __slots__ = ()

    _lent = True


def is_seen(sink: Any) -> bool:
    """Whether a gradient is the copy of a lent one that was made for whoever looked at it."""
    grad = sink.grad
    return grad is not None and sink.shown is not None and sink.shown() is grad


def fits(sink: Any, own: Any, inputs: Sequence = ()) -> bool:
    """Whether the numbers of a gradient can be taken into the memory where a recording reads it.

    Parameters
    ----------
    sink : Sink
        Has the gradient.
    own : Tensor or None
        Where the recording reads it.
    inputs : sequence of array
        The arguments of the call: what they share memory with is to be written in its turn.
    """
    grad = sink.grad
    if type(own) is not Lent or not (type(grad) is Lent or is_seen(sink)):
        return False
    here, there = grad._value, own._value
    if type(here) is not np.ndarray or grad._trace is not None or not here.flags.writeable:
        return False
    alike = (here.shape, here.dtype, here.strides) == (there.shape, there.dtype, there.strides)
    return alike and not any(np.may_share_memory(here, x) for x in inputs)


def take(entry: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any, Any]]:
    """Take gradients into the memory of a recording, and return what is to be given back."""
    taken = []
    for sink, own in entry:
        grad = sink.grad
        if grad is not own:
            own._value[...] = grad._value
            sink.grad = own
            taken.append((sink, own, grad))
    return taken


def give(taken: Sequence[tuple[Any, Any, Any]]) -> None:
    """Give back what was taken: who has the gradient in hand sees what was added to it."""
    for sink, own, grad in taken:
        grad._value[...] = own._value
        if sink.grad is own:
            sink.grad = grad


@contextmanager
def at_home(entry: Sequence[tuple[Any, Any]]) -> Iterator[None]:
    """Have gradients in the memory of a recording during a block."""
    taken = take(entry)
    try:
        yield
    finally:
        give(taken)


def homes_for(reach: Reach, leaves: Sequence) -> list[tuple[Any, Any]]:
    """Make memory for gradients that were looked at, so that a recording does not depend on it.

    Those that the function reaches in other ways as well stay where they are.
    """
    sinks = {id(s): s for t in reach.tensors if (s := getattr(t._trace, "sink", None)) is not None}
    arrays = [s.grad._value for s in sinks.values() if s.grad is not None]
    owners = Counter(id(owner_of(a)) for a in arrays if type(a) is np.ndarray)
    known = {*reach.captured(), *(x for x, n in owners.items() if n > 1)}
    given = [a for x in leaves if type(a := getattr(x, "_value", x)) is np.ndarray]
    homes = []
    for sink in sinks.values():
        if is_seen(sink) and id(owner_of(sink.grad._value)) not in known:
            own = Lent(sink.grad._value.copy(order="K"))
            if fits(sink, own, given):
                homes.append((sink, own))
    return homes


def seen(entry: Sequence[tuple[Any, Any]], written: list) -> list:
    """Show gradients that are lent, and return what is written then: them, and not their memory."""
    lent = [(sink, own) for sink, own in entry if type(own) is Lent]
    memory = {id(owner_of(own._value)) for _, own in lent}
    copies = [shown(s)._value if type(s.grad) is Lent else s.grad._value for s, _ in lent]
    return [*copies, *(a for a in written if id(a) not in memory)]


def move_out(entry: Sequence[tuple[Any, Any]]) -> None:
    """Give memory of their own to lent gradients that a run may have let out of its hands.

    What lent them finds that, and is recorded anew.
    """
    for _, grad in entry:
        if type(grad) is Lent:
            grad._value = grad._value.copy(order="K")
