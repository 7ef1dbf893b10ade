"""Masks for attention that need not be stored because a name and a shape give them."""

import numpy as np

from tests.reference.fields import field


def mask(kind, *shape):
    """Make a mask; no row of a mask of bool is all True or all False, but for "row hidden"."""
    if kind == "float":
        return field(shape, 5) * 0.7
    if kind == "causal":
        return np.triu(np.full(shape, -np.inf), 1)
    if kind == "padding":  # True behind the end of each sequence
        lengths = shape[-1] - np.arange(1, 1 + int(np.prod(shape[:-1]))) % shape[-1]
        return np.arange(shape[-1]) >= lengths.reshape(*shape[:-1], 1)
    hidden = field(shape, 5) > 0.3
    hidden[..., 0], hidden[..., 1] = True, False
    if kind == "row hidden":
        hidden[1] = False
    return hidden
