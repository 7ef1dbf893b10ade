"""What a solver of SciPy's returns, when it is being differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize

from ...errors import ArgumentError, NotDifferentiableError
from ...trees import flatten

__all__ = ["DifferentiableResult", "differentiable", "information"]


class DifferentiableResult(scipy.optimize.OptimizeResult):  # type: ignore[misc]
    """A result whose numbers carry derivatives; what cannot is left out, and says so if asked for.

    `x` and `fun` are Tensors; counts, flags and messages are as SciPy gave them.
    """

    def __missing__(self, key: str) -> Any:
        if key in self.__dict__.get("left_out", ()):
            raise NotDifferentiableError(
                f"result.{key} is a constant of SciPy's without a derivative, so it is left out "
                f"where the result is being differentiated. Calculate it from result.x."
            )
        raise KeyError(key)


def differentiable(results: list, **traced: Any) -> DifferentiableResult:
    """Make a result of SciPy's, or those of the examples of a vmap, and of what is traced."""
    first = results[0]
    kept = {k: v for k, v in first.items() if not holds_floats(v)}
    if len(results) > 1:
        kept = {"success": all(r.get("success", r.get("converged")) for r in results)}
    result = DifferentiableResult(kept | traced)
    result.__dict__["left_out"] = first.keys() - result.keys()
    return result


def holds_floats(value: Any) -> bool:
    """Whether a value could be taken for a function of the arguments."""
    return not all(is_plain(leaf) for leaf in flatten(value)[0])


def is_plain(leaf: Any) -> bool:
    """Whether a value is a count, a flag or a text."""
    return isinstance(leaf, (bool, int, str, bytes, np.bool_, np.integer)) or (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind in "iub"
    )


def information(found: list, what: str) -> list:
    """Return what SciPy says of a solution (`full_output`), without what has no derivative."""
    if len(found) > 1 and found[0]:
        raise ArgumentError(
            f"{what}(..., full_output=True) under vmap would have to return one report for each of "
            f"the {len(found)} examples. Leave full_output out."
        )
    return [counts_only(part) for part in found[0]]


def counts_only(part: Any) -> Any:
    """Leave the counts in a dictionary; other things as they are."""
    return {k: v for k, v in part.items() if isinstance(v, int)} if isinstance(part, dict) else part
