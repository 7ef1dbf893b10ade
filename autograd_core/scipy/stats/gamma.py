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
    """Return the density at x, 0 below loc."""
    z, scale = standard(x, loc, scale)
    a = positive(a)

    return on_support(lambda z: gamma_density(a, z) / scale, z, z >= 0, 0.0, 1.0, (a,))


def cdf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to a."""
    z, a = standard(x, loc, scale)[0], positive(a)
    return on_support(lambda z: sc.gammainc(a, z), z, z >= 0, 0.0, 1.0, (a,))


def sf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to a."""
    z, a = standard(x, loc, scale)[0], positive(a)
    return on_support(lambda z: sc.gammaincc(a, z), z, z >= 0, 1.0, 1.0, (a,))


def logcdf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`."""
    return np.log(cdf(x, a, loc, scale))


def logsf(x: Any, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`."""
    return np.log(sf(x, a, loc, scale))
