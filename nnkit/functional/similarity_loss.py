"""Losses that bring vectors of things that are alike together, and others apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.distance import pairwise_distance
from nnkit.functional.margin_loss import alike, hinge, signs
from nnkit.functional.operands import check_reduction, reduced

__all__ = ["cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, *, reduction: str = "mean"
) -> Any:
    """Return the mean of 1 - cos where t is 1, and of max(0, cos - margin) where it is -1.

    Parameters
    ----------
    input1, input2 : Tensor or array, shape (N, D) or (D,)
        Vectors; cos is the cosine of the angle between them.
    target : array_like, shape (N,) or ()
        t: 1 for pairs that are alike, -1 for others.
    margin : float, default 0
        From -1 to 1.
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of shape (N,): one for each row.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    ArgumentError
        If a label is not 1 or -1, or the batch is empty.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> cosine_embedding_loss(x, np.array([[0.0, 1.0], [3.0, 0.0]]), [1, -1]).round(4)
    np.float64(1.0)
    """
    what = "cosine_embedding_loss"
    check_reduction(reduction, what)
    x1, x2 = alike(what, input1, input2=input2)
    if x1.ndim not in (1, 2):
        raise ShapeError(f"{what} takes vectors, (N, D) or (D,), not shape {x1.shape}.")
    t = signs(target, x1.shape[:-1], x1.dtype, what)
    tiny = 1e-12
    squares = ((x1 * x1).sum(axis=-1) + tiny) * ((x2 * x2).sum(axis=-1) + tiny)
    cosine = (x1 * x2).sum(axis=-1) / np.sqrt(squares)
    return reduced(np.where(t > 0, 1 - cosine, hinge(cosine - margin)), reduction)


# --- triplets -------------------------------------------------------------------------------------


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Any:
    """Return the mean of max(0, d(anchor, positive) - d(anchor, negative) + margin).

    Parameters
    ----------
    anchor, positive, negative : Tensor or array, shape (N, D) or (D,)
        A vector, one that should be near it, and one that should be far from it.
    margin : float, default 1.0
    p : float, default 2
        Which norm gives the distance d.
    eps : float, default 1e-6
        Added to the differences, see `pairwise_distance`.
    swap : bool, default False
        Use d(positive, negative) where it is smaller than d(anchor, negative).
    reduction : {"mean", "sum", "none"}, default "mean"

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If `margin` is not positive, or the batch is empty.

    References
    ----------
    V. Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses",
    BMVC 2016.

    Examples
    --------
    >>> a, b, c = np.array([[0.0]]), np.array([[2.0]]), np.array([[-1.5]])
    >>> triplet_margin_loss(a, b, c).round(4)
    np.float64(1.5)
    """
    return of_triplets(
        "triplet_margin_loss",
        (anchor, positive, negative),
        lambda x, y: pairwise_distance(x, y, p, eps),
        margin,
        swap,
        reduction,
    )


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """Return the mean of max(0, d(anchor, positive) - d(anchor, negative) + margin).

    Parameters
    ----------
    anchor, positive, negative : Tensor or array, shape (N, ...)
        Something, something that should be near it, and something that should be far from it.
    distance_function : callable, optional
        d, of two arrays; it returns a distance for each row. Default: `pairwise_distance`.
    margin : float, default 1.0
    swap : bool, default False
        Use d(positive, negative) where it is smaller than d(anchor, negative).
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array with one for each triplet.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If `margin` is not positive, or the batch is empty.

    Examples
    --------
    >>> a, b, c = np.array([[0.0]]), np.array([[2.0]]), np.array([[-1.5]])
    >>> triplet_margin_with_distance_loss(
    ...     a, b, c, distance_function=lambda x, y: np.abs(x - y).sum(axis=1)
    ... )
    np.float64(1.5)
    """
    return of_triplets(
        "triplet_margin_with_distance_loss",
        (anchor, positive, negative),
        distance_function or pairwise_distance,
        margin,
        swap,
        reduction,
    )


def of_triplets(
    what: str,
    triplet: tuple[Any, Any, Any],
    distance: Callable[[Any, Any], Any],
    margin: float,
    swap: bool,
    reduction: str,
) -> Any:
    """What both triplet losses have in common."""
    check_reduction(reduction, what)
    check_margin(margin, what)
    anchor, positive, negative = alike(what, triplet[0], positive=triplet[1], negative=triplet[2])
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = np.minimum(far, distance(positive, negative))
    return reduced(hinge(near - far + margin), reduction)


def check_margin(margin: float, what: str) -> None:
    """Refuse a margin of no width."""
    if not margin > 0:
        raise ArgumentError(f"{what}: margin must be positive, got {margin!r}.")
