"""The error function, which NumPy does not have: erf(x) = 2/sqrt(pi) times the integral of
exp(-t^2) from 0 to x; and the distribution function of the normal distribution,
Phi(x) = (1 + erf(x / sqrt(2))) / 2.

References
----------
W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of
Computation 23 (1969), 631-637: float64, error below 1e-15. His third range, x > 4, is not needed
for erf: there the formula of the second is as good, because 1 - erf(x) is below 2e-8.
XLA and Eigen, `ErfImpl` for float: a rational function of degree 13/8 on [-4, 4]. It is
calculated in float64 here, which brings its error from 4e-7 to 1e-7.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.functional.operands import operation

__all__ = ["erf", "erf_array", "normal"]

# Coefficients of numerator and denominator, highest power first.
# fmt: off
SMALL = (  # erf(x) = x R(x^2) for |x| <= 0.46875
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2,
     3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2,
     1.28261652607737228e3, 2.84423683343917062e3),
)
MIDDLE = (  # erfc(x) = exp(-x^2) R(x) for x >= 0.46875
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0,
     6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2,
     1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2,
     5.37181101862009858e2, 1.62138957456669019e3, 3.29079923573345963e3,
     4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
)
SINGLE = (  # erf(x) = x R(x^2) for |x| <= 4, good for float32
    (-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
     -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02),
    (-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03,
     -7.37332916720468e-03, -1.42647390514189e-02),
)
HALF_LOG_ODDS = (  # log(Phi(x) / Phi(-x)) / 2 = x P(x^2), good for float32; see `normal`
    1.80936355e-09, -1.33646878e-07, 3.97311351e-06, -5.52779456e-05, -3.29547511e-05,
    3.63339111e-02, 7.97884464e-01,
)
# fmt: on
BLOCK = 4096  # float64 intermediates of this size stay in the cache
BEYOND = 6.0  # from here on erf(x) is 1 in float64

Array = NDArray[Any]


def polynomial(z: Array, coefficients: tuple[float, ...]) -> Array:
    """Evaluate by Horner's rule."""
    total = coefficients[0] * z
    for c in coefficients[1:-1]:
        total += c
        total *= z
    total += coefficients[-1]
    return total


def ratio(z: Array, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Array:
    """Evaluate a rational function."""
    result = polynomial(z, coefficients[0])
    result /= polynomial(z, coefficients[1])
    return result


def double(x: Array) -> Array:
    """Evaluate erf in float64, after Cody."""
    size = np.abs(x)
    np.minimum(size, BEYOND, out=size)  # a NaN goes through
    y = size * size
    np.negative(y, out=y)
    np.exp(y, out=y)
    y *= ratio(size, MIDDLE)
    np.subtract(1.0, y, out=y)
    np.copysign(y, x, out=y)
    small = size < 0.46875
    s = x[small]
    y[small] = s * ratio(s * s, SMALL)
    return y


def single(x: Array) -> Array:
    """Evaluate erf well enough for float32, in float64."""
    s = np.clip(x.astype(np.float64), -4, 4)
    return s * ratio(s * s, SINGLE)


def erf_array(x: Array) -> Array:
    """Evaluate erf of a plain floating point array, in its own dtype."""
    formula = double if x.dtype.itemsize >= 8 else single
    flat = x.reshape(-1)
    y = np.empty_like(flat)
    for start in range(0, flat.size, BLOCK):
        y[start : start + BLOCK] = formula(flat[start : start + BLOCK])
    return y.reshape(x.shape)


def normal(phi: Array, x: Array) -> None:
    """Write Phi(x) of a plain floating point array into another one of its dtype.

    Phi = (1 + tanh(u)) / 2 where u, half the logarithm of the odds, is odd and smooth, so that a
    short polynomial follows it: fitted here for the least largest error of x Phi(x), by Lawson's
    weights, on [-6, 6]; from there on it grows, and tanh is 1. Phi is right to 2e-7.
    """
    if x.dtype.itemsize >= 8:
        np.add(erf_array(x * math.sqrt(0.5)), 1.0, out=phi)
        phi *= 0.5
        return
    with np.errstate(over="ignore"):  # where x^12 is infinite, tanh is 1
        square = np.multiply(x, x, dtype=np.float32)
        u = square * HALF_LOG_ODDS[0]
        for c in HALF_LOG_ODDS[1:-1]:
            u += c
            u *= square
        u += HALF_LOG_ODDS[-1]
        u *= x
    np.tanh(u, out=u)
    u *= 0.5
    np.add(u, 0.5, out=phi, casting="same_kind")


def plain_erf(x: Any) -> Any:
    """Evaluate erf, also of integers."""
    x = np.asarray(x)
    return erf_array(x if x.dtype.kind == "f" else x.astype(np.float64))


erf = operation(
    "erf", plain_erf, vjp=(lambda g, _y, x: g * (np.exp(-x * x) * (2 / math.sqrt(math.pi))),)
)
erf.__doc__ = """Return the error function, element by element.

Parameters
----------
x : array_like or Tensor

Returns
-------
array or Tensor
    In the dtype of `x`; accurate to 1e-15 in float64 and 1e-7 in float32.

Examples
--------
>>> erf(np.array([0.0, 1.0])).round(6)
array([0.      , 0.842701])
"""
