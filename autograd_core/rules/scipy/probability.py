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
    u = a * x / (a * x + b)
    return beta_density(0.5 * a, 0.5 * b, u) * a * b / (a * x + b) ** 2


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
