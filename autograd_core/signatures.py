"""What a recording depends on in the arguments of a call: shapes and dtypes, not numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .absorb import absorbing
from .dispatch import Layered
from .graph import Node, recording_from
from .tensor import Tensor
from .trees import children

__all__ = [
    "is_array",
    "is_calculated",
    "is_shared",
    "kind_of",
    "modes",
    "plain_name",
    "signature",
    "structure",
    "there",
    "twins",
]


def signature(key: tuple) -> str:
    """Write the key of a recording as people read it."""
    parts = []
    for k in key[1:]:
        if isinstance(k, tuple) and k and k[0] in ("array", "Tensor"):
            parts.append(f"{k[2]}[{', '.join(map(str, k[1]))}]")
        elif isinstance(k, tuple) and k:
            parts.append(str(k[-1]))
    return ", ".join(parts)


def is_array(x: Any) -> bool:
    """Whether an argument is an input of the recording, whose values may be others each time."""
    kind = type(x)
    if kind is np.ndarray or kind is float or kind is complex or isinstance(x, np.generic):
        return True
    return isinstance(x, Layered) and x._trace is None and type(x._value) is np.ndarray


def modes() -> tuple[bool, bool]:
    """Return what holds around a call: whether operations are recorded, and zeros absorb."""
    return recording_from.get() > 0, absorbing.get()


def is_shared(x: Any) -> bool:
    """Whether an argument is an array that may be another argument as well, and not a number."""
    return type(x) is np.ndarray or isinstance(x, Layered)


def twins(leaves: list) -> tuple[int, ...]:
    """Say which arrays are given more than once: what is made of both could be told apart by
    identity only (`a is b`, `np.broadcast_arrays(a, b)`).
    """
    arrays = [id(x) for x in leaves if is_shared(x)]
    if len(set(arrays)) == len(arrays):
        return ()
    return tuple(map(arrays.index, arrays))


def is_calculated(x: Any) -> bool:
    """Whether a Tensor takes part in a derivative that the caller is calculating."""
    trace = x._trace
    is_leaf = isinstance(trace, Node) and trace.rule is None and trace.level == 0
    return trace is not None and not is_leaf


def kind_of(x: Any) -> Any:
    """Return what a recording depends on in an argument: not the numbers in an array."""
    if type(x) is np.ndarray:
        return "array", x.shape, x.dtype, x.strides
    if isinstance(x, Tensor):
        if is_array(x):
            return "Tensor", x.shape, x.dtype, x._value.strides
        return "object", id(x), type(x).__name__
    if isinstance(x, np.generic):
        return "number", x.dtype
    if type(x) in (float, complex):
        return "number", type(x).__name__
    if isinstance(x, (bool, int, str, bytes)):
        return "value", type(x), x
    return "object", id(x), type(x).__name__


def structure(tree: Any) -> Any:
    """Return how arguments are nested, for a key: a tree of which all leaves are 0."""
    kind = type(tree)
    if kind is np.ndarray or isinstance(tree, Layered):
        return 0
    if kind is tuple or kind is list:
        return kind, *map(structure, tree)
    if tree is None:  # a tree without leaves
        return None
    branches = children(tree)
    if branches is None:
        return 0
    return kind, *((name, structure(branch)) for name, branch in branches)


def there(sinks: list) -> str:
    """Say which gradients there are."""
    return "".join("01"[sink.grad is not None] for sink in sinks)


def plain_name(f: Any) -> str:
    """Name a function so that it can stand in Python source."""
    name = getattr(f, "__name__", type(f).__name__)
    return name if name.isidentifier() else "function"
