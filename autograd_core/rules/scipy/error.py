"""The error function and its relatives, the normal distribution, the logistic function."""

import math

import numpy as np
import scipy.special as sc

from ...table import elementwise

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
ROOT_TWO_PI = math.sqrt(2 * math.pi)
ROOT_HALF = math.sqrt(0.5)

elementwise(sc.erf, lambda _y, x: TWO_OVER_ROOT_PI * np.exp(-x * x))
elementwise(sc.erfc, lambda _y, x: -TWO_OVER_ROOT_PI * np.exp(-x * x))
elementwise(sc.erfi, lambda _y, x: TWO_OVER_ROOT_PI * np.exp(x * x))
elementwise(sc.erfinv, lambda y, _x: np.exp(y * y) / TWO_OVER_ROOT_PI)
elementwise(sc.erfcinv, lambda y, _x: -np.exp(y * y) / TWO_OVER_ROOT_PI)


def tail(x, sign):
    """Return 1/(2x^2) + s 3/(4x^4) + 15/(8x^6) + s 105/(16x^8) + ..., for |x| > 20."""
    u = 0.5 / (x * x)
    total = 1.0
    for k in range(15, 1, -2):
        total = 1.0 + sign * k * u * total
    return u * total


def far(x):
    """Say where the difference 1 - sqrt(pi) x erfcx(x) has lost digits, and its series has none."""
    return np.abs(x) > 20


def erfcx_slope(y, x):
    """Return 2 x y - 2/sqrt(pi); for large x as a series (Abramowitz and Stegun, 7.1.23).

    On the left, erfcx(x) = 2 e^(x^2) - erfcx(-x), and the slope of the first part is there, too.
    """
    large = np.where(far(x), x, 20.0)
    left = large.real < 0
    rising = np.where(left, 4 * large * np.exp(np.where(left, large, 0.0) ** 2), 0.0)
    series = rising - TWO_OVER_ROOT_PI * tail(large, -1.0)
    return np.where(far(x), series, 2 * x * y - TWO_OVER_ROOT_PI)


def dawsn_slope(y, x):
    """Return 1 - 2 x y; for large x as a series.

    Off the real axis e^(-x^2) is not small, and makes its part of the slope.
    """
    large = np.where(far(x), x, 20.0)
    series = -tail(large, 1.0)
    if x.dtype.kind == "c":
        rising = np.exp(-large * large) * np.sign(large.imag)
        series = series - 1j * math.sqrt(math.pi) * large * rising
    return np.where(far(x), series, 1 - 2 * x * y)


elementwise(sc.erfcx, erfcx_slope)
elementwise(sc.dawsn, dawsn_slope)
elementwise(sc.wofz, lambda y, x: -1j * erfcx_slope(y, -1j * x))

# --- the normal distribution ----------------------------------------------------------------------


def density(x):
    """Return the density of the normal distribution."""
    return np.exp(-0.5 * x * x) / ROOT_TWO_PI


def hazard(x):
    """Return density(x) / ndtr(x), without the underflow of either."""
    left = x.real < 0
    tail = sc.erfcx(np.where(left, -x, 1.0) * ROOT_HALF)
    right = np.where(left, 1.0, x)
    return np.where(left, 2 / (ROOT_TWO_PI * tail), density(right) / sc.ndtr(right))


elementwise(sc.ndtr, lambda _y, x: density(x))
elementwise(sc.log_ndtr, lambda _y, x: hazard(x))
elementwise(sc.ndtri, lambda y, _p: 1 / density(y))
elementwise(sc.ndtri_exp, lambda y, _x: 1 / hazard(y))
elementwise(
    sc.owens_t,
    lambda _y, h, a: -density(h) * sc.erf(a * h * ROOT_HALF) * 0.5,
    lambda _y, h, a: np.exp(-0.5 * h * h * (1 + a * a)) / (2 * math.pi * (1 + a * a)),
)

# --- the logistic function ------------------------------------------------------------------------

elementwise(sc.expit, lambda y, x: y * sc.expit(-x))
elementwise(sc.log_expit, lambda _y, x: sc.expit(-x))
elementwise(sc.logit, lambda _y, p: 1 / (p * (1 - p)))
