"""Distances and angles of vectors as layers."""

from __future__ import annotations

from typing import Any

from nnkit import functional as F
from nnkit.module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """The cosine of the angle between vectors: their product over that of their lengths.

    Parameters
    ----------
    dim : int, default 1
        The axis of the vectors' components; the result does not have it.
    eps : float, default 1e-8
        Shorter vectors count as of this length.

    Examples
    --------
    >>> import numpy as np
    >>> CosineSimilarity()(np.array([[1.0, 0.0]]), np.array([[2.0, 2.0]])).round(4)
    array([0.7071])
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Any, x2: Any) -> Any:
        """Compare vectors of one shape, or of shapes that broadcast."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """The distances of vectors, (sum over i of abs(x1_i - x2_i + eps)^p)^(1/p).

    Parameters
    ----------
    p : float, default 2.0
        Which norm; ``float("inf")`` for the largest difference.
    eps : float, default 1e-6
        Added to the differences, as PyTorch does it.
    keepdim : bool, default False
        Keep the last axis, of length 1.

    Examples
    --------
    >>> import numpy as np
    >>> PairwiseDistance()(np.array([[0.0, 3.0]]), np.array([[4.0, 0.0]])).round(4)
    array([5.])
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Any, x2: Any) -> Any:
        """Compare vectors, (N, D) or (D,)."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
