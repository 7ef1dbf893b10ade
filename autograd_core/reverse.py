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

from .absorb import absorb, absorbing
from .anomaly import check_backward
from .collector import expect_fewer
from .errors import GraphError
from .graph import Link, Node, Part, WatchedStep, conform
from .guard import check_operand, check_saved

__all__ = ["backward"]

Rewrap = Callable[[Any, Node], Any]
PLAIN = np.ndarray, np.generic


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
    waiting, zeros_absorb = Waiting(), absorbing.get()
    queue, plainly = waiting.queue, rewrap is None and not zeros_absorb
    node: Any
    ahead: Any = None  # the node that comes next, kept out of the queue if that is empty
    ahead_g = None
    for seed, g in seeds:
        g = conform(g, seed.shape, seed.dtype)
        if len(seeds) == 1 and seed.rule is not None:
            ahead, ahead_g = seed, g
        else:
            waiting.receive(seed, g)
    while ahead is not None or queue:
        if ahead is None:
            node, g = waiting.youngest()
        else:
            node, g, ahead = ahead, ahead_g, None
        rule: Any = node.rule
        while (  # what follows, for one parent
            type(node) is Link and plainly and (node.sink is None or node.sink.is_quiet)
        ):
            parent, operands = node.parent, node.operands
            if operands is None:
                raise consumed(rule)
            sink = parent.sink
            if sink is not None and (sink.shared or parent.operands is None):
                check_operand(node, node.place)
            try:
                c = rule.pulls[node.place](g, node.y, operands, node.settings)
                shape = parent.shape
                if (shape is not node.shape and c.shape != shape) or c.dtype is not parent.dtype:
                    c = conform(c, shape, parent.dtype)
            except Exception as error:
                error.add_note(f"... in the backward pass of {rule.name}")
                raise
            if not retain:
                node.operands = node.y = node.parent = None
            if queue or parent.rule is None:
                waiting.receive(parent, c, c is not g and getattr(c, "base", None) is None)
                node = None
                break
            node, g, rule = parent, c, parent.rule
        if node is None:
            continue
        rare = node.sink is not None or type(node) is WatchedStep
        if rare:
            if node.sink is not None:
                for hook in node.sink.hooks:
                    g = hook(g)
                if node.sink.retains:
                    yield node, g, False
            if node.operands is not None:
                check_saved(node)
            if g.__class__ is Part:
                g = g.complete()
        parents, operands, y, settings = node.parents, node.operands, node.y, node.settings
        if operands is None:
            raise consumed(rule)
        is_part = rule.adds is not None and plainly
        if is_part and waiting.takes_part(parents[0], g, rule, settings):
            parents = ()  # it has its share
        if rewrap is not None:
            operands, y = rewrapped(node, rewrap)
        try:
            joint = rule.joint
            shares = rule.pull_all(g, y, operands, settings, parents) if joint else rule.pulls
            doubled = joint and names_one_twice(shares)
            i = -1
            for parent in parents:
                i += 1
                if parent is None:
                    continue
                sink = parent.sink
                if sink is not None and (sink.shared or parent.operands is None):
                    check_operand(node, i)
                c = shares[i] if joint else shares[i](g, y, operands, settings)
                if c is None:
                    continue
                if zeros_absorb and rule.pointwise:
                    c = absorb(c, g)
                if rare and node.where is not None:
                    check_backward(node, i, g, c)
                # one and the same tuple as shape: an elementwise operation that kept the shape
                shape = parent.shape
                if (shape is not node.shape and c.shape != shape) or c.dtype is not parent.dtype:
                    c = conform(c, shape, parent.dtype)
                if parent.rule is None:
                    fresh = c is not g and not doubled and getattr(c, "base", None) is None
                    waiting.receive(parent, c, fresh)
                elif ahead is None and not queue:
                    ahead, ahead_g = parent, c
                elif parent is ahead:
                    ahead_g = ahead_g + c
                else:
                    if ahead is not None:
                        waiting.receive(ahead, ahead_g)
                        ahead = None
                    waiting.receive(parent, c, is_part and c.base is None)
        except Exception as error:
            error.add_note(f"... in the backward pass of {rule.name}")
            raise
        if not retain:
            node.operands = node.y = None
            if type(node) is Link:
                node.parent = None
            else:
                node.parents = ()
            if type(node) is WatchedStep:
                node.prints = None
    expect_fewer()
    for leaf, (g, fresh) in waiting.leaves.items():
        for hook in leaf.sink.hooks if leaf.sink is not None else ():
            g, fresh = hook(g), False
        yield leaf, g, fresh


def names_one_twice(shares: Any) -> bool:
    """Whether a rule gave the same array to two operands, so that none may keep it."""
    n = len(shares)
    if n == 2:
        return shares[0] is shares[1]
    if n == 3:
        a, b, c = shares
        return (a is b and a is not None) or (c is not None and (c is a or c is b))
    given = [id(c) for c in shares if c is not None]
    return len(set(given)) < len(given)


def consumed(rule: Any) -> GraphError:
    """Say what to do where a graph was used up."""
    return GraphError(
        f"backward came a second time to {rule.name}, whose saved values were freed by the first "
        f"time. Say .backward(retain_graph=True) the first time, or add the losses up and call "
        f"backward once."
    )


class Waiting:
    """What has received some of its cotangent: nodes, the youngest first, and leaves."""

    __slots__ = ("found", "leaves", "owned", "queue")

    def __init__(self) -> None:
        self.found: dict[int, tuple[Node, Any]] = {}
        self.queue: list[int] = []
        self.owned: set[int] = set()  # whose cotangents in `found` nobody else holds
        self.leaves: dict[Node, tuple[Any, bool]] = {}

    def receive(self, node: Node, c: Any, fresh: bool = False) -> None:
        """Add to the cotangent of a node or a leaf; `fresh`: nobody else holds the array."""
        if node.rule is None:
            before, owned = self.leaves.get(node, (None, False))
            if before is None:
                self.leaves[node] = c, fresh
            elif owned and type(before) is np.ndarray and before.shape and type(c) is np.ndarray:
                np.add(before, c, out=before)
            else:
                self.leaves[node] = before + c, True
            return
        key = -node.order
        if key in self.found:
            c, fresh = self.found[key][1] + c, True
        else:
            heappush(self.queue, key)
        self.found[key] = node, c
        if fresh:
            self.owned.add(key)

    def takes_part(self, whole: Node, g: Any, rule: Any, settings: dict) -> bool:
        """Add the cotangent of a part to that of the whole, if there is one: no pass for each."""
        if whole.rule is None:
            total, owned = self.leaves.get(whole, (None, False))
        else:
            key = -whole.order
            total, owned = self.found.get(key, (None, None))[1], key in self.owned
        if not owned or type(total) is not np.ndarray or not isinstance(g, PLAIN):
            return False
        rule.adds(total, g, **settings)
        return True

    def youngest(self) -> tuple[Node, Any]:
        """Take the node whose turn it is, with all of its cotangent."""
        key = heappop(self.queue)
        self.owned.discard(key)
        return self.found.pop(key)


def rewrapped(node: Node, rewrap: Rewrap) -> tuple[tuple, Any]:
    """Turn what a node kept into traced values again; a `Spec` stays one."""
    parents, rule = node.parents, node.rule
    active = sum(1 << i for i, p in enumerate(parents) if p is not None)
    _, kept, _ = rule.plan(active, len(parents))
    operands: Any = list(node.operands or ())
    for i in kept:
        if parents[i] is not None:
            operands[i] = rewrap(operands[i], parents[i])
    return tuple(operands), None if node.y is None else rewrap(node.y, node)
