"""Orthogonal polynomials and Legendre functions; with respect to their degree there is no formula.

Formulas: NIST Digital Library of Mathematical Functions, chapters 14 and 18.
"""

import numpy as np
import scipy.special as sc

from ...table import elementwise
from .integrals import lower
from .unknown import unknown


def second_kind(n, x):
    """Return the derivative of the Chebyshev polynomial U_n; U_(-n-2) is -U_n, and U_(-1) is 0."""
    degree = np.abs(n + 1) - (n != -1)
    slope = 2 * (degree != 0) * sc.eval_gegenbauer(lower(degree), 2.0, x)
    return np.sign(n + 1) * slope


def legendre_slope(n, x):
    """Return the derivative of the Legendre function P_n for n >= 0."""
    return 0.5 * (n + 1) * (n != 0) * sc.eval_jacobi(lower(n), 1.0, 1.0, x)


elementwise(
    sc.eval_jacobi,
    unknown("eval_jacobi", 0),
    unknown("eval_jacobi", 1),
    unknown("eval_jacobi", 2),
    lambda _y, n, a, b, x: (
        0.5 * (n + a + b + 1) * (n != 0) * sc.eval_jacobi(lower(n), a + 1.0, b + 1.0, x)
    ),
)
elementwise(
    sc.eval_legendre,
    unknown("eval_legendre", 0),
    lambda _y, n, x: legendre_slope(np.where(n < 0, -1 - n, n), x),  # P_(-1-n) is P_n
)
elementwise(
    sc.eval_chebyt,
    unknown("eval_chebyt", 0),
    lambda _y, n, x: n * sc.eval_chebyu(lower(n), x),
)
elementwise(
    sc.eval_chebyu,
    unknown("eval_chebyu", 0),
    lambda _y, n, x: second_kind(n, x),
)
elementwise(
    sc.eval_gegenbauer,
    unknown("eval_gegenbauer", 0),
    unknown("eval_gegenbauer", 1),
    lambda _y, n, a, x: 2 * a * (n != 0) * sc.eval_gegenbauer(lower(n), a + 1.0, x),
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
    lambda _y, n, x: -1.0 * (n != 0) * sc.eval_genlaguerre(lower(n), 1.0, x),
)
elementwise(
    sc.eval_genlaguerre,
    unknown("eval_genlaguerre", 0),
    unknown("eval_genlaguerre", 1),
    lambda _y, n, a, x: -1.0 * (n != 0) * sc.eval_genlaguerre(lower(n), a + 1.0, x),
)

# --- of 2x - 1, or of x / 2 -----------------------------------------------------------------------

elementwise(
    sc.eval_sh_legendre,
    unknown("eval_sh_legendre", 0),
    lambda _y, n, x: 2 * legendre_slope(np.where(n < 0, -1 - n, n), 2 * x - 1),
)
elementwise(
    sc.eval_sh_chebyt,
    unknown("eval_sh_chebyt", 0),
    lambda _y, n, x: 2 * n * sc.eval_sh_chebyu(lower(n), x),
)
elementwise(
    sc.eval_sh_chebyu,
    unknown("eval_sh_chebyu", 0),
    lambda _y, n, x: 2 * second_kind(n, 2 * x - 1),
)
elementwise(
    sc.eval_sh_jacobi,
    unknown("eval_sh_jacobi", 0),
    unknown("eval_sh_jacobi", 1),
    unknown("eval_sh_jacobi", 2),
    lambda _y, n, p, q, x: n * sc.eval_sh_jacobi(lower(n), p + 2.0, q + 1.0, x),
)
elementwise(
    sc.eval_chebyc,
    unknown("eval_chebyc", 0),
    lambda _y, n, x: n * sc.eval_chebys(lower(n), x),
)
elementwise(
    sc.eval_chebys,
    unknown("eval_chebys", 0),
    lambda _y, n, x: 0.5 * second_kind(n, 0.5 * x),
)

# --- Legendre functions ---------------------------------------------------------------------------

elementwise(
    sc.lpmv,
    unknown("lpmv", 0),
    unknown("lpmv", 1),
    lambda y, m, v, x: (v * x * y - (v + m) * sc.lpmv(m, v - 1.0, x)) / (x * x - 1),
)
