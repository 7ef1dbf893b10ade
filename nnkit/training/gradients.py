"""What happens to gradients between the backward pass and the update: averaged over several
batches, and clipped.
"""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from autograd_core.taped import gradient_of
from nnkit.training.checks import check_count
from nnkit.utils import clip_grad_norm_, clip_grad_value_

__all__ = ["GradientSettings"]


class GradientSettings:
    """The settings of a Trainer for gradients.

    Parameters
    ----------
    clip_norm : float or None
        The largest norm of all gradients together.
    clip_value : float or None
        The largest absolute value of a single number.
    accumulate : int
        Batches for one update.

    Raises
    ------
    ArgumentError
        If one is out of range, or both clippings are given.
    """

    def __init__(self, clip_norm: Any, clip_value: Any, accumulate: Any) -> None:
        for name, value in (("clip_norm", clip_norm), ("clip_value", clip_value)):
            fits = isinstance(value, (int, float)) and not isinstance(value, bool)
            if value is not None and not (fits and 0 < value < math.inf):
                raise ArgumentError(
                    f"Trainer: {name} is a finite number above 0, for example 1.0; got {value!r}."
                )
        if clip_norm is not None and clip_value is not None:
            raise ArgumentError("Trainer: give clip_norm or clip_value, not both.")
        check_count("Trainer: accumulate", accumulate)
        self.clip_norm, self.clip_value, self.accumulate = clip_norm, clip_value, int(accumulate)

    def clip(self, parameters: list[Tensor]) -> None:
        """Clip the gradients in place."""
        if self.clip_norm is not None:
            clip_grad_norm_(parameters, self.clip_norm)
        elif self.clip_value is not None:
            clip_grad_value_(parameters, self.clip_value)

    @staticmethod
    def add(parameters: list[Tensor], before: list[Tensor | None]) -> None:
        """Add gradients to those of the batches before, in arrays of their own."""
        for p, old in zip_longest(parameters, before):
            new = gradient_of(p)
            if new is None:
                p.grad = old
            else:
                p.grad = Tensor(np.copy(raw(new)) if old is None else raw(old) + raw(new))

    @staticmethod
    def divide(parameters: list[Tensor], count: float) -> None:
        """Divide the gradients in place: a sum over batches becomes the mean over their rows."""
        for p in parameters:
            if (grad := gradient_of(p)) is not None:
                g = raw(grad)
                g *= g.real.dtype.type(1.0 / count)
