"""Functions said in other functions that differentiate: the verb `composed`.

Both modes, all orders and vmap come with the functions that the composition is made of.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import LAYOUT_SETTINGS, known_settings, name_of, parameters
from .table import COMPOSED, RULES, declare_once

__all__ = ["Composed", "composed"]


class Composed:
    """A composition, and how a call of the original reaches it."""

    def __init__(
        self, f: Callable[..., Any], composition: Callable[..., Any], operands: tuple | None
    ) -> None:
        self.f, self.composition, self._operands = f, composition, operands

    # what is found out when a call needs it, for a quick import
    @functools.cached_property
    def name(self) -> str:
        """The function's name, for messages."""
        return name_of(self.f)

    @functools.cached_property
    def names(self) -> list[str]:
        """The function's parameters."""
        return signature_names(self.f, self.composition)

    @functools.cached_property
    def given(self) -> list[inspect.Parameter]:
        """The composition's parameters."""
        return parameters(self.composition)

    @functools.cached_property
    def operands(self) -> tuple:
        """Names of those that arrive as arrays."""
        return (self.given[0].name,) if self._operands is None else self._operands

    @functools.cached_property
    def accepts(self) -> frozenset[str] | None:
        """Names that the composition takes; None if it takes all."""
        if any(p.kind is p.VAR_KEYWORD for p in self.given):
            return None
        return frozenset(p.name for p in self.given)

    @functools.cached_property
    def places(self) -> list[str] | None:
        """Names of what it takes by place, if the last are many; None if all has a name."""
        if not any(p.kind is p.VAR_POSITIONAL for p in self.given):
            return None
        return [p.name for p in self.given if p.kind is not p.KEYWORD_ONLY]

    def unpack(self, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        """Bring a call to the form in which the composition takes it: by name, if it can be."""
        if self.places is None:
            if len(args) > len(self.names):
                raise TypeError(f"{self.name} takes at most {len(self.names)} arguments")
            args, kwargs = (), dict(zip(self.names, args, strict=False)) | kwargs
        kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}
        if self.accepts is not None:
            kwargs = known_settings(self.name, kwargs, self.accepts, LAYOUT_SETTINGS)
        return args, kwargs

    def __call__(self, args: tuple, kwargs: dict, operand_of: Callable[[Any], Any]) -> Any:
        """Call the composition, its operands made arrays by `operand_of`."""
        args, kwargs = self.unpack(args, kwargs)
        if args:
            places: Any = self.places
            names = (places[min(i, len(places) - 1)] for i in range(len(args)))
            args = tuple(
                operand_of(x) if k in self.operands else x for k, x in zip(names, args, strict=True)
            )
        for name in self.operands:
            if kwargs.get(name) is not None:
                kwargs[name] = operand_of(kwargs[name])
        return self.composition(*args, **kwargs)


def signature_names(f: Callable[..., Any], fallback: Callable[..., Any]) -> list[str]:
    """Names of the parameters of `f` in order; those of `fallback` where NumPy does not tell."""
    try:
        if not isinstance(f, np.ufunc):
            return list(inspect.signature(f).parameters)
    except (TypeError, ValueError):
        pass
    return [p.name for p in parameters(fallback)]


def composed(
    f: Callable[..., Any], composition: Callable[..., Any], operands: tuple[str, ...] | None = None
) -> None:
    """Declare `f` by saying it in other functions that differentiate.

    The composition has the parameters of `f` by the same names, as many as it can do. Those named
    in `operands` arrive as arrays, also where a number or a list was given; default: the first.
    For a function that has a row, it takes the calls that the row does not: with too few
    arguments, a setting that the row does not know, or one that is itself differentiated.
    """
    if f in RULES and RULES[f].otherwise is None:
        RULES[f].otherwise = Composed(f, composition, operands)
    else:
        declare_once(f)
        COMPOSED[f] = Composed(f, composition, operands)
