"""The normal distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ..arrays import as_float
from .forms import LOG_ROOT_TWO_PI, ROOT_TWO_PI, positive, standard

__all__ = ["cdf", "isf", "logcdf", "logpdf", "logsf", "pdf", "ppf", "sf"]


def pdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the density at x, e^(-z^2/2) / (sqrt(2 pi) scale) with z = (x - loc) / scale.

    Parameters
    ----------
    x : array_like
    loc, scale : array_like, default 0 and 1
        The distribution is that of loc + scale z. The result is NaN for a scale that is not
        positive.

    Returns
    -------
    ndarray
        Of the common shape of the arguments.

    Examples
    --------
    >>> round(float(pdf(0.0)), 6)
    0.398942
    """
    z, scale = standard(x, loc, scale)
    return np.exp(-0.5 * z * z) / (ROOT_TWO_PI * scale)


def logpdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of the density at x.

    Examples
    --------
    >>> from autograd_core import grad
    >>> grad(logpdf)(2.0)
    np.float64(-2.0)
    """
    z, scale = standard(x, loc, scale)
    return -0.5 * z * z - LOG_ROOT_TWO_PI - np.log(scale)


def cdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x.

    Arguments as for `pdf`.

    Examples
    --------
    >>> float(cdf(0.0))
    0.5
    """
    return sc.ndtr(standard(x, loc, scale)[0])


def sf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x.

    Arguments as for `pdf`.

    Examples
    --------
    >>> float(sf(0.0))
    0.5
    """
    return sc.ndtr(-standard(x, loc, scale)[0])


def logcdf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`, exact also where that is too small for a number.

    Arguments as for `pdf`.

    Examples
    --------
    >>> round(float(logcdf(-40.0)), 3)
    -804.608
    """
    return sc.log_ndtr(standard(x, loc, scale)[0])


def logsf(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`, exact also where that is too small for a number.

    Arguments as for `pdf`.

    Examples
    --------
    >>> round(float(logsf(40.0)), 3)
    -804.608
    """
    return sc.log_ndtr(-standard(x, loc, scale)[0])


def ppf(q: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the value up to which the probability is q: the inverse of `cdf`.

    Parameters
    ----------
    q : array_like
        Probabilities, from 0 to 1.
    loc, scale : array_like, default 0 and 1

    Examples
    --------
    >>> float(ppf(0.5, 3.0))
    3.0
    """
    return sc.ndtri(as_float(q)) * positive(scale) + as_float(loc)


def isf(q: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the value above which the probability is q: the inverse of `sf`.

    Arguments as for `ppf`.

    Examples
    --------
    >>> float(isf(0.5, 3.0))
    3.0
    """
    return as_float(loc) - sc.ndtri(as_float(q)) * positive(scale)
