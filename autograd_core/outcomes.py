"""What a recorded run is given, and what came of it: its result with outputs in place of arrays,
gradients, and what a recording could not do again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from .dispatch import Layered, raw
from .graph import Node
from .lent import Lent, homes_for, move_out
from .reach import Reach, states
from .records import Value, owner_of, through
from .signatures import is_array, is_shared
from .taped import gradient_of
from .tensor import Tensor
from .trace import Recorder
from .traced import Traced, plainly

__all__ = [
    "gradients_before",
    "gradients_of",
    "judge",
    "outcome",
    "plain_after_errors",
    "prepared",
    "wrapped",
]


def prepared(fn: Callable[..., Any], leaves: list) -> list[tuple[Any, Any]]:
    """Let optimizers arrange their parameters for a recording, and find homes for gradients."""
    reach = Reach(fn, *(x for x in leaves if not is_array(x)))
    homes, lives = homes_for(reach, leaves), reach.lives
    del reach  # it holds the memory of parameters, which are to move
    for x in lives:
        if hasattr(x, "prepare_recording"):
            x.prepare_recording()
    return homes


def wrapped(leaves: list, record: Recorder) -> tuple[list, list]:
    """Make arguments parts of a recording; one array that is given twice is one of them.

    Returns
    -------
    given, inputs : list
        What the function is called with, and which of the recording's arrays that is.
    """
    known: dict[int, tuple[Any, Any]] = {}
    given, inputs = [], []
    for x in leaves:
        found = known.get(id(x))
        if found is None and isinstance(x, Layered) and x._trace is None:
            traced = record.input(x._value)
            found = Tensor(traced), traced
        elif found is None and is_array(x):
            traced = record.input(x)
            found = traced, traced
        if found is None:
            given.append(x)
            continue
        if is_shared(x):
            known[id(x)] = found
        given.append(found[0])
        inputs.append(found[1])
    return given, inputs


def gradients_before(reach: Reach) -> list[tuple[Any, Any, Any]]:
    """Return the Tensors that a function reaches, with the places of their gradients, and these."""
    return [(t, getattr(t._trace, "sink", None), gradient_of(t)) for t in reach.tensors]


def gradients_of(leaves: list, record: Recorder) -> list[tuple[Any, Value | None]]:
    """Say which gradients of leaves a run has left behind, and give these plain arrays."""
    found: list[tuple[Any, Value | None]] = []
    for t, sink, grad in leaves:
        now = getattr(t._trace, "sink", None)
        if now is None or (now is sink and now.grad is grad):
            continue
        inside = raw(now.grad)
        if type(inside) is Traced:
            now.grad = Tensor(inside._concrete)
            found.append((now, inside._ref))
        elif inside is None:
            found.append((now, None))
        elif type(inside) is np.ndarray and id(owner_of(inside)) not in record.reachable:
            value = record.external(inside)  # that of what is linear: the same at each call
            value.array = inside.copy()  # which nobody else has in hand
            found.append((now, value))
            if value.storage.external is None:
                record.fail_at_end("it sets a .grad to a plain array of numbers that it calculated")
        else:
            record.fail_at_end("it sets a .grad to an array that it did not calculate")
    return found


@contextmanager
def plain_after_errors(leaves: list, record: Recorder) -> Iterator[None]:
    """Leave plain arrays in the gradients of leaves, also if a run ends with an error."""
    try:
        yield
    except BaseException:
        gradients_of(leaves, record)
        move_out(list(record.entry.values()))
        raise


def outcome(result: Any, record: Recorder, outputs: list) -> tuple[Any, Callable[[Any], Any]]:
    """Return a result with plain arrays, and the function that makes one like it of outputs."""

    def output(v: Value) -> int:
        outputs.append(v)
        return len(outputs) - 1

    def own(x: Any, value: Value) -> Any:
        """Copy an array that was made in the run, if replays will use its memory."""
        outside = value.storage.external
        is_used = outside is not None and id(outside) not in record.reachable
        return x.copy() if is_used and record.failure is None else x

    def leaf(x: Any) -> Any:
        if type(x) is Lent:
            record.fail_at_end("it returns a gradient of before, which the next call may write")
            return x
        inside = x
        while isinstance(inside, Layered):
            inside = inside._value
        kind = Tensor if isinstance(x, Layered) else None
        if kind is not None and is_open(x._trace):
            record.fail_at_end(OPEN)
            return Tensor(plainly(x._value), x._trace)
        if type(inside) is Traced:
            return Out(output(inside._ref), kind, own(inside._concrete, inside._ref))
        is_plain = kind is None or (x._value is inside and x._trace is None)
        if type(inside) is np.ndarray and is_plain and id(owner_of(inside)) not in record.reachable:
            value = record.external(inside)
            return Out(output(value), kind, own(inside, value))
        return x

    tree = through(result, leaf)

    def shown(x: Any) -> Any:
        if type(x) is not Out:
            return x
        return x.example if x.kind is None else x.kind(x.example)

    first = through(tree, shown)
    through(tree, forget_example)
    bound: dict[str, Any] = {"Tensor": Tensor, "filled": filled}
    text = said(tree, bound)
    return first, eval(f"lambda values: {text}", bound)


OPEN = (
    "it returns a Tensor that can be differentiated, and a recording has no history: let backward "
    "be part of the function, or return x.detach(), or calculate under no_grad"
)


def is_open(trace: Any) -> bool:
    """Whether a backward pass could still go from a value to leaves: no part of it was used up.

    A leaf has no history to lose; it is given back as itself.
    """
    if getattr(trace, "rule", None) is None:
        return False
    waiting, seen, leads_to_leaves = [trace], set(), False
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Node) or id(node) in seen:
            continue
        seen.add(id(node))
        if node.rule is None:
            leads_to_leaves = True
        elif node.operands is None:
            return False
        waiting += node.parents
    return leads_to_leaves


def said(tree: Any, bound: dict[str, Any]) -> str:
    """Write how a result is made of outputs; `bound` receives what it consists of besides."""
    kind = type(tree)
    if kind is Out:
        text = f"values[{tree.place}]"
        return text if tree.kind is None else f"Tensor({text})"
    if kind is tuple or kind is list:
        inside = "".join(f"{said(x, bound)}, " for x in tree)
        return f"({inside})" if kind is tuple else f"[{inside}]"
    name = f"k{len(bound)}"
    bound[name] = tree
    if kind is dict:
        bound[name] = list(tree)  # its keys
        inside = "".join(f"{name}[{i}]: {said(v, bound)}, " for i, v in enumerate(tree.values()))
        return f"{{{inside}}}"
    parts: list[Any] = []
    through(tree, parts.append)
    return f"filled({name}, values)" if any(type(x) is Out for x in parts) else name


def filled(tree: Any, values: tuple) -> Any:
    """Put outputs into a container of another kind."""

    def leaf(x: Any) -> Any:
        if type(x) is not Out:
            return x
        return values[x.place] if x.kind is None else x.kind(values[x.place])

    return through(tree, leaf)


def forget_example(x: Any) -> None:
    """Let go of what the first call gave."""
    if type(x) is Out:
        x.example = None


class Out:
    """Stands for an array in the result of a recorded function."""

    __slots__ = ("example", "kind", "place")

    def __init__(self, place: int, kind: Any, example: Any) -> None:
        self.place, self.kind, self.example = place, kind, example


LONGEST = 1_000_000  # calls, each of which needs about a kB while all are written down


def judge(record: Recorder, reach: Reach, before: Any, settings: list) -> None:
    """Look for what a run did that no recording can repeat."""
    if record.failure is not None:
        return
    moved = reach.changed()
    if reach.grown() is not None:
        record.fail_at_end(f"each call changes the length of {reach.grown()}")
    elif moved is not None:
        record.fail_at_end(f"each call binds {moved} anew")
    elif (silent := reach.silently_written(record)) is not None:
        record.fail_at_end(f"it writes into {silent} in a way that is not recorded")
    elif states(reach) != before:
        record.fail_at_end(
            "it draws random numbers from a generator that it captured, or from Python's or "
            "NumPy's global one; use nnkit.random.stream, or pass the generator as an argument"
        )
    elif reach.opaque is not None:
        record.fail_at_end(f"it captured {reach.opaque}, which changes without a trace")
    elif not reach.complete:
        record.fail_at_end("it can reach too many objects to watch them")
    if settings != reach.settings() and not record.calls_method_of(reach.lives):
        record.fail_at_end("it changes settings of an optimizer; a schedule can be recorded")
    if len(record.calls) > LONGEST:
        record.fail_at_end(f"it makes more than {LONGEST:,} calls, too many to write down")
