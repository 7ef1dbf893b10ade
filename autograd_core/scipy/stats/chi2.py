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

    Parameters
    ----------
    x : array_like
    df : array_like
        Degrees of freedom, above 0; the result is NaN for others.
    loc, scale : array_like, default 0 and 1
        The distribution is that of loc + scale z. The result is NaN for a scale that is not
        positive.

    Examples
    --------
    >>> float(pdf(0.0, 2.0))
    0.5
    """
    a, scale = as_gamma(df, scale)
    return gamma.pdf(x, a, loc, scale)


def logpdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of the density at x, -inf below loc.

    Arguments as for `pdf`.

    Examples
    --------
    >>> round(float(logpdf(2.0, 2.0)), 6)
    -1.693147
    """
    a, scale = as_gamma(df, scale)
    return gamma.logpdf(x, a, loc, scale)


def cdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to df.

    Arguments as for `pdf`.

    Examples
    --------
    >>> float(cdf(0.0, 2.0))
    0.0
    """
    a, scale = as_gamma(df, scale)
    return gamma.cdf(x, a, loc, scale)


def sf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to df.

    Arguments as for `pdf`.

    Examples
    --------
    >>> float(sf(0.0, 2.0))
    1.0
    """
    a, scale = as_gamma(df, scale)
    return gamma.sf(x, a, loc, scale)


def logcdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`.

    Arguments as for `pdf`.

    Examples
    --------
    >>> round(float(logcdf(2.0, 2.0)), 6)
    -0.458675
    """
    a, scale = as_gamma(df, scale)
    return gamma.logcdf(x, a, loc, scale)


def logsf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`.

    Arguments as for `pdf`.

    Examples
    --------
    >>> round(float(logsf(2.0, 2.0)), 12)
    -1.0
    """
    a, scale = as_gamma(df, scale)
    return gamma.logsf(x, a, loc, scale)
