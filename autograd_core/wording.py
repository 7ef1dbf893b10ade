"""How values, functions and arguments are written in the source of a recording."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from .plan import values_in
from .records import Call, Value, through

__all__ = ["Wording", "is_ufunc", "takes_out"]

KEYWORDS = {"and", "or", "not", "is", "in", "if", "for", "lambda", "slice", "make", "del", "range",
            "bound"}  # fmt: skip
GIVEN = re.compile(r"([a-z]|parts)\d+|s\d+_\d+|blocks_\d+")  # names that are given here


class Wording:
    """Names for what the source of a program speaks of; `bound` says what they mean."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.bound: dict[str, Any] = {}
        self.names: dict[Value, str] = {}
        self.static: dict[Value, np.ndarray] = {}  # arrays that stay where they are
        self.named: dict[int, str] = {}
        self.methods: dict[tuple[np.ufunc, str], Any] = {}

    def bind(self, prefix: str, x: Any) -> str:
        """Give an object a name in the source."""
        name = self.named.get(id(x))
        if name is None:
            name = self.named[id(x)] = f"{prefix}{len(self.bound)}"
            self.bound[name] = x
        return name

    def function(self, f: Callable[..., Any]) -> str:
        """Name a function."""
        owner = getattr(f, "__self__", None)
        if isinstance(owner, np.ufunc):  # a new object each time that it is looked up
            f = self.methods.setdefault((owner, f.__name__), f)
        if id(f) in self.named:
            return self.named[id(f)]
        name = getattr(f, "__name__", "f")
        if isinstance(owner, np.ufunc):
            name = f"{owner.__name__}_{name}"
        name = name if name.isidentifier() else "f"
        while name in self.bound or name in KEYWORDS or name == self.title or GIVEN.fullmatch(name):
            name += "_"
        self.named[id(f)] = name
        self.bound[name] = f
        return name

    def name(self, v: Value) -> str:
        """Name a value."""
        found = self.names.get(v)
        if found is None:
            if v.source != "external":
                raise LookupError(f"value {v.index} is used before it is made")
            self.static[v] = v.array
            found = self.names[v] = self.bind("a", v.array)
        return found

    def text(self, tree: Any) -> str:
        """Write an argument."""
        if type(tree) is Value:
            return self.name(tree)
        if type(tree) is tuple:
            return "(" + "".join(f"{self.text(x)}, " for x in tree) + ")"
        if type(tree) is list:
            return "[" + ", ".join(map(self.text, tree)) + "]"
        if type(tree) is slice:
            parts = ("" if x is None else self.text(x) for x in (tree.start, tree.stop, tree.step))
            return "slice(" + ", ".join(p or "None" for p in parts) + ")"
        if tree is None or tree is True or tree is False or type(tree) in (int, str):
            return repr(tree)
        if tree is Ellipsis:
            return "..."
        if type(tree) is float and math.isfinite(tree):
            return repr(tree)
        if isinstance(tree, np.dtype):
            return self.bind("d", tree)
        if type(tree) is dict or (values := bool(values_in(tree))):
            if type(tree) is dict:
                inside = ", ".join(f"{k!r}: {self.text(v)}" for k, v in tree.items())
                return f"{{{inside}}}"
            assert values
            return self.rebuilt(tree)
        return self.bind("k", tree)

    def rebuilt(self, tree: Any) -> str:
        """Write a container of another kind (a dataclass, a namedtuple): filled anew each time."""
        inside = values_in(tree)

        def fill(*values: Any) -> Any:
            source = iter(values)
            return through(tree, lambda v: next(source) if type(v) is Value else v)

        fill.__name__ = f"fill_{type(tree).__name__}"
        return f"{self.function(fill)}({', '.join(map(self.name, inside))})"

    def index(self, tree: Any) -> str:
        """Write an index as people do."""
        parts = tree if type(tree) is tuple else (tree,)
        if not parts:
            return "()"

        def one(x: Any) -> str:
            if type(x) is slice and not values_in(x):
                a, b, c = ("" if p is None else self.text(p) for p in (x.start, x.stop, x.step))
                return f"{a}:{b}" + (f":{c}" if c else "")
            return self.text(x)

        return ", ".join(map(one, parts)) + ("," if type(tree) is tuple and len(parts) == 1 else "")

    def number(self, x: float, dtype: np.dtype[Any]) -> Any:
        """Return a number as an array."""
        key = ("number", x, type(x), dtype.char, math.copysign(1, x))
        found = self.named.get(key)  # type: ignore[call-overload]
        if found is None:
            found = self.named[key] = np.array(x, dtype)  # type: ignore[index,assignment]
        return found


def is_ufunc(f: Callable[..., Any]) -> bool:
    """Whether a function is a ufunc or a method of one, to which 0-d arrays are numbers."""
    return isinstance(f, np.ufunc) or isinstance(getattr(f, "__self__", None), np.ufunc)


def takes_out(call: Call) -> bool:
    """Whether a call can write its one result into memory that it is given."""
    f = call.f
    if "out" in call.kwargs or "where" in call.kwargs:
        return False
    if (
        call.result.dtype is None or call.result.dtype.kind == "c"
    ):  # NumPy's loops for these round otherwise with out=
        return False
    if isinstance(f, np.ufunc):
        return f.nout == 1 and len(call.args) == f.nin
    if isinstance(getattr(f, "__self__", None), np.ufunc):
        return f.__name__ == "reduce" and len(call.args) == 1
    return (f is np.dot and len(call.args) == 2) or hasattr(f, "takes_out")
