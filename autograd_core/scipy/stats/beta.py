"""The beta distribution on [0, 1] with the shapes a and b."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sc

from ...rules.scipy.gamma import beta_density
from .forms import on_support, positive, standard

__all__ = ["cdf", "logcdf", "logpdf", "logsf", "pdf", "sf"]


def logpdf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of the density at x, -inf outside of [loc, loc + scale].

    Examples
    --------
    >>> float(np.exp(logpdf(0.5, 2.0, 2.0)).round(12))
    1.5
    """
    z, scale = standard(x, loc, scale)
    a, b = positive(a), positive(b)

    def inside(z: Any) -> Any:
        return sc.xlogy(a - 1, z) + sc.xlog1py(b - 1, -z) - sc.betaln(a, b) - np.log(scale)

    return on_support(inside, z, np.logical_and(z >= 0, z <= 1), -np.inf, 0.5, (a, b))


def pdf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the density at x, 0 outside of [loc, loc + scale]."""
    z, scale = standard(x, loc, scale)
    a, b = positive(a), positive(b)

    inside = np.logical_and(z >= 0, z <= 1)
    return on_support(lambda z: beta_density(a, b, z) / scale, z, inside, 0.0, 0.5, (a, b))


def cdf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to a and b."""
    z, _ = standard(x, loc, scale)
    return sc.betainc(positive(a), positive(b), np.clip(z, 0.0, 1.0))


def sf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to a and b."""
    z, _ = standard(x, loc, scale)
    return sc.betaincc(positive(a), positive(b), np.clip(z, 0.0, 1.0))


def logcdf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`."""
    return np.log(cdf(x, a, b, loc, scale))


def logsf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`."""
    return np.log(sf(x, a, b, loc, scale))
