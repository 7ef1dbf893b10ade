"""How a call is taken apart: which arguments are array operands, and which are settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["Listed", "Positional", "name_of", "parameter_names", "parameters"]


class Positional:
    """The first `arity` arguments are operands, the rest are settings: `np.clip(x, lo, hi)`."""

    def __init__(self, f: Callable[..., Any], arity: int, fallback: Callable[..., Any]) -> None:
        self.f, self.arity = f, arity
        self.names = parameter_names(f, arity, fallback)

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
    if len(names) < arity or names[:2] == ["args", "kwargs"]:
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
    if isinstance(f, np.ufunc) or module.startswith("numpy"):
        inner = module.removeprefix("numpy").strip(".")
        return f"np.{inner}.{name}" if inner in ("linalg", "fft") else f"np.{name}"
    return name
