"""Loss: a module that compares an output with a target."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from autograd_core.traced import plainly
from nnkit import functional as F
from nnkit.functional.operands import check_reduction
from nnkit.module import Module

__all__ = ["Loss", "check_all_labels", "refuse_probabilities"]

LOOKED: weakref.WeakSet[Module] = weakref.WeakSet()
"""Losses that were called before; not a setting of theirs, which `compile` would see change."""


class Loss(Module):
    """A module that compares an output with a target; `reduction` as everywhere in the field."""

    def __init__(self, reduction: str) -> None:
        super().__init__()
        check_reduction(reduction, type(self).__name__)
        self.reduction = reduction


def check_all_labels(output: Any, target: Any, ignore_index: int | None) -> None:
    """Refuse labels that are no class, where `output` has the scores of at least one row."""
    scores, labels = raw(output), np.asarray(raw(target))
    if labels.dtype.kind in "iub" and labels.ndim == scores.ndim - 1 and labels.size:
        F.check_labels(labels.astype(np.intp), scores.shape[1], ignore_index, "the labels")


def refuse_probabilities(loss: Module, input: Any, message: str) -> None:
    """Raise an error if the first input of a loss looks like probabilities, which it does not take.

    That is a question about how the model was built, so a recording need not ask it again.
    """
    if loss in LOOKED:
        return
    if hold_probabilities(plainly(raw(input))):
        raise ArgumentError(message)
    LOOKED.add(loss)


def hold_probabilities(x: Any) -> bool:
    """Whether the rows are numbers that are not negative and add up to 1."""
    x = np.asarray(x)
    if x.ndim < 2 or x.shape[1] < 2 or (x < 0).any():
        return False
    return np.allclose(x.sum(axis=1), 1, rtol=0, atol=1e-4)
