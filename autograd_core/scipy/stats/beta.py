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

    Parameters
    ----------
    x : array_like
    a, b : array_like
        Shapes, above 0; the result is NaN for others.
    loc, scale : array_like, default 0 and 1
        The distribution is that of loc + scale z. The result is NaN for a scale that is not
        positive.

    Examples
    --------
    >>> float(np.exp(logpdf(0.5, 2.0, 2.0)).round(12))
    1.5
    """
    z, scale = standard(x, loc, scale)
    a, b = positive(a), positive(b)

    def inside(z: Any) -> Any:
        return sc.xlogy(a - 1, z) + sc.xlog1py(b - 1, -z) - sc.betaln(a, b) - np.log(scale)

    return on_support(inside, z, on_unit(z), -np.inf, 0.5, (a, b))


def pdf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the density at x, 0 outside of [loc, loc + scale].

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(pdf(0.5, 2.0, 2.0)), 12)
    1.5
    """
    z, scale = standard(x, loc, scale)
    a, b = positive(a), positive(b)
    return on_support(lambda z: beta_density(a, b, z) / scale, z, on_unit(z), 0.0, 0.5, (a, b))


def cdf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value up to x; not differentiated with respect to a and b.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(cdf(0.5, 2.0, 2.0)), 12)
    0.5
    """
    z, a, b = standard(x, loc, scale)[0], positive(a), positive(b)
    return on_support(lambda z: sc.betainc(a, b, z), z, on_unit(z), z > 1, 0.5, (a, b))


def sf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the probability of a value above x; not differentiated with respect to a and b.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(sf(0.5, 2.0, 2.0)), 12)
    0.5
    """
    z, a, b = standard(x, loc, scale)[0], positive(a), positive(b)
    return on_support(lambda z: sc.betaincc(a, b, z), z, on_unit(z), z < 0, 0.5, (a, b))


def on_unit(z: Any) -> Any:
    """Whether z is in [0, 1]."""
    return np.logical_and(z >= 0, z <= 1)


def logcdf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `cdf`.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(logcdf(0.5, 2.0, 2.0)), 6)
    -0.693147
    """
    return np.log(cdf(x, a, b, loc, scale))


def logsf(x: Any, a: Any, b: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    """Return the logarithm of `sf`.

    Arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(logsf(0.5, 2.0, 2.0)), 6)
    -0.693147
    """
    return np.log(sf(x, a, b, loc, scale))
