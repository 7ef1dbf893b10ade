"""Losses for regression: two arrays of one shape are compared, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.live import traceable
from nnkit.functional.operands import as_dtype, as_float, check_reduction, operation, reduced

__all__ = ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"]

Array = NDArray[Any]


def pair(input: Any, target: Any, reduction: str, what: str) -> tuple[Any, Any]:
    """Check that input and target have one shape; broadcasting would compare all with all."""
    check_reduction(reduction, what)
    return compared(input, target, what)


def compared(input: Any, target: Any, what: str) -> tuple[Any, Any]:
    """Check that input and target have one shape, and give them one dtype."""
    x = as_float(input, f"the input of {what}")
    t = as_dtype(target, x.dtype, f"the target of {what}")
    if x.shape != t.shape:
        hint = "Give both the same shape."
        if x.size == t.size:
            hint = f"They hold as many numbers: write target.reshape({', '.join(map(str, x.shape))}"
            hint += ",)." if len(x.shape) == 1 else ")."
        raise ShapeError(
            f"{what} got an input of shape {x.shape} and a target of shape {t.shape}. {hint}"
        )
    if not x.size:
        raise ArgumentError(f"{what} got an empty batch: a mean over nothing has no value.")
    return x, t


# --- mean squared error ---------------------------------------------------------------------------


@traceable
def squared_forward(a: Array, b: Array, *, reduction: str) -> tuple[Any, Array]:
    """(a - b)^2, brought together, and a - b for the backward pass."""
    d = a - b
    if reduction == "none":
        return d * d, d
    total = np.vdot(d, d)
    return (total / d.size if reduction == "mean" else total), d


@traceable
def squared_vjp(
    g: Array, d: Array, _a: Any, _b: Any, *, reduction: str, needs: Any
) -> tuple[Any, Any]:
    """2 (a - b) for a, and the opposite for b."""
    slope = d * (g * (2.0 / d.size if reduction == "mean" else 2.0))
    return slope, (-slope if needs[1] else None)


def squared_composition(a: Any, b: Any, *, reduction: str) -> Any:
    """Write it in functions that differentiate."""
    return reduced(np.square(a - b), reduction)


squared_error = operation(
    "mse_loss", squared_forward, vjp=squared_vjp, composition=squared_composition, saves=True
)


def weighted(losses: Any, weight: Any, reduction: str, what: str) -> Any:
    """Bring the losses of single elements together; a mean is weighted."""
    w = as_dtype(weight, losses.dtype, f"the weight of {what}")
    if w.shape != losses.shape:
        raise ShapeError(
            f"{what}: weight has shape {w.shape}; it needs a number for each element, "
            f"{losses.shape}."
        )
    losses = losses * w
    return losses.sum() / w.sum() if reduction == "mean" else reduced(losses, reduction)


def mse_loss(input: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
    """Return the mean of (input - target)^2.

    Parameters
    ----------
    input : Tensor or array, any shape
    target : Tensor or array_like, the same shape
    reduction : {"mean", "sum", "none"}, default "mean"
    weight : array_like, the same shape, optional
        Of the elements; a mean is divided by the sum of the weights.

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input`: one for each number.

    Raises
    ------
    ShapeError
        If the shapes differ: (n, 1) against (n,) would compare all with all.
    ArgumentError
        If there is nothing to compare.

    Examples
    --------
    >>> mse_loss(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(2.5)
    """
    x, t = pair(input, target, reduction, "mse_loss")
    if weight is None:
        return squared_error(x, t, reduction=reduction)
    return weighted(squared_error(x, t, reduction="none"), weight, reduction, "mse_loss")


def l1_loss(input: Any, target: Any, *, reduction: str = "mean", weight: Any = None) -> Any:
    """Return the mean of the absolute values of input - target.

    Parameters
    ----------
    input : Tensor or array, any shape
    target : Tensor or array_like, the same shape
    reduction : {"mean", "sum", "none"}, default "mean"
    weight : array_like, the same shape, optional
        Of the elements; a mean is divided by the sum of the weights.

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input`: one for each number.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If there is nothing to compare.

    Examples
    --------
    >>> l1_loss(np.array([1.0, 2.0]), [0.0, 4.0])
    np.float64(1.5)
    """
    x, t = pair(input, target, reduction, "l1_loss")
    losses = np.abs(x - t)
    if weight is None:
        return reduced(losses, reduction)
    return weighted(losses, weight, reduction, "l1_loss")


# --- quadratic near 0, straight further out -------------------------------------------------------


def huber_forward(a: Array, b: Array, *, delta: float) -> Array:
    """d^2 / 2 where abs(d) <= delta, delta (abs(d) - delta / 2) elsewhere, with d = a - b."""
    size = np.abs(a - b)
    return np.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta))


def huber_vjp(
    g: Any, _y: Any, a: Any, b: Any, *, delta: float, needs: Any = (True, True)
) -> tuple[Any, Any]:
    """Return d, cut off at -delta and delta; the opposite for b."""
    slope = g * np.clip(a - b, -delta, delta)
    return slope, (-slope if needs[1] else None)


huber_op = operation("huber_loss", huber_forward, vjp=huber_vjp)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """Return the mean of d^2 / 2 where abs(d) <= `delta`, and `delta` (abs(d) - `delta` / 2)
    elsewhere, d = input - target: outliers count less than in `mse_loss`.

    Parameters
    ----------
    input : Tensor or array, any shape
    target : Tensor or array_like, the same shape
    reduction : {"mean", "sum", "none"}, default "mean"
    delta : float, default 1.0
        Where the parabola becomes a straight line.
    weight : array_like, the same shape, optional
        Of the elements. A mean is divided by their number, not, as that of `mse_loss`, by the
        sum of the weights: so PyTorch has it.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If there is nothing to compare, or `delta` is not positive.

    References
    ----------
    P. J. Huber, "Robust Estimation of a Location Parameter", Ann. Math. Statist. 35 (1964).

    Examples
    --------
    >>> huber_loss(np.array([0.5, 3.0]), [0.0, 0.0], reduction="none")
    array([0.125, 2.5  ])
    """
    check_delta(delta)
    x, t = pair(input, target, reduction, "huber_loss")
    losses = huber_op(x, t, delta=float(delta))
    if weight is not None:
        losses = weighted(losses, weight, "none", "huber_loss")
    return reduced(losses, reduction)


def check_delta(delta: float) -> None:
    """Refuse a parabola of no width."""
    if not delta > 0:
        raise ArgumentError(f"huber_loss: delta must be positive, got {delta!r}.")


def check_beta(beta: float) -> None:
    """Refuse a parabola of negative width."""
    if not beta >= 0:
        raise ArgumentError(f"smooth_l1_loss: beta must not be negative, got {beta!r}.")


def smooth_l1_loss(input: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    """Return the mean of d^2 / (2 beta) where abs(d) < beta, and abs(d) - beta / 2 elsewhere,
    d = input - target.

    Parameters
    ----------
    input : Tensor or array, any shape
    target : Tensor or array_like, the same shape
    reduction : {"mean", "sum", "none"}, default "mean"
    beta : float, default 1.0
        Where the parabola becomes a straight line; 0 gives `l1_loss`.

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input`: one for each number.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If there is nothing to compare, or `beta` is negative.

    References
    ----------
    R. Girshick, "Fast R-CNN", ICCV 2015.

    Examples
    --------
    >>> smooth_l1_loss(np.array([0.5, 3.0]), [0.0, 0.0], reduction="none")
    array([0.125, 2.5  ])
    """
    check_beta(beta)
    x, t = pair(input, target, reduction, "smooth_l1_loss")
    if beta == 0:
        return reduced(np.abs(x - t), reduction)
    return reduced(huber_op(x, t, delta=float(beta)) / beta, reduction)
