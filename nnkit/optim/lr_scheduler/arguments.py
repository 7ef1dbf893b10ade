"""What a schedule is given, checked: optimizer, counts, factors, functions, saved state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.optim.checks import check_number
from nnkit.optim.optimizer import Optimizer

__all__ = [
    "check_count",
    "check_factor",
    "check_optimizer",
    "check_state",
    "functions_of",
    "kept_of",
    "one_for_each_group",
    "plain",
    "restore",
]


def check_optimizer(optimizer: Any, name: str) -> Optimizer:
    """Refuse what is no optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise DtypeError(
            f"{name} sets the learning rate of an optimizer, got {describe(optimizer)}. Write "
            f"{name}(optimizer, ...)."
        )
    return optimizer


def check_count(value: Any, name: str, what: str, least: int = 1) -> None:
    """Refuse what is no whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name}: {what} must be a whole number >= {least}; got {value!r}.")


def check_state(scheduler: Any, state: Any) -> Mapping[str, Any]:
    """Refuse what is not the state of a schedule of the same kind."""
    name = type(scheduler).__name__
    if not isinstance(state, Mapping):
        raise DtypeError(
            f"{name}.load_state_dict needs what state_dict() of a {name} returned, got "
            f"{describe(state)}."
        )
    needed = [key for key in scheduler.state_dict() if key not in scheduler._extras]
    missing = [key for key in needed if not key.startswith("_") and key not in state]
    if missing:
        raise ArgumentError(
            f"{name}.load_state_dict: {missing[0]!r} is missing; this is the state of another kind "
            f"of schedule. Make the schedule as it was made when it was saved."
        )
    return state


def one_for_each_group(value: Any, optimizer: Optimizer, name: str, what: str) -> list[Any]:
    """Return a list with an entry for each group; a single value is meant for all."""
    n = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * n
    if len(value) != n:
        raise ArgumentError(
            f"{name}: {what} has {len(value)} entries for {n} parameter groups. Give one for each, "
            f"or a single one for all."
        )
    return list(value)


def functions_of(value: Any, optimizer: Optimizer, name: str) -> list[Callable[[int], float]]:
    """Return a function of the epoch for each group."""
    functions = one_for_each_group(value, optimizer, name, "lr_lambda")
    for f in functions:
        if not callable(f):
            raise DtypeError(
                f"{name}: lr_lambda is a function of the epoch, for example lambda epoch: "
                f"0.95**epoch; got {describe(f)}."
            )
    return functions


def check_factor(value: Any, name: str, what: str, least_open: bool = False) -> None:
    """Refuse what is no number from 0 to 1."""
    check_number(value, name, what, 0, open_low=least_open, example=0.5)
    if value > 1:
        raise ArgumentError(f"{name}: {what} must be at most 1, for example 0.5; got {value!r}.")


def plain(x: Any) -> Any:
    """Return NumPy's numbers as Python's, which JSON can hold."""
    return x.item() if isinstance(x, np.generic) else x


def kept_of(f: Any) -> dict[str, Any] | None:
    """Return what is saved of a callable: the attributes of an object, nothing of a function."""
    return None if isinstance(f, FunctionType) else dict(getattr(f, "__dict__", {}))


def restore(f: Any, kept: Any) -> None:
    """Give a callable object its saved attributes back."""
    if kept:
        vars(f).update(kept)
