"""Writing down the array calls of a calculation while it runs: the part of `compile` that listens.

A `Traced` value wraps a plain array *beneath* Tensor. The forward pass, the rules of the backward
pass and whatever else calculates with it reach it through NumPy's two protocols, so one recording
holds all of them. Each call is carried out at once and noted as a `Call`; what a program does with
a value besides (reading it as a Python number, printing it) cannot be noted, and is remembered as
the reason why the recording is not to be used.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .anomaly import is_called_by_user, user_line, watchers
from .calling import name_of
from .kernels import getitem, setitem
from .records import Call, Known, Storage, Value, owner_of, through
from .traced import READING, Traced, is_ours, plainly

__all__ = ["Recorder", "current", "find", "lifted", "noted_call", "noted_rule", "recorder"]

current: ContextVar[Recorder | None] = ContextVar("current", default=None)


def recorder() -> Recorder | None:
    """Return what records here and now, or None."""
    return current.get() if watchers else None


# --- what cannot be written down, and what need not be --------------------------------------------

PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.dtype, type)

BY_VALUES = {
    getattr(np, name)
    for name in """argwhere compress extract flatnonzero nonzero trim_zeros union1d unique
    unique_all unique_counts unique_inverse unique_values setdiff1d intersect1d setxor1d bincount
    place repeat histogram_bin_edges real_if_close roots""".split()  # noqa: SIM905
    if hasattr(np, name)
} | {np.linalg.eig, np.linalg.eigvals, np.linalg.lstsq}
"""Functions whose result has a shape or a dtype according to values."""
NO_ARRAYS = {Traced, float, int, bool, type(None)}
EMPTY: dict[str, Any] = {}  # settings of most calls

WRITES_FIRST = {np.copyto, np.put, np.put_along_axis, np.putmask, np.fill_diagonal}
OF_NUMBERS = {
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.neg,
    operator.pos, operator.abs,
}  # fmt: skip
"""What is noted of Python numbers that were given as arguments."""


class Recorder:
    """Notes the calls of one run of a function.

    `reachable` are the ids of arrays that existed before (the weights, what the function captured);
    any other array that is met was made in the run.
    """

    def __init__(self, reachable: frozenset[int] = frozenset()) -> None:
        self.calls: list[Call] = []
        self.count = 0  # of values
        self.failure: str | None = None
        self.reachable = reachable
        self.externals: dict[int, Value] = {}
        self.storages: dict[int, Known] = {}
        self.objects: dict[int, tuple[Any, Value, Any]] = {}
        self.entry: dict[int, tuple[Any, Any]] = {}
        self.settled: dict[int, Any] = {}
        self.generators: list[Callable[[], np.random.Generator]] = []
        self.given: set[Storage] = set()  # the memory of arguments
        self.given_away: set[int] = set()  # the memory of Tensors that were read as plain arrays
        self.busy: str | None = None
        self.open = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Record what happens in a block."""
        token = current.set(self)
        watchers.append(self)
        self.open = True
        try:
            yield
        finally:
            self.open = False
            watchers.remove(self)
            current.reset(token)

    def fail(self, reason: str, where: bool = True) -> None:
        """Remember why this recording is not to be used; the first reason counts."""
        if self.failure is None and self.open:
            self.failure = f"{reason} ({user_line()})" if where else reason

    def fail_at_end(self, reason: str) -> None:
        """Remember a reason that was found when all was done."""
        self.failure = self.failure or reason

    def forget(self) -> None:
        """Let go of all that was noted, when it is planned or of no use."""
        self.calls = []
        for held in (self.objects, self.storages, self.externals, self.entry, self.settled):
            held.clear()

    # --- values -----------------------------------------------------------------------------------

    def new(self, source: str, x: Any, storage: Storage | None = None) -> Value:
        """Add a value."""
        value = Value(self.count, source, x, Storage() if storage is None else storage)
        self.count += 1
        if type(x) is np.ndarray:
            self.remember(owner_of(x), value.storage)
        return value

    def remember(self, owner: np.ndarray, storage: Storage) -> None:
        """Know a piece of memory again."""
        key = id(owner)
        if key not in self.storages:
            known = self.storages[key] = Known(owner, self._forget)
            known.key, known.storage = key, storage

    def _forget(self, known: Any) -> None:
        """Let go of an array that has died."""
        key: int = known.key
        if self.storages.get(key) is known:
            del self.storages[key]

    def storage_of(self, x: np.ndarray) -> Storage | None:
        """Return the piece of memory of an array, if it is known."""
        owner = owner_of(x)
        found = self.storages.get(id(owner))
        return found.storage if found is not None and found() is owner else None

    def input(self, x: Any) -> Traced:
        """Wrap an argument."""
        value = self.new("input", x)
        self.given.add(value.storage)
        return Traced(x, value, self)

    def external(self, x: np.ndarray) -> Value:
        """Return the value of an array that comes from outside of the recording."""
        value = self.externals.get(id(x))
        if value is None:
            storage = self.storage_of(x)
            if storage is not None and storage.external is None:
                self.fail("a value left the recording as a plain array and came back")
            if storage is None:
                storage = Storage(owner_of(x))
            value = self.externals[id(x)] = self.new("external", x, storage)
        return value

    # --- calls ------------------------------------------------------------------------------------

    def record(
        self, f: Callable[..., Any], args: tuple, kwargs: dict, writes: Sequence[Any] = ()
    ) -> Any:
        """Carry out a call and note it; `writes` are the arguments that it writes into."""
        if not self.open or self.busy:
            if self.busy:
                self.fail(f"{self.busy} receives an array hidden inside of another object")
            return f(*plainly(args), **plainly(kwargs))
        if type(f) is np.ufunc and not kwargs and not writes and f.nout == 1:
            y = self._simple(f, args)
            if y is not None:
                return y
        call = Call(f, None, None)
        reads: list[Value] = []
        known: list[Any] = []
        given: list[Any] = []

        def noted(x: Any) -> Any:
            kind = type(x)
            if kind is Traced:
                known.append(x)
                value, plain = x._ref, x._concrete
            elif kind is np.ndarray:
                known.append(x)
                value, plain = self.external(x), x
            elif kind not in PLAIN and id(x) in self.objects:
                _, value, plain = self.objects[id(x)]
            else:
                given.append(x)
                return x
            given.append(plain)
            reads.append(value)
            return value

        known_objects = self.objects
        call.args = through(args, noted, known_objects)
        call.kwargs = through(kwargs, noted, known_objects) if kwargs else EMPTY
        call.reads = reads
        source = iter(given)
        plain_args = through(call.args, lambda _: next(source))
        plain_kwargs = through(call.kwargs, lambda _: next(source))
        for x in writes:
            self.note_write(call, x)
        token, self.busy = current.set(None), name_of(f)
        try:
            y = f(*plain_args, **plain_kwargs)
        finally:
            current.reset(token)
            self.busy = None
        call.result = self.outcome(call, y, known, f)
        if hasattr(type(y), "__dataclass_fields__"):
            call.whole = self.new("result", y)
            call.results = [*call.results, call.whole]
        self.calls.append(call)
        return self.shown(call, y, known)

    def _simple(self, f: np.ufunc, args: tuple) -> Any:
        """Note the call of a ufunc on arrays and numbers without detours; None if it is another."""
        noted, given, reads = [], [], []
        for x in args:
            kind = type(x)
            value: Any = x
            if kind is Traced:
                value, x = x._ref, x._concrete
                reads.append(value)
            elif kind is np.ndarray:
                value = self.external(x)
                reads.append(value)
            elif kind is not float and kind is not int:
                return None
            noted.append(value)
            given.append(x)
        y = f(*given)
        if type(y) is not np.ndarray and not isinstance(y, np.generic):
            return None
        call = Call(f, tuple(noted), EMPTY)
        value = self.new("result", y)
        call.reads, call.result, call.results = tuple(reads), value, (value,)
        self.calls.append(call)
        return Traced(y, value, self)

    def function(self, f: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
        """Note the call of a function of NumPy's, or of one that dispatches as these do."""
        if type(f) is np.ufunc and not kwargs:
            return self.record(f, args, kwargs)
        if (
            (f in BY_VALUES and (f is not np.repeat or find((args[1:], kwargs))))
            or f.__name__ == "bases_by_rank"
            or (f is np.where and len(args) == 1)
        ):
            self.fail(f"{name_of(f)} gives a result whose shape or dtype depends on values")
        written = [x for x in (kwargs.get("out"),) if x is not None]
        if f in WRITES_FIRST:
            written = [*written, args[0]]
        elif f is getitem:
            x, index = *args, *kwargs.values()
            return x[index]
        elif f is setitem:
            kwargs = kwargs | {"reuse": False}
        if hasattr(f, "traceable"):
            return getattr(f, "__wrapped__", f)(*args, **kwargs)
        if not hasattr(f, "_implementation"):  # a function of ours, without its own dispatch
            f = getattr(f, "__wrapped__", f)
        return self.record(f, args, kwargs, written)

    def note_write(self, call: Call, x: Any) -> None:
        """Note that a call writes into the memory of an argument."""
        if type(getattr(x, "_concrete", x)) is not np.ndarray:
            return
        value = x._ref if type(x) is Traced else self.external(x)
        storage = value.storage
        outside = storage.external
        if outside is not None:
            is_made = id(outside) not in self.reachable
            is_update = call.f not in WRITES_FIRST and any(v is value for v in call.args)
            if type(x) is np.ndarray and (is_made or not is_update) and is_called_by_user():
                self.fail("it writes into a plain array, which later calls may read unnoticed")
            if is_made and not storage.writes:
                storage.template = outside.copy()  # it begins anew each time
            call.keeps = call.keeps or not is_made
        elif storage in self.given:
            self.fail("it writes into an argument")
        storage.writes += 1
        call.writes = [*call.writes, storage]

    def outcome(self, call: Call, y: Any, known: list, f: Any) -> Any:
        """Say what came out of a call: Values in place of arrays."""
        has_parts = hasattr(type(y), "__dataclass_fields__")  # its numbers are of shapes
        results: list[Value] = []

        def leaf(v: Any) -> Any:
            kind = type(v)
            if kind is np.ndarray:
                for x in known:
                    if (x._concrete if type(x) is Traced else x) is v:
                        return x._ref if type(x) is Traced else self.external(x)
                value = self.new("result", v, self.storage_of(v))
            elif isinstance(v, np.generic):
                value = self.new("result", v)
            elif kind in PLAIN:
                if not has_parts and kind in (bool, int, float, complex):
                    if kind is not float or not (f in OF_NUMBERS or hasattr(f, "gives_number")):
                        self.fail(f"{name_of(f)} {READING}")
                        return v
                    value = self.new("result", v)
                else:
                    return v
            else:
                value = self.new("result", v)
                self.objects[id(v)] = v, value, v
            results.append(value)
            return value

        result = through(y, leaf)
        call.results = results
        return result

    def shown(self, call: Call, y: Any, known: list) -> Any:
        """Give the caller of a recorded call its results: Traced in place of arrays."""
        result = call.result
        plain: list[Any] = []
        through(y, plain.append)
        source = iter(plain)

        def leaf(v: Any) -> Any:
            x = next(source)
            if type(v) is not Value or v.kind == "object":
                return x
            for k in known:
                if type(k) is Traced and k._ref is v:
                    return k
                if k is x:
                    return k
            return Traced(x, v, self)

        given = through(result, leaf)
        if hasattr(type(given), "__dataclass_fields__"):  # known again when it is passed on whole
            assert call.whole is not None
            self.objects[id(given)] = given, call.whole, y
        return given

    def calls_method_of(self, objects: list) -> bool:
        """Whether a live call is a method of one of some objects (a schedule's step)."""
        return any(a is x for call in self.calls if call.keeps for a in call.args for x in objects)

    # --- gradients of leaves ----------------------------------------------------------------------

    def note_gradient(self, sink: Any, is_set: bool = False) -> None:
        """Note that the gradient of a leaf is looked at, or set, for the first time."""
        if id(sink) not in self.settled:
            self.settled[id(sink)] = sink
            if not is_set:
                self.entry[id(sink)] = sink, sink.grad


def find(tree: Any) -> Recorder | None:
    """Return the recorder of the first Traced value in nested arguments."""
    kind = type(tree)
    if kind is Traced:
        return tree._recorder
    if kind is tuple or kind is list:
        for x in tree:
            found = find(x)
            if found is not None:
                return found
    elif kind is dict:
        return find(list(tree.values()))
    elif hasattr(kind, "__dataclass_fields__"):
        return find([getattr(tree, f.name) for f in dataclasses.fields(tree)])
    return None


# --- what the rest of the library calls -----------------------------------------------------------


def lifted(values: Any) -> Any:
    """See the arrays beneath Tensors as part of the recording that is going on, if one is."""
    r = current.get() if watchers else None
    if r is None or (type(values) is list and all(type(x) in NO_ARRAYS for x in values)):
        return values
    return through(values, lambda x: Traced(x, r.external(x), r) if type(x) is np.ndarray else x)


def noted_rule(rule: Any, values: list, settings: dict) -> Any:
    """Call the function of a rule; as one recorded call if a recording goes on."""
    found = find(values) or find(settings)
    inner = found is not None and found.open and all(map(is_ours, values))
    if found is None or not inner or not all(map(is_ours, settings.values())):
        return rule.calling.call(values, settings)
    args = (list(values),) if rule.arity is None else tuple(values)
    return found.function(rule.calling.f, args, settings)


def noted_call(f: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
    """Call a function that sees plain arrays only; as one recorded call if a recording goes on."""
    found = find(args) or find(kwargs)
    if found is None or hasattr(f, "traceable"):
        return f(*args, **kwargs)
    return found.record(f, args, kwargs)
