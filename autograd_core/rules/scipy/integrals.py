"""Functions that are defined by integrals (exponential, sine, Fresnel, elliptic ...),
hypergeometric functions, orthogonal polynomials.

Formulas: NIST Digital Library of Mathematical Functions, chapters 6, 7, 13, 15, 18, 19, 25.
"""

import math

import numpy as np
import scipy.special as sc

from ...batch import batching
from ...batch import elementwise as each_element
from ...table import elementwise, primitive, rule
from .unknown import hidden, unknown

elementwise(sc.expi, lambda _y, x: np.exp(x) / x)
elementwise(sc.exp1, lambda _y, x: -np.exp(-x) / x)
elementwise(
    sc.expn,
    unknown("expn", 0),
    lambda _y, n, x: np.where(n == 0, -np.exp(-x) * (1 + x) / (x * x), -sc.expn(lower(n), x)),
)


def spence_slope(_y, x):
    """Return log(x) / (1 - x), near 1 as the series -2F1(1, 1; 2; 1 - x)."""
    near = np.abs(1 - x) < 0.5
    away = np.where(near, 2.0, x)
    series = -sc.hyp2f1(1.0, 1.0, 2.0, np.where(near, 1 - x, 0.0))
    return np.where(near, series, np.log(away) / (1 - away))


elementwise(sc.spence, spence_slope)


def lower(n):
    """Return n - 1, but not below 0."""
    return np.maximum(n - 1, 0)


def pair(first, second):
    """Declare a function of x with two results by the derivatives of these."""

    def vjp(g, _y, x):
        return (g[0] * first(x) + g[1] * second(x),)

    def jvp(ts, _y, x):
        return ts[0] * first(x), ts[0] * second(x)

    return {"vjp": vjp, "jvp": jvp, "arity": 1}


rule(sc.sici, **pair(lambda x: np.sinc(x / math.pi), lambda x: np.cos(x) / x))
rule(
    sc.shichi,  # sinh(x) / x is 0F1(; 3/2; x^2/4)
    **pair(lambda x: sc.hyp0f1(1.5, 0.25 * x * x), lambda x: np.cosh(x) / x),
)
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

# --- hypergeometric -------------------------------------------------------------------------------

elementwise(sc.hyp0f1, unknown("hyp0f1", 0), lambda _y, b, x: sc.hyp0f1(b + 1, x) / b)
elementwise(
    sc.hyp1f1,
    unknown("hyp1f1", 0),
    unknown("hyp1f1", 1),
    lambda _y, a, b, x: a / b * sc.hyp1f1(a + 1, b + 1, x),
)
elementwise(
    sc.hyp2f1,
    unknown("hyp2f1", 0),
    unknown("hyp2f1", 1),
    unknown("hyp2f1", 2),
    lambda _y, a, b, c, x: a * b / c * sc.hyp2f1(a + 1, b + 1, c + 1, x),
)
elementwise(
    sc.hyperu,
    unknown("hyperu", 0),
    unknown("hyperu", 1),
    lambda _y, a, b, x: -a * sc.hyperu(a + 1, b + 1, x),
)

# --- orthogonal polynomials -----------------------------------------------------------------------

elementwise(
    sc.eval_jacobi,
    unknown("eval_jacobi", 0),
    unknown("eval_jacobi", 1),
    unknown("eval_jacobi", 2),
    lambda _y, n, a, b, x: (
        0.5 * (n + a + b + 1) * (n > 0) * sc.eval_jacobi(lower(n), a + 1.0, b + 1.0, x)
    ),
)
elementwise(
    sc.eval_legendre,
    unknown("eval_legendre", 0),
    lambda _y, n, x: 0.5 * (n + 1) * (n > 0) * sc.eval_jacobi(lower(n), 1.0, 1.0, x),
)
elementwise(
    sc.eval_chebyt,
    unknown("eval_chebyt", 0),
    lambda _y, n, x: n * sc.eval_chebyu(lower(n), x),
)
elementwise(
    sc.eval_chebyu,
    unknown("eval_chebyu", 0),
    lambda _y, n, x: 2 * (n > 0) * sc.eval_gegenbauer(lower(n), 2.0, x),
)
elementwise(
    sc.eval_gegenbauer,
    unknown("eval_gegenbauer", 0),
    unknown("eval_gegenbauer", 1),
    lambda _y, n, a, x: 2 * a * (n > 0) * sc.eval_gegenbauer(lower(n), a + 1.0, x),
)
elementwise(
    sc.eval_hermite,
    unknown("eval_hermite", 0),
    lambda _y, n, x: 2 * n * sc.eval_hermite(lower(n), x),
)
elementwise(
    sc.eval_hermitenorm,
    unknown("eval_hermitenorm", 0),
    lambda _y, n, x: n * sc.eval_hermitenorm(lower(n), x),
)
elementwise(
    sc.eval_laguerre,
    unknown("eval_laguerre", 0),
    lambda _y, n, x: -1.0 * (n > 0) * sc.eval_genlaguerre(lower(n), 1.0, x),
)
elementwise(
    sc.eval_genlaguerre,
    unknown("eval_genlaguerre", 0),
    unknown("eval_genlaguerre", 1),
    lambda _y, n, a, x: -1.0 * (n > 0) * sc.eval_genlaguerre(lower(n), a + 1.0, x),
)
