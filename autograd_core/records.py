"""What a recording consists of: values, the memory they live in, and calls."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["Call", "Known", "Storage", "Value", "owner_of", "through"]


class Storage:
    """A piece of memory, which an array and its views share."""

    __slots__ = ("external", "last", "template", "writes")

    def __init__(self, external: np.ndarray | None = None) -> None:
        self.external = external
        self.writes = 0
        self.template: np.ndarray | None = None
        self.last = -1


class Value:
    """An array, number or other object in a recording, known by what it is and not by its bits."""

    __slots__ = ("array", "dtype", "index", "kind", "shape", "source", "storage", "strides")

    def __init__(self, index: int, source: str, x: Any, storage: Storage) -> None:
        self.index, self.source, self.storage = index, source, storage
        self.shape: tuple[int, ...] = getattr(x, "shape", ())
        self.dtype: Any = getattr(x, "dtype", None)
        self.strides: tuple[int, ...] = getattr(x, "strides", ())
        self.array: Any = x if source == "external" else None
        if type(x) is np.ndarray:
            self.kind = "array"
        elif isinstance(x, np.generic):
            self.kind = "scalar"
        else:
            self.kind = "number" if isinstance(x, (int, float, complex)) else "object"


class Call:
    """One call: a function, its arguments with Values in place of arrays, and what came out."""

    __slots__ = ("args", "f", "keeps", "kwargs", "reads", "result", "results", "whole", "writes")

    def __init__(self, f: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self.f, self.args, self.kwargs = f, args, kwargs
        self.reads: Sequence[Value] = ()
        self.result: Any = None
        self.results: Sequence[Value] = ()
        self.writes: Sequence[Storage] = ()
        self.whole: Value | None = None  # what came out, if that is an object with parts
        self.keeps = False  # must be carried out even if nobody needs what comes out


class Known(weakref.ref):
    """Knows an array that lives, and what piece of memory it owns."""

    __slots__ = ("key", "storage")

    key: int
    storage: Storage


LEAVES = frozenset((np.ndarray, float, int, bool, str, type(None), np.float64, np.float32, Value))


def through(tree: Any, leaf: Callable[[Any], Any], whole: Any = ()) -> Any:
    """Change each leaf of nested tuples, lists, dicts, slices and dataclasses.

    Those whose ids are in `whole` are leaves themselves.
    """
    kind = type(tree)
    if kind in LEAVES:
        return leaf(tree)
    if kind is tuple or kind is list:
        return kind([through(x, leaf, whole) for x in tree])
    if kind is dict:
        return {k: through(v, leaf, whole) for k, v in tree.items()}
    if kind is slice:
        return slice(*[through(x, leaf) for x in (tree.start, tree.stop, tree.step)])
    if isinstance(tree, tuple) and hasattr(tree, "_make"):
        return tree._make([through(x, leaf) for x in tree])
    if id(tree) in whole:
        return leaf(tree)
    if hasattr(kind, "__dataclass_fields__"):
        parts = {f.name: through(getattr(tree, f.name), leaf) for f in dataclasses.fields(tree)}
        twin = object.__new__(kind)
        for name, part in parts.items():
            object.__setattr__(twin, name, part)
        return twin
    return leaf(tree)


def owner_of(x: np.ndarray) -> np.ndarray:
    """Return the array that owns the memory which x shows, also if it was handed out."""
    base = x.base
    while base is not None:
        if isinstance(base, memoryview):  # there is one between a Tensor and what it gave away
            base = base.obj
        if not isinstance(base, np.ndarray):
            return x
        x, base = base, base.base
    return x
