"""Sliding products: what all convolutions are made of."""

import numpy as np

from ...table import bilinear, primitive


@primitive
def slide(A, B):
    """Slide B over A: y[a, b, o] is the sum of A[a, d, o + k] B[b, d, k] over d and k.

    `o` and `k` stand for any number of axes; where B would reach out of A there is no result.
    """
    lengths = B.shape[2:]
    if not lengths:
        return np.tensordot(A, B, axes=(1, 1))
    windows = np.lib.stride_tricks.sliding_window_view(A, lengths, axis=tuple(range(2, A.ndim)))
    summed = list(range(A.ndim, windows.ndim))
    y = np.tensordot(windows, B, axes=([1, *summed], list(range(1, B.ndim))))
    return np.moveaxis(y, -1, 1)


def turned(B):
    """Swap the first two axes, and reverse the others."""
    return np.flip(B.swapaxes(0, 1), axis=tuple(range(2, B.ndim)))


def slide_adjoint_left(g, _A, B):
    """A receives g[a, b, o] B[b, d, k] at o + k: slide the turned B over a padded g."""
    border = [(0, 0), (0, 0), *((n - 1, n - 1) for n in B.shape[2:])]
    return slide(np.pad(g, border), turned(B))


def slide_adjoint_right(g, A, _B):
    """B receives A[a, d, o + k] g[a, b, o]: slide g over A."""
    return slide(A.swapaxes(0, 1), g.swapaxes(0, 1)).swapaxes(0, 1)


bilinear(slide, slide_adjoint_left, slide_adjoint_right)
