"""What becomes of a recording before it is replayed: less to do, and memory that is there already.

Dead calls are dropped, equal ones merged, those of constants carried out; each remaining array gets
a piece of memory that it shares with others whose last reader is gone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .assembly import assembled
from .chains import Chain, chains
from .records import Call, Storage, Value, through
from .simplify import final, rename, simplified
from .trace import Recorder

__all__ = ["Plan", "is_fresh", "lowered", "values_in"]

FILLED = {np.zeros_like, np.ones_like}


class Plan:
    """The calls that are left of a recording, and what they need.

    Parameters
    ----------
    recorder : Recorder
    outputs : list of Value
        What is asked of the calculation.
    exact : bool
        Keep the order of all summations.
    """

    def __init__(self, recorder: Recorder, outputs: list[Value], exact: bool = False) -> None:
        self.recorded = len(recorder.calls)
        self.reachable = recorder.reachable
        self.constants: dict[Value, Any] = {}
        self.same: dict[Value, Value] = {}
        self.outputs = outputs
        self.asked = [v.storage for v in outputs]
        self.calls = alive(recorder.calls, outputs)
        self.dead = self.recorded - len(self.calls)
        self.calls = [part for call in self.calls for part in lowered(call, recorder)]
        before = len(self.calls)
        self.calls = self._folded(self.calls)
        self.folded = before - len(self.calls)
        self.calls = checked_first(self.calls)
        before = len(self.calls)
        self.calls = simplified(self.calls, self.same, self.constant, set(outputs))
        self.calls = assembled(self._merged(self.calls), set(outputs))
        self.merged = before - len(self.calls)
        self.outputs = [final(v, self.same) for v in outputs]
        self._join_memory()
        self.steps = chains(self.calls, exact)
        found = [s for s in self.steps if isinstance(s, Chain) and s.totals]
        # NumPy adds up in pairs, which rounds little however many there are; BLAS does not
        self.terms = max([s.shape[0] if s.matrices else 2 for s in found], default=1)
        self.calls = [c for s in self.steps for c in (s.calls if isinstance(s, Chain) else [s])]
        self.templates = [
            v.storage for v in recorder.externals.values() if v.storage.template is not None
        ]

    def _join_memory(self) -> None:
        """A view of a value in whose place another one stands is a view of that one's memory."""
        joined: dict[Storage, Storage] = {}
        for v in self.same:
            mine, its = final(v.storage, joined), final(final(v, self.same).storage, joined)
            if mine is not its:
                joined[mine] = its
        if joined:
            for v in {v for call in self.calls for v in (*call.reads, *call.results)}:
                v.storage = final(v.storage, joined)
            for v in self.outputs:
                v.storage = final(v.storage, joined)

    def constant(self, v: Value) -> Any:
        """Return the array of a constant; None for other values."""
        if v in self.constants:
            return self.constants[v]
        return v.array if self.is_constant(v) else None

    def is_constant(self, v: Value) -> bool:
        """Whether a value is the same in each run."""
        if v in self.constants:
            return True
        outside = v.storage.external
        return (
            v.source == "external"
            and outside is not None
            and id(outside) not in self.reachable
            and not v.storage.writes
        )

    def _folded(self, calls: list[Call]) -> list[Call]:
        """Carry out what depends on constants only."""
        left = []
        for call in calls:
            pure = not call.keeps and not call.writes and len(call.results) == 1
            if pure and all(not r.storage.writes for r in call.results):
                (value,) = call.results
                if call.f in FILLED and len(call.args) == 1 and not call.kwargs:
                    made = np.zeros if call.f is np.zeros_like else np.ones
                    self.constants[value] = made(value.shape, value.dtype)
                    continue
                if call.reads and call.result is value and all(map(self.is_constant, call.reads)):
                    self.constants[value] = call.f(
                        *self._filled(call.args), **self._filled(call.kwargs)
                    )
                    continue
            left.append(call)
        return left

    def _filled(self, tree: Any) -> Any:
        def leaf(v: Any) -> Any:
            if type(v) is Value:
                return self.constants.get(v, v.array)
            return v

        return through(tree, leaf)

    def _merged(self, calls: list[Call]) -> list[Call]:
        """Calculate once what is calculated twice in the same way."""
        known: dict[Any, Call] = {}
        asked = set(self.asked)  # each has an owner of its own, who may change it
        left = []
        for call in calls:
            rename(call, self.same)
            quiet = not call.keeps and not call.writes
            if quiet and not any(v.storage.writes for v in (*call.reads, *call.results)):
                args = frozen(call.args)
                if call.f in (np.add, np.multiply):  # the order of the two makes no difference
                    args = frozenset(args[1]), len(args[1])
                key = call.f, args, frozen(call.kwargs) if call.kwargs else ()
                earlier = known.setdefault(key, call)
                both = all(any(v.storage in asked for v in c.results) for c in (call, earlier))
                if earlier is not call and len(earlier.results) == len(call.results) and not both:
                    self.same.update(zip(call.results, earlier.results, strict=True))
                    continue
            left.append(call)
        return left


def alive(calls: list[Call], outputs: Iterable[Value]) -> list[Call]:
    """Leave out calls that nobody needs."""
    needed: set[Value] = set(outputs)
    memory: set[Storage] = {v.storage for v in needed}
    left = []
    for call in reversed(calls):
        if (
            call.keeps
            or any(v in needed for v in call.results)
            or any(s in memory for s in call.writes)
        ):
            left.append(call)
            needed.update(call.reads)
            memory.update(v.storage for v in call.reads)
            memory.update(call.writes)
    return left[::-1]


def checked_first(calls: list[Call]) -> list[Call]:
    """Put checks of arguments in front, with what they depend on: before anything is written."""
    made = {v: call for call in calls for v in call.results}
    moved: dict[int, Call] = {}
    for call in calls:
        if not hasattr(call.f, "may_give_nothing"):
            continue
        needed, waiting = [], [call]
        while waiting:
            part = waiting.pop()
            needed.append(part)
            waiting += [made[v] for v in part.reads if v in made]
        writes = any(v.storage.writes for part in needed for v in part.reads)
        if writes or any(part.writes or (part.keeps and part is not call) for part in needed):
            raise LookupError("a check of what was calculated with side effects")
        moved |= {id(part): part for part in needed}
    return [c for c in calls if id(c) in moved] + [c for c in calls if id(c) not in moved]


def frozen(tree: Any) -> Any:
    """Make a key of arguments; equal keys mean equal calls."""
    kind = type(tree)
    if kind is Value:
        return tree
    if kind is int or (kind is float and tree):
        return kind, tree
    if isinstance(tree, (tuple, list)):
        return kind, tuple([x if type(x) is Value else frozen(x) for x in tree])
    if isinstance(tree, dict):
        return tuple((k, frozen(v)) for k, v in sorted(tree.items()))
    if isinstance(tree, slice):
        return slice, frozen((tree.start, tree.stop, tree.step))
    if tree is None or isinstance(tree, (bool, int, float, complex, str, np.generic, np.dtype)):
        return type(tree), repr(tree)
    return "object", id(tree)


def values_in(tree: Any) -> list[Value]:
    """Return the Values in nested arguments."""
    found: list[Value] = []
    through(tree, lambda v: found.append(v) if type(v) is Value else None)
    return found


def is_fresh(call: Call, v: Value) -> bool:
    """Whether a call made new memory for its result."""
    return all(v.storage is not r.storage for r in call.reads)


# --- NumPy's composed functions, said in the calls they consist of --------------------------------


def lowered(call: Call, recorder: Recorder) -> list[Call]:
    """Say a sum or a mean as the reduction that NumPy makes of it, a product as `dot`."""
    if call.f is np.matmul and is_of_vector(call):
        call.f = np.dot  # the same routine of BLAS, with less around it
    name = getattr(call.f, "__name__", "")
    if name not in ("sum", "mean", "max", "min") or call.writes or call.result is None:
        return [call]
    is_method = call.f.__module__ == "ndarray"
    if not is_method and call.f not in (np.sum, np.mean, np.max, np.min):
        return [call]
    settings = dict(zip(("axis", "dtype", "out"), call.args[1:], strict=False)) | call.kwargs
    if settings.pop("dtype", None) is not None or settings.pop("out", None) is not None:
        return [call]
    axis, keepdims = settings.pop("axis", None), settings.pop("keepdims", False)
    if axis is None and type(call.args[0]) is Value and len(call.args[0].shape) == 1:
        axis = 0  # which need not be said
    if settings or type(call.args[0]) is not Value or values_in((axis, keepdims)):
        return [call]
    if keepdims is np._NoValue:
        keepdims = False
    x, y = call.args[0], call.result
    if x.kind != "array" or x.dtype.kind != "f" or x.dtype.itemsize < 4 or not x.shape:
        return [call]
    f = {"max": np.maximum, "min": np.minimum}.get(name, np.add)
    how: dict[str, Any] = {} if axis == 0 and type(axis) is int else {"axis": axis}
    if keepdims:
        how["keepdims"] = True
    if name != "mean":
        return [derived(call, f.reduce, (x,), how, y)]
    if y.storage.writes:
        return [call]
    total = recorder.new("result", np.empty(y.shape, y.dtype))
    total.kind = y.kind
    count = x.dtype.type(np.prod(x.shape) // max(1, np.prod(y.shape, dtype=int)))
    return [
        derived(call, np.add.reduce, (x,), how, total),
        derived(call, np.true_divide, (total, count), {}, y),
    ]


def is_of_vector(call: Call) -> bool:
    """Whether a call multiplies a matrix and a vector that lie in one piece each."""
    if len(call.args) != 2 or call.kwargs:
        return False
    a, b = call.args
    if type(a) is not Value or type(b) is not Value or len(a.shape) != 2 or len(b.shape) != 1:
        return False
    size = a.dtype.itemsize
    lies = a.strides in ((a.shape[1] * size, size), (size, a.shape[0] * size))
    lies = lies and b.strides == (size,)  # others, BLAS does not see as they are
    return lies and min(a.shape) > 1 and a.dtype == b.dtype and a.dtype.char in "fd"


def derived(call: Call, f: Callable[..., Any], args: tuple, kwargs: dict, y: Value) -> Call:
    """Make a call that takes the place of another one, or of a part of it."""
    new = Call(f, args, kwargs)
    new.reads, new.result, new.results = values_in((args, kwargs)), y, [y]
    return new


VIEWS = {operator.getitem, np.reshape, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims,
         np.squeeze, np.ravel, np.broadcast_to, np.diagonal}  # fmt: skip
