"""Dropout as a layer."""

from __future__ import annotations

from typing import Any

from nnkit import functional as F
from nnkit.functional.dropout import check_probability
from nnkit.module import Module

__all__ = ["Dropout"]


class Dropout(Module):
    """While training, set each value to 0 with probability p and divide the others by 1 - p.

    In evaluation (`model.eval()`) the input goes through unchanged. `nnkit.seed` makes it
    repeatable.

    Parameters
    ----------
    p : float, default 0.5
        Probability of leaving a value out.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        check_probability(p)
        self.p = p
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        """Name the settings."""
        return f"p={self.p}, inplace={self.inplace}"
