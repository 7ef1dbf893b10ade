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

from .errors import GraphError
from .graph import OUTPUT, Node, conform
from .guard import check_saved

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
    pending: dict[int, tuple[Node, Any, bool]] = {}
    queue: list[int] = []

    def receive(node: Node, c: Any, fresh: bool) -> None:
        key = -node.order
        waiting = pending.get(key)
        if waiting is None:
            heappush(queue, key)
            pending[key] = (node, c, fresh)
        else:
            pending[key] = (node, add(waiting[1], c), True)

    for node, g in seeds:
        receive(node, conform(g, node.shape, node.dtype), False)
    while queue:
        node, g, fresh = pending.pop(heappop(queue))
        rule = node.rule
        if rule is None:
            yield node, g, fresh
            continue
        if node.sink is not None and node.sink.retains:
            yield node, g, False
        parents, operands, y = node.parents, node.operands, node.y
        if rule is OUTPUT:
            receive(parents[0], Part(node.settings, g), False)  # type: ignore[arg-type]
            continue
        if operands is None:
            raise GraphError(
                f"backward came a second time to {rule.name}, whose saved values were freed by "
                f"the first time. Say .backward(retain_graph=True) the first time, or add the "
                f"losses up and call backward once."
            )
        if g.__class__ is Part:
            g = g.complete(node)
        check_saved(node)
        if rewrap is not None:
            operands = tuple(
                [
                    rewrap(x, p) if p is not None and k else x
                    for x, p, k in zip(operands, parents, kept(node, parents), strict=True)
                ]
            )
            y = None if y is None else rewrap(y, node)
        if not retain:
            node.operands = node.y = node.prints = None
            node.parents = ()
        for parent, c in contributions(node, rule, parents, operands, y, g):
            if c.shape != parent.shape or c.dtype is not parent.dtype:
                c = conform(c, parent.shape, parent.dtype)
            receive(parent, c, c is not g and getattr(c, "base", None) is None)


def kept(node: Node, parents: tuple) -> tuple[bool, ...]:
    """Say which operands of a node are values, not the `Spec` that stands for one."""
    active = sum(1 << i for i, p in enumerate(parents) if p is not None)
    return node.rule.kept(active, len(parents))  # type: ignore[union-attr]


def contributions(
    node: Node, rule: Any, parents: tuple, operands: tuple, y: Any, g: Any
) -> Iterator[tuple[Node, Any]]:
    """Yield each parent with its share of `g`; an operand that needs none is left out."""
    settings = node.settings
    try:
        if rule.joint:
            shares = rule.pull_all(g, y, operands, settings, parents)
            for parent, c in zip(parents, shares, strict=True):
                if parent is not None and c is not None:
                    yield parent, c
        else:
            for i, parent in enumerate(parents):
                if parent is not None:
                    yield parent, rule.pull(i, g, y, operands, settings)
    except Exception as error:
        error.add_note(f"... in the backward pass of {rule.name}")
        raise


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
