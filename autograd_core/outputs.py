"""What `out=` names: an array or a Tensor to write into, given by name or by its place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import parameter_names
from .dispatch import Layered
from .errors import DtypeError, ShapeError, describe

__all__ = ["does_not_fit", "out_by_name", "target"]


def target(name: str, out: Any) -> Any:
    """Return what `out=` names."""
    if isinstance(out, (Layered, np.ndarray)):
        return out
    raise DtypeError(
        f"{name}(out=...) takes an array or a Tensor to write into, got {describe(out)}"
    )


def does_not_fit(name: str, y: Any, out: Any) -> ShapeError:
    """Say that a result has another shape than what it is to be written into."""
    return ShapeError(
        f"{name} gives shape {np.shape(y)}, which does not fit into out= of shape {out.shape}"
    )


def out_by_name(f: Callable[..., Any], args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Name an `out` that was given by its place, and what comes after it."""
    names, place = place_of_out(f)
    if place >= len(args) or args[place] is None:
        return args, kwargs
    return args[:place], dict(zip(names[place:], args[place:], strict=False)) | kwargs


@functools.cache
def place_of_out(f: Callable[..., Any]) -> tuple[list[str], int]:
    """Return the parameters of a function of NumPy's, and the place of `out` or one behind all."""
    names = parameter_names(f, 0, f)
    named_only = "out" not in names or names[0] == "operands"  # of einsum, which takes many
    return names, 99 if named_only else names.index("out")
