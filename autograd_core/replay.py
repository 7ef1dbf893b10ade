"""A planned recording as a straight line of array calls: Python source, and its function."""

from __future__ import annotations

import linecache
import math
import operator
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from .blocks import Chain, chains
from .chaining import KEYWORD_OUT, write_chain
from .plan import Plan, is_fresh, values_in
from .pool import Pool, amount, is_dense, shaped
from .records import Call, Storage, Value, through
from .simplify import final
from .wording import Wording

__all__ = ["ChangedError", "Program"]

INFIX = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/",
    operator.pow: "**",
}  # fmt: skip


class Program(Wording):
    """What is replayed: `run(*inputs)` gives the outputs.

    Parameters
    ----------
    plan : Plan
    inputs : list of Value
    name : str
        Of the function that was recorded.
    returned : int
        How many of the plan's outputs are returned; the others are gradients, which stay.
    exact : bool
        Keep the order of all summations.
    """

    def __init__(
        self, plan: Plan, inputs: list[Value], name: str, returned: int, exact: bool
    ) -> None:
        super().__init__(name)
        self.plan, self.inputs = plan, inputs
        self.pool = Pool()
        self.views = 0
        self.loose: set[Value] = set()  # numbers that others than ufuncs read, which tell them
        self.lines: list[str] = []
        self.loops: list[str] = []  # the source of chains
        self.memory: dict[Storage, np.ndarray] = {}
        self.fresh: list[tuple[Any, int]] = []  # gradients that come out as new arrays
        self.results = plan.outputs[:returned]
        self.kept = {v.storage for v in self.results}
        self.assigned: dict[Value, np.ndarray] = {}
        for call in plan.calls:
            if hasattr(call.f, "arrange"):
                places = call.f.arrange()
                self.assigned.update(zip(call.args, places or (), strict=places is not None))
        self.held = {v.storage for v in plan.outputs[returned:]}
        self.bound["expect_nothing"] = expect_nothing
        self.bound["expect_something"] = expect_something
        for i, v in enumerate(inputs):
            self.names[v] = f"x{i}"
        for v, array in plan.constants.items():
            if type(array) is np.ndarray:
                self.static[v] = array
            self.names[v] = self.bind("k", array)
        self._last_uses()
        for storage in plan.templates:
            assert storage.external is not None
            there = self.bind("a", storage.external)
            self.lines.append(f"{there}[...] = {self.bind('k', storage.template)}")
        i = 0
        for step in chains(plan.calls, exact):
            if isinstance(step, Chain):
                write_chain(self, i, step)
                i += len(step.calls)
            else:
                self._emit(i, step)
                i += 1
        for v in plan.outputs[returned:]:
            self.name(v)
            if v not in self.static and v not in self.results:
                self.results.append(v)
        asked = [*plan.asked[:returned], *self.results[returned:]]
        own: dict[Storage, Storage] = {}
        texts = []
        for v, original in zip(self.results, asked, strict=True):
            text = self.output(v)
            if own.setdefault(v.storage, original.storage) is not original.storage:
                text = f"{text}.copy()"  # two results that turned out to be the same
            texts.append(f"{text}, ")
        outputs = "".join(texts)
        arguments = ", ".join(f"x{i}" for i in range(len(inputs)))
        body = "\n".join(f"    {line}" for line in self.lines)
        before = "".join(f"{text}\n" for text in self.loops)
        self.source = f"{before}def {name}({arguments}):\n{body}\n    return ({outputs})\n"
        self.run = self._made(name)

    def is_like(self, other: Program) -> bool:
        """Whether two recordings are the same text, and their constants the same numbers."""
        if self.source != other.source or self.bound.keys() != other.bound.keys():
            return False
        return all(
            x is other.bound[name] or is_same_array(x, other.bound[name])
            for name, x in self.bound.items()
            if name[0] in "ak" and isinstance(x, (np.ndarray, np.generic))
        )

    def gradients(self, wanted: list[tuple[Any, Value | None]]) -> list[tuple[Any, Any]]:
        """Say for the places where gradients belong which Tensor they hold, or None."""
        found: list[tuple[Any, Any]] = []
        for sink, v in wanted:
            v = final(v, self.plan.same) if v is not None else None
            if v is None:
                found.append((sink, None))
            elif v in self.static and v.source != "external":
                found.append((sink, self.static[v]))
            else:
                if v not in self.results:
                    raise LookupError("a gradient that is no result")
                self.fresh.append((sink, self.results.index(v)))
        return found

    def written(self) -> list[np.ndarray]:
        """Return the arrays outside of the recording that it writes into."""
        found = {id(s): s for call in self.plan.calls for s in call.writes}
        return [s.external for s in found.values() if s.external is not None]

    def summary(self) -> str:
        """Say in a line what was done."""
        plan, n = self.plan, len(self.lines)
        parts = [f"{n} call{'s' * (n != 1)} of {plan.recorded} recorded"]
        parts += [
            f"{count} {what}"
            for count, what in (
                (plan.dead, "not needed"),
                (plan.merged, "equal to others"),
                (plan.folded, "constant"),
                (self.views, "views made once"),
            )
            if count
        ]
        return f"{', '.join(parts)}; {amount(self.pool.bytes)} of buffers"

    # --- memory -----------------------------------------------------------------------------------

    def _last_uses(self) -> None:
        """Find out which call is the last to need each piece of memory."""
        for i, call in enumerate(self.plan.calls):
            if not is_ufunc(call.f):
                self.loose.update(v for v in call.reads if v.kind == "scalar")
            for v in (*call.reads, *call.results):
                v.storage.last = i
            for storage in call.writes:
                storage.last = i

    def buffer(self, i: int, call: Call, v: Value) -> np.ndarray | None:
        """Find memory for the result of call i; None if it is to be new each time."""
        if v.storage in self.kept or v in self.loose or v.dtype is None or v.dtype.hasobject:
            return None
        if not is_fresh(call, v) or (v.kind == "array" and not is_dense(v)):
            return None
        nbytes = math.prod(v.shape) * v.dtype.itemsize
        place = self.place_of(v, nbytes)
        if place is not None:
            return place
        memory = None
        if isinstance(call.f, np.ufunc) and call.f is not np.matmul:
            for x in call.reads:
                if (
                    x.storage in self.memory
                    and x.storage.last == i
                    and (x.shape, x.dtype, x.strides) == (v.shape, v.dtype, v.strides)
                    and self.memory[x.storage].nbytes == max(nbytes, 1)
                ):
                    memory = self.memory.pop(x.storage)
                    break
        if memory is None:
            memory = self.pool.take(nbytes)
        self.memory[v.storage] = memory
        return shaped(memory, v)

    def place_of(self, v: Value, nbytes: int) -> np.ndarray | None:
        """Return the memory of a gradient, which nobody else uses; None for other values."""
        if v.storage not in self.held:
            return None
        self.pool.bytes += nbytes
        place = self.assigned.get(v)
        if place is not None and (place.strides, place.dtype) == (v.strides, v.dtype):
            return place
        return shaped(np.empty(max(nbytes, 1), np.uint8), v)

    def release(self, i: int, call: Call) -> None:
        """Give back the memory that call i was the last to need."""
        for v in (*call.reads, *call.results):
            if v.storage.last == i and v.storage in self.memory:
                memory = self.memory.pop(v.storage)
                self.pool.give(memory, memory.nbytes)

    # --- calls ------------------------------------------------------------------------------------

    def _emit(self, i: int, call: Call) -> None:
        if not self._hoisted(call):
            self.lines.append(self._statement(i, call))
        self.release(i, call)

    def _hoisted(self, call: Call) -> bool:
        """Make a view of memory that stays where it is once and for all."""
        if len(call.results) != 1 or call.result is not call.results[0] or call.keeps:
            return False
        v = call.result
        if v.kind != "array" or call.writes or is_fresh(call, v):
            return False
        if not all(x in self.static for x in call.reads if self.name(x)):
            return False
        fill = through(
            (call.args, call.kwargs), lambda x: self.static.get(x, x) if type(x) is Value else x
        )
        view = call.f(*fill[0], **fill[1])
        if (view.shape, view.dtype, view.strides) != (v.shape, v.dtype, v.strides):
            return False
        self.static[v] = view
        self.names[v] = self.bind("b", view)
        self.views += 1
        return True

    def _statement(self, i: int, call: Call) -> str:
        f, args, kwargs = call.f, call.args, dict(call.kwargs)
        if f is operator.setitem:
            return f"{self.text(args[0])}[{self.index(args[1])}] = {self.text(args[2])}"
        if isinstance(f, np.ufunc):
            args = self.strong(f, args)
            if f is np.multiply and args[0] is args[1] and type(args[0]) is Value:
                f, args = np.square, args[:1]
        right = self._call(f, args, kwargs)
        if len(call.results) == 1 and call.result is call.results[0]:
            v = call.result
            if takes_out(call):
                found = self.buffer(i, call, v)
                if found is not None:
                    out = self.bind("b", found)
                    self.static[v], self.names[v] = found, out
                    positional = (isinstance(f, np.ufunc) or f is np.dot) and f not in KEYWORD_OUT
                    positional = positional and not kwargs
                    right = right[:-1] + (f", {out})" if positional else f", out={out})")
                    return right
            self.names[v] = f"v{v.index}"
            if hasattr(f, "may_give_nothing"):
                right = f"expect_something({right})"
            return f"v{v.index} = {right}"
        if call.whole is not None:
            self.names[call.whole] = whole = f"v{call.whole.index}"
            for part in fields(call.result):
                v = getattr(call.result, part.name)
                if type(v) is Value:
                    self.names[v] = f"{whole}.{part.name}"
            return f"{whole} = {right}"
        if not call.results:
            checked = call.keeps and call.result is None and not call.writes
            return f"expect_nothing({right})" if checked else right
        return f"{self._targets(call.result)} = {right}"

    def _targets(self, tree: Any) -> str:
        if type(tree) is Value:
            if tree in self.names:
                return "_"
            self.names[tree] = f"v{tree.index}"
            return f"v{tree.index}"
        if isinstance(tree, (tuple, list)):
            return "(" + "".join(f"{self._targets(x)}, " for x in tree) + ")"
        if values_in(tree):
            raise LookupError(f"a result of the type {type(tree).__name__}")
        return "_"

    def _call(self, f: Callable[..., Any], args: tuple, kwargs: dict) -> str:
        if f is operator.getitem:
            return f"{self.text(args[0])}[{self.index(args[1])}]"
        if f in INFIX and len(args) == 2:
            return f"{self.text(args[0])} {INFIX[f]} {self.text(args[1])}"
        module = getattr(f, "__module__", "")
        if module == "attribute":
            return f"{self.text(args[0])}.{f.__name__}"
        first, rest = "", args
        if module == "ndarray":
            first, rest = f"{self.text(args[0])}.{f.__name__}", args[1:]
        if isinstance(f, np.ufunc) and list(kwargs) == ["out"] and f not in KEYWORD_OUT:
            rest, kwargs = (*rest, kwargs["out"]), {}
        given = [*map(self.text, rest), *(f"{k}={self.text(v)}" for k, v in kwargs.items())]
        return f"{first or self.function(f)}({', '.join(given)})"

    def strong(self, f: np.ufunc, args: tuple) -> tuple:
        """Write Python numbers as arrays of the dtype they will have: that takes half the time."""
        dtypes = {x.dtype for x in args if type(x) is Value and x.kind != "number"}
        if len(args) != 2 or len(dtypes) != 1 or f is np.ldexp:
            return args
        (dtype,) = dtypes
        if dtype.kind != "f":
            return args
        return tuple(self.number(x, dtype) if type(x) in (int, float) else x for x in args)

    def output(self, v: Value) -> str:
        """Write a result; memory that is used again is copied."""
        name = self.name(v)
        if v in self.static:
            name = f"{name}.copy()"
            return f"{name}[()]" if v.kind == "scalar" else name
        return name

    def _made(self, name: str) -> Callable[..., Any]:
        """Make a function of the source."""
        indented = "".join(f"    {line}\n" for line in self.source.splitlines())
        text = f"def make({', '.join(self.bound)}):\n{indented}    return {name}\n"
        file = f"<compiled {name} {id(self):x}>"
        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        space: dict[str, Any] = {}
        exec(compile(text, file, "exec"), space)
        made: Callable[..., Any] = space["make"](**self.bound)
        return made


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


def is_same_array(a: Any, b: Any) -> bool:
    """Whether two constants hold the same numbers."""
    numbers = a.dtype == b.dtype and a.dtype.kind in "fc"
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=numbers)


def is_ufunc(f: Callable[..., Any]) -> bool:
    """Whether a function is a ufunc or a method of one, to which 0-d arrays are numbers."""
    return isinstance(f, np.ufunc) or isinstance(getattr(f, "__self__", None), np.ufunc)


def takes_out(call: Call) -> bool:
    """Whether a call can write its one result into memory that it is given."""
    f = call.f
    if "out" in call.kwargs or "where" in call.kwargs:
        return False
    if (
        call.result.dtype is None or call.result.dtype.kind == "c"
    ):  # NumPy's loops for these round otherwise with out=
        return False
    if isinstance(f, np.ufunc):
        return f.nout == 1 and len(call.args) == f.nin
    if isinstance(getattr(f, "__self__", None), np.ufunc):
        return f.__name__ == "reduce" and len(call.args) == 1
    return f is np.dot and len(call.args) == 2
