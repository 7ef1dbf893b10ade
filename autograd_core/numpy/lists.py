"""Lists of Tensors as arguments: NumPy's dispatch does not see a Tensor in a list."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ..dispatch import Layered
from ..errors import ShapeError

__all__ = ["door", "holds_tensor", "stacked"]

SEQUENCES = {
    *("choose", "column_stack", "concat", "concatenate", "dstack", "hstack", "lexsort"),
    *("multi_dot", "piecewise", "select", "stack", "vstack"),
}
"""Functions whose arguments are sequences of arrays, which stay sequences."""

DISPATCHING = type(np.sum)
"""The class of NumPy's functions that ask their arguments for `__array_function__`."""


def holds_tensor(x: Any) -> bool:
    """Whether there is a Tensor in a nested list."""
    if isinstance(x, (list, tuple)):
        return any(map(holds_tensor, x))
    return isinstance(x, Layered)


def stacked(items: Any) -> Any:
    """Make one Tensor of a nested list of Tensors, arrays and numbers.

    Raises
    ------
    ShapeError
        If the parts have different shapes.
    """
    parts = [stacked(x) if isinstance(x, (list, tuple)) else x for x in items]
    shapes = {np.shape(x) for x in parts}
    if len(shapes) > 1:
        found = ", ".join(map(str, sorted(shapes)))
        raise ShapeError(
            f"a list is made an array if its parts have one shape; got parts of shapes {found}. "
            f"To put them one after the other use np.concatenate or np.hstack."
        )
    return np.stack(parts) if parts else np.zeros(0)


def as_array(x: Any) -> Any:
    """Make an array of a list that holds a Tensor; leave all else."""
    return stacked(x) if isinstance(x, (list, tuple)) and holds_tensor(x) else x


def as_arrays(x: Any) -> Any:
    """Make arrays of the lists in a sequence of arrays."""
    return type(x)(map(as_array, x)) if x.__class__ is list or x.__class__ is tuple else x


def taking_lists(f: Callable[..., Any]) -> Callable[..., Any]:
    """Let a NumPy function take lists of Tensors in place of arrays."""
    if f is np.block:  # its nested lists are no arrays
        return f
    convert = as_arrays if f.__name__ in SEQUENCES else as_array

    @functools.wraps(f)
    def accepting(*args: Any, **kwargs: Any) -> Any:
        for x in (*args, *kwargs.values()):
            if (x.__class__ is list or x.__class__ is tuple) and holds_tensor(x):
                kwargs = {k: convert(v) for k, v in kwargs.items()}
                return f(*map(convert, args), **kwargs)
        return f(*args, **kwargs)

    accepting._numpy = f  # type: ignore[attr-defined]
    return accepting


def door(namespace: Any) -> dict[str, Any]:
    """Return the public names of a NumPy namespace; its functions take lists of Tensors."""
    return {
        name: taking_lists(value) if isinstance(value, DISPATCHING) else value
        for name, value in vars(namespace).items()
        if not (name.startswith("_") or name == "test" or isinstance(value, ModuleType))
    }
