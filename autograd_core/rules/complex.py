"""Real and imaginary parts, phase, sign: functions of complex numbers that are not holomorphic.

A cotangent g of a value y means Re(g dy): no conjugate. A holomorphic function then needs nothing
special, dy = f'(x) dx gives x the cotangent g f'(x). For a real function u of x = a + i b the
gradient is du/da - i du/db, and the cotangents below follow from writing dy with Re, Im and conj.
(R. Boeddeker et al. 2017, "On the computation of complex-valued gradients", section 3.)
"""

import math

import numpy as np

from ..table import constant, elementwise, linear, rule

linear(np.real, lambda g, x: g)
linear(np.imag, lambda g, x: g * -1j)  # Python makes of -1j * g, a NumPy scalar, its own
linear(np.conjugate, lambda g, x: g.conj())


def real_if_close_adjoint(g, x, *, tol=100):
    """The engine drops the imaginary part of a tangent where that of the value was dropped."""
    return g


linear(np.real_if_close, real_if_close_adjoint)
constant(np.iscomplex, np.isreal)


def angle_partial(_y, x, *, deg=False):
    """The angle turns by Im(dx / x); also the safe subgradient 0 at the origin."""
    slope = np.where(x == 0, 0.0, -1j / np.where(x == 0, 1.0, x))
    return slope * (180 / math.pi) if deg else slope


elementwise(np.angle, angle_partial)


def sign_vjp(g, y, x):
    """Y = x / |x| turns only: dy = y i Im(conj(y) dx) / |x|. For real x it is constant."""
    if x.dtype.kind != "c":
        return np.zeros_like(g)
    return (g * y).imag * 1j * y.conj() / lengths(x)


def sign_jvp(t, y, x):
    """Y i Im(conj(y) t) / |x|."""
    if x.dtype.kind != "c":
        return np.zeros_like(t)
    return (y.conj() * t).imag * 1j * y / lengths(x)


def lengths(x):
    """Return |x|, and 1 where x is 0."""
    return np.where(x == 0, 1.0, np.abs(x))


rule(np.sign, vjp=(sign_vjp,), jvp=(sign_jvp,))
