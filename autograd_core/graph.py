"""The recorded graph: its nodes, the levels that keep nested derivatives apart, and the bookkeeping
that no rule ever does (undoing a broadcast, restoring a dtype).
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from .anomaly import check_forward, user_line, watchers, watching
from .guard import Sink, fingerprint, is_private
from .table import Rule, Spec

__all__ = [
    "EMPTY",
    "Link",
    "Node",
    "Part",
    "Step",
    "WatchedStep",
    "conform",
    "new_level",
    "new_order",
    "recording_from",
]

new_order = (ORDERS := itertools.count(1)).__next__
"""A number for each node; a node is always younger than its parents."""

new_level = itertools.count(1).__next__
"""A number for each open derivative; an inner one is always younger than the outer ones.

Level 0 is the tape of `requires_grad` and `.backward()`. Numbers are never used twice, so
a traced value that escapes from its derivative can never be taken for one of a later one, and
threads need no lock: `next` on a counter is atomic.
"""

recording_from: ContextVar[int] = ContextVar("recording_from", default=0)
"""Levels below this number are not recorded: `no_grad` sets it, per thread and per async task."""


new_node = object.__new__
EMPTY: dict[str, Any] = {}


class Node(Spec):
    """A value that takes part in a derivative; as it stands, a leaf.

    The nodes of recorded operations (`Step`, `Link`) have a rule, and parents: the nodes of their
    operands. They hold what a backward pass needs to know, and nothing more: `operands` are the
    values (or `Spec`s) that the rule declared it needs, None once a backward pass consumed them.
    """

    __slots__ = ("level", "operands", "order", "rule", "sink", "y")
    batched = False
    parents: Any = ()
    settings: Any = None
    prints: Any = None
    where: str | None = None

    def __init__(self, level: int, value: Any) -> None:
        self.level = level
        self.order = new_order()
        self.shape, self.dtype = value.shape, value.dtype
        self.rule: Any = None
        self.operands: tuple | None = ()
        self.y: Any = None
        self.sink: Sink | None = None

    def derive(
        self,
        rule: Rule,
        active: int,
        traces: Sequence,
        values: Sequence,
        y: Any,
        saved: Any,
        settings: dict,
    ) -> Node:
        """Record `y = rule.f(*values)` on this level; the rule will see `saved` as its y.

        Bit i of `active` says that operand i carries a gradient, to `traces[i]`.
        """
        keep_y, kept, keep = rule.plan(active, len(values))
        node: Any
        prints = None
        for i in kept:
            x, parent = values[i], traces[i]
            if x.__class__ is np.ndarray:
                sink = None if parent is None else parent.sink
                watched = sink is not None and sink.shared and sink.is_exposed(x)
                if (watched or parent is None) and (x.flags.writeable or not is_private(x)):
                    prints = [*(prints or ()), (i, fingerprint(x))]
        several = y.__class__ is not np.ndarray and isinstance(y, (tuple, list))
        if prints is None and not watchers and not several:
            node = new_node(Step)
        else:
            node = new_node(WatchedStep)
            node.prints, node.where = prints, None
            if watching.get():
                check_forward(rule, values, y)
                node.where = user_line()
        node.level = self.level
        node.order = new_order()
        node.rule = rule
        node.parents = tuple(traces)
        node.operands = tuple(values) if keep is None else keep(values)
        node.y = saved if keep_y else None
        node.settings = rule.check(settings) if settings else settings
        node.sink = None
        if several:
            node.shape = tuple(v.shape for v in y)
            node.dtype = tuple(v.dtype for v in y)
        else:
            node.shape = y.shape
            node.dtype = y.dtype
        return node

    def written(self) -> Node:
        """Return the leaf that takes this one's place after its value was overwritten.

        Both share their gradient; operations that saved the old value will notice.
        """
        leaf = copy.copy(self)
        leaf.order = new_order()
        leaf.sink = self.sink = self.sink or Sink()
        leaf.sink.forget()
        self.operands = None
        return leaf

    def hand_out(self, value: Any) -> Any:
        """Give out an array that shares the value's memory, and remember it."""
        self.sink = self.sink or Sink()
        return self.sink.hand_out(value)

    def output(self, i: int, value: Any) -> Node:
        """Give output i of an operation that has several a node of its own."""
        node = Step(self.level, value)
        node.rule, node.settings = Output(self.rule), i
        node.parents, node.operands = (self,), (self.shape, self.dtype)
        return node


class Step(Node):
    """A recorded operation; `parents` has None for an operand that is not differentiated."""

    __slots__ = ("parents", "settings")


class Link(Node):
    """An operation with one parent, which it holds itself: the `parent` was operand `place`.

    Chains of elementwise operations are made of these. Without a tuple of parents, Python's cycle
    collector, which walks through all that is alive now and then, has half as much to walk.
    """

    __slots__ = ("parent", "place", "settings")
    parent: Any
    place: int

    @property
    def parents(self) -> tuple:
        """The parent among the operands; none when the node was consumed."""
        if self.parent is None:
            return ()
        return (*(None,) * self.place, self.parent, *(None,) * (self.rule.arity - self.place - 1))


class WatchedStep(Step):
    """An operation with what only few have.

    `prints` are copies of saved arrays that others can write into (see guard.py); `where` is the
    line of the user's code that made it (under `detect_anomaly`). Operations with several outputs
    are here too.
    """

    __slots__ = ("prints", "where")


class Output:
    """The rule of a node that stands for one output of an operation with several."""

    __slots__ = ("name",)
    verb, joint, pointwise, adds = "output", False, False, None
    pulls = (lambda g, _y, parent, i: Part(i, g, *parent),)
    plan = staticmethod(lambda _active, _count: (False, (), None))  # values are not needed

    def __init__(self, rule: Any) -> None:
        self.name = rule.name


class Part:
    """Cotangents of some of the outputs of an operation that has several."""

    __slots__ = ("dtype", "parts", "shape")

    def __init__(self, i: int, g: Any, shape: tuple, dtype: tuple) -> None:
        self.parts, self.shape, self.dtype = {i: g}, shape, dtype

    def __add__(self, other: Part) -> Part:
        for i, g in other.parts.items():
            self.parts[i] = self.parts[i] + g if i in self.parts else g
        return self

    def complete(self) -> tuple:
        """Give a cotangent for every output, zeros where none arrived."""
        return tuple(
            self.parts[i] if i in self.parts else np.zeros(shape, dtype)
            for i, (shape, dtype) in enumerate(zip(self.shape, self.dtype, strict=True))
        )


def conform(c: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Bring a cotangent or tangent to the shape and dtype of the value it belongs to.

    A broadcast is undone by summing over the axes it stretched; a real value has a real gradient.
    """
    if c.shape != shape:
        c = unbroadcast(c, shape)
    if c.dtype != dtype:
        if c.dtype.kind == "c" and dtype.kind != "c":
            c = c.real
        c = c.astype(dtype)
    return c


def unbroadcast(c: Any, shape: tuple[int, ...]) -> Any:
    """Sum `c` over the axes that broadcasting added or stretched, or stretch it to `shape`.

    The adjoint of copying is summing: x -> broadcast(x) has the transposed Jacobian of a sum.
    """
    extra = len(c.shape) - len(shape)
    if extra > 0:
        c = np.add.reduce(c, axis=tuple(range(extra)))
    axes = tuple(
        i for i, (have, want) in enumerate(zip(c.shape, shape, strict=False)) if want == 1 != have
    )
    if axes and extra >= 0:
        c = np.add.reduce(c, axis=axes, keepdims=True)
    return c if c.shape == shape else np.broadcast_to(c, shape)
