"""Reductions and running sums; x_i is an element, n their number, m the mean.

`keepdims` needs no thought: the cotangent is put back into the reduced axes by its size alone.
"""

import numpy as np

from ..table import linear, rule
from .shapes import count, spread, with_kept_axes


def sum_adjoint(g, x, *, axis=None, keepdims=False):
    """Copy g over the summed axes."""
    return spread(g, x, axis)


def mean_adjoint(g, x, *, axis=None, keepdims=False):
    """G / n, copied over the summed axes."""
    return spread(g / count(x, axis), x, axis)


linear(np.sum, sum_adjoint)
linear(np.mean, mean_adjoint)


def cumsum_adjoint(g, x, *, axis=None):
    """x_i takes part in the sums i, i+1, ...: sum from the end."""
    if axis is None:
        return np.flip(np.cumsum(np.flip(g))).reshape(x.shape)
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


linear(np.cumsum, cumsum_adjoint)


def deviations(x, axis):
    """Return the conjugate of x - m; the variance is the mean of |x - m|^2."""
    return (x - x.mean(axis=axis, keepdims=True)).conj()


def var_vjp(g, _y, x, *, axis=None, keepdims=False, ddof=0):
    """dvar/dx_i = 2 (x_i - m) / (n - ddof)."""
    return spread(g * (2.0 / (count(x, axis) - ddof)), x, axis) * deviations(x, axis)


def var_jvp(t, _y, x, *, axis=None, keepdims=False, ddof=0):
    """Sum of 2 (x_i - m) t_i / (n - ddof)."""
    slope = deviations(x, axis) * (2.0 / (count(x, axis) - ddof))
    return np.sum(slope * t, axis=axis, keepdims=keepdims)


def std_vjp(g, y, x, *, axis=None, keepdims=False, ddof=0):
    """dstd/dx_i = (x_i - m) / ((n - ddof) std), and the safe subgradient 0 where std = 0."""
    g = g / np.where(y == 0, 1.0, y)
    return spread(g * (1.0 / (count(x, axis) - ddof)), x, axis) * deviations(x, axis)


def std_jvp(t, y, x, *, axis=None, keepdims=False, ddof=0):
    """Sum of (x_i - m) t_i / ((n - ddof) std)."""
    slope = deviations(x, axis) * (1.0 / (count(x, axis) - ddof))
    return np.sum(slope * t, axis=axis, keepdims=keepdims) / np.where(y == 0, 1.0, y)


rule(np.var, vjp=(var_vjp,), jvp=(var_jvp,))
rule(np.std, vjp=(std_vjp,), jvp=(std_jvp,))


def extreme_weights(y, x, axis):
    """1 / (number of ties) where x is the extreme, else 0: ties share equally."""
    hit = np.equal(x, with_kept_axes(y, x, axis))
    return np.where(hit, 1.0, 0.0) / np.sum(hit, axis=axis, keepdims=True)


def extreme_vjp(g, y, x, *, axis=None, keepdims=False):
    """Hand g to the places that hold the extreme."""
    return spread(g, x, axis) * extreme_weights(y, x, axis)


def extreme_jvp(t, y, x, *, axis=None, keepdims=False):
    """Mean of t over the places that hold the extreme."""
    return np.sum(t * extreme_weights(y, x, axis), axis=axis, keepdims=keepdims)


rule(np.max, vjp=(extreme_vjp,), jvp=(extreme_jvp,))
rule(np.min, vjp=(extreme_vjp,), jvp=(extreme_jvp,))
