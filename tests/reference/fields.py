"""Inputs that need not be stored because a formula gives them, and short sums of long results."""

import numpy as np

BINS = 6


def field(shape, number=0, positive=False):
    """Numbers without pattern and without ties, the same everywhere."""
    i = np.arange(1, 1 + int(np.prod(shape, dtype=int)))
    values = 2 * np.sin(1.618 * i * i + 0.37 * i + number)
    return (np.abs(values) + 0.1 if positive else values).reshape(shape)


def digest(values):
    """Weighted sums into a few bins: no element can change unnoticed."""
    flat = np.asarray(values, dtype=float).reshape(-1)
    i = np.arange(flat.size)
    weights = 1.5 + np.cos(0.7 * i)
    sums = np.bincount(i % BINS, flat * weights, minlength=BINS)
    return [float(f"{s:.12g}") for s in sums]
