"""Linear equations with structure, and functions of matrices.

References
----------
M. B. Giles 2008, "Collected matrix derivative results for forward and reverse mode".
N. J. Higham 2008, "Functions of Matrices", chapter 3.
"""

import numpy as np
import scipy.linalg as sl

from ...table import primitive, rule
from ..matrices import H, T


def columns(x):
    """See a vector as a matrix of one column."""
    return x[:, None] if x.ndim == 1 else x


def outer(z, x):
    """Return z x^T, summed over columns."""
    return columns(z) @ T(columns(x))


# --- triangular -----------------------------------------------------------------------------------


def at_least_single(*arrays):
    """Return float16 as float32, which is what LAPACK can do; newer SciPys leave that to us."""
    return [x.astype(np.float32) if x.dtype == np.float16 else x for x in arrays]


def batched(f, signature, *arrays):
    """Call f, which may be one of an older SciPy for single matrices, on a batch of them."""
    arrays = at_least_single(*arrays)
    if max(x.ndim for x in arrays) > 2:
        return np.vectorize(f, signature=signature)(*arrays)
    return f(*arrays)


@primitive
def solve_triangular(a, b, lower=False, unit_diagonal=False):
    """Solve A x = b with a triangular A."""

    def solve(a, b):
        return sl.solve_triangular(
            a, b, lower=lower, unit_diagonal=unit_diagonal, check_finite=False
        )

    return batched(solve, "(n,n),(n,k)->(n,k)", a, b)


def triangle(A, lower, unit_diagonal):
    """Keep what the solver reads of A."""
    k = 1 if unit_diagonal else 0
    return np.tril(A, -k) if lower else np.triu(A, k)


def triangular_vjp(g, x, A, _b, *, lower=False, unit_diagonal=False, needs):
    """Solve A^T z = g: that is for b, and -z x^T is for A."""
    z = solve_triangular(T(A), g, lower=not lower, unit_diagonal=unit_diagonal)
    return (triangle(-outer(z, x), lower, unit_diagonal) if needs[0] else None), z


def triangular_jvp(ts, x, A, _b, *, lower=False, unit_diagonal=False):
    """A dx = db - dA x."""
    dA, db = ts
    change = 0.0 if dA is None else -(triangle(dA, lower, unit_diagonal) @ x)
    change = change if db is None else db + change
    return solve_triangular(A, change, lower=lower, unit_diagonal=unit_diagonal)


rule(solve_triangular, vjp=triangular_vjp, jvp=triangular_jvp, arity=2)


# --- banded: ab[r, j] is A[j + r - u, j], for l diagonals below and u above the main one ----------


@primitive
def solve_banded(ab, b, l_and_u):
    """Solve A x = b with a banded A."""
    return sl.solve_banded(l_and_u, *at_least_single(ab, b), check_finite=False)


def band(l, u, n):
    """Return the numbers of the diagonals as a column, and those of the columns as a row."""
    return np.arange(-u, l + 1)[:, None], np.arange(n)[None, :]


def masked(x, inside):
    """Put zeros where a band reaches out of the matrix."""
    return np.where(inside.reshape(inside.shape + (1,) * (x.ndim - 2)), x, 0.0)


def transposed_band(ab, l, u):
    """Return A^T, whose bands are those of A in reverse order."""
    n = ab.shape[1]
    k, j = band(u, l, n)
    source = j + k
    inside = np.logical_and(source >= 0, source < n)
    rows = np.broadcast_to(l + u - np.arange(l + u + 1)[:, None], source.shape)
    return masked(ab[rows, np.clip(source, 0, n - 1)], inside)


def band_times(ab, x, l, u):
    """Return A x."""
    n = ab.shape[1]
    k, i = band(l, u, n)
    source = i - k
    inside = np.logical_and(source >= 0, source < n)
    source = np.clip(source, 0, n - 1)
    rows = np.broadcast_to(np.arange(l + u + 1)[:, None], source.shape)
    entries = masked(ab[rows, source], inside)
    return np.sum(entries * x[source] if x.ndim == 1 else entries[..., None] * x[source], axis=0)


def band_of_outer(z, x, l, u):
    """Return the bands of z x^T."""
    k, j = band(l, u, x.shape[0])
    i = j + k
    inside = np.logical_and(i >= 0, i < x.shape[0])
    products = columns(z)[np.clip(i, 0, x.shape[0] - 1)] * columns(x)
    return masked(np.sum(products, axis=-1), inside)


def banded_vjp(g, x, ab, _b, *, l_and_u, needs):
    """Solve A^T z = g: that is for b, and the bands of -z x^T are for A."""
    l, u = l_and_u
    z = solve_banded(transposed_band(ab, l, u), g, l_and_u=(u, l))
    return (-band_of_outer(z, x, l, u) if needs[0] else None), z


def banded_jvp(ts, x, ab, _b, *, l_and_u):
    """A dx = db - dA x."""
    dA, db = ts
    change = 0.0 if dA is None else -band_times(dA, x, *l_and_u)
    return solve_banded(ab, change if db is None else db + change, l_and_u=l_and_u)


rule(solve_banded, vjp=banded_vjp, jvp=banded_jvp, arity=2)


# --- Sylvester ------------------------------------------------------------------------------------


@primitive
def solve_sylvester(a, b, q):
    """Solve A X + X B = Q."""
    return batched(sl.solve_sylvester, "(m,m),(n,n),(m,n)->(m,n)", a, b, q)


def sylvester_vjp(g, X, A, B, _Q):
    """Solve A^T Z + Z B^T = g: that is for Q."""
    Z = solve_sylvester(T(A), T(B), g)
    return -(Z @ T(X)), -(T(X) @ Z), Z


def sylvester_jvp(ts, X, A, B, _Q):
    """A dX + dX B = dQ - dA X - X dB."""
    dA, dB, dQ = ts
    change = 0.0 * X if dQ is None else dQ
    change = change if dA is None else change - dA @ X
    change = change if dB is None else change - X @ dB
    return solve_sylvester(A, B, change)


rule(solve_sylvester, vjp=sylvester_vjp, jvp=sylvester_jvp, arity=3)


# --- functions of matrices ------------------------------------------------------------------------


@primitive
def sqrtm(A):
    """Return the principal square root."""
    return batched(sl.sqrtm, "(n,n)->(n,n)", A)


rule(
    sqrtm,
    vjp=(lambda g, y, _A: solve_sylvester(T(y), T(y), g),),
    jvp=(lambda t, y, _A: solve_sylvester(y, y, t),),
)


@primitive
def expm(A):
    """Return e^A."""
    return sl.expm(*at_least_single(A))


def expm_along(A, E):
    """Return the derivative of e^A along E: a block of the exponential of a larger matrix.

    f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]] (Higham 2008, theorem 3.6).
    """
    n = A.shape[-1]
    above = np.concatenate([A, E], axis=-1)
    below = np.concatenate([np.zeros(A.shape, A.dtype), A], axis=-1)
    return expm(np.concatenate([above, below], axis=-2))[..., :n, n:]


rule(
    expm,
    vjp=(lambda g, _y, A: expm_along(T(A), g),),
    jvp=(lambda t, _y, A: expm_along(A, t),),
)


# --- singular covariances -------------------------------------------------------------------------

TINY = 1e6 * 2.0**-52
"""Eigenvalues below this part of the largest are zeros, as for `scipy.stats`."""


def hermitian_part(C):
    """Return (C + C^H) / 2."""
    return 0.5 * (C + H(C))


def pseudo_inverse(C):
    """Return the inverse of the Hermitian part of C on its range."""
    return np.linalg.pinv(hermitian_part(C), rcond=TINY, hermitian=True)


@primitive
def log_pseudo_det(C):
    """Return the logarithm of the product of the eigenvalues of the Hermitian part of C that are
    not zero.
    """
    w = np.linalg.eigvalsh(hermitian_part(C))
    return np.sum(np.log(w[w > TINY * np.max(np.abs(w))]))


rule(
    log_pseudo_det,
    vjp=(lambda g, _y, C: g * T(pseudo_inverse(C)),),
    jvp=(lambda t, _y, C: np.sum(T(pseudo_inverse(C)) * t).real,),
)
