"""Norms of vectors and matrices, and the condition number.

All orders are composed of few functions; only the Euclidean (and Frobenius) norm has rows. Every
norm has the safe subgradient 0 at the origin, and ties of a maximum share the gradient.
"""

import math

import numpy as np

from ..batch import batching, reduction
from ..composed import composed
from ..errors import ArgumentError
from ..table import primitive, rule
from .matrices import identity
from .shapes import axes_of, spread


@primitive
def euclidean(x, axis=None, keepdims=False):
    """Return the square root of the sum of |x_i|^2 over any axes."""
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims)


def euclidean_vjp(g, y, x, *, axis=None, keepdims=False):
    """Transpose of `euclidean_jvp`."""
    return spread(g / np.where(y == 0, 1.0, y), x, axis) * x.conj()


def euclidean_jvp(t, y, x, *, axis=None, keepdims=False):
    """Re sum(conj(x_i) t_i) / y."""
    return np.sum(x.conj() * t, axis=axis, keepdims=keepdims) / np.where(y == 0, 1.0, y)


rule(euclidean, vjp=(euclidean_vjp,), jvp=(euclidean_jvp,))
batching(reduction, euclidean)


def norm_batch(call, values, mapped, settings):
    """`np.linalg.norm` takes no more than two axes."""
    return reduction(lambda xs, more: euclidean(*xs, **more), values, mapped, settings)


rule(np.linalg.norm, vjp=(euclidean_vjp,), jvp=(euclidean_jvp,))  # where no order is given
batching(norm_batch, np.linalg.norm)


def powers_apart_from_zero(a, p):
    """a^p, at 0 with derivative 0, where that of an order below 1 is infinite."""
    zero = a == 0
    return np.where(zero, 0.0 if p > 0 else math.inf, np.where(zero, 1.0, a) ** p)


def power_norm(x, p, axis, keepdims):
    """(sum |x_i|^p)^(1/p), and 0 with gradient 0 where all x_i are 0."""
    p = float(p)
    powers = np.abs(x) ** p if p > 1 else powers_apart_from_zero(np.abs(x), p)
    s = np.sum(powers, axis=axis, keepdims=keepdims)
    zero = s == 0
    return np.where(zero, 0.0, np.where(zero, 1.0, s) ** (1 / p))


def of_vector(x, p, axis, keepdims):
    """Return the norm of order p over one axis or more, taken as one vector."""
    if p is None or p == 2:
        return euclidean(x, axis, keepdims)
    if p == math.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims)
    if p == -math.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if p == 0:
        return np.sum((x != 0).astype(np.finfo(x.dtype).dtype), axis=axis, keepdims=keepdims)
    if p == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if p in ("f", "fro", "nuc"):
        raise ArgumentError(f"the norm of order {p!r} is one of matrices; got one axis, {axis}")
    return power_norm(x, p, axis, keepdims)


def extreme(x, p, **settings):
    """Return the largest element for a positive order, the smallest for a negative one."""
    return np.max(x, **settings) if p > 0 else np.min(x, **settings)


def of_matrix(x, p, axes, keepdims):
    """Return the norm of order p over two axes."""
    if p in (None, "f", "fro"):
        return euclidean(x, axes, keepdims)
    if p in ("nuc", 2, -2):
        s = np.linalg.svdvals(np.moveaxis(x, axes, (-2, -1)))
        y = np.sum(s, axis=-1) if p == "nuc" else extreme(s, p, axis=-1)
        return np.expand_dims(y, tuple(i % x.ndim for i in axes)) if keepdims else y
    if p in (1, -1, math.inf, -math.inf):
        rows, columns = axes if abs(p) == 1 else axes[::-1]
        sums = np.sum(np.abs(x), axis=rows, keepdims=True)
        y = extreme(sums, p, axis=columns, keepdims=True)
        return y if keepdims else np.squeeze(y, axis=axes)
    raise ArgumentError(
        f"a matrix has norms of order None, 'fro', 'nuc', inf, -inf, 1, -1, 2, -2; got {p!r}"
    )


def vector_norm(x, axis=None, keepdims=False, ord=2):
    """Return a norm over any axes; a number has none, though NumPy's reductions are generous."""
    axes_of(axis, x.ndim)
    return of_vector(x, ord, axis, bool(keepdims))


def norm(x, ord=None, axis=None, keepdims=False):
    """Return a norm of vectors or matrices, as many axes as are given."""
    if axis is None and ord is None:
        return euclidean(x, None, keepdims)
    axes = axes_of(axis, x.ndim)
    if len(axes) == 1:
        return of_vector(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return of_matrix(x, ord, axes, keepdims)
    raise ArgumentError(
        f"np.linalg.norm(ord={ord!r}) is taken over one axis or two, got {axes}. Over more, "
        f"np.linalg.vector_norm takes them as one vector."
    )


composed(np.linalg.norm, norm)
composed(np.linalg.vector_norm, vector_norm)
composed(
    np.linalg.matrix_norm,
    lambda x, keepdims=False, ord="fro": of_matrix(x, ord, (-2, -1), keepdims),
)


def cond(x, p=None):
    """Return the norm of x times the norm of its inverse, infinite where it has none."""
    if 0 in x.shape[-2:]:
        raise np.linalg.LinAlgError(f"np.linalg.cond of an empty matrix, of shape {x.shape}")
    if p in (None, 2, -2):
        s = np.linalg.svdvals(x)
        y = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        lost = np.isnan(y)
    else:
        lost = np.equal(np.linalg.slogdet(x).sign, 0)
        x = np.where(lost[..., None, None], identity(x), x)
        y = of_matrix(x, p, (-2, -1), False) * of_matrix(np.linalg.inv(x), p, (-2, -1), False)
    return np.where(np.logical_and(lost, np.isfinite(np.sum(x, axis=(-2, -1)))), math.inf, y)


composed(np.linalg.cond, cond)
