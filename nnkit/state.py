"""Checks a state dict against the model that is to load it, and says what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe

__all__ = ["check_state", "give_sizes"]


def check_state(
    model: str, own: Mapping[str, np.ndarray[Any, Any]], given: Any, strict: bool
) -> tuple[list[str], list[str]]:
    """Return the missing and the unexpected keys; raise if they, or the shapes, do not fit."""
    if not isinstance(given, Mapping):
        raise DtypeError(
            f"load_state_dict of {model} needs a dict of names and arrays, got {describe(given)}. "
            f"A file is read with nnkit.load(path)."
        )
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own]
    problems = []
    if strict and missing:
        problems.append(f"missing: {listing(missing)}")
    if strict and unexpected:
        problems.append(f"not known here: {listing(unexpected)}{hint(own, missing, unexpected)}")
    shapes = [
        f"{name}: {model} has {own[name].shape}, the state dict {np.shape(given[name])}"
        for name in own
        if name in given and np.shape(given[name]) != own[name].shape
    ]
    if problems:
        raise ArgumentError(
            f"the state dict does not fit {model}:\n  " + "\n  ".join(problems + shapes) + "\n"
            "Load it into the model it was saved from; strict=False loads what has the same name."
        )
    if shapes:
        raise ShapeError(
            "\n  ".join([f"the state dict has other shapes than {model}:", *shapes])
            + "\nBuild the model with the sizes it was saved with."
        )
    return missing, unexpected


def give_sizes(modules: Iterable[tuple[str, Any]], given: Mapping[str, Any]) -> None:
    """Give lazy layers the sizes that their values in a state dict have."""
    for path, module in list(modules):
        if hasattr(module, "give_size"):
            prefix = f"{path}." if path else ""
            shapes = {
                name.removeprefix(prefix): np.shape(value)
                for name, value in given.items()
                if name.startswith(prefix)
            }
            size = module.size_in_state(shapes)
            if size:
                module.give_size(size)


def listing(names: list[str], most: int = 8) -> str:
    """Name some of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def hint(own: Mapping[str, Any], missing: list[str], unexpected: list[str]) -> str:
    """Guess what went wrong: a prefix too many, one too few, or a misspelling."""
    if not missing:
        return ""
    ends = [name for name in missing if unexpected[0].endswith("." + name)]
    if ends:
        prefix = unexpected[0].removesuffix(ends[0])
        return f"\n  the names in the state dict begin with {prefix!r}; take that off"
    ends = [name for name in missing if name.endswith("." + unexpected[0])]
    if ends:
        prefix = ends[0].removesuffix(unexpected[0])
        return f"\n  the names of this model begin with {prefix!r}; put that in front"
    near = get_close_matches(unexpected[0], missing, n=1)
    return f"\n  is {unexpected[0]!r} meant for {near[0]!r}?" if near else ""
