"""Trees of state - dicts and lists of arrays, numbers and texts - as arrays and JSON: what a file
of weights can hold, and nothing that could run when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import DtypeError, describe

__all__ = ["from_flat", "to_flat"]

Array = NDArray[Any]


def to_flat(tree: Any, prefix: str) -> tuple[str, dict[str, Array]]:
    """Return a tree as JSON, and its arrays by names that begin with `prefix`.

    Raises
    ------
    DtypeError
        If something is neither array, number, text, bool, None, list, tuple nor dict.

    Examples
    --------
    >>> text, arrays = to_flat({"step": 3, "m": [np.ones(2)]}, "state")
    >>> arrays
    {'state.m.0': array([1., 1.])}
    >>> from_flat(text, arrays)
    {'step': 3, 'm': [array([1., 1.])]}
    """
    arrays: dict[str, Array] = {}
    return json.dumps(encoded(tree, prefix, arrays)), arrays


def encoded(x: Any, name: str, arrays: dict[str, Array]) -> Any:
    """Return what stands for `x` in the JSON; arrays go into `arrays`."""
    if x is None or isinstance(x, (bool, str)) or type(x) in (int, float):
        return x
    if isinstance(x, (np.bool_, np.integer, np.floating)) and x.dtype.itemsize <= 8:
        return x.item()
    if isinstance(x, Mapping):
        pairs = [
            [encoded(k, name, arrays), encoded(v, f"{name}.{k}", arrays)] for k, v in x.items()
        ]
        if all(isinstance(k, str) and not k.startswith("$") for k, _ in pairs):
            return dict(pairs)
        return {"$items": pairs}
    if isinstance(x, (list, tuple)):
        items = [encoded(v, f"{name}.{i}", arrays) for i, v in enumerate(x)]
        return {"$tuple": items} if isinstance(x, tuple) else items
    array = raw(x)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiubc":
        raise DtypeError(
            f"{name} cannot be stored in a file: it is {describe(x)}. State is arrays, numbers, "
            f"texts, and lists and dicts of them."
        )
    while name in arrays:  # a dot in a key may make two names the same
        name += "_"
    if array.dtype.kind == "c":
        halves = np.stack([array.real, array.imag])
        arrays[name] = halves
        return {"$complex": name}
    arrays[name] = array
    return {"$array": name}


def from_flat(text: str, arrays: Mapping[str, Array]) -> Any:
    """Return the tree that `to_flat` was given.

    Raises
    ------
    KeyError
        If an array is missing.
    """
    return decoded(json.loads(text), arrays)


def decoded(x: Any, arrays: Mapping[str, Array]) -> Any:
    """Undo `encoded`."""
    if isinstance(x, list):
        return [decoded(v, arrays) for v in x]
    if not isinstance(x, dict):
        return x
    if "$array" in x:
        return arrays[x["$array"]]
    if "$complex" in x:
        real, imag = arrays[x["$complex"]]
        return real + 1j * imag
    if "$tuple" in x:
        return tuple(decoded(v, arrays) for v in x["$tuple"])
    if "$items" in x:
        return {decoded(k, arrays): decoded(v, arrays) for k, v in x["$items"]}
    return {k: decoded(v, arrays) for k, v in x.items()}
