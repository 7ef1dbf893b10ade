"""Distribution functions of probability theory: their derivative is the density.

With respect to the parameters of a distribution there is mostly no formula.
"""

import numpy as np
import scipy.special as sc

from ...table import elementwise
from .gamma import beta_density, gamma_density
from .unknown import unknown


def t_density(df, x):
    """Return the density of Student's t distribution."""
    return np.exp(-0.5 * (df + 1) * np.log1p(x * x / df) - sc.betaln(0.5 * df, 0.5)) / np.sqrt(df)


elementwise(sc.stdtr, unknown("stdtr", 0), lambda _y, df, x: t_density(df, x))
elementwise(sc.stdtrit, unknown("stdtrit", 0), lambda y, df, _p: 1 / t_density(df, y))

# the chi-square and the gamma distribution with rate a and shape b
elementwise(sc.chdtr, unknown("chdtr", 0), lambda _y, v, x: 0.5 * gamma_density(0.5 * v, 0.5 * x))
elementwise(
    sc.chdtrc, unknown("chdtrc", 0), lambda _y, v, x: -0.5 * gamma_density(0.5 * v, 0.5 * x)
)
elementwise(
    sc.gdtr,
    lambda _y, a, b, x: x * gamma_density(b, a * x),
    unknown("gdtr", 1),
    lambda _y, a, b, x: a * gamma_density(b, a * x),
)
elementwise(
    sc.gdtrc,
    lambda _y, a, b, x: -x * gamma_density(b, a * x),
    unknown("gdtrc", 1),
    lambda _y, a, b, x: -a * gamma_density(b, a * x),
)


# of a count k, which has no derivative, in the Poisson distribution
elementwise(sc.pdtr, None, lambda _y, k, m: -gamma_density(np.floor(k) + 1.0, m))
elementwise(sc.pdtrc, None, lambda _y, k, m: gamma_density(np.floor(k) + 1.0, m))


def f_density(a, b, x):
    """Return the density of the F distribution."""
    total = a * x + b
    return beta_density(0.5 * a, 0.5 * b, a * x / total) * (a / total) * (b / total)


elementwise(
    sc.fdtr,
    unknown("fdtr", 0),
    unknown("fdtr", 1),
    lambda _y, a, b, x: f_density(a, b, x),
)
elementwise(
    sc.fdtrc,
    unknown("fdtrc", 0),
    unknown("fdtrc", 1),
    lambda _y, a, b, x: -f_density(a, b, x),
)


# of a count k of failures before success number n
elementwise(sc.nbdtr, None, unknown("nbdtr", 1), lambda _y, k, n, p: nbdtr_density(k, n, p))
elementwise(sc.nbdtrc, None, unknown("nbdtrc", 1), lambda _y, k, n, p: -nbdtr_density(k, n, p))
elementwise(sc.nbdtri, None, unknown("nbdtri", 1), lambda y, k, n, _p: 1 / nbdtr_density(k, n, y))


def nbdtr_density(k, n, p):
    """Return the derivative of nbdtr, which is betainc(n, k + 1, p), of whole k and n."""
    return beta_density(1.0 * np.trunc(n), np.floor(k) + 1.0, p)


# inverse functions: the reciprocal slope at the result
elementwise(sc.chdtri, unknown("chdtri", 0), lambda y, v, _p: -2 / gamma_density(0.5 * v, 0.5 * y))
elementwise(
    sc.gdtrix,
    lambda y, a, _b, _p: -y / a,
    unknown("gdtrix", 1),
    lambda y, a, b, _p: 1 / (a * gamma_density(b, a * y)),
)
elementwise(
    sc.fdtri,
    unknown("fdtri", 0),
    unknown("fdtri", 1),
    lambda y, a, b, _p: 1 / f_density(a, b, y),
)


def tklmbda_density(y, m):
    """Return 1 / (y^(m-1) + (1-y)^(m-1)), and 0 outside of the support."""
    outside = np.logical_or(y == 0, y == 1)
    inside = np.where(outside, 0.5, y)
    return np.where(outside, 0.0, 1 / (inside ** (m - 1) + (1 - inside) ** (m - 1)))


elementwise(sc.tklmbda, lambda y, _x, m: tklmbda_density(y, m), unknown("tklmbda", 1))
