"""The functions of SciPy that have no counterpart here: they say so when they meet a Tensor."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..errors import ConversionError, MissingRuleError

__all__ = ["guarded"]


def guarded(namespace: Any) -> dict[str, Any]:
    """Return the public names of a SciPy namespace; its functions explain what they cannot do."""
    path = namespace.__name__
    return {
        name: explaining(value, f"{path}.{name}") if isinstance(value, FunctionType) else value
        for name in namespace.__all__
        if not isinstance(value := getattr(namespace, name), ModuleType) and name != "test"
    }


def explaining(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Turn the refusal of a Tensor to become an array into one that names the function."""

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            return f(*args, **kwargs)
        except ConversionError as error:
            last = f.__name__
            nearest = f" NumPy's np.linalg.{last} has." if hasattr(np.linalg, last) else ""
            raise MissingRuleError(
                f"{name} has no derivative rule.{nearest} To use its value as a constant, call it "
                f"with x.detach().numpy()."
            ) from error

    return function
