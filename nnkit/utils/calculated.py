"""Calculated weights: classes in which some weights are properties."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from nnkit.module import Module

__all__ = ["become", "cached", "type_before_parametrizations"]

KEPT: ContextVar[dict[int, Any] | None] = ContextVar("KEPT", default=None)
"""Within `cached()`: what was calculated already, by the identity of the list it is of."""


def type_before_parametrizations(module: Module) -> type[Module]:
    """Return the class that a module had before anything was parametrized.

    Parameters
    ----------
    module : Module

    Returns
    -------
    type

    Examples
    --------
    >>> import nnkit as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> type(layer).__name__, type_before_parametrizations(layer).__name__
    ('ParametrizedLinear', 'Linear')
    """
    kind = type(module)
    return getattr(kind, "_before", kind)


@contextmanager
def cached() -> Iterator[None]:
    """Calculate each weight once only for the length of a `with` block.

    For a model that reads its weights many times in one pass, such as an RNN cell in a loop. What
    was calculated keeps its graph; change no parameter inside of the block.

    Yields
    ------
    None

    Examples
    --------
    >>> import nnkit as nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    >>> with cached():
    ...     print(layer.weight is layer.weight)
    True
    """
    token = KEPT.set({} if KEPT.get() is None else KEPT.get())
    try:
        yield
    finally:
        KEPT.reset(token)


def become(module: Module) -> None:
    """Give a module the class that calculates the weights that are parametrized now."""
    before: Any = type_before_parametrizations(module)
    names = tuple(vars(module).get("parametrizations", ()))
    kind: Any = parametrized_class(before, names) if names else before
    module.__class__ = kind


@cache
def parametrized_class(before: type[Module], names: tuple[str, ...]) -> type[Module]:
    """Make a class in which some weights are properties."""
    body: dict[str, Any] = {name: calculated(name) for name in names}
    body.update(_before=before, __module__=before.__module__, __doc__=before.__doc__)
    return type(f"Parametrized{before.__name__}", (before,), body)


def calculated(name: str) -> property:
    """Make a property that calculates a weight when it is read."""

    def get(module: Module) -> Any:
        found = vars(module)["parametrizations"][name]
        kept = KEPT.get()
        if kept is None:
            return found()
        if id(found) not in kept:
            kept[id(found)] = found()
        return kept[id(found)]

    def put(module: Module, value: Any) -> None:
        vars(module)["parametrizations"][name].right_inverse(value)

    return property(get, put)
