"""The backward walk: from the results to the leaves, against the direction of the calculation.

Each node asks its rule for the operands' shares of the cotangent `g` and hands them on. The walk
takes the youngest node first; a node is younger than its parents, so by the time it is its turn
all of its cotangent has arrived. There is no recursion, so depth is limited by memory alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

import numpy as np

from .anomaly import check_backward
from .errors import GraphError
from .graph import OUTPUT, LocatedNode, Node, conform
from .guard import check_operand, check_saved

__all__ = ["backward"]

Rewrap = Callable[[Any, Node], Any]


def backward(
    seeds: list[tuple[Node, Any]], *, retain: bool, rewrap: Rewrap | None = None
) -> Iterator[tuple[Node, Any, bool]]:
    """Walk from the seeds to the leaves and yield each watched node with its whole cotangent.

    Watched are the leaves and the nodes that have a `sink`. The third item says whether the
    cotangent is an array that nobody else holds.

    Parameters
    ----------
    seeds : list of (Node, cotangent)
    retain : bool
        Keep the graph for another walk. Otherwise each node lets go of its operands as soon as
        it has been used, so that memory shrinks during the walk.
    rewrap : callable, optional
        Turns a kept value and its node into a traced value again. The rules then calculate on
        traced values, and the walk itself is recorded (`create_graph=True`).
    """
    waiting = Waiting()
    for node, g in seeds:
        waiting.receive(node, conform(g, node.shape, node.dtype), False)
    ahead: Any = None  # a node that is known to come next, kept out of the queue
    while ahead is not None or waiting.queue:
        node, g, fresh = waiting.youngest() if ahead is None else ahead
        ahead = None
        rule: Any = node.rule
        if node.sink is not None:
            for hook in node.sink.hooks:
                g, fresh = hook(g), False
            if rule is None or node.sink.retains:
                yield node, g, fresh and rule is None
        elif rule is None:
            yield node, g, fresh
        if rule is None:
            continue
        parents, operands, y, settings = node.parents, node.operands, node.y, node.settings
        if rule is OUTPUT:
            waiting.receive(parents[0], Part(settings, g), False)  # type: ignore[arg-type]
            continue
        if operands is None:
            raise GraphError(
                f"backward came a second time to {rule.name}, whose saved values were freed by "
                f"the first time. Say .backward(retain_graph=True) the first time, or add the "
                f"losses up and call backward once."
            )
        if g.__class__ is Part:
            g = g.complete(node)
        if node.prints is not None or node.sink is not None:
            check_saved(node)
        if rewrap is not None:
            operands, y = rewrapped(node, rewrap)
        shares = None
        try:
            if rule.joint:
                shares = rule.pull_all(g, y, operands, settings, parents)
            for i, parent in enumerate(parents):
                if parent is None:
                    continue
                if parent.sink is not None:
                    check_operand(node, i)
                c = rule.pull(i, g, y, operands, settings) if shares is None else shares[i]
                if c is None:
                    continue
                if node.__class__ is LocatedNode:
                    check_backward(node, i, g, c)
                if c.shape != parent.shape or c.dtype is not parent.dtype:
                    c = conform(c, parent.shape, parent.dtype)
                fresh = c is not g and getattr(c, "base", None) is None
                if ahead is None and not waiting.queue:
                    ahead = parent, c, fresh
                    continue
                if ahead is not None:
                    waiting.receive(*ahead)
                    ahead = None
                waiting.receive(parent, c, fresh)
        except Exception as error:
            error.add_note(f"... in the backward pass of {rule.name}")
            raise
        if not retain:
            node.operands = node.y = node.prints = None
            node.parents = ()


class Waiting:
    """The nodes that have received some of their cotangent, the youngest first."""

    __slots__ = ("found", "queue")

    def __init__(self) -> None:
        self.found: dict[int, tuple[Node, Any, bool]] = {}
        self.queue: list[int] = []

    def receive(self, node: Node, c: Any, fresh: bool) -> None:
        """Add to the cotangent of a node."""
        key = -node.order
        before = self.found.get(key)
        if before is None:
            heappush(self.queue, key)
            self.found[key] = node, c, fresh
        else:
            self.found[key] = node, add(before[1], c), True

    def youngest(self) -> tuple[Node, Any, bool]:
        """Take the node whose turn it is, with all of its cotangent."""
        return self.found.pop(heappop(self.queue))


def rewrapped(node: Node, rewrap: Rewrap) -> tuple[tuple, Any]:
    """Turn what a node kept into traced values again; a `Spec` stays one."""
    parents, rule = node.parents, node.rule
    active = sum(1 << i for i, p in enumerate(parents) if p is not None)
    _, kept, _ = rule.plan(active, len(parents))  # type: ignore[union-attr]
    operands = list(node.operands)  # type: ignore[arg-type]
    for i in kept:
        if parents[i] is not None:
            operands[i] = rewrap(operands[i], parents[i])  # type: ignore[arg-type]
    return tuple(operands), None if node.y is None else rewrap(node.y, node)


def add(a: Any, b: Any) -> Any:
    """Sum two cotangents of one node."""
    if a.__class__ is Part:
        return a.merged(b)
    return a + b


class Part:
    """Cotangents of some of the outputs of an operation that has several."""

    __slots__ = ("parts",)
    shape: tuple = ()

    def __init__(self, i: int, g: Any) -> None:
        self.parts = {i: g}

    def merged(self, other: Part) -> Part:
        """Join with the cotangents of other outputs."""
        for i, g in other.parts.items():
            self.parts[i] = self.parts[i] + g if i in self.parts else g
        return self

    def complete(self, node: Node) -> tuple:
        """Give a cotangent for every output, zeros where none arrived."""
        return tuple(
            self.parts[i] if i in self.parts else np.zeros(shape, dtype)
            for i, (shape, dtype) in enumerate(zip(node.shape, node.dtype, strict=True))  # type: ignore[call-overload]
        )
