"""The exponent of the normal density of vectors, with its normalisation, as one operation.

With C the covariance, x a vector and P = C^-1:

    y = x^T P x + log det C,    dy = 2 (P x)^T dx + tr(P dC) - (P x)^T dC (P x)

Reference: K. B. Petersen, M. S. Pedersen 2012, "The Matrix Cookbook", sections 2.1 and 2.2.
"""

import numpy as np

from ...errors import DtypeError, describe
from ...table import primitive, rule
from ..matrices import T
from .linalg import hermitian_part, solve_triangular

__all__ = ["normal_exponent"]


@primitive
def normal_exponent(x, C):
    """Return it for each row of x (m, n); of C (n, n) the symmetric part is meant."""
    if "c" in x.dtype.kind + C.dtype.kind:
        raise DtypeError(f"a density is one of real numbers, got {describe(x)} and {describe(C)}")
    L = np.linalg.cholesky(hermitian_part(C))
    z = solve_triangular(L, T(x), lower=True)
    return np.sum(z * z, axis=0) + 2.0 * np.sum(np.log(np.diagonal(L)))


def weighted(x, C):
    """Return the rows P x."""
    return T(np.linalg.solve(hermitian_part(C), T(x)))


def exponent_vjp(g, _y, x, C, *, needs):
    """2 g P x, and the sum of g (P - P x x^T P)."""
    w = weighted(x, C)
    gw = g[:, None] * w
    if not needs[1]:
        return 2.0 * gw, None
    return 2.0 * gw, hermitian_part(np.sum(g) * np.linalg.inv(hermitian_part(C)) - T(gw) @ w)


def exponent_jvp(ts, _y, x, C):
    """2 (P x)^T dx + tr(P dC) - (P x)^T dC (P x)."""
    dx, dC = ts
    w = weighted(x, C)
    of_x = 0.0 if dx is None else 2.0 * np.sum(w * dx, axis=1)
    if dC is None:
        return of_x
    P = np.linalg.inv(hermitian_part(C))
    return of_x + np.sum(P * T(dC)) - np.sum(w @ hermitian_part(dC) * w, axis=1)


rule(normal_exponent, vjp=exponent_vjp, jvp=exponent_jvp, arity=2)
