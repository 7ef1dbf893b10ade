"""Bessel functions: the derivative of an order is half the difference or sum of its neighbours.

Formulas: NIST Digital Library of Mathematical Functions, sections 10.6, 10.29, 10.51, 11.4, 9.2.
"""

import numpy as np
import scipy.special as sc

from ...batch import batching
from ...batch import elementwise as each_element
from ...table import elementwise, primitive, rule
from .integrals import chained
from .unknown import unknown


def neighbours(f, sign_below, sign_above):
    """Return the derivative (s f_(v-1)(x) + s' f_(v+1)(x)) / 2."""
    return lambda _y, v, x: 0.5 * (sign_below * f(v - 1, x) + sign_above * f(v + 1, x))


def of_whole(f, sign_below, sign_above):
    """Say the same of a function that cuts its order v down to a whole number."""
    slope = neighbours(f, sign_below, sign_above)
    return lambda y, v, x: slope(y, np.trunc(v), x)


for f in (sc.jv, sc.yv, sc.hankel1, sc.hankel2):
    elementwise(f, unknown(f.__name__, 0), neighbours(f, 1, -1))
elementwise(sc.iv, unknown("iv", 0), neighbours(sc.iv, 1, 1))
elementwise(sc.kv, unknown("kv", 0), neighbours(sc.kv, -1, -1))
elementwise(sc.yn, unknown("yn", 0), of_whole(sc.yn, 1, -1))
elementwise(sc.kn, unknown("kn", 0), of_whole(sc.kn, -1, -1))

elementwise(sc.j0, lambda _y, x: -sc.j1(x))
elementwise(sc.j1, lambda _y, x: 0.5 * (sc.j0(x) - sc.jv(2, x)))
elementwise(sc.y0, lambda _y, x: -sc.y1(x))
elementwise(sc.y1, lambda _y, x: 0.5 * (sc.y0(x) - sc.yn(2, x)))
elementwise(sc.i0, lambda _y, x: sc.i1(x))
elementwise(sc.i1, lambda _y, x: 0.5 * (sc.i0(x) + sc.iv(2, x)))
elementwise(sc.k0, lambda _y, x: -sc.k1(x))
elementwise(sc.k1, lambda _y, x: -0.5 * (sc.k0(x) + sc.kn(2, x)))

# scaled by e^-|x|, e^x, e^-ix and e^ix, which are holomorphic (or taken for real x only)
elementwise(sc.i0e, lambda y, x: sc.i1e(x) - np.sign(x) * y)
elementwise(sc.i1e, lambda y, x: 0.5 * (sc.i0e(x) + sc.ive(2, x)) - np.sign(x) * y)

elementwise(sc.k0e, lambda y, x: y - sc.k1e(x))
elementwise(sc.k1e, lambda y, x: y - 0.5 * (sc.k0e(x) + sc.kve(2, x)))
elementwise(
    sc.kve,
    unknown("kve", 0),
    lambda y, v, x: y - 0.5 * (sc.kve(v - 1, x) + sc.kve(v + 1, x)),
)
elementwise(
    sc.hankel1e,
    unknown("hankel1e", 0),
    lambda y, v, x: 0.5 * (sc.hankel1e(v - 1, x) - sc.hankel1e(v + 1, x)) - 1j * y,
)
elementwise(
    sc.hankel2e,
    unknown("hankel2e", 0),
    lambda y, v, x: 0.5 * (sc.hankel2e(v - 1, x) - sc.hankel2e(v + 1, x)) + 1j * y,
)


# --- scaled by e^-|Re x| or e^-|Im x|, so not holomorphic -----------------------------------------


def real(x):
    """Return the real part, and the cotangent of x that stands for one of this part."""
    return np.real(x), 1


def imag(x):
    """Return the imaginary part, and the cotangent of x that stands for one of this part."""
    return np.imag(x), -1j


def scaled(f, sign_above, part):
    """Declare y = e^-|part(x)| F with F' as of `neighbours`: dy = F' dx - y sign(part) d part."""
    slope = neighbours(f, 1, sign_above)

    def vjp(g, y, v, x):
        size, unit = part(x)
        return g * slope(y, v, x) - (g * y).real * np.sign(size) * unit

    def jvp(t, y, v, x):
        return t * slope(y, v, x) - y * np.sign(part(x)[0]) * part(t)[0]

    order = unknown(f.__name__, 0)
    rule(f, vjp=(order, vjp), jvp=(order, jvp))


scaled(sc.ive, 1, real)
scaled(sc.jve, -1, imag)
scaled(sc.yve, -1, imag)


# --- spherical ------------------------------------------------------------------------------------


@primitive
def spherical_jn(z, n):
    """Return the spherical Bessel function j_n."""
    return sc.spherical_jn(n, z)


@primitive
def spherical_yn(z, n):
    """Return the spherical Bessel function y_n."""
    return sc.spherical_yn(n, z)


@primitive
def spherical_in(z, n):
    """Return the modified spherical Bessel function i_n."""
    return sc.spherical_in(n, z)


@primitive
def spherical_kn(z, n):
    """Return the modified spherical Bessel function k_n."""
    return sc.spherical_kn(n, z)


SIGNS = {
    spherical_jn: (1, -1),
    spherical_yn: (1, -1),
    spherical_in: (1, 1),
    spherical_kn: (-1, -1),
}


def derivative_of(f):
    """Return the derivative (s n f_(n-1) + s' (n+1) f_(n+1)) / (2n+1)."""
    below, above = SIGNS[f]

    def derivative(_y, z, *, n):
        lower = np.where(n == 0, 0.0, below * n * f(z, n=np.maximum(n - 1, 0)))  # no 0 * inf
        return (lower + above * (n + 1) * f(z, n=n + 1)) / (2 * n + 1)

    return derivative


for f in SIGNS:
    elementwise(f, derivative_of(f))
    batching(each_element, f)


# --- Struve, Kelvin, Airy, Wright -----------------------------------------------------------------


def struve_term(v, x):
    """Return (x/2)^v / (sqrt(pi) gamma(v + 3/2))."""
    return (0.5 * x) ** v * sc.rgamma(v + 1.5) / np.sqrt(np.pi)


elementwise(
    sc.struve,
    unknown("struve", 0),
    lambda _y, v, x: 0.5 * (sc.struve(v - 1, x) - sc.struve(v + 1, x) + struve_term(v, x)),
)
elementwise(
    sc.modstruve,
    unknown("modstruve", 0),
    lambda _y, v, x: 0.5 * (sc.modstruve(v - 1, x) + sc.modstruve(v + 1, x) + struve_term(v, x)),
)


# Kelvin functions: f = ber + i bei solves f'' + f'/x = i f
elementwise(sc.ber, lambda _y, x: sc.berp(x))
elementwise(sc.bei, lambda _y, x: sc.beip(x))
elementwise(sc.ker, lambda _y, x: sc.kerp(x))
elementwise(sc.kei, lambda _y, x: sc.keip(x))
elementwise(sc.berp, lambda y, x: kelvin_slope(-sc.bei(x), y, x))
elementwise(sc.beip, lambda y, x: kelvin_slope(sc.ber(x), y, x))
elementwise(sc.kerp, lambda y, x: -sc.kei(x) - y / x)
elementwise(sc.keip, lambda y, x: sc.ker(x) - y / x)


def kelvin_slope(right, y, x):
    """Return right - y / x; where x is 0, y / x is the slope itself."""
    return np.where(x == 0, 0.5 * right, right - y / np.where(x == 0, 1.0, x))


def airy_vjp(g, y, x):
    """Ai'' = x Ai, and so for Bi."""
    Ai, Ai_prime, Bi, Bi_prime = y
    return (chained(g, [Ai_prime, x * Ai, Bi_prime, x * Bi]),)


def airy_jvp(ts, y, x):
    """Ai'' = x Ai, and so for Bi."""
    Ai, Ai_prime, Bi, Bi_prime = y
    return ts[0] * Ai_prime, ts[0] * x * Ai, ts[0] * Bi_prime, ts[0] * x * Bi


rule(sc.airy, vjp=airy_vjp, jvp=airy_jvp, arity=1)

elementwise(
    sc.wright_bessel,
    unknown("wright_bessel", 0),
    unknown("wright_bessel", 1),
    lambda _y, a, b, x: sc.wright_bessel(a, b + a, x),
)
