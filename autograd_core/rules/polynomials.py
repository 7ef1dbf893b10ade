"""Polynomials as NumPy's older functions have them: coefficients p_0 ... p_n of x^n ... x^0."""

import numpy as np

from ..composed import composed
from ..errors import ArgumentError, ShapeError
from ..kernels import astype
from ..table import rule


def polyval(p, x):
    """Horner's scheme."""
    y = np.zeros_like(x)
    for coefficient in p:
        y = y * x + coefficient
    return y


def order_of(m):
    """Check how often a polynomial is to be differentiated or integrated."""
    if m < 0 or m != int(m):
        raise ArgumentError(
            f"a polynomial has derivatives and integrals of order 0, 1 ..., got {m}"
        )
    return int(m)


def longer(p, n):
    """Put zeros in front until there are n coefficients."""
    if len(p) == n:
        return p
    return np.concatenate([np.zeros(n - len(p), p.dtype), p])


def polyadd(a1, a2):
    """Add the coefficients of equal powers."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    n = max(len(a1), len(a2))
    return longer(a1, n) + longer(a2, n)


def polysub(a1, a2):
    """Subtract the coefficients of equal powers."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    n = max(len(a1), len(a2))
    return longer(a1, n) - longer(a2, n)


def one_polynomial(p):
    """See a number as a polynomial, and refuse arrays of several axes."""
    p = np.atleast_1d(p)
    if p.ndim > 1:
        raise ShapeError(f"a polynomial has its coefficients along one axis, got shape {p.shape}")
    return p


def leading(p):
    """Cut off the zeros in front, but for a last one; nothing is 0."""
    p = one_polynomial(p)
    if not p.size:
        return np.zeros(1, p.dtype)
    while p.size > 1 and np.equal(p[0], 0):
        p = p[1:]
    return p


def polymul(a1, a2):
    """Each coefficient times each; zeros in front count for nothing."""
    return np.convolve(leading(a1), leading(a2))


def polydiv(u, v):
    """Long division: quotient and remainder."""
    u, v = one_polynomial(u) + 0.0, one_polynomial(v) + 0.0
    quotient = [np.zeros(0, u.dtype)]
    for k in range(u.size - v.size + 1):
        factor = u[k : k + 1] / v[0]
        quotient = [*quotient, factor]
        u = np.concatenate([u[:k], u[k : k + v.size] - factor * v, u[k + v.size :]])
    while u.size > 1 and np.allclose(u[0], 0, rtol=1e-14):
        u = u[1:]
    return np.concatenate(quotient) if len(quotient) > 1 else np.zeros(1, u.dtype), u


def polyder(p, m=1):
    """Differentiate m times."""
    for _ in range(order_of(m)):
        p = p[:-1] * np.arange(p.size - 1, 0, -1)
    return p


def polyint(p, m=1, k=None):
    """Integrate m times, with constants k."""
    m = order_of(m)
    k = np.zeros(m) if k is None else np.broadcast_to(k, m)
    for i in range(m):
        p = np.concatenate([p / np.arange(p.size, 0, -1), k[i : i + 1]])
    return p


def poly(seq_of_zeros):
    """Multiply the factors x - z; of a matrix, the zeros are its eigenvalues.

    Those of a real matrix come in pairs, and nothing has to be compared to know it.
    """
    is_matrix = seq_of_zeros.ndim == 2
    zeros = np.linalg.eigvals(seq_of_zeros) if is_matrix else seq_of_zeros.ravel()
    zeros = astype(zeros, np.mintypecode(zeros.dtype.char))
    p, none = np.ones(1, zeros.dtype), np.zeros(1, zeros.dtype)
    for z in zeros:
        p = np.concatenate([p, none]) - np.concatenate([none, p * z])
    if p.dtype.kind != "c":
        return p
    real = is_matrix and seq_of_zeros.dtype.kind != "c"
    return p.real if real or np.array_equal(np.sort(zeros), np.sort(zeros.conj())) else p


composed(np.polyval, polyval, ("p", "x"))
composed(np.polyadd, polyadd, ("a1", "a2"))
composed(np.polysub, polysub, ("a1", "a2"))
composed(np.polymul, polymul, ("a1", "a2"))
composed(np.polydiv, polydiv, ("u", "v"))
composed(np.polyder, polyder)
composed(np.polyint, polyint, ("p", "k"))
composed(np.poly, poly)


# --- roots and fits -------------------------------------------------------------------------------


def slopes_at(roots, p):
    """Return P'(r) for each root r."""
    return np.polyval(np.polyder(p), roots)


def roots_vjp(g, y, p):
    """0 = dP(r) + P'(r) dr, so that dr/dp_k = -r^(n-k) / P'(r)."""
    return (-np.matmul(g / slopes_at(y, p), np.vander(y, p.size)),)


def roots_jvp(ts, y, p):
    """The same, for a tangent dP."""
    return -np.polyval(ts[0], y) / slopes_at(y, p)


rule(np.roots, vjp=roots_vjp, jvp=roots_jvp, arity=1)


def polyfit(x, y, deg, rcond=None, full=False, w=None, cov=False):
    """Least squares with the powers of x, scaled to length 1."""
    if full or cov:
        raise ArgumentError(
            "np.polyfit(..., full=True) and cov=True cannot be differentiated: take the "
            "coefficients alone, and np.polyval(p, x) - y for the residuals"
        )
    x, w = x + 0.0, 1.0 if w is None else w
    if deg < 0 or x.ndim != 1 or x.shape != y.shape[:1] or np.shape(w) not in ((), x.shape):
        raise ArgumentError(
            f"np.polyfit takes a degree from 0 on and, along one axis, as many x as y and weights; "
            f"got deg={deg} and shapes {x.shape}, {y.shape} and {np.shape(w)}"
        )
    A = (np.vander(x, deg + 1).T * w).T
    scale = np.sqrt(np.sum(A * A, axis=0))
    rcond = x.size * np.finfo(x.dtype).eps if rcond is None else rcond
    return (np.linalg.lstsq(A / scale, (y.T * w).T, rcond)[0].T / scale).T


composed(np.polyfit, polyfit, ("x", "y", "w"))
