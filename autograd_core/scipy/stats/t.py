"""Student's t distribution with `df` degrees of freedom."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ..arrays import as_float
from .forms import positive, standard

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "ppf", "sf"]


def logpdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of the density at x.

    Examples
    --------
    >>> round(float(np.exp(logpdf(0.0, 1.0)) * np.pi), 12)
    1.0
    """
    z, scale = standard(x, loc, scale)
    df = positive(df)
    shape = -0.5 * (df + 1) * np.log1p(z * z / df)
    return shape - sc.betaln(0.5 * df, 0.5) - 0.5 * np.log(df) - np.log(scale)


def pdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the density at x."""
    return np.exp(logpdf(x, df, loc, scale))


def cdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to df."""
    return sc.stdtr(positive(df), standard(x, loc, scale)[0])


def sf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to df."""
    return sc.stdtr(positive(df), -standard(x, loc, scale)[0])


def logcdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`."""
    return np.log(cdf(x, df, loc, scale))


def logsf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`."""
    return np.log(sf(x, df, loc, scale))


def ppf(q: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the value up to which the probability is q: the inverse of `cdf`."""
    q, df = as_float(q), positive(df)
    edge = np.logical_and(np.logical_or(q == 0, q == 1), df > 0)  # where stdtrit may give anything
    inner = sc.stdtrit(df, np.where(edge, 0.5, q))
    z = np.where(edge, np.where(q == 0, -np.inf, np.inf), inner)
    return z * positive(scale) + as_float(loc)
