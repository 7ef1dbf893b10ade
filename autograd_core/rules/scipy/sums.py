"""The logarithm of a sum of exponentials, and the part that each of them is of their sum."""

import numpy as np

from ...batch import batching, whole
from ...table import primitive, rule
from ..shapes import axes_of, spread


@primitive
def log_sum_exp(a, b=None, axis=None, keepdims=False):
    """Return log(sum(b e^a)) over `axis`; its axes are counted from behind, b is like a."""
    if b is not None:
        a = np.where(b == 0, -np.inf, a)
    shift = np.max(a.real, axis=axis, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(shift), shift, 0.0).astype(shift.dtype, copy=False)
    terms = np.exp(a - shift)
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.log(np.sum(terms if b is None else b * terms, axis=axis, keepdims=True)) + shift
    return (
        y
        if keepdims
        else y.reshape([n for i, n in enumerate(y.shape) if i not in axes_of(axis, a.ndim)])[()]
    )


def weights(y, a, axis):
    """Return e^(a - y), and 0 where all terms of a sum are 0."""
    return np.exp(a - spread(np.where(np.isfinite(y), y, 0.0), a, axis))


def share_of_a(g, y, a, b, *, axis=None, keepdims=False):
    """Each term b e^a has its part of the sum."""
    p = spread(g, a, axis) * weights(y, a, axis)
    return p if b is None else b * p


def share_of_b(g, y, a, _b, *, axis=None, keepdims=False):
    """The sum changes by e^a."""
    return spread(g, a, axis) * weights(y, a, axis)


def tangent(ts, y, a, b, *, axis=None, keepdims=False):
    """Sum over all terms."""
    w = weights(y, a, axis)
    parts = [
        None if ts[0] is None else ts[0] * w if b is None else ts[0] * b * w,
        None if ts[1] is None else ts[1] * w,
    ]
    return np.sum(sum(p for p in parts if p is not None), axis=axis, keepdims=keepdims)


rule(log_sum_exp, vjp=(share_of_a, share_of_b), jvp=tangent)
batching(whole, log_sum_exp)


@primitive
def exponential_shares(x, axis):
    """Return e^x / sum(e^x) over `axis`; its axes are counted from behind."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def shares_vjp(g, y, _x, *, axis):
    """y_i (g_i - sum(g_j y_j))."""
    return y * (g - np.sum(g * y, axis=axis, keepdims=True))


rule(exponential_shares, vjp=(shares_vjp,), jvp=(shares_vjp,))  # the Jacobian is symmetric
batching(whole, exponential_shares)
