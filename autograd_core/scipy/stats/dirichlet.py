"""The Dirichlet distribution of K proportions with the concentrations alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...errors import ArgumentError, ShapeError
from ..arrays import as_float, values_of

__all__ = ["logpdf", "pdf", "rvs"]


def logpdf(x: Any, alpha: Any) -> Any:
    """Return the logarithm of the density at x.

    Parameters
    ----------
    x : array_like, shape (K, ...) or (K - 1, ...)
        Proportions that add up to 1 along the first axis, or all of them but the last.
    alpha : array_like, shape (K,)

    Raises
    ------
    ArgumentError
        If proportions are negative or do not add up to 1.

    Examples
    --------
    >>> round(float(np.exp(logpdf([0.2, 0.3, 0.5], [1.0, 1.0, 1.0]))), 12)
    2.0
    """
    x, alpha = as_float(x), as_float(alpha)
    if alpha.ndim != 1 or x.ndim == 0 or x.shape[0] not in (alpha.shape[0], alpha.shape[0] - 1):
        raise ShapeError(
            f"dirichlet takes as many proportions as concentrations, or one less, along the first "
            f"axis; got x of shape {x.shape} and alpha of shape {alpha.shape}"
        )
    if x.shape[0] < alpha.shape[0]:
        x = np.concatenate([x, 1.0 - np.sum(x, axis=0, keepdims=True)])
    check_proportions(values_of(x), values_of(alpha))
    weights = np.reshape(alpha - 1.0, alpha.shape + (1,) * (x.ndim - 1))
    scale = np.sum(sc.gammaln(alpha)) - sc.gammaln(np.sum(alpha))
    return np.sum(sc.xlogy(weights, x), axis=0) - scale


def check_proportions(x: Any, alpha: Any) -> None:
    """Refuse what is outside of the simplex, where it can be read."""
    if x is not None and (np.any(x < 0) or np.any(np.abs(np.sum(x, axis=0) - 1.0) > 1e-9)):
        raise ArgumentError(
            f"dirichlet takes proportions that are not negative and add up to 1; got sums "
            f"{np.sum(x, axis=0)}, least {np.min(x)}"
        )
    if alpha is not None and np.any(alpha <= 0):
        raise ArgumentError(f"dirichlet takes positive concentrations, got {alpha}")


def pdf(x: Any, alpha: Any) -> Any:
    """Return the density at x; arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(pdf([0.5, 0.5], [1.0, 1.0])), 12)
    1.0
    """
    return np.exp(logpdf(x, alpha))


def rvs(alpha: Any, size: Any = 1, random_state: Any = None) -> np.ndarray:
    """Draw proportions, constants, as `scipy.stats.dirichlet.rvs`.

    Examples
    --------
    >>> rvs([1.0, 2.0, 3.0], size=4).shape
    (4, 3)
    """
    from scipy import stats

    return stats.dirichlet.rvs(alpha, size=size, random_state=random_state)
