"""Methods of ufuncs as functions that differentiate: `np.add.reduce` is `np.sum`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import name_of
from .errors import MissingRuleError
from .kernels import running_maximum, running_minimum, sum_of_exponentials

__all__ = ["method_of"]

METHODS: dict[tuple[np.ufunc, str], Callable[..., Any]] = {
    (np.add, "reduce"): np.sum,
    (np.multiply, "reduce"): np.prod,
    (np.maximum, "reduce"): np.max,
    (np.minimum, "reduce"): np.min,
    (np.fmax, "reduce"): np.nanmax,
    (np.fmin, "reduce"): np.nanmin,
    (np.logaddexp, "reduce"): sum_of_exponentials,
    (np.logical_and, "reduce"): np.all,
    (np.logical_or, "reduce"): np.any,
    (np.add, "accumulate"): np.cumsum,
    (np.multiply, "accumulate"): np.cumprod,
    (np.maximum, "accumulate"): running_maximum,
    (np.minimum, "accumulate"): running_minimum,
}

INSTEAD = {
    "at": "It writes into its operand; np.bincount(indices, values) adds up, and so does a sum "
    "over one-hot rows.",
    "reduceat": "Cut the array with np.split, and reduce the parts.",
    "reduce": "Differentiable are "
    + ", ".join(f"{name_of(f)}.reduce" for f, method in METHODS if method == "reduce")
    + ". Write the others as an expression, or as a loop of calls.",
    "accumulate": "Differentiable are "
    + ", ".join(f"{name_of(f)}.accumulate" for f, method in METHODS if method == "accumulate")
    + ". Write the others as a loop of calls.",
}


def method_of(ufunc: np.ufunc, method: str) -> Callable[..., Any]:
    """Return the function that a method of a ufunc is.

    Raises
    ------
    MissingRuleError
        If there is none that differentiates.
    """
    if method == "outer":
        return functools.partial(outer, ufunc)
    if (ufunc, method) not in METHODS:
        raise MissingRuleError(
            f"{name_of(ufunc)}.{method} has no derivative rule. {INSTEAD[method]}"
        )
    return functools.partial(METHODS[ufunc, method], axis=0)


def outer(ufunc: np.ufunc, a: Any, b: Any, **settings: Any) -> Any:
    """Call a ufunc for each pair of elements."""
    return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **settings)
