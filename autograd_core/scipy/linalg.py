"""Linear algebra: the namespace of `scipy.linalg`. Those of its functions that are listed in
`DIFFERENTIABLE` take Tensors; the others say what does.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg

from ..errors import ArgumentError
from ..rules.scipy import linalg as rules
from . import solvers
from .arrays import as_array, as_float, refuse_non_finite
from .guarded import guarded

__all__ = sorted(scipy.linalg.__all__)
if TYPE_CHECKING:
    from scipy.linalg import *  # noqa: F403
else:
    globals().update(guarded(scipy.linalg))
    globals().update({name: getattr(solvers, name) for name in solvers.__all__})

DIFFERENTIABLE = sorted(
    [*solvers.__all__, "block_diag", "det", "expm", "norm", "sqrtm", "toeplitz"]
)
"""Functions with derivatives, in both modes and to any order."""

Matrix = Any


def det(a: Matrix, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Return the determinant of a matrix, as `numpy.linalg.det`, but always in float64.

    Examples
    --------
    >>> round(float(det(np.diag([2.0, 3.0]))), 12)
    6.0
    """
    a = as_float(a)
    refuse_non_finite("det", check_finite, a)
    return np.linalg.det(a.astype(np.result_type(a.dtype, float), copy=False))


def norm(
    a: Matrix, ord: Any = None, axis: Any = None, keepdims: bool = False, check_finite: bool = True
) -> Any:
    """Return a norm of a vector or a matrix, as `numpy.linalg.norm`.

    Examples
    --------
    >>> float(norm([3.0, 4.0]))
    5.0
    """
    a = as_float(a)
    refuse_non_finite("norm", check_finite, a)
    return np.linalg.norm(a, ord, axis, keepdims)


def sqrtm(A: Matrix, disp: bool = True, blocksize: int = 64) -> Any:
    """Return the principal square root of a matrix.

    Parameters
    ----------
    A : array_like, shape (..., n, n)
    disp : bool, default True
        False, which asks for an estimate of the error, is refused.
    blocksize : int, default 64
        Not used.

    Returns
    -------
    ndarray or Tensor, shape (..., n, n)

    Raises
    ------
    ArgumentError
        If `disp` is False.

    Examples
    --------
    >>> sqrtm(np.diag([4.0, 9.0]))
    array([[2., 0.],
           [0., 3.]])
    """
    if not disp:
        raise ArgumentError(
            "sqrtm(disp=False) returns an estimate of the error, too, which has no derivative; "
            "call scipy.linalg.sqrtm for it"
        )
    return rules.sqrtm(as_float(A))


def expm(A: Matrix) -> Any:
    """Return e^A of a square matrix.

    Parameters
    ----------
    A : array_like, shape (..., n, n)

    Returns
    -------
    ndarray or Tensor, shape (..., n, n)

    Examples
    --------
    >>> expm(np.zeros((2, 2)))
    array([[1., 0.],
           [0., 1.]])
    """
    return rules.expm(as_float(A))


def block_diag(*arrs: Matrix) -> Any:
    """Put matrices on the diagonal of a larger one.

    Parameters
    ----------
    *arrs : array_like, shapes (..., m, n)
        Matrices; a vector is a row.

    Returns
    -------
    ndarray or Tensor, shape (..., sum of m, sum of n)

    Examples
    --------
    >>> block_diag(np.ones((1, 2)), 3.0)
    array([[1., 1., 0.],
           [0., 0., 3.]])
    """
    blocks = [np.atleast_2d(as_array(x)) for x in arrs]
    batch = np.broadcast_shapes(*(x.shape[:-2] for x in blocks))
    total = sum(x.shape[-1] for x in blocks)
    rows, before = [], 0
    for x in blocks:
        x = np.broadcast_to(x, batch + x.shape[-2:])
        beside = (before, total - before - x.shape[-1])
        rows.append(np.pad(x, [(0, 0)] * (x.ndim - 1) + [beside]))
        before += x.shape[-1]
    return np.concatenate(rows, axis=-2) if rows else np.zeros((1, 0))


def toeplitz(c: Any, r: Any = None) -> Any:
    """Return the matrix with constant diagonals that has the first column c and first row r.

    Parameters
    ----------
    c : array_like, shape (..., m)
    r : array_like, shape (..., n), optional
        Its first element is not used. Default: the conjugate of c.

    Returns
    -------
    ndarray or Tensor, shape (len(c), len(r))

    Examples
    --------
    >>> toeplitz(np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    array([[1., 3.],
           [2., 1.]])
    """
    c = np.atleast_1d(as_array(c))
    r = np.conj(c) if r is None else np.atleast_1d(as_array(r))
    m, n = c.shape[-1], r.shape[-1]
    batch = np.broadcast_shapes(c.shape[:-1], r.shape[:-1])
    row, column = np.flip(r[..., 1:], -1), c
    row, column = (np.broadcast_to(x, (*batch, x.shape[-1])) for x in (row, column))
    places = np.arange(m)[:, None] - np.arange(n)[None, :] + n - 1
    return np.concatenate([row, column], axis=-1)[..., places]
