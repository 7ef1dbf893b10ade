"""Functions that are defined by integrals (exponential, sine, Fresnel, elliptic ...), and
hypergeometric functions.

Formulas: NIST Digital Library of Mathematical Functions, chapters 6, 7, 10, 13, 15, 19, 22, 25.
"""

import math

import numpy as np
import scipy.special as sc

from ...batch import batching
from ...batch import elementwise as each_element
from ...table import elementwise, primitive, rule
from ..matrices import are_zero
from .unknown import hidden, unknown

elementwise(sc.expi, lambda _y, x: np.exp(x) / x)
elementwise(sc.exp1, lambda _y, x: -np.exp(-x) / x)
elementwise(
    sc.expn,
    unknown("expn", 0),
    lambda _y, n, x: expn_slope(np.trunc(n), x),  # as SciPy reads n
)


def expn_slope(n, x):
    """Return -E_(n-1)(x)."""
    return np.where(n == 0, -np.exp(-x) * (1 + x) / (x * x), -sc.expn(lower(n), x))


def spence_slope(_y, x):
    """Return log(x) / (1 - x), near 1 as the series -2F1(1, 1; 2; 1 - x)."""
    near = np.abs(1 - x) < 0.5
    away = np.where(near, 2.0, x)
    series = -sc.hyp2f1(1.0, 1.0, 2.0, np.where(near, 1 - x, 0.0))
    return np.where(near, series, np.log(away) / (1 - away))


elementwise(sc.spence, spence_slope)


def lower(n):
    """Return n - 1, but 0 for 0."""
    return n - (n != 0)


def chained(gs, slopes):
    """Return the sum of g * slope. A result that was not used has no share, be its slope infinite.

    What such a result received are plain zeros, also in a walk that is recorded itself.
    """
    shares = [g * d for g, d in zip(gs, slopes) if not are_zero(g)]
    return sum(shares[1:], shares[0]) if shares else gs[0]


def pair(first, second):
    """Make the rules of a function of x with two results of the derivatives of these."""

    def vjp(g, _y, x):
        return (chained(g, [first(x), second(x)]),)

    def jvp(ts, _y, x):
        return ts[0] * first(x), ts[0] * second(x)

    return {"vjp": vjp, "jvp": jvp, "arity": 1}


rule(sc.sici, **pair(lambda x: np.sinc(x / math.pi), lambda x: np.cos(x) / x))
rule(
    sc.shichi,  # sinh(x) / x is 0F1(; 3/2; x^2/4)
    **pair(lambda x: sc.hyp0f1(1.5, 0.25 * x * x), lambda x: np.cosh(x) / x),
)
# integrals of Bessel and Airy functions from 0 to x
rule(sc.itj0y0, **pair(sc.j0, sc.y0))
rule(sc.iti0k0, **pair(sc.i0, sc.k0))
rule(sc.it2j0y0, **pair(lambda x: (1 - sc.j0(x)) / x, lambda x: -sc.y0(x) / x))
rule(sc.it2i0k0, **pair(lambda x: (sc.i0(x) - 1) / x, lambda x: -sc.k0(x) / x))
elementwise(sc.itstruve0, lambda _y, x: sc.struve(0, x))
elementwise(sc.itmodstruve0, lambda _y, x: sc.modstruve(0, x))
elementwise(sc.it2struve0, lambda _y, x: -sc.struve(0, x) / x)
rule(
    sc.fresnel,
    **pair(lambda x: np.sin(0.5 * math.pi * x * x), lambda x: np.cos(0.5 * math.pi * x * x)),
)


@primitive
def lambertw(z, k=0, tol=1e-8):
    """Return the Lambert W function, w e^w = z, on its branch k."""
    return sc.lambertw(z, k, tol)


elementwise(lambertw, lambda y, _z, *, k=0, tol=1e-8: np.exp(-y) / (1 + y))
batching(each_element, lambertw)
for f in hidden("_lambertw"):  # what plain scipy.special.lambertw(z, k, tol) calls
    elementwise(f, lambda y, _z, _k, _tol: np.exp(-y) / (1 + y), None, None)

# --- elliptic -------------------------------------------------------------------------------------

elementwise(sc.ellipk, lambda _y, m: math.pi / 8 * sc.hyp2f1(1.5, 1.5, 2.0, m))
elementwise(sc.ellipkm1, lambda _y, p: -math.pi / 8 * sc.hyp2f1(1.5, 1.5, 2.0, 1 - p))
elementwise(sc.ellipe, lambda _y, m: -math.pi / 8 * sc.hyp2f1(0.5, 1.5, 2.0, m))


def under_root(angle, m):
    """Return sqrt(1 - m sin^2)."""
    return np.sqrt(1 - m * np.sin(angle) ** 2)


elementwise(sc.ellipkinc, lambda _y, p, m: 1 / under_root(p, m), unknown("ellipkinc", 1))
elementwise(sc.ellipeinc, lambda _y, p, m: under_root(p, m), unknown("ellipeinc", 1))


def jacobi_slopes(y, m):
    """Sn' = cn dn, cn' = -sn dn, dn' = -m sn cn, and the angle turns with dn."""
    sn, cn, dn, _ = y
    return cn * dn, -sn * dn, -m * sn * cn, dn


def jacobi_vjp(g, y, _u, m, *, needs):
    """Sum over the four results."""
    slope = sum(c * d for c, d in zip(g, jacobi_slopes(y, m), strict=True))
    return slope, no_slope_in_m(y) if needs[1] else None


def jacobi_jvp(ts, y, _u, m):
    """Move the four results."""
    if ts[1] is not None:
        no_slope_in_m(y)
    return tuple(ts[0] * d for d in jacobi_slopes(y, m))


no_slope_in_m = unknown("ellipj", 1)
rule(sc.ellipj, vjp=jacobi_vjp, jvp=jacobi_jvp, arity=2)

# --- hypergeometric -------------------------------------------------------------------------------

elementwise(sc.hyp0f1, unknown("hyp0f1", 0), lambda _y, b, x: sc.hyp0f1(b + 1, x) / b)
elementwise(
    sc.hyp1f1,
    unknown("hyp1f1", 0),
    unknown("hyp1f1", 1),
    lambda _y, a, b, x: a * sc.hyp1f1(a + 1, b + 1, x) / b,
)
elementwise(
    sc.hyp2f1,
    unknown("hyp2f1", 0),
    unknown("hyp2f1", 1),
    unknown("hyp2f1", 2),
    lambda _y, a, b, c, x: a * b * sc.hyp2f1(a + 1, b + 1, c + 1, x) / c,
)
elementwise(
    sc.hyperu,
    unknown("hyperu", 0),
    unknown("hyperu", 1),
    lambda _y, a, b, x: -a * sc.hyperu(a + 1, b + 1, x),
)
