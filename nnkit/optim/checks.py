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
from nnkit.optim.formulas import as_real

__all__ = [
    "HINTS",
    "adopted",
    "as_groups",
    "as_parameters",
    "check_betas",
    "check_lr",
    "check_number",
    "check_settings",
    "copied",
    "raise_read_only",
]

Group = dict[str, Any]
State = dict[str, Any]

HINTS = ("params", "capturable", "differentiable", "foreach", "fused")
"""Keys of torch's groups that say how to calculate, not what; they mean nothing here."""

OPTIONAL = ("decoupled_weight_decay", "maximize")
"""Settings that older state dicts do not have."""


def as_groups(params: Any, name: str) -> list[Group]:
    """Bring the first argument of an optimizer to the form of groups."""
    if isinstance(params, Module):
        params = params.named_parameters()
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
        f"{name}: the array of {describe(p)} is read-only, so no step can be written into it. Give "
        f"the parameter an array of its own: p.data = p.detach().copy()."
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


def check_betas(group: Group, name: str, example: tuple[float, float] = (0.9, 0.999)) -> None:
    """Refuse betas that are not two numbers from 0 to below 1."""
    betas = group["betas"]
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise ArgumentError(f"{name}: betas are two numbers, for example {example}; got {betas!r}.")
    for i, beta in enumerate(betas):
        check_number(beta, name, f"betas[{i}]", 0, 1)


def copied(state: State, p: Tensor) -> State:
    """Copy the arrays of a parameter's state; those of complex parameters become complex."""
    result = dict(state)
    for key, entry in state.items():
        if isinstance(entry, np.ndarray):
            as_complex = p.dtype.kind == "c" and entry.size == 2 * p.size
            result[key] = (entry.view(p.dtype).reshape(p.shape) if as_complex else entry).copy()
    return result


def check_settings(settings: list[Group], defaults: Mapping[str, Any], name: str) -> None:
    """Refuse the groups of another kind of optimizer."""
    for group in settings:
        missing = [key for key in defaults if key not in group and key not in OPTIONAL]
        if missing:
            raise ArgumentError(
                f"{name}.load_state_dict: the state dict has no setting {missing[0]!r}; it is that "
                f"of another kind of optimizer. It has: {', '.join(group)}."
            )


def adopted(state: Mapping[str, Any], fresh: State, p: Tensor, name: str) -> State:
    """Copy a saved state; arrays are brought to the dtype of a fresh one, which fills gaps."""
    result = {key: value for key, value in fresh.items() if not isinstance(value, bool)}
    # One of them alone: a setting that was switched on or off before the state was saved.
    if set(result) - set(state) and set(state) - set(result):
        raise ArgumentError(
            f"{name}.load_state_dict: the state of a parameter holds {', '.join(state)}, not "
            f"{', '.join(result)}; it is that of another kind of optimizer."
        )
    for key, entry in state.items():
        if not hasattr(entry, "shape"):
            result[key] = entry
            continue
        value, own = np.array(raw(entry)), fresh.get(key)
        if own is None:  # an optimizer that makes it later
            result[key] = value
            continue
        if not isinstance(own, np.ndarray):
            result[key] = type(own)(value.item())
            continue
        expected = p.shape if p.dtype.kind == "c" else own.shape
        if value.shape != expected:
            raise ShapeError(
                f"{name}.load_state_dict: {key!r} has shape {value.shape}, its parameter "
                f"{p.shape}. Load the state of an optimizer of the same model."
            )
        own[...] = as_real(value.astype(p.dtype, order="C")) if p.dtype.kind == "c" else value
        result[key] = own
    return result
