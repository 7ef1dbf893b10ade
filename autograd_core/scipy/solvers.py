"""Linear equations, and the factors that they are solved with. Public as
`autograd_core.scipy.linalg`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..rules.scipy import linalg as rules
from .arrays import as_float, refuse_non_finite

__all__ = [
    "cho_factor",
    "cho_solve",
    "cholesky",
    "inv",
    "solve",
    "solve_banded",
    "solve_continuous_lyapunov",
    "solve_sylvester",
    "solve_triangular",
]

Matrix = Any


def solve_triangular(
    a: Matrix,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve A x = b with a triangular A.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Of which one triangle is read.
    b : array_like, shape (n,) or (..., n, k)
    trans : {0, 1, 2, "N", "T", "C"}
        Solve A x = b, A^T x = b or A^H x = b.
    lower : bool, default False
        A is lower triangular.
    unit_diagonal : bool, default False
        The diagonal of A is taken to be ones.
    overwrite_b : bool, default False
        Nothing is overwritten.
    check_finite : bool, default True
        Refuse NaNs and infinities.

    Returns
    -------
    x : ndarray, shape of b

    Raises
    ------
    ArgumentError
        If `trans` is none of these.

    Examples
    --------
    >>> solve_triangular(np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([3.0, 4.0]))
    array([1., 1.])
    """
    a, b = as_float(a), as_float(b)
    refuse_non_finite("solve_triangular", check_finite, a, b)
    if b.ndim == 1 < a.ndim - 1:
        x = solve_triangular(a, b[:, None], trans, lower, unit_diagonal, check_finite=False)
        return x[..., 0]
    if trans in (1, "T"):
        a, lower = np.swapaxes(a, -1, -2), not lower
    elif trans in (2, "C", "H"):
        a, lower = np.conj(np.swapaxes(a, -1, -2)), not lower
    elif trans not in (0, "N"):
        raise ArgumentError(f"solve_triangular(trans=...) is 0, 1, 2, 'N', 'T' or 'C', got {trans}")
    return rules.solve_triangular(a, b, lower=lower, unit_diagonal=unit_diagonal)


def solve_banded(
    l_and_u: tuple[int, int],
    ab: Matrix,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve A x = b with a banded A.

    Parameters
    ----------
    l_and_u : (int, int)
        How many diagonals there are below and above the main one.
    ab : array_like, shape (l + u + 1, n)
        The diagonals, the uppermost first: `ab[u + i - j, j] == A[i, j]`.
    b : array_like, shape (n,) or (n, k)
    overwrite_ab, overwrite_b : bool, default False
        Nothing is overwritten.
    check_finite : bool, default True
        Refuse NaNs and infinities.

    Returns
    -------
    x : ndarray, shape of b

    Raises
    ------
    ShapeError
        If the shapes do not fit together.

    Examples
    --------
    >>> solve_banded((0, 0), np.array([[2.0, 4.0]]), np.array([2.0, 8.0]))
    array([1., 2.])
    """
    l, u = (int(k) for k in l_and_u)  # noqa: E741 (as in the formulas)
    ab, b = as_float(ab), as_float(b)
    if ab.ndim != 2 or ab.shape[0] != l + u + 1:
        raise ShapeError(
            f"solve_banded with l_and_u={(l, u)} needs {l + u + 1} rows of diagonals, got ab of "
            f"shape {ab.shape}. For a batch of matrices use vmap."
        )
    refuse_non_finite("solve_banded", check_finite, ab, b)
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

    Parameters
    ----------
    a, q : array_like, shape (..., n, n)

    Returns
    -------
    X : ndarray or Tensor, shape (..., n, n)

    Examples
    --------
    >>> solve_continuous_lyapunov(np.eye(1), np.array([[4.0]]))
    array([[2.]])
    """
    a = as_float(a)
    return rules.solve_sylvester(a, np.conj(np.swapaxes(a, -1, -2)), as_float(q))


def solve(
    a: Matrix,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """Solve A x = b.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    b : array_like, shape (n,) or (..., n, k)
    lower : bool, default False
        Which triangle is read of a symmetric or Hermitian matrix.
    overwrite_a, overwrite_b : bool, default False
        Nothing is overwritten.
    check_finite : bool, default True
        Refuse NaNs and infinities.
    assume_a : {None, "gen", "sym", "her", "pos", "upper triangular", "lower triangular", \
            "diagonal", "tridiagonal"} or the long forms of SciPy
        The structure of A: what is outside of it is not read, and has no gradient.
    transposed : bool, default False
        Solve A^T x = b.

    Returns
    -------
    x : ndarray or Tensor, shape of b

    Examples
    --------
    >>> solve(np.array([[2.0, 9.0], [9.0, 4.0]]), np.array([2.0, 4.0]), assume_a="diagonal")
    array([1., 1.])
    """
    a, b = as_float(a), as_float(b)
    refuse_non_finite("solve", check_finite, a, b)
    a = assumed("solve", a, assume_a, lower)
    return np.linalg.solve(np.swapaxes(a, -1, -2) if transposed else a, b)


def inv(
    a: Matrix,
    overwrite_a: bool = False,
    check_finite: bool = True,
    *,
    assume_a: str | None = None,
    lower: bool = False,
) -> Any:
    """Return the inverse of a matrix; arguments as for `solve`.

    Examples
    --------
    >>> inv(np.diag([2.0, 4.0]))
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    a = as_float(a)
    refuse_non_finite("inv", check_finite, a)
    return np.linalg.inv(assumed("inv", a, assume_a, lower))


def assumed(name: str, a: Any, structure: str | None, lower: bool) -> Any:
    """Return the matrix that is meant by the part of `a` that a structure reads."""
    if structure in (None, "gen", "general", "banded"):
        return a
    if structure in ("upper triangular", "lower triangular"):
        return np.triu(a) if structure[0] == "u" else np.tril(a)
    if structure == "tridiagonal":
        return np.triu(np.tril(a, 1), -1)
    main = np.triu(np.tril(a))
    if structure == "diagonal":
        return main
    inside = np.swapaxes(np.tril(a, -1) if lower else np.triu(a, 1), -1, -2)
    if structure in ("sym", "symmetric"):
        return np.swapaxes(inside, -1, -2) + inside + main
    if structure in ("her", "hermitian", "pos", "positive definite"):
        return np.swapaxes(inside, -1, -2) + np.conj(inside) + np.real(main)
    raise ArgumentError(
        f"{name}(assume_a=...) is 'gen', 'sym', 'her', 'pos', 'upper triangular', "
        f"'lower triangular', 'diagonal' or 'tridiagonal', got {structure!r}"
    )


def cholesky(
    a: Matrix, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """Return U with A = U^H U, or L with A = L L^H if `lower`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Positive definite, of which one triangle is read.
    lower : bool, default False
    overwrite_a : bool, default False
        Nothing is overwritten.
    check_finite : bool, default True
        Refuse NaNs and infinities.

    Returns
    -------
    ndarray or Tensor, shape (..., n, n)

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is not positive definite.

    Examples
    --------
    >>> cholesky(np.array([[4.0]]))
    array([[2.]])
    """
    a = as_float(a)
    refuse_non_finite("cholesky", check_finite, a)
    return np.linalg.cholesky(a, upper=not lower)


def cho_factor(
    a: Matrix, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """Return a Cholesky factor and `lower`, as `cho_solve` takes them.

    The other triangle of the factor is zeros.

    Examples
    --------
    >>> factor, lower = cho_factor(np.diag([4.0, 1.0]))
    >>> cho_solve((factor, lower), np.array([4.0, 1.0]))
    array([1., 1.])
    """
    return cholesky(a, lower, check_finite=check_finite), lower


def cho_solve(
    c_and_lower: tuple[Matrix, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """Solve A x = b, given the Cholesky factor of A.

    Parameters
    ----------
    c_and_lower : (array_like, bool)
        From `cho_factor`.
    b : array_like, shape (n,) or (..., n, k)
    overwrite_b : bool, default False
        Nothing is overwritten.
    check_finite : bool, default True
        Refuse NaNs and infinities.

    Returns
    -------
    x : ndarray or Tensor, shape of b

    Examples
    --------
    >>> cho_solve((np.array([[2.0]]), True), np.array([4.0]))
    array([1.])
    """
    c, lower = c_and_lower
    b = as_float(b)
    if b.ndim == 1 < np.ndim(c) - 1:
        return cho_solve(c_and_lower, b[:, None], check_finite=check_finite)[..., 0]
    first, second = (0, 2) if lower else (2, 0)
    y = solve_triangular(c, b, first, lower, check_finite=check_finite)
    return solve_triangular(c, y, second, lower, check_finite=False)
