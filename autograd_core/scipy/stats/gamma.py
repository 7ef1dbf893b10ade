"""The gamma distribution on [0, inf) with the shape a."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...rules.scipy.gamma import gamma_density
from .forms import on_support, positive, standard

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "sf"]


def logpdf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of the density at x, -inf below loc.

    Parameters
    ----------
    x : array_like
    a : array_like
        Shape, above 0; the result is NaN for others.
    loc, scale : array_like, default 0 and 1
        The distribution is that of loc + scale z. The result is NaN for a scale that is not
        positive.

    Examples
    --------
    >>> float(logpdf(2.0, 1.0))
    -2.0
    """
    z, scale = standard(x, loc, scale)
    a = positive(a)

    def inside(z: Any) -> Any:
        return sc.xlogy(a - 1, z) - z - sc.gammaln(a) - np.log(scale)

    return on_support(inside, z, z >= 0, -np.inf, 1.0, (a,))


def pdf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the density at x, 0 below loc.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> float(pdf(0.0, 1.0))
    1.0
    """
    z, scale = standard(x, loc, scale)
    a = positive(a)

    return on_support(lambda z: gamma_density(a, z) / scale, z, z >= 0, 0.0, 1.0, (a,))


def cdf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to a.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> float(cdf(0.0, 1.0))
    0.0
    """
    z, a = standard(x, loc, scale)[0], positive(a)
    return on_support(lambda z: sc.gammainc(a, z), z, z >= 0, 0.0, 1.0, (a,))


def sf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to a.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> float(sf(0.0, 1.0))
    1.0
    """
    z, a = standard(x, loc, scale)[0], positive(a)
    return on_support(lambda z: sc.gammaincc(a, z), z, z >= 0, 1.0, 1.0, (a,))


def logcdf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(logcdf(1.0, 1.0)), 6)
    -0.458675
    """
    return np.log(cdf(x, a, loc, scale))


def logsf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(logsf(2.0, 1.0)), 12)
    -2.0
    """
    return np.log(sf(x, a, loc, scale))
