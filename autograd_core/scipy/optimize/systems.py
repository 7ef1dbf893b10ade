"""Linear systems without a matrix, for `custom_root(..., solve=)` with many unknowns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse.linalg

from ...equations import ConvergenceError

__all__ = ["solve_cg", "solve_gmres", "system_solver"]

Function = Callable[..., Any]
LARGE = 1000
"""From this number of unknowns on, the Jacobian of the solution is not formed."""


def solve_cg(matvec: Function, b: Any) -> np.ndarray:
    """Solve a symmetric positive definite system by conjugate gradients, matrix-free.

    Parameters
    ----------
    matvec : callable
        Multiplies a vector of shape (n,) with the matrix. At a minimum it is the Hessian.
    b : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
        With a residual of at most 1e-10 |b| (1e-5 |b| for float32).

    Raises
    ------
    ConvergenceError
        If this is not reached in 10 n steps.

    Examples
    --------
    >>> A = np.array([[2.0, 1.0], [1.0, 3.0]])
    >>> solve_cg(lambda v: A @ v, np.array([3.0, 4.0])).round(9)
    array([1., 1.])
    """
    return iterate(scipy.sparse.linalg.cg, matvec, b, maxiter=10 * len(b))


def solve_gmres(matvec: Function, b: Any) -> np.ndarray:
    """Solve a square system by generalised minimal residuals, matrix-free.

    Parameters
    ----------
    matvec : callable
        Multiplies a vector of shape (n,) with the matrix.
    b : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
        With a residual of at most 1e-10 |b| (1e-5 |b| for float32).

    Raises
    ------
    ConvergenceError
        If this is not reached in 20 rounds of up to 100 steps.

    Examples
    --------
    >>> A = np.array([[2.0, 1.0], [-1.0, 3.0]])
    >>> solve_gmres(lambda v: A @ v, np.array([3.0, 2.0])).round(9)
    array([1., 1.])
    """
    return iterate(scipy.sparse.linalg.gmres, matvec, b, restart=min(100, len(b)), maxiter=20)


def iterate(method: Function, matvec: Function, b: Any, **options: Any) -> np.ndarray:
    """Call one of SciPy's solvers, and see that it has arrived."""
    matrix = scipy.sparse.linalg.LinearOperator((len(b), len(b)), matvec, dtype=b.dtype)
    rtol = 1e-5 if b.dtype == np.float32 else 1e-10
    with np.errstate(all="ignore"):
        x, info = method(matrix, b, rtol=rtol, atol=0.0, **options)
    if info != 0:
        raise ConvergenceError(
            f"{method.__name__} did not solve the linear system for a derivative, {len(b)} "
            f"unknowns, to a relative residual of {rtol:g}. The matrix may be singular at this "
            f"solution, or badly scaled: measure the unknowns in units in which they are alike."
        )
    return x


def system_solver(n: int, symmetric: bool) -> Function | None:
    """Choose a solver for the derivative of a solution with n unknowns; None: by its matrix."""
    if n <= LARGE:
        return None
    return solve_cg if symmetric else solve_gmres
