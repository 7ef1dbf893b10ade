"""The Poisson distribution with the mean mu; counts are not differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...rules.scipy.gamma import gamma_density
from ..arrays import as_float
from .forms import on_support, refuse_complex

__all__ = ["cdf", "logpmf", "pmf", "sf"]


def mean(mu: Any) -> Any:
    """Return the mean as an array, with NaN in the place of what is negative."""
    mu = as_float(mu)
    refuse_complex(mu)
    return np.where(mu >= 0, mu, np.nan)


def logpmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """Return the logarithm of the probability of the count k, -inf where k is none.

    Parameters
    ----------
    k : array_like
        Counts.
    mu : array_like
        Mean, at least 0; the result is NaN for others.
    loc : array_like, default 0
        The count that the distribution starts from.

    Examples
    --------
    >>> from autograd_core import grad
    >>> grad(logpmf, 1)(3, 2.0)
    np.float64(0.5)
    """
    k, mu = as_float(k) - as_float(loc), mean(mu)

    def at_count(k: Any) -> Any:
        return sc.xlogy(k, mu) - sc.gammaln(k + 1) - mu

    return on_support(at_count, k, np.logical_and(k >= 0, k == np.floor(k)), -np.inf, 0.0, (mu,))


def pmf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """Return the probability of the count k, 0 where k is none.

    Arguments as for `logpmf`.

    Examples
    --------
    >>> round(float(pmf(0, 2.0)), 6)
    0.135335
    """
    k, mu = as_float(k) - as_float(loc), mean(mu)
    whole = np.logical_and(k >= 0, k == np.floor(k))
    return on_support(lambda k: gamma_density(k + 1, mu), k, whole, 0.0, 0.0, (mu,))


def cdf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """Return the probability of a count up to k.

    Arguments as for `logpmf`.

    Examples
    --------
    >>> round(float(cdf(0, 2.0)), 6)
    0.135335
    """
    k, mu = np.floor(as_float(k) - as_float(loc)), mean(mu)
    return on_support(lambda k: sc.pdtr(k, mu), k, k >= 0, 0.0, 0.0, (mu,))


def sf(k: Any, mu: Any, loc: Any = 0) -> Any:
    """Return the probability of a count above k.

    Arguments as for `logpmf`.

    Examples
    --------
    >>> round(float(sf(0, 2.0)), 6)
    0.864665
    """
    k, mu = np.floor(as_float(k) - as_float(loc)), mean(mu)
    return on_support(lambda k: sc.pdtrc(k, mu), k, k >= 0, 1.0, 0.0, (mu,))
