"""Elementary functions in a form that keeps its digits, entropies, robust losses, powers."""

import math

import numpy as np
import scipy.special as sc

from ...table import constant, elementwise
from ..elementwise import power_base, power_exponent
from .unknown import unknown

DEGREE = math.pi / 180

constant(sc.round)
elementwise(sc.exp2, lambda y, _x: y * math.log(2))
elementwise(sc.exp10, lambda y, _x: y * math.log(10))
elementwise(sc.expm1, lambda y, _x: y + 1)
elementwise(sc.log1p, lambda _y, x: 1 / (1 + x))
elementwise(sc.cbrt, lambda y, _x: 1 / (3 * y * y))
elementwise(sc.cosm1, lambda _y, x: -np.sin(x))
elementwise(sc.sindg, lambda _y, x: DEGREE * sc.cosdg(x))
elementwise(sc.cosdg, lambda _y, x: -DEGREE * sc.sindg(x))
elementwise(sc.tandg, lambda y, _x: DEGREE * (1 + y * y))
elementwise(sc.cotdg, lambda y, _x: -DEGREE * (1 + y * y))
elementwise(sc.wrightomega, lambda y, _x: y / (1 + y))


# --- entropies ------------------------------------------------------------------------------------


def ratio(a, b):
    """Return a / b, and 0 where both are 0."""
    return a / np.where(np.logical_and(a == 0, b == 0), 1.0, b)


def log_ratio(a, b):
    """Return log(a / b), and 0 where both are 0."""
    nothing = np.logical_and(a == 0, b == 0)
    return np.log(np.where(nothing, 1.0, a) / np.where(nothing, 1.0, b))


def log_unless(nothing, f, b):
    """Return f(b), a logarithm, and 0 where `nothing` is said to be there."""
    return np.where(nothing, 0.0, f(np.where(nothing, 1.0, b)))


# the slope of x log x is infinite at 0; where log y is, too, the product is 0 all the same, and
# the safe subgradient is 0
elementwise(
    sc.xlogy,
    lambda _y, a, b: log_unless(np.logical_and(a == 0, b == 0), np.log, b),
    lambda _y, a, b: ratio(a, b),
)
elementwise(
    sc.xlog1py,
    lambda _y, a, b: log_unless(np.logical_and(a == 0, b == -1), np.log1p, b),
    lambda _y, a, b: ratio(a, 1 + b),
)
elementwise(sc.entr, lambda _y, p: -np.log(p) - 1)
elementwise(sc.rel_entr, lambda _y, p, q: log_ratio(p, q) + 1, lambda _y, p, q: -ratio(p, q))
elementwise(sc.kl_div, lambda _y, p, q: log_ratio(p, q), lambda _y, p, q: 1 - ratio(p, q))

# --- robust losses, with the width d of their quadratic part --------------------------------------


def pseudo_huber_root(d, r):
    """Return sqrt(1 + (r/d)^2)."""
    return np.hypot(1.0, r / d)


elementwise(
    sc.huber,
    lambda _y, d, r: np.maximum(np.abs(r) - d, 0.0),
    lambda _y, d, r: np.clip(r, -d, d),
)
elementwise(
    sc.pseudo_huber,
    lambda y, d, r: 2 * y / d - r * r / (d * pseudo_huber_root(d, r)),
    lambda _y, d, r: r / pseudo_huber_root(d, r),
)

# --- powers ---------------------------------------------------------------------------------------


def exprel_slope(x):
    """Return (e^x (x - 1) + 1) / x^2, near 0 as the series 1F1(2; 3; x) / 2."""
    near = np.abs(x) < 1
    series = 0.5 * sc.hyp1f1(2.0, 3.0, np.where(near, x, 0.0))
    away = np.where(near, 1.0, x)
    vanishing = np.maximum(away, -800.0)  # no inf * 0
    growing = np.exp(vanishing) / away * ((vanishing - 1) / away)
    return np.where(near, series, growing + 1 / (away * away))


elementwise(sc.exprel, lambda _y, x: exprel_slope(x))
elementwise(sc.powm1, power_base, lambda y, x, p: power_exponent(y + 1, x, p))


def half_square(u, p):
    """Return the derivative of (e^(p u) - 1) / p = u exprel(p u) with respect to p.

    For u = -inf it is the limit 1 / p^2.
    """
    u = np.maximum(u, -1e15)
    return u * u * exprel_slope(p * u)


elementwise(sc.boxcox, lambda _y, x, p: x ** (p - 1), lambda _y, x, p: half_square(np.log(x), p))
elementwise(
    sc.boxcox1p,
    lambda _y, x, p: (1 + x) ** (p - 1),
    lambda _y, x, p: half_square(np.log1p(x), p),
)
elementwise(
    sc.inv_boxcox,
    lambda y, x, p: y / (1 + p * x),
    unknown("inv_boxcox", 1),
)
elementwise(
    sc.inv_boxcox1p,
    lambda y, x, p: (y + 1) / (1 + p * x),
    unknown("inv_boxcox1p", 1),
)
