"""The chi-square distribution with `df` degrees of freedom: a gamma distribution with the shape
df / 2 and twice the scale.
"""

from __future__ import annotations

from typing import Any

from ..arrays import as_float
from . import gamma

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "sf"]


def as_gamma(df: Any, scale: Any) -> tuple[Any, Any]:
    """Return the shape and the scale of the gamma distribution."""
    return 0.5 * as_float(df), 2.0 * as_float(scale)


def pdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the density at x, 0 below loc.

    Examples
    --------
    >>> float(pdf(0.0, 2.0))
    0.5
    """
    a, scale = as_gamma(df, scale)
    return gamma.pdf(x, a, loc, scale)


def logpdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of the density at x, -inf below loc."""
    a, scale = as_gamma(df, scale)
    return gamma.logpdf(x, a, loc, scale)


def cdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to df."""
    a, scale = as_gamma(df, scale)
    return gamma.cdf(x, a, loc, scale)


def sf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to df."""
    a, scale = as_gamma(df, scale)
    return gamma.sf(x, a, loc, scale)


def logcdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`."""
    a, scale = as_gamma(df, scale)
    return gamma.logcdf(x, a, loc, scale)


def logsf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`."""
    a, scale = as_gamma(df, scale)
    return gamma.logsf(x, a, loc, scale)
