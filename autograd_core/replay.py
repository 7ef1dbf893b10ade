"""A planned recording as a straight line of array calls: Python source, and its function."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from .blocks import shared_out
from .chaining import KEYWORD_OUT, Links, write_chain
from .chains import Chain
from .layout import Layout, amount, is_dense, shaped, size_of
from .live import expect_nothing, expect_something
from .memory import reserve
from .plan import Plan, is_fresh, values_in
from .records import Call, Storage, Value, through
from .script import function_of
from .simplify import final
from .wording import Wording, is_ufunc, takes_out

__all__ = ["Program"]

INFIX = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/",
    operator.pow: "**",
}  # fmt: skip
LARGE = 1 << 16  # bytes


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
    gradients : list of (sink, Value or None)
        Where gradients belong.

    Attributes
    ----------
    run : callable
    source : str
        What is run.
    written : list of array
        The arrays outside of the recording that are written into.
    effects : list of (sink, array or None)
        Gradients that are written where they stay.
    fresh : list of (sink, int)
        Gradients that come out as new arrays, and which outputs these are.
    terms : int
        The terms of sums whose order is another one, as far as they round; 1 without such sums.
    """

    def __init__(
        self,
        plan: Plan,
        inputs: list[Value],
        name: str,
        returned: int,
        gradients: list,
    ) -> None:
        super().__init__(name)
        self.views = 0
        self.loose: set[Value] = set()  # numbers that others than ufuncs read, which tell them
        self.placed: set[Value] = set()  # results that are written into memory that stays
        self.lines: list[str] = []
        self.loops: list[str] = []  # the source of chains
        self.local: dict[Storage, list[Value]] = {}  # what local variables hold
        self.layout, self.reachable = Layout(), plan.reachable
        self.results = plan.outputs[:returned]
        self.kept = {v.storage for v in self.results}
        self.held = {v.storage for v in plan.outputs[returned:]}
        self.staying = self.kept | self.held | {v.storage for v in inputs}
        self.assigned: dict[Value, np.ndarray] = {}
        for call in plan.calls:
            if hasattr(call.f, "arrange"):
                places = call.f.arrange()
                self.assigned.update(zip(call.args, places or (), strict=places is not None))
        self.bound["expect_nothing"] = expect_nothing
        self.bound["expect_something"] = expect_something
        for i, v in enumerate(inputs):
            self.names[v] = f"x{i}"
        for v, array in plan.constants.items():
            if type(array) is np.ndarray:
                self.static[v] = array
            self.names[v] = self.bind("k", array)
        self._last_uses(plan.calls)
        for storage in plan.templates:
            there = self.bind("a", storage.external)
            self.lines.append(f"{there}[...] = {self.bind('k', storage.template)}")
        for i, step in self._placed(plan.steps):
            if isinstance(step, Links):
                write_chain(self, step)
            else:
                self._emit(i, step)
        outputs = self._outputs(plan, returned)
        self.effects: list[tuple[Any, Any]] = []
        self.fresh: list[tuple[Any, int]] = []
        self._settle_gradients(plan, gradients)
        found = {id(s): s for call in plan.calls for s in call.writes}
        known = [s for s in found.values() if s.template is None]
        self.written = [s.external for s in known if s.external is not None]
        self.terms = plan.terms
        self.nbytes = self.layout.bytes + self.layout.own
        self.summary = self._summary(plan)
        arguments = [f"x{i}" for i in range(len(inputs))]
        text, run = function_of(name, arguments, self.lines, outputs, self.bound)
        self.run = shared_out(run, plan.calls)
        self.summary += "" if self.run is run else "; two threads share the images"
        self.source = "".join(f"{loop}\n" for loop in self.loops) + text
        self._forget()

    def _forget(self) -> None:
        """Let go of what was needed for writing only."""
        kept = "run", "source", "written", "effects", "fresh", "nbytes", "summary", "bound", "terms"
        for name in [name for name in vars(self) if name not in kept]:
            delattr(self, name)

    def is_like(self, other: Program) -> bool:
        """Whether two recordings are the same text, and their constants the same numbers."""
        if self.source != other.source or self.bound.keys() != other.bound.keys():
            return False
        return all(
            x is other.bound[name] or is_same_array(x, other.bound[name])
            for name, x in self.bound.items()
            if name[0] in "ak" and isinstance(x, (np.ndarray, np.generic))
        )

    def _outputs(self, plan: Plan, returned: int) -> str:
        """Write what is returned: results, and gradients that have no place."""
        for v in plan.outputs[returned:]:
            self.name(v)
            if v not in self.static and v not in self.results:
                self.results.append(v)
        asked = [*plan.asked[:returned], *(v.storage for v in self.results[returned:])]
        own: dict[Storage, Storage] = {}
        texts = []
        for v, original in zip(self.results, asked, strict=True):
            text = self.output(v)
            if own.setdefault(v.storage, original) is not original:
                text = f"{text}.copy()"  # two results that turned out to be the same
            texts.append(f"{text}, ")
        return f"({''.join(texts)})"

    def _settle_gradients(self, plan: Plan, wanted: list[tuple[Any, Value | None]]) -> None:
        """Say for the places where gradients belong which array they hold, or None."""
        for sink, v in wanted:
            v = final(v, plan.same) if v is not None else None
            if v is None:
                self.effects.append((sink, None))
            elif plan.is_constant(v):  # whoever has the gradient may change it
                place = np.empty_like(self.static[v])
                self.lines.append(f"{self.bind('b', place)}[...] = {self.name(v)}")
                self.effects.append((sink, place))
            elif v in self.static and v.source != "external":
                self.effects.append((sink, self.static[v]))
            else:
                if v not in self.results:
                    raise LookupError("a gradient that is no result")
                self.fresh.append((sink, self.results.index(v)))

    def _summary(self, plan: Plan) -> str:
        """Say in a line what was done."""
        n = len(self.lines)
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
        return f"{', '.join(parts)}; {amount(self.nbytes)} of buffers"

    # --- memory -----------------------------------------------------------------------------------

    def _last_uses(self, calls: list[Call]) -> None:
        """Find out which call is the last to need each piece of memory."""
        for i, call in enumerate(calls):
            if not is_ufunc(call.f):
                self.loose.update(v for v in call.reads if v.kind == "scalar")
            for v in (*call.reads, *call.results):
                v.storage.last = i
            for storage in call.writes:
                storage.last = i

    def _placed(self, planned: list[Call | Chain]) -> list[tuple[int, Call | Links]]:
        """Find places for all results that get one."""
        steps: list[tuple[int, Call | Links]] = []
        i = 0
        for step in planned:
            if isinstance(step, Chain):
                links = Links(self, i, step)
                links.ask_for_places(self)
                steps.append((i, links))
                i += len(step.calls)
            else:
                steps.append((i, step))
                self._ask_for_place(i, step)
                i += 1
        self.layout.settle()
        return steps

    def _ask_for_place(self, i: int, call: Call) -> None:
        """Note what memory a call needs for its result, if it can write into it."""
        v = call.result
        if type(v) is not Value or len(call.results) != 1 or call.f is operator.setitem:
            return
        if not takes_out(call) or not self.has_place(call, v):
            return
        self.placed.add(v)
        if v.storage in self.held:
            return
        if isinstance(call.f, np.ufunc) and call.f is not np.matmul:
            for x in call.reads:
                if (
                    x.storage in self.layout.of
                    and x.storage.last == i
                    and (x.shape, x.dtype, x.strides) == (v.shape, v.dtype, v.strides)
                    and self.layout.of[x.storage].nbytes == size_of(v)
                ):
                    self.layout.share(v.storage, x.storage, v.storage.last)
                    return
        self.layout.add(v.storage, size_of(v), i, v.storage.last)

    def has_place(self, call: Call, v: Value) -> bool:
        """Whether the result of a call gets memory that stays; else it is new each time."""
        if v.storage in self.kept or v in self.loose or v.dtype is None or v.dtype.hasobject:
            return False
        return is_fresh(call, v) and (v.kind != "array" or is_dense(v))

    def place_of(self, v: Value) -> np.ndarray:
        """Return the array that a result is written into."""
        if v.storage not in self.held:
            return self.layout.array(v)
        nbytes = size_of(v)  # of a gradient, whose memory nobody else uses
        self.layout.own += nbytes
        place = self.assigned.get(v)
        if place is not None and (place.strides, place.dtype) == (v.strides, v.dtype):
            return place
        return shaped(reserve(max(nbytes, 1)), v)

    # --- calls ------------------------------------------------------------------------------------

    def _emit(self, i: int, call: Call) -> None:
        if not self._hoisted(call):
            self.lines.append(self._statement(call))
        self.let_go(i, call)

    def let_go(self, last: int, *calls: Call) -> None:
        """Forget large arrays that are made anew each time, after the last call that reads them."""
        for call in calls:
            for v in call.results:
                name = self.names.get(v, "")
                if v.kind == "array" and name == f"v{v.index}" and v.storage not in self.staying:
                    self.local.setdefault(v.storage, []).append(v)
        dying = dict.fromkeys(v.storage for call in calls for v in (*call.reads, *call.results))
        names: list[str] = []
        for storage in dying:
            if storage.last <= last and storage in self.local:
                found = self.local.pop(storage)
                if any(size_of(v) >= LARGE for v in found):
                    names += [self.names[v] for v in found]
        if names:
            self.lines.append(f"del {', '.join(names)}")

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

    def _statement(self, call: Call) -> str:
        f, args, kwargs = call.f, call.args, dict(call.kwargs)
        if f is operator.setitem:
            return f"{self.text(args[0])}[{self.index(args[1])}] = {self.text(args[2])}"
        if isinstance(f, np.ufunc):
            args = self.strong(f, args)
            if f is np.multiply and args[0] is args[1] and type(args[0]) is Value:
                f, args = np.square, args[:1]
        if hasattr(f, "arrange") and args and all(self.is_in_place(v) for v in args):
            args = ()
        right = self._call(f, args, kwargs)
        if len(call.results) == 1 and call.result is call.results[0]:
            v = call.result
            if v in self.placed:
                found = self.place_of(v)
                self.static[v], self.names[v] = found, self.bind("b", found)
                positional = (isinstance(f, np.ufunc) or f is np.dot) and f not in KEYWORD_OUT
                how = ", " if positional and not kwargs else ", out="
                return f"{right[:-1]}{how}{self.names[v]})"
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

    def is_in_place(self, v: Value) -> bool:
        """Whether a gradient is written where an optimizer wants it."""
        return v in self.assigned and self.static.get(v) is self.assigned[v]

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
        outside = v.storage.external
        if v in self.static or (outside is not None and id(outside) not in self.reachable):
            name = f"{name}.copy()"
            return f"{name}[()]" if v.kind == "scalar" else name
        return name


def is_same_array(a: Any, b: Any) -> bool:
    """Whether two constants hold the same numbers."""
    numbers = a.dtype == b.dtype and a.dtype.kind in "fc"
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=numbers)
