"""The normal distribution of vectors with n components."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError
from ...rules.scipy.linalg import hermitian_part, log_pseudo_det, pseudo_inverse
from ...rules.scipy.normal import normal_exponent
from ..arrays import as_float
from .forms import LOG_ROOT_TWO_PI, refuse_complex

__all__ = ["entropy", "logpdf", "pdf"]


def parameters(x: Any, mean: Any, cov: Any) -> tuple[Any, Any, Any]:
    """Bring the arguments to the shapes (..., n), (n,) and (n, n)."""
    cov = as_float(cov)
    refuse_complex(cov, *([] if x is None else [x]))
    n = cov.shape[-1] if cov.ndim else np.size(mean) if mean is not None else 1
    mean = np.zeros(n) if mean is None else np.reshape(as_float(mean), (-1,))
    n = max(n, mean.shape[0])
    if cov.ndim < 2:
        cov = cov * np.eye(n)  # a number or a vector is a diagonal
    if x is not None and (x.ndim == 0 or (n == 1 and x.shape[-1] != 1)):
        x = np.expand_dims(x, -1)
    if cov.shape != (n, n) or mean.shape != (n,) or (x is not None and x.shape[-1] != n):
        where = "" if x is None else f", x of shape {x.shape}"
        raise ShapeError(
            f"multivariate_normal takes vectors of one length; got a mean of shape {mean.shape}, "
            f"a covariance of shape {cov.shape}{where}"
        )
    return x, mean, cov


def logpdf(x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
    """Return the logarithm of the density at x.

    Parameters
    ----------
    x : array_like, shape (..., n)
    mean : array_like, shape (n,), optional
        Default: zeros.
    cov : array_like, shape (n, n)
        Symmetric (of another, the symmetric part is meant); a vector or a number stands for a
        diagonal matrix. Its gradient is symmetric.
    allow_singular : bool, default False
        Take a singular covariance, whose density is one on its range; its rank is held fixed.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the covariance is not positive definite.

    Examples
    --------
    >>> float(logpdf(np.zeros(2), np.zeros(2), np.eye(2) / (2 * np.pi)))
    0.0
    """
    x, mean, cov = parameters(as_float(x), mean, cov)
    shape, away = x.shape[:-1], x - mean
    if x.ndim != 2:
        away = np.reshape(away, (-1, mean.shape[0]))
    if allow_singular:
        inverse = pseudo_inverse(cov)
        rank = np.rint(np.trace(inverse @ cov))  # a constant
        exponent = np.sum(away @ inverse * away, axis=1) + log_pseudo_det(cov)
    else:
        rank = float(mean.shape[0])
        exponent = normal_exponent(away, cov)
    y = -0.5 * exponent - rank * LOG_ROOT_TWO_PI
    return y if x.ndim == 2 else np.reshape(y, shape)[()]


def pdf(x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
    """Return the density at x; arguments as for `logpdf`.

    Examples
    --------
    >>> round(float(pdf(np.zeros(1))), 6)
    0.398942
    """
    return np.exp(logpdf(x, mean, cov, allow_singular))


def entropy(mean: Any = None, cov: Any = 1.0) -> Any:
    """Return the differential entropy, half the log-determinant of 2 pi e cov.

    Examples
    --------
    >>> round(float(entropy(None, np.eye(1))), 6)
    1.418939
    """
    _, mean, cov = parameters(None, mean, cov)
    log_det = np.linalg.slogdet(hermitian_part(cov)).logabsdet
    return 0.5 * log_det + mean.shape[0] * (LOG_ROOT_TWO_PI + 0.5)
