"""Losses that are the negative logarithm of a likelihood, or a divergence of distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core import stop_gradient
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.loss import compared, pair
from nnkit.functional.operands import as_dtype, judge_extent, reduced

__all__ = ["gaussian_nll_loss", "kl_div", "poisson_nll_loss"]


def check_kl_reduction(reduction: str, what: str) -> None:
    """Refuse a `reduction` that is none of the four."""
    if reduction not in ("batchmean", "mean", "sum", "none"):
        raise ArgumentError(
            f"{what}: reduction is 'batchmean', 'mean', 'sum' or 'none', got {reduction!r}."
        )


def judge_target(low: Any, _high: Any) -> None:
    """Refuse targets that are no probabilities."""
    if low < 0:
        raise ArgumentError(
            f"kl_div: target holds probabilities, got {low}. For logarithms of probabilities pass "
            f"log_target=True."
        )


def judge_variance(low: Any, _high: Any) -> None:
    """Refuse variances that are negative."""
    if low < 0:
        raise ArgumentError(
            f"gaussian_nll_loss: variances are not negative, got {low}. Let the model predict "
            f"their logarithm and pass its np.exp, or use functional.softplus."
        )


def kl_div(input: Any, target: Any, *, reduction: str = "mean", log_target: bool = False) -> Any:
    """Return the Kullback-Leibler divergence of a distribution from the one that is right.

    Parameters
    ----------
    input : Tensor or array, shape (N, ...)
        Logarithms of probabilities q.
    target : array_like, the same shape
        Probabilities p, or their logarithms.
    reduction : {"mean", "batchmean", "sum", "none"}, default "mean"
        "batchmean", the sum divided by N, is the divergence of the definition; "mean" divides by
        the number of elements.
    log_target : bool, default False
        Whether `target` holds logarithms.

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input`: one for each number.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ArgumentError
        If a probability in `target` is negative, or there is nothing to compare.

    Notes
    -----
    The sum over p log(p / q), with 0 log 0 = 0.

    Examples
    --------
    >>> kl_div(np.log([[0.5, 0.5]]), [[0.25, 0.75]], reduction="batchmean").round(4)
    np.float64(0.1308)
    """
    check_kl_reduction(reduction, "kl_div")
    x, t = compared(input, target, "kl_div")
    if log_target:
        losses = np.exp(t) * (t - x)
    else:
        judge_extent(t, judge_target)
        losses = t * (np.log(np.where(t > 0, t, 1.0)) - x)
    if reduction == "batchmean":
        return losses.sum() / (x.shape[0] if x.shape else 1)
    return reduced(losses, reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Any:
    """Return the negative log-likelihood of counts that follow a Poisson distribution.

    Parameters
    ----------
    input : Tensor or array, any shape
        Expected counts, or their logarithms.
    target : array_like, the same shape
        Counts.
    log_input : bool, default True
        Whether `input` holds logarithms: exp(x) - t x; otherwise x - t log(x + eps).
    full : bool, default False
        Add an approximation of log(t!), which does not depend on the input: Stirling's
        t log t - t + log(2 pi t) / 2 where t > 1.
    eps : float, default 1e-8
        Keeps the logarithm finite.
    reduction : {"mean", "sum", "none"}, default "mean"

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
    >>> poisson_nll_loss(np.array([0.0, 1.0]), [1.0, 3.0]).round(4)
    np.float64(0.3591)
    """
    x, t = pair(input, target, reduction, "poisson_nll_loss")
    losses = np.exp(x) - t * x if log_input else x - t * np.log(x + eps)
    if full:
        large = np.where(t > 1, t, 1.0)
        stirling = large * np.log(large) - large + 0.5 * np.log(2 * math.pi * large)
        losses = losses + np.where(t > 1, stirling, 0.0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Any:
    """Return the negative log-likelihood of numbers that follow normal distributions.

    Parameters
    ----------
    input : Tensor or array, any shape
        Means.
    target : array_like, the same shape
    var : float, Tensor or array
        Variances: one number, of the shape of `input`, or without its last axis (or with 1 there)
        where one variance holds for a row.
    full : bool, default False
        Add the constant log(2 pi) / 2.
    eps : float, default 1e-6
        Smaller variances count as this; their gradient is as if they did not.
    reduction : {"mean", "sum", "none"}, default "mean"

    Returns
    -------
    Tensor or number
        With ``reduction="none"`` an array of the shape of `input`: one for each number.

    Raises
    ------
    ShapeError
        If the shapes do not fit together.
    ArgumentError
        If a variance is negative, or there is nothing to compare.

    Notes
    -----
    (log(var) + (input - target)^2 / var) / 2.

    References
    ----------
    D. A. Nix, A. S. Weigend, "Estimating the mean and variance of the target probability
    distribution", ICNN 1994.

    Examples
    --------
    >>> gaussian_nll_loss(np.array([0.0, 2.0]), [1.0, 2.0], np.array([1.0, 1.0]))
    np.float64(0.25)
    """
    what = "gaussian_nll_loss"
    x, t = pair(input, target, reduction, what)
    v = as_dtype(var, x.dtype, f"var of {what}")
    if v.shape and v.shape == x.shape[:-1] != x.shape:
        v = v[..., None]
    if v.shape not in ((), x.shape, (*x.shape[:-1], 1)):
        raise ShapeError(
            f"{what} got an input of shape {x.shape} and var of shape {v.shape}. Give one "
            f"variance, one for each element, or one for each row: {(*x.shape[:-1], 1)}."
        )
    judge_extent(v, judge_variance)
    v = v + stop_gradient(np.maximum(v, eps) - v)
    losses = 0.5 * (np.log(v) + np.square(x - t) / v)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
