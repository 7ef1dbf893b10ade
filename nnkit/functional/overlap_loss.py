"""Losses of segmentation: how far a predicted region overlaps with the right one."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.trace import lifted
from nnkit.functional.activation import sigmoid_op, softmax_op
from nnkit.functional.binary_cross_entropy import check_yes_or_no
from nnkit.functional.labels import by_rows, check_labels
from nnkit.functional.loss import pair
from nnkit.functional.operands import (
    as_array,
    as_float,
    check_reduction,
    judge_extent,
    reduced,
)

__all__ = ["dice_loss", "tversky_loss"]


def regions(input: Any, target: Any, from_logits: bool, what: str) -> tuple[Any, Any]:
    """Return probabilities and targets of one shape, (N, C, d1, ...)."""
    x = as_float(input, f"the input of {what}")
    if x.ndim < 3:
        raise ShapeError(
            f"{what} takes images, shape (N, C, d1, ...), not {x.shape}. Put 1 for an axis that is "
            f"not there: (N, 1, H, W) for one region."
        )
    if np.shape(raw(target)) == x.shape:
        x, t = pair(x, target, "none", what)
        check_yes_or_no(t, what)
        p = sigmoid_op(x) if from_logits else x
    else:
        labels = by_rows(x, target, what)[1]
        check_labels(labels, x.shape[1], None, what)
        places = as_array(raw(target)).astype(np.intp)
        t = np.moveaxis(lifted(np.eye(x.shape[1], dtype=x.dtype))[places], -1, 1)
        p = softmax_op(x, axis=1) if from_logits else x

    def judge(low: Any, high: Any) -> None:
        if not (low >= 0 and high <= 1):
            raise ArgumentError(
                f"{what}: with from_logits=False the input holds probabilities between 0 and 1, "
                f"got values from {low} to {high}."
            )

    judge_extent(p, judge)
    return p, t


def judge_region(low: Any, _high: Any) -> None:
    """Refuse to divide by the size of nothing."""
    if not low > 0:
        raise ArgumentError("a region that is empty, and found empty, needs smooth > 0.")


def tversky_loss(
    input: Any,
    target: Any,
    *,
    alpha: float = 0.5,
    beta: float = 0.5,
    smooth: float = 1.0,
    from_logits: bool = True,
    reduction: str = "mean",
) -> Any:
    """Return 1 minus the Tversky index of each region: an overlap in which surplus and omission
    may count differently.

    Parameters
    ----------
    input : Tensor or array, shape (N, C, d1, ...)
        A score (logit) for each of C regions at each place.
    target : array of int, shape (N, d1, ...); or array_like, shape as `input`
        The class at each place (a softmax is applied to the scores), or for each region 1 where
        it is and 0 elsewhere (regions may overlap; a sigmoid is applied).
    alpha, beta : float, default 0.5
        Weights of surplus (false positives) and of omission (false negatives).
    smooth : float, default 1.0
        Added to numerator and denominator, so that an empty region that is found empty has the
        loss 0.
    from_logits : bool, default True
        False: `input` holds probabilities.
    reduction : {"mean", "sum", "none"}, default "mean"
        "none" returns the losses of all regions, shape (N, C).

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of shape (N, C): one for each region.

    Raises
    ------
    ShapeError, DtypeError
        If the shapes do not fit together.
    ArgumentError
        If a label is no class, or a probability is not between 0 and 1.

    Notes
    -----
    1 - (TP + s) / (TP + alpha FP + beta FN + s), with TP = sum(p t), FP = sum(p (1 - t)) and
    FN = sum((1 - p) t) over the places.

    References
    ----------
    S. Salehi, D. Erdogmus, A. Gholipour, "Tversky loss function for image segmentation using 3D
    fully convolutional deep networks", arXiv:1706.05721.

    Examples
    --------
    >>> scores = np.array([[[9.0, 9.0, -9.0, -9.0]]])
    >>> tversky_loss(scores, [[[1, 1, 1, 1]]], beta=0.75, smooth=0.0).round(3)
    np.float64(0.429)
    """
    check_reduction(reduction, "tversky_loss")
    p, t = regions(input, target, from_logits, "tversky_loss")
    return of_regions(p, t, alpha, beta, smooth, reduction)


def of_regions(p: Any, t: Any, alpha: float, beta: float, smooth: float, reduction: str) -> Any:
    """1 - (TP + s) / (TP + alpha FP + beta FN + s)."""
    places = tuple(range(2, p.ndim))
    both, all_p, all_t = (p * t).sum(axis=places), p.sum(axis=places), t.sum(axis=places)
    outside = alpha * (all_p - both) + beta * (all_t - both)
    if smooth == 0:
        judge_extent(both + outside, judge_region)
    return reduced(1 - (both + smooth) / (both + outside + smooth), reduction)


def dice_loss(
    input: Any,
    target: Any,
    *,
    smooth: float = 1.0,
    from_logits: bool = True,
    reduction: str = "mean",
) -> Any:
    """Return 1 minus the Dice coefficient of each region: twice the overlap over both sizes.

    Parameters
    ----------
    input : Tensor or array, shape (N, C, d1, ...)
        A score (logit) for each of C regions at each place.
    target : array of int, shape (N, d1, ...); or array_like, shape as `input`
        The class at each place (a softmax is applied to the scores), or for each region 1 where
        it is and 0 elsewhere (regions may overlap; a sigmoid is applied).
    smooth : float, default 1.0
        Added to numerator and denominator, so that an empty region that is found empty has the
        loss 0.
    from_logits : bool, default True
        False: `input` holds probabilities.
    reduction : {"mean", "sum", "none"}, default "mean"
        "none" returns the losses of all regions, shape (N, C).

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of shape (N, C): one for each region.

    Raises
    ------
    ShapeError, DtypeError
        If the shapes do not fit together.
    ArgumentError
        If a label is no class, or a probability is not between 0 and 1.

    Notes
    -----
    1 - (2 sum(p t) + s) / (sum(p) + sum(t) + s), sums over the places.

    References
    ----------
    F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net: Fully Convolutional Neural Networks for
    Volumetric Medical Image Segmentation", 3DV 2016.

    Examples
    --------
    >>> scores = np.array([[[9.0, 9.0, -9.0, -9.0]]])
    >>> dice_loss(scores, [[[1, 0, 0, 0]]]).round(3)
    np.float64(0.25)
    """
    check_reduction(reduction, "dice_loss")
    p, t = regions(input, target, from_logits, "dice_loss")
    return of_regions(p, t, 0.5, 0.5, 0.5 * smooth, reduction)
