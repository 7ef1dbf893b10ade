"""What an optimizer is given, checked: parameters, settings, saved state."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, GraphError, ShapeError, describe
from nnkit.module import Module

__all__ = [
    "adopted",
    "as_groups",
    "as_parameters",
    "check_lr",
    "check_number",
    "copied",
    "raise_read_only",
]

Group = dict[str, Any]
State = dict[str, Any]


def as_groups(params: Any, name: str) -> list[Group]:
    """Bring the first argument of an optimizer to the form of groups."""
    if isinstance(params, Module):
        raise DtypeError(
            f"{name} got a {type(params).__name__}; it optimizes parameters: write "
            f"{name}(model.parameters(), ...)."
        )
    if isinstance(params, (Tensor, np.ndarray, str, Mapping)) or not hasattr(params, "__iter__"):
        raise DtypeError(
            f"{name} takes a list of parameters, got {describe(params)}. Write "
            f"{name}(model.parameters(), ...), or {name}([p], ...) for a single one."
        )
    items = list(params)
    if not items:
        raise ArgumentError(
            f"{name} got an empty parameter list. A model without parameters has nothing to learn; "
            f"the generator model.parameters() can be used once only."
        )
    return items if isinstance(items[0], dict) else [{"params": items}]


def as_parameters(params: Any, name: str) -> list[Tensor]:
    """Check the parameters of one group; pairs of named_parameters() are accepted."""
    items = [params] if isinstance(params, Tensor) else list(params)
    items = [p[1] if isinstance(p, tuple) and len(p) == 2 else p for p in items]
    for p in items:
        if not isinstance(p, Tensor):
            raise DtypeError(
                f"{name} optimizes parameters, got {describe(p)}. Write nnkit.Parameter(values), "
                f"or nnkit.tensor(values, requires_grad=True)."
            )
        if not p.is_leaf:
            raise GraphError(
                f"{name} can change parameters only, not {describe(p)}, which was calculated from "
                f"others. Give it what it was calculated from, or its .detach()."
            )
    if not items:
        raise ArgumentError(f"{name} got an empty parameter list in a group.")
    if len({id(p) for p in items}) < len(items):
        raise ArgumentError(
            f"{name}: a parameter is there twice; it would be updated twice in each step."
        )
    return items


def raise_read_only(p: Tensor, name: str) -> None:
    """Say why a parameter cannot be written."""
    raise GraphError(
        f"{name}: the array of {describe(p)} is read-only. Either it was made so, or a graph that "
        f"was not used up still needs its values: call backward() first, or calculate what needs "
        f"no gradient inside no_grad()."
    )


def check_lr(lr: Any, name: str) -> None:
    """Refuse a learning rate that is not positive and finite."""
    check_number(lr, name, "lr", 0, open_low=True, example=0.01)


def check_number(
    value: Any,
    name: str,
    what: str,
    low: float = 0,
    high: float = math.inf,
    *,
    open_low: bool = False,
    example: float = 0.9,
) -> None:
    """Refuse a setting that is no number between `low` and `high`."""
    fits = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not (fits and (low < value if open_low else low <= value) and value < high):
        sign = ">" if open_low else ">="
        below = "finite" if high == math.inf else f"< {high}"
        raise ArgumentError(
            f"{name}: {what} must be a number {sign} {low} and {below}, for example {example}; "
            f"got {value!r}."
        )


def copied(state: State) -> State:
    """Copy the arrays of a parameter's state."""
    return {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in state.items()}


def adopted(state: Mapping[str, Any], p: Tensor, name: str) -> State:
    """Copy a saved state; arrays are brought to the parameter's dtype."""
    result: State = {}
    for key, entry in state.items():
        if not isinstance(entry, (np.ndarray, Tensor)) or raw(entry).ndim == 0:
            result[key] = entry
            continue
        value = np.array(raw(entry), dtype=p.dtype)
        if value.shape != p.shape:
            raise ShapeError(
                f"{name}.load_state_dict: {key!r} has shape {value.shape}, its parameter "
                f"{p.shape}. Load the state of an optimizer of the same model."
            )
        result[key] = value
    return result
