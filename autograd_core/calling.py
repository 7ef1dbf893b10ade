"""How a call is taken apart: which arguments are array operands, and which are settings.

And how a function of ours comes to be called as NumPy's own are: `primitive`.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .errors import MissingRuleError

__all__ = [
    "ENGINE_SETTINGS",
    "LAYOUT_SETTINGS",
    "Listed",
    "Positional",
    "accepted_settings",
    "flat",
    "known_settings",
    "name_of",
    "needed_by",
    "parameter_names",
    "parameters",
    "primitive",
]


class Positional:
    """The first `arity` arguments are operands, the rest are settings: `np.clip(x, lo, hi)`."""

    def __init__(self, f: Callable[..., Any], arity: int, fallback: Callable[..., Any]) -> None:
        self.f, self.arity, self.fallback = f, arity, fallback

    @functools.cached_property
    def names(self) -> list[str]:
        """Names of the parameters; found out when a call needs them, for a quick import."""
        return parameter_names(self.f, self.arity, self.fallback)

    def unpack(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """Split a call into operands and settings; settings come out by name."""
        arity = self.arity
        if len(args) == arity and not kwargs:
            return args, kwargs
        if len(args) > len(self.names):
            raise TypeError(f"{name_of(self.f)} takes at most {len(self.names)} arguments")
        if len(args) > arity:
            kwargs = dict(zip(self.names[arity:], args[arity:], strict=False)) | kwargs
            args = args[:arity]
        elif len(args) < arity:
            kwargs = dict(kwargs)
            args = (*args, *(kwargs.pop(name, None) for name in self.names[len(args) : arity]))
        return args, {k: v for k, v in kwargs.items() if v is not np._NoValue}

    def call(self, operands: Sequence, settings: dict) -> Any:
        """Call the function again."""
        return self.f(*operands, **settings)


class Listed(Positional):
    """The first argument is a sequence of operands: `np.concatenate([a, b])`."""

    def __init__(self, f: Callable[..., Any], fallback: Callable[..., Any]) -> None:
        super().__init__(f, 1, fallback)

    def unpack(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """Split a call into operands and settings; settings come out by name."""
        args, settings = super().unpack(args, kwargs)
        return tuple(args[0]), settings

    def call(self, operands: Sequence, settings: dict) -> Any:
        """Call the function again."""
        return self.f(list(operands), **settings)


def parameter_names(f: Callable[..., Any], arity: int, fallback: Callable[..., Any]) -> list[str]:
    """Names of the parameters of `f` in order; those of its rule where NumPy does not tell."""
    if isinstance(f, np.ufunc):
        return [f"x{i + 1}" for i in range(arity)]
    try:
        names = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        names = []
    if not names or names[:2] == ["args", "kwargs"]:  # until NumPy 2.3, in C: see the docstring
        said = re.match(r"\w+\((\w+(?:, \w+(?:=\w+)?)*)\)\n", (f.__doc__ or "").lstrip())
        names = [name.partition("=")[0] for name in said[1].split(", ")] if said else []
    if len(names) < arity:
        keywords = [p.name for p in parameters(fallback) if p.kind is p.KEYWORD_ONLY]
        names = [f"x{i + 1}" for i in range(arity)] + keywords
    return names


def parameters(f: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function of ours."""
    return list(inspect.signature(f).parameters.values())


def name_of(f: Callable[..., Any]) -> str:
    """Name a function as its user would write it: `np.linalg.solve`."""
    module = getattr(f, "__module__", None) or "numpy"
    name = getattr(f, "__name__", repr(f))
    if isinstance(f, np.ufunc) and getattr(np, name, None) is not f:
        return name  # of SciPy, or of the user's own
    if isinstance(f, np.ufunc) or module.startswith("numpy"):
        inner = module.removeprefix("numpy").strip(".")
        return f"np.{inner}.{name}" if inner in ("linalg", "fft") else f"np.{name}"
    return name


PLAIN = np.ndarray.__array_function__


def primitive(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of ours dispatch as NumPy's own do, through `__array_function__` (NEP 18).

    Its array operands must be positional.
    """

    @functools.wraps(f)
    def dispatching(*args: Any, **kwargs: Any) -> Any:
        for x in (*args, *kwargs.values()) if kwargs else args:
            kind = type(x)
            if kind is np.ndarray or kind is float or kind is int:
                continue
            for v in x if kind is tuple else (x,):  # a tuple is an index
                hook = getattr(type(v), "__array_function__", None)
                if hook is not None and hook is not PLAIN:
                    return hook(v, dispatching, (type(v),), args, kwargs)
        return f(*args, **kwargs)

    return dispatching


def flat(values: tuple) -> Any:
    """Run through values and what is in tuples among them (an index)."""
    return (x for v in values for x in (v if type(v) is tuple else (v,)))


# --- settings -------------------------------------------------------------------------------------

LAYOUT_SETTINGS = frozenset(("casting", "subok", "order", "copy", "overwrite_input"))
ENGINE_SETTINGS = LAYOUT_SETTINGS | {"dtype"}


def known_settings(
    name: str, settings: dict, accepts: frozenset[str], ignored: frozenset[str]
) -> dict:
    """Pick the settings that a row knows; refuse others, but for None and the ignored ones."""
    if accepts.issuperset(settings):
        return settings
    for k, v in settings.items():
        if k not in accepts and k not in ignored and v is not None:
            allowed = ", ".join(sorted(accepts)) or "none"
            raise MissingRuleError(
                f"{name}(..., {k}=...) has no derivative rule for the keyword {k!r}. "
                f"Differentiable with: {allowed}. Write it without {k!r}, or take the "
                f"values first with .detach()."
            )
    return {k: v for k, v in settings.items() if k in accepts}


def accepted_settings(uses: Iterable[Callable[..., Any] | None]) -> frozenset[str]:
    """Names of the settings that all the functions of a rule take."""
    return frozenset(name for use in uses if use is not None for name in keyword_only(use))


def keyword_only(f: Callable[..., Any]) -> Iterable[str]:
    """Names of the keyword-only parameters; read from the code, where `inspect` takes 50 us."""
    code = getattr(f, "__code__", None)
    if code is None or hasattr(f, "__wrapped__"):
        return [p.name for p in parameters(f) if p.kind is p.KEYWORD_ONLY]
    first = code.co_argcount
    return tuple(code.co_varnames[first : first + code.co_kwonlyargcount])


def needed_by(
    use: Callable[..., Any], count: int, y_at: int | None, x_at: int
) -> tuple[bool, list[bool]]:
    """Read from parameter names which values a rule looks at: `_x` means "not me"."""
    params = [p for p in parameters(use) if p.kind is not p.KEYWORD_ONLY]
    wants_y = y_at is not None and not params[y_at].name.startswith("_")
    wants: list[bool] = []
    for p in params[x_at:]:
        many = count - len(wants) if p.kind is p.VAR_POSITIONAL else 1
        wants += [not p.name.startswith("_")] * many
    return wants_y, wants
