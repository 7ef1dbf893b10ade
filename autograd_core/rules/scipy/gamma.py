"""The gamma and the beta function, their logarithms, derivatives and incomplete forms.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5 and 8.
"""

import numpy as np
import scipy.special as sc

from ...batch import batching
from ...batch import elementwise as each_element
from ...table import constant, elementwise, primitive
from .unknown import unknown

constant(sc.gammasgn)
elementwise(sc.gamma, lambda y, x: y * sc.psi(x))
elementwise(sc.rgamma, lambda y, x: -y * sc.psi(x))
elementwise(sc.gammaln, lambda _y, x: sc.psi(x))
elementwise(sc.loggamma, lambda _y, x: sc.psi(x))
elementwise(sc.psi, lambda _y, x: zeta(2.0, x))


@primitive
def zeta(s, q):
    """Return the Hurwitz zeta function, the sum of (q + k)^-s over k = 0, 1, 2, ..."""
    return sc.zeta(s, q)


elementwise(zeta, unknown("zeta", 0), lambda _y, s, q: -s * zeta(s + 1.0, q))
batching(each_element, zeta)


# --- beta -----------------------------------------------------------------------------------------

elementwise(
    sc.beta,
    lambda y, a, b: y * (sc.psi(a) - sc.psi(a + b)),
    lambda y, a, b: y * (sc.psi(b) - sc.psi(a + b)),
)
elementwise(
    sc.betaln,
    lambda _y, a, b: sc.psi(a) - sc.psi(a + b),
    lambda _y, a, b: sc.psi(b) - sc.psi(a + b),
)
elementwise(
    sc.binom,
    lambda y, n, k: y * (sc.psi(n + 1.0) - sc.psi(n - k + 1.0)),
    lambda y, n, k: y * (sc.psi(n - k + 1.0) - sc.psi(k + 1.0)),
)
elementwise(
    sc.poch,
    lambda y, x, m: y * (sc.psi(x + m) - sc.psi(x)),
    lambda y, x, m: y * sc.psi(x + m),
)


# --- incomplete -----------------------------------------------------------------------------------


def gamma_density(a, x):
    """Return x^(a-1) e^-x / gamma(a)."""
    return np.exp(sc.xlogy(a - 1.0, x) - x - sc.gammaln(a))


def beta_density(a, b, x):
    """Return x^(a-1) (1-x)^(b-1) / beta(a, b)."""
    return np.exp(sc.xlogy(a - 1.0, x) + sc.xlog1py(b - 1.0, -x) - sc.betaln(a, b))


elementwise(sc.gammainc, unknown("gammainc", 0), lambda _y, a, x: gamma_density(a, x))
elementwise(sc.gammaincc, unknown("gammaincc", 0), lambda _y, a, x: -gamma_density(a, x))
elementwise(sc.gammaincinv, unknown("gammaincinv", 0), lambda y, a, _p: 1 / gamma_density(a, y))
elementwise(sc.gammainccinv, unknown("gammainccinv", 0), lambda y, a, _p: -1 / gamma_density(a, y))
elementwise(
    sc.betainc,
    unknown("betainc", 0),
    unknown("betainc", 1),
    lambda _y, a, b, x: beta_density(a, b, x),
)
elementwise(
    sc.betaincc,
    unknown("betaincc", 0),
    unknown("betaincc", 1),
    lambda _y, a, b, x: -beta_density(a, b, x),
)
elementwise(
    sc.betaincinv,
    unknown("betaincinv", 0),
    unknown("betaincinv", 1),
    lambda y, a, b, _p: 1 / beta_density(a, b, y),
)
elementwise(
    sc.betainccinv,
    unknown("betainccinv", 0),
    unknown("betainccinv", 1),
    lambda y, a, b, _p: -1 / beta_density(a, b, y),
)
