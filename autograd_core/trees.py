"""Nested arguments: lists, tuples, dicts, namedtuples and dataclasses of arrays, as one flat list.

`None` is an empty tree: it stays where it is and has no leaves.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

__all__ = ["children", "flatten", "leaves_with_paths", "tree_map"]

first = itemgetter(0)


def children(tree: Any) -> list[tuple[str, Any]] | None:
    """Name the branches of a container as they are written in Python; None for a leaf."""
    if isinstance(tree, dict):
        return [(f"[{key!r}]", value) for key, value in tree.items()]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [(f".{key}", value) for key, value in zip(tree._fields, tree, strict=True)]
    if isinstance(tree, (list, tuple)):
        return [(f"[{i}]", value) for i, value in enumerate(tree)]
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        return [(f".{f.name}", getattr(tree, f.name)) for f in dataclasses.fields(tree) if f.init]
    return [] if tree is None else None


def rebuild_like(tree: Any, parts: list) -> Any:
    """Make a container like `tree` from new branches."""
    if isinstance(tree, dict):
        return type(tree)(zip(tree, parts, strict=True))
    if isinstance(tree, tuple) and hasattr(tree, "_make"):
        return tree._make(parts)
    if isinstance(tree, (list, tuple)):
        return type(tree)(parts)
    names = [f.name for f in dataclasses.fields(tree) if f.init]
    return dataclasses.replace(tree, **dict(zip(names, parts, strict=True)))


def leaves_with_paths(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a tree, each with its path: `["encoder"][0].weight`."""
    branches = children(tree)
    if branches is None:
        yield path, tree
        return
    for name, branch in branches:
        yield from leaves_with_paths(branch, path + name)


def current(x: Any) -> Any:
    """Return a leaf, which is read again if it is a view whose base was written."""
    alias = getattr(x, "_alias", None)
    if alias is not None:
        alias.refresh(x)
    return x


def tree_map(f: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Apply `f` to each leaf of `tree` and to those in the same place of the other trees."""
    branches = children(tree)
    if branches is None:
        return f(current(tree), *others)
    if not branches:
        return tree
    rest = [[branch for _, branch in children(other) or []] for other in others]
    parts = [tree_map(f, b, *(r[i] for r in rest)) for i, (_, b) in enumerate(branches)]
    return rebuild_like(tree, parts)


def flatten(tree: Any) -> tuple[list, Callable[[list], Any]]:
    """Return the leaves of a tree and the function that puts such leaves back in place.

    >>> leaves, rebuild = flatten({"w": 1.0, "b": [2.0, None]})
    >>> leaves
    [1.0, 2.0]
    >>> rebuild([3.0, 4.0])
    {'w': 3.0, 'b': [4.0, None]}
    """
    if hasattr(tree, "shape"):
        return [current(tree)], first
    kind = tree.__class__
    if kind is tuple or kind is list:
        return flattened_sequence(tree, kind)
    if kind is dict:
        keys = list(tree)
        leaves, listed = flattened_sequence(tree.values(), list)
        return leaves, lambda new: dict(zip(keys, listed(new), strict=True))
    leaves = [current(leaf) for _, leaf in leaves_with_paths(tree)]

    def rebuild(new: list) -> Any:
        queue = iter(new)
        return tree_map(lambda _old: next(queue), tree)

    return leaves, rebuild


def flattened_sequence(
    tree: Any, kind: Callable[[list], Any]
) -> tuple[list, Callable[[list], Any]]:
    """Do that for a sequence; `kind` makes one of its class of a list."""
    for x in tree:
        if not hasattr(x, "shape"):
            break
    else:  # the most frequent: some arrays
        return list(map(current, tree)), kind
    leaves: list[Any] = []
    parts: list[tuple[int, int, Callable[[list], Any]]] = []
    for branch in tree:
        some, rebuilt = flatten(branch)
        parts.append((len(leaves), len(leaves) + len(some), rebuilt))
        leaves += some
    return leaves, lambda new: kind([rebuilt(new[i:j]) for i, j, rebuilt in parts])
