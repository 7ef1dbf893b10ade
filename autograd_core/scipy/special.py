"""Special functions: the namespace of `scipy.special`, with derivatives.

Its ufuncs differentiate by themselves. Those that are written in Python are here again, in
functions that do.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.special

from ..custom import stop_gradient
from ..dispatch import Layered
from ..errors import ArgumentError, DtypeError, describe
from ..rules.scipy import bessel, integrals, sums
from ..rules.scipy import gamma as gamma_rules
from .arrays import as_array, as_arrays, values_of
from .guarded import guarded

__all__ = sorted(scipy.special.__all__)
if TYPE_CHECKING:
    from scipy.special import *  # noqa: F403
else:
    globals().update(guarded(scipy.special))

Array = Any


def numbers(n: Any, what: str) -> np.ndarray:
    """Return orders as an array; they are no Tensors, not broken, and not negative."""
    if isinstance(n, Layered):
        raise DtypeError(f"{what} must be whole numbers without a gradient, got {describe(n)}")
    n = np.asarray(n)
    if n.dtype.kind not in "biuf" or np.any(n != np.floor(n)) or np.any(n < 0):
        raise ArgumentError(f"{what} must be whole numbers and at least 0, got {n.tolist()}")
    return n


def zeta(x: Array, q: Array = None) -> Any:
    """Return the Riemann zeta function of x, or the Hurwitz zeta function of x and q.

    Parameters
    ----------
    x : array_like
        Not differentiated.
    q : array_like, optional

    Returns
    -------
    ndarray or Tensor, the shape that the arguments have together

    Examples
    --------
    >>> from autograd_core import grad
    >>> bool(np.isclose(grad(zeta, 1)(2.0, 1.0), -2 * zeta(3)))
    True
    """
    return scipy.special.zeta(x) if q is None else gamma_rules.zeta(*as_arrays(x, q))


def polygamma(n: Array, x: Array) -> Any:
    """Return the derivative of order n of the digamma function.

    Parameters
    ----------
    n : array_like of int
        At least 0.
    x : array_like

    Returns
    -------
    ndarray or Tensor, the shape that the arguments have together

    Notes
    -----
    It is (-1)^(n+1) n! zeta(n+1, x) for n > 0.

    Examples
    --------
    >>> from autograd_core import grad
    >>> bool(np.isclose(grad(polygamma, 1)(0, 2.5), polygamma(1, 2.5)))
    True
    """
    n, x = numbers(n, "the orders of polygamma"), as_array(x)
    if not np.any(n):
        return scipy.special.psi(x) + 0.0 * n
    order = np.where(n > 0, n, 1).astype(float)
    factor = np.where(order % 2 == 0, -1.0, 1.0) * scipy.special.gamma(order + 1.0)
    y = factor * gamma_rules.zeta(order + 1.0, x)
    return y if np.all(n) else np.where(n == 0, scipy.special.psi(x), y)


def multigammaln(a: Array, d: int) -> Any:
    """Return the logarithm of the multivariate gamma function of dimension d.

    Parameters
    ----------
    a : array_like
        Greater than (d - 1) / 2.
    d : int

    Returns
    -------
    ndarray or Tensor, shape of a

    Raises
    ------
    ValueError
        If d is not positive, or a not greater than (d - 1) / 2.

    Examples
    --------
    >>> bool(np.isclose(multigammaln(3.0, 1), scipy.special.gammaln(3.0)))
    True
    """
    d = int(numbers(d, "the dimension of multigammaln"))
    a = as_array(a)
    values = values_of(a)
    if d < 1 or (values is not None and np.any(values <= 0.5 * (d - 1))):
        raise ValueError(f"multigammaln needs d >= 1 and a > (d - 1) / 2, got d = {d}")
    terms = scipy.special.gammaln(np.expand_dims(a, -1) - 0.5 * np.arange(d))
    return np.sum(terms, axis=-1) + 0.25 * d * (d - 1) * np.log(np.pi)


# --- sums of exponentials -------------------------------------------------------------------------


def from_behind(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes as negative numbers."""
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(np.lib.array_utils.normalize_axis_index(i, ndim) - ndim for i in axes)


def logsumexp(
    a: Array, axis: Any = None, b: Array = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """Return log(sum(b e^a)), without overflow.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        Default: all axes.
    b : array_like, optional
        Factors of the exponentials.
    keepdims : bool, default False
    return_sign : bool, default False
        Return the logarithm of the absolute value of the sum, and the sign of the sum.

    Returns
    -------
    ndarray or Tensor
        The shape of a, without the axes that were summed.

    Examples
    --------
    >>> from autograd_core import grad
    >>> grad(logsumexp)(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    if b is None:
        a = as_array(a)
    else:
        a, b = np.broadcast_arrays(*as_arrays(a, b))
    a = a * 1.0 if a.dtype.kind in "iub" else a
    axes = from_behind(axis, a.ndim)
    if not return_sign:
        return sums.log_sum_exp(a, b, axis=axes, keepdims=keepdims)
    if b is not None:
        a = np.where(np.logical_and(b == 0, np.isinf(a)), -np.inf, a)  # no 0 * inf
    shift = np.max(np.real(stop_gradient(a)), axis=axes, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    terms = np.exp(a - shift) if b is None else b * np.exp(a - shift)
    total = np.sum(terms, axis=axes, keepdims=True)
    size, sign = np.abs(total), np.sign(total)
    y = np.where(size == 0, -np.inf, np.log(np.where(size == 0, 1.0, size)) + shift)
    return (y, sign) if keepdims else (np.squeeze(y, axes), np.squeeze(sign, axes))


def softmax(x: Array, axis: Any = None) -> Any:
    """Return e^x / sum(e^x).

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        The axes of the sum. Default: all.

    Returns
    -------
    ndarray or Tensor, shape of x

    Examples
    --------
    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    x = as_array(x)
    x = x * 1.0 if x.dtype.kind in "iub" else x
    return sums.exponential_shares(x, axis=from_behind(axis, x.ndim))


def log_softmax(x: Array, axis: Any = None) -> Any:
    """Return log(e^x / sum(e^x)).

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        The axes of the sum. Default: all.

    Returns
    -------
    ndarray or Tensor, shape of x

    Examples
    --------
    >>> log_softmax(np.array([0.0, -1000.0]))
    array([    0., -1000.])
    """
    return as_array(x) - logsumexp(x, axis, keepdims=True)


# --- others ---------------------------------------------------------------------------------------


def lambertw(z: Array, k: int = 0, tol: float = 1e-8) -> Any:
    """Return the solution w of w e^w = z on branch k, a complex number.

    Parameters
    ----------
    z : array_like
        May be complex.
    k : int, default 0
        The branch.
    tol : float
        Of SciPy's iteration.

    Returns
    -------
    ndarray or Tensor, shape of z

    Examples
    --------
    >>> complex(lambertw(np.e))
    (1+0j)
    """
    return integrals.lambertw(as_array(z), k=k, tol=tol)


def spherical_jn(n: Array, z: Array, derivative: bool = False) -> Any:
    """Return the spherical Bessel function of the first kind of order n, or its derivative.

    Parameters
    ----------
    n : array_like of int
        At least 0; no Tensor.
    z : array_like
        May be complex.
    derivative : bool, default False

    Returns
    -------
    ndarray or Tensor, the shape that the arguments have together

    Examples
    --------
    >>> spherical_jn(0, 0.0)
    np.float64(1.0)
    """
    return spherical(bessel.spherical_jn, n, z, derivative)


def spherical_yn(n: Array, z: Array, derivative: bool = False) -> Any:
    """Return the spherical Bessel function of the second kind of order n, or its derivative.

    Arguments as for `spherical_jn`.

    Examples
    --------
    >>> float(np.round(spherical_yn(0, np.pi), 5))
    0.31831
    """
    return spherical(bessel.spherical_yn, n, z, derivative)


def spherical_in(n: Array, z: Array, derivative: bool = False) -> Any:
    """Return the modified spherical Bessel function of the first kind, or its derivative.

    Arguments as for `spherical_jn`.

    Examples
    --------
    >>> float(np.round(spherical_in(0, 1.0), 6))
    1.175201
    """
    return spherical(bessel.spherical_in, n, z, derivative)


def spherical_kn(n: Array, z: Array, derivative: bool = False) -> Any:
    """Return the modified spherical Bessel function of the second kind, or its derivative.

    Arguments as for `spherical_jn`.

    Examples
    --------
    >>> float(np.round(spherical_kn(0, 1.0), 6))
    0.577864
    """
    return spherical(bessel.spherical_kn, n, z, derivative)


def spherical(f: Any, n: Array, z: Array, derivative: bool) -> Any:
    """Call a spherical Bessel function, or its derivative."""
    n, z = numbers(n, "the orders of a spherical Bessel function"), as_array(z)
    if not derivative:
        return f(z, n=n)
    return bessel.derivative_of(f)(None, z, n=n)
