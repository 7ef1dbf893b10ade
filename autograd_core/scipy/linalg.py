"""Linear algebra: the namespace of `scipy.linalg`. Those of its functions that are listed in
`DIFFERENTIABLE` take Tensors; the others say what does.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg

from ..errors import ArgumentError, ShapeError
from ..rules.scipy import linalg as rules
from .arrays import as_array, as_float
from .guarded import guarded

__all__ = sorted(scipy.linalg.__all__)
if TYPE_CHECKING:
    from scipy.linalg import *  # noqa: F403
else:
    globals().update(guarded(scipy.linalg))

DIFFERENTIABLE = [
    *("block_diag", "cho_factor", "cho_solve", "cholesky", "det", "expm", "inv", "norm"),
    *("solve", "solve_banded", "solve_continuous_lyapunov", "solve_sylvester"),
    *("solve_triangular", "sqrtm", "toeplitz"),
]
"""Functions with derivatives, in both modes and to any order."""

Matrix = Any


def solve_triangular(
    a: Matrix,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    **_options: Any,
) -> Any:
    """Solve A x = b with a triangular A.

    Parameters
    ----------
    a : array_like, shape (n, n)
        Of which one triangle is read.
    b : array_like, shape (n,) or (n, k)
    trans : {0, 1, 2, "N", "T", "C"}
        Solve A x = b, A^T x = b or A^H x = b.
    lower : bool, default False
        A is lower triangular.
    unit_diagonal : bool, default False
        The diagonal of A is taken to be ones.

    Returns
    -------
    x : ndarray, shape of b

    Examples
    --------
    >>> solve_triangular(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([3.0, 4.0]))
    array([1., 1.])
    """
    a, b = as_float(a), as_float(b)
    if trans in (1, "T"):
        a, lower = np.swapaxes(a, -1, -2), not lower
    elif trans in (2, "C", "H"):
        a, lower = np.conj(np.swapaxes(a, -1, -2)), not lower
    elif trans not in (0, "N"):
        raise ArgumentError(f"solve_triangular(trans=...) is 0, 1, 2, 'N', 'T' or 'C', got {trans}")
    return rules.solve_triangular(a, b, lower=lower, unit_diagonal=unit_diagonal)


def solve_banded(l_and_u: tuple[int, int], ab: Matrix, b: Any, **_options: Any) -> Any:
    """Solve A x = b with a banded A.

    Parameters
    ----------
    l_and_u : (int, int)
        How many diagonals there are below and above the main one.
    ab : array_like, shape (l + u + 1, n)
        The diagonals, the uppermost first: `ab[u + i - j, j] == A[i, j]`.
    b : array_like, shape (n,) or (n, k)

    Returns
    -------
    x : ndarray, shape of b

    Examples
    --------
    >>> solve_banded((0, 0), np.array([[2.0, 4.0]]), np.array([2.0, 8.0]))
    array([1., 2.])
    """
    l, u = (int(k) for k in l_and_u)  # noqa: E741 (as in the formulas)
    ab, b = as_float(ab), as_float(b)
    if ab.shape[0] != l + u + 1:
        raise ShapeError(
            f"solve_banded with l_and_u={(l, u)} needs {l + u + 1} rows of diagonals, got ab of "
            f"shape {ab.shape}"
        )
    return rules.solve_banded(ab, b, l_and_u=(l, u))


def solve_sylvester(a: Matrix, b: Matrix, q: Matrix) -> Any:
    """Solve A X + X B = Q.

    Parameters
    ----------
    a, b, q : array_like, shapes (m, m), (n, n) and (m, n)

    Returns
    -------
    x : ndarray, shape (m, n)

    Examples
    --------
    >>> solve_sylvester(np.eye(1), np.eye(1), np.array([[4.0]]))
    array([[2.]])
    """
    return rules.solve_sylvester(as_float(a), as_float(b), as_float(q))


def solve_continuous_lyapunov(a: Matrix, q: Matrix) -> Any:
    """Solve A X + X A^H = Q.

    Examples
    --------
    >>> solve_continuous_lyapunov(np.eye(1), np.array([[4.0]]))
    array([[2.]])
    """
    a = as_float(a)
    return rules.solve_sylvester(a, np.conj(np.swapaxes(a, -1, -2)), as_float(q))


def sqrtm(A: Matrix, *_options: Any) -> Any:
    """Return the principal square root of a matrix.

    Examples
    --------
    >>> sqrtm(np.diag([4.0, 9.0]))
    array([[2., 0.],
           [0., 3.]])
    """
    return rules.sqrtm(as_float(A))


def expm(A: Matrix) -> Any:
    """Return e^A of a square matrix.

    Examples
    --------
    >>> expm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    return rules.expm(as_float(A))


# --- what NumPy has -------------------------------------------------------------------------------


def inv(a: Matrix, **_options: Any) -> Any:
    """Return the inverse of a matrix, as `numpy.linalg.inv`."""
    return np.linalg.inv(as_float(a))


def det(a: Matrix, **_options: Any) -> Any:
    """Return the determinant of a matrix, as `numpy.linalg.det`."""
    return np.linalg.det(as_float(a))


def norm(a: Matrix, ord: Any = None, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:
    """Return a norm of a vector or a matrix, as `numpy.linalg.norm`."""
    return np.linalg.norm(as_float(a), ord, axis, keepdims)


def solve(a: Matrix, b: Any, *_: Any, transposed: bool = False, **_options: Any) -> Any:
    """Solve A x = b, or A^T x = b if `transposed`, as `numpy.linalg.solve`."""
    a = as_float(a)
    return np.linalg.solve(np.swapaxes(a, -1, -2) if transposed else a, as_float(b))


def cholesky(a: Matrix, lower: bool = False, **_options: Any) -> Any:
    """Return U with A = U^H U, or L with A = L L^H if `lower`.

    Examples
    --------
    >>> cholesky(np.array([[4.0]]))
    array([[2.]])
    """
    return np.linalg.cholesky(as_float(a), upper=not lower)


def cho_factor(a: Matrix, lower: bool = False, **_options: Any) -> tuple[Any, bool]:
    """Return a Cholesky factor and `lower`, as `cho_solve` takes them.

    The other triangle of the factor is zeros.

    Examples
    --------
    >>> factor, lower = cho_factor(np.diag([4.0, 1.0]))
    >>> cho_solve((factor, lower), np.array([4.0, 1.0]))
    array([1., 1.])
    """
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: tuple[Matrix, bool], b: Any, **_options: Any) -> Any:
    """Solve A x = b, given the Cholesky factor of A.

    Parameters
    ----------
    c_and_lower : (array_like, bool)
        From `cho_factor`.
    b : array_like, shape (n,) or (n, k)
    """
    c, lower = c_and_lower
    first, second = (0, 2) if lower else (2, 0)
    return solve_triangular(c, solve_triangular(c, b, first, lower), second, lower)


# --- matrices with structure ----------------------------------------------------------------------


def block_diag(*arrs: Matrix) -> Any:
    """Put matrices on the diagonal of a larger one.

    Parameters
    ----------
    *arrs : array_like
        Matrices; a vector is a row.

    Examples
    --------
    >>> block_diag(np.ones((1, 2)), 3.0)
    array([[1., 1., 0.],
           [0., 0., 3.]])
    """
    blocks = [np.atleast_2d(as_array(x)) for x in arrs]
    if any(x.ndim > 2 for x in blocks):
        raise ShapeError(f"block_diag takes matrices, got shapes {[x.shape for x in blocks]}")
    total = sum(x.shape[1] for x in blocks)
    rows, before = [], 0
    for x in blocks:
        rows.append(np.pad(x, [(0, 0), (before, total - before - x.shape[1])]))
        before += x.shape[1]
    return np.concatenate(rows) if rows else np.zeros((1, 0))


def toeplitz(c: Any, r: Any = None) -> Any:
    """Return the matrix with constant diagonals that has the first column c and first row r.

    Parameters
    ----------
    c : array_like, shape (m,)
    r : array_like, shape (n,), optional
        Its first element is not used. Default: the conjugate of c.

    Examples
    --------
    >>> toeplitz(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    array([[1., 3.],
           [2., 1.]])
    """
    c = np.ravel(as_array(c))
    r = np.conj(c) if r is None else np.ravel(as_array(r))
    m, n = c.shape[0], r.shape[0]
    values = np.concatenate([np.flip(r[1:]), c])
    places = np.arange(m)[:, None] - np.arange(n)[None, :] + n - 1
    return values[places]
