"""Places where a function finds what it uses, and what is there: to look again later."""

from __future__ import annotations

import collections
import types
from contextvars import ContextVar
from typing import Any

__all__ = ["MISSING", "SIMPLE", "content_of", "hooks_of", "is_same", "order_of", "slots_of"]

SIMPLE = (bool, int, float, complex, str, bytes, type(None))
MISSING: Any = object()
DICTS = (dict, collections.OrderedDict, collections.defaultdict)


def content_of(container: Any, key: Any) -> Any:
    """Look again into a place."""
    try:
        if isinstance(container, types.CellType):
            return container.cell_contents
        if isinstance(container, ContextVar):
            return container.get()
    except (LookupError, ValueError):
        return MISSING
    if isinstance(container, (list, collections.deque)):
        return container[key] if key < len(container) else MISSING
    if isinstance(container, dict):
        return dict.get(container, key, MISSING)
    if isinstance(container, types.MappingProxyType):
        return container.get(key, MISSING)
    return getattr(container, key, MISSING)


def slots_of(kind: type) -> list[str]:
    """Return the names of the attributes that objects of a class keep outside of a dict."""
    found: list[str] = []
    for base in kind.__mro__:
        own = vars(base).get("__slots__", ())
        names = (own,) if isinstance(own, str) else own
        found += [name for name in names if name not in ("__dict__", "__weakref__")]
    return found


def hooks_of(x: Any) -> int:
    """Count the hooks of a leaf."""
    sink = getattr(x._trace, "sink", None)
    return 0 if sink is None else len(sink.hooks)


def is_same(a: Any, b: Any) -> bool:
    """Whether two simple values are one and the same value: 0.0 and -0.0 are not."""
    if type(a) is not type(b) or not isinstance(a, SIMPLE):
        return False
    return repr(a) == repr(b) if isinstance(a, (float, complex)) else a == b


def order_of(x: Any) -> list | None:
    """Return the keys of a dict, in their order, where that makes a difference."""
    return [*x] if type(x) in DICTS and len(x) > 1 else None
