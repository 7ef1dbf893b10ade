"""The gamma and the beta function, their logarithms, derivatives and incomplete forms.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5 and 8.
"""

import math

import numpy as np
import scipy.special as sc

from ...batch import batching
from ...batch import elementwise as each_element
from ...errors import ArgumentError
from ...table import constant, elementwise, primitive
from .unknown import hidden, unknown

constant(sc.gammasgn)


def near_pole(x):
    """Say where x is close to a pole of gamma and psi, at 0, -1, -2 ..."""
    return np.logical_and(x.real < 0.5, np.abs(x - np.round(x.real)) < 0.3)


def times_psi(y, x, f):
    """Return y psi(x) for y = f(x) / gamma(x), which is 0 at the poles of psi.

    There 1 / gamma(x) = gamma(1 - x) sin(pi x) / pi and psi(x) = psi(1 - x) - pi / tan(pi x).
    """
    near = near_pole(x)
    at_pole = 1 - np.where(near, x, 0.0)
    reflected = f(near) * sc.gamma(at_pole) * np.cos(math.pi * at_pole) + y * sc.psi(at_pole)
    return np.where(near, reflected, y * sc.psi(np.where(near, 1.0, x)))


elementwise(sc.gamma, lambda y, x: y * sc.psi(x))
elementwise(sc.rgamma, lambda y, x: -times_psi(y, x, lambda _near: 1.0))
elementwise(sc.gammaln, lambda _y, x: sc.psi(x))
elementwise(sc.loggamma, lambda _y, x: sc.psi(x))
elementwise(sc.psi, lambda _y, x: zeta(2.0, x))


@primitive
def zeta(s, q):
    """Return the Hurwitz zeta function, the sum of (q + k)^-s over k = 0, 1, 2, ..."""
    return complex_zeta(s, q) if np.iscomplexobj(q) else sc.zeta(s, q)


BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730)
REACH = 100_000


def complex_zeta(s, q):
    """Return zeta(s, q) for a whole s > 1 and complex q, which SciPy does not have.

    The first terms are added up, until q + n lies well in the right half-plane; for the others
    stands the formula of Euler and Maclaurin (NIST Digital Library of Mathematical Functions,
    25.11.28).
    """
    leftmost = np.min(q.real, initial=0.0, where=np.isfinite(q.real))
    if leftmost < -REACH:
        raise ArgumentError(
            f"zeta(s, q) of complex q, of which derivatives of gamma and psi are made, is "
            f"calculated for q.real >= {-REACH}, got {leftmost:g}. Use the reflection formula "
            f"psi(1 - z) = psi(z) + pi / tan(pi z) to bring the argument to the right."
        )
    n = 16 - math.floor(leftmost)
    total = sum((q + k) ** -s for k in range(n))
    q = q + n
    total = total + q ** (1.0 - s) / (s - 1.0) + 0.5 * q**-s
    rising = s / q ** (s + 1.0)  # s (s+1) ... (s+2j) / q^(s+2j+1) / (2j+2)!
    for j, bernoulli in enumerate(BERNOULLI):
        rising = rising / ((2 * j + 1) * (2 * j + 2))
        total = total + bernoulli * rising
        rising = rising * (s + 2 * j + 1) * (s + 2 * j + 2) / (q * q)
    return total


def zeta_slope(_y, s, q):
    """Return -s zeta(s + 1, q)."""
    return -s * zeta(s + 1.0, q)


elementwise(zeta, unknown("zeta", 0), zeta_slope)
batching(each_element, zeta)
for f in hidden("_zeta"):  # what plain scipy.special.zeta(x, q) calls
    elementwise(f, unknown("zeta", 0), zeta_slope)
for f in hidden("_riemann_zeta"):  # and zeta(x)
    elementwise(f, unknown("zeta", 0))


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


def binom_psi(y, n, k):
    """Return binom(n, k) psi(n - k + 1); with n - k in the place of k, binom(n, k) psi(k + 1)."""
    return times_psi(
        y,
        n - k + 1.0,
        lambda near: (
            sc.gamma(np.where(near, n, 0.0) + 1.0) * sc.rgamma(np.where(near, k, 0.0) + 1.0)
        ),
    )


elementwise(
    sc.binom,
    lambda y, n, k: y * sc.psi(n + 1.0) - binom_psi(y, n, k),
    lambda y, n, k: binom_psi(y, n, k) - binom_psi(y, n, n - k),
)


def poch_psi(y, x, m):
    """Return poch(x, m) psi(x)."""
    return times_psi(y, x, lambda near: sc.gamma(np.where(near, x + m, 1.0)))


elementwise(
    sc.poch,
    lambda y, x, m: y * sc.psi(x + m) - poch_psi(y, x, m),
    lambda y, x, m: y * sc.psi(x + m),
)


# --- incomplete -----------------------------------------------------------------------------------


@primitive
def gamma_power(p, x, c):
    """Return x^p e^(-x - c)."""
    return np.where(np.isposinf(x), 0.0, np.exp(sc.xlogy(p, x) - x - c))[()]


@primitive
def beta_power(p, q, x, c):
    """Return x^p (1-x)^q e^-c."""
    return np.exp(sc.xlogy(p, x) + sc.xlog1py(q, -x) - c)


def lower_power(p):
    """Return p - 1, but 0 for 0: at the edge of a support 0 x^-1 is 0."""
    return p - (p != 0)


def log_times(y, x):
    """Return y log(x), and 0 where y is 0, at the edge of a support, too."""
    return sc.xlogy(y, np.where(y == 0, 1.0, x))


elementwise(
    gamma_power,
    lambda y, _p, x, _c: log_times(y, x),
    lambda y, p, x, c: p * gamma_power(lower_power(p), x, c) - y,
    lambda y, _p, _x, _c: -y,
)
elementwise(
    beta_power,
    lambda y, _p, _q, x, _c: log_times(y, x),
    lambda y, _p, _q, x, _c: log_times(y, 1 - x),
    lambda _y, p, q, x, c: (
        p * beta_power(lower_power(p), q, x, c) - q * beta_power(p, lower_power(q), x, c)
    ),
    lambda y, _p, _q, _x, _c: -y,
)
batching(each_element, gamma_power, beta_power)


def gamma_density(a, x):
    """Return x^(a-1) e^-x / gamma(a)."""
    return gamma_power(a - 1, x, sc.gammaln(a))


def beta_density(a, b, x):
    """Return x^(a-1) (1-x)^(b-1) / beta(a, b)."""
    return beta_power(a - 1, b - 1, x, sc.betaln(a, b))


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
