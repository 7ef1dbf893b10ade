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
    >>> round(float(np.exp(logpdf(0.0, 1.0)) * np.pi), 12)
    1.0
    """
    z, scale = standard(x, loc, scale)
    df = positive(df)
    shape = -0.5 * (df + 1) * np.log1p(z * z / df)
    return shape - sc.betaln(0.5 * df, 0.5) - 0.5 * np.log(df) - np.log(scale)


def pdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the density at x.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(pdf(0.0, 1.0) * np.pi), 12)
    1.0
    """
    return np.exp(logpdf(x, df, loc, scale))


def cdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to df.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> float(cdf(0.0, 3.0))
    0.5
    """
    return sc.stdtr(positive(df), standard(x, loc, scale)[0])


def sf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to df.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> float(sf(0.0, 3.0))
    0.5
    """
    return sc.stdtr(positive(df), -standard(x, loc, scale)[0])


def logcdf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(logcdf(0.0, 3.0)), 6)
    -0.693147
    """
    return np.log(cdf(x, df, loc, scale))


def logsf(x: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(logsf(0.0, 3.0)), 6)
    -0.693147
    """
    return np.log(sf(x, df, loc, scale))


def ppf(q: Any, df: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the value up to which the probability is q: the inverse of `cdf`.

    Parameters
    ----------
    q : array_like
        Probabilities, from 0 to 1.
    df, loc, scale : array_like

    Examples
    --------
    >>> float(ppf(0.5, 3.0, loc=2.0))
    2.0
    """
    q, df = as_float(q), positive(df)
    edge = np.logical_and(np.logical_or(q == 0, q == 1), df > 0)  # where stdtrit may give anything
    inner = sc.stdtrit(df, np.where(edge, 0.5, q))
    z = np.where(edge, np.where(q == 0, -np.inf, np.inf), inner)
    return z * positive(scale) + as_float(loc)
