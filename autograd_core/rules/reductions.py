"""Reductions and running sums; x_i is an element, n their number, m the mean.

`keepdims` needs no thought: the cotangent is put back into the reduced axes by its size alone.
"""

import math

import numpy as np

from ..composed import composed
from ..kernels import (
    recurrence,
    running_maximum,
    running_minimum,
    scatter_along_axis,
    stretched,
    sum_of_exponentials,
)
from ..table import RULES, existing, linear, primitive, rule
from .shapes import axis_of, count, delayed, from_lanes, lanes, spread, with_kept_axes


def sum_of_all(x):
    """`np.sum(x)` in half the time."""
    return np.add.reduce(x, None) if type(x) is np.ndarray else np.sum(x)


def mean_of_all(x):
    """`np.mean(x)` in half the time, to the last bit."""
    if type(x) is not np.ndarray or x.dtype.char not in "fd" or not x.size:
        return np.mean(x)
    total = np.add.reduce(x, None)
    return type(total)(total / np.intp(x.size))


def sum_adjoint(g, x, *, axis=None, keepdims=False):
    """Copy g over the summed axes."""
    return stretched(g, x.shape) if axis is None else spread(g, x, axis)


def mean_adjoint(g, x, *, axis=None, keepdims=False):
    """G / n, copied over the summed axes."""
    if axis is None:
        return stretched(g / x.size, x.shape)
    return spread(g / count(x, axis), x, axis)


linear(np.sum, sum_adjoint)
linear(np.mean, mean_adjoint)
RULES[np.sum].brief, RULES[np.mean].brief = sum_of_all, mean_of_all


# --- products -------------------------------------------------------------------------------------


def products_before_and_after(x, *, axis=None):
    """For each element the product of those before it times that of those after it."""
    z = lanes(x, axis)
    before = np.cumprod(delayed(z, 1.0), axis=-1)
    after = np.cumprod(delayed(np.flip(z, -1), 1.0), axis=-1)
    return from_lanes(before * np.flip(after, -1), x, axis)


@primitive
def products_of_others(x, axis=None):
    """Say the same, right for any number of zeros.

    Where all products are neither 0 nor too large or small, they are divided by the element.
    """
    y = np.prod(x, axis=axis, keepdims=True)
    size = np.abs(y)
    if np.all((size >= np.finfo(size.dtype).tiny) & (size < np.inf)):
        return y / x
    return products_before_and_after(x, axis=axis)


composed(products_of_others, products_before_and_after)


def prod_vjp(g, _y, x, *, axis=None, keepdims=False):
    """dy/dx_i = the product of the others."""
    return spread(g, x, axis) * products_of_others(x, axis=axis)


def prod_jvp(t, _y, x, *, axis=None, keepdims=False):
    """Sum of t_i times the product of the others."""
    return np.sum(t * products_of_others(x, axis=axis), axis=axis, keepdims=keepdims)


rule(np.prod, vjp=(prod_vjp,), jvp=(prod_jvp,))


def sums_from_end(a, b, axis):
    """Return c with c_i = b_i + a_(i+1) c_(i+1): the adjoint of a recurrence in b."""
    return np.flip(recurrence(delayed(np.flip(a, axis), 0.0, axis), np.flip(b, axis), axis), axis)


def recurrence_vjp(g, y, a, _b, *, axis):
    """dr_i = a_i dr_(i-1) + r_(i-1) da_i + db_i, run from the end."""
    c = sums_from_end(a, g, axis)
    return c * delayed(y, 0.0, axis), c


def recurrence_jvp(ts, y, a, _b, *, axis):
    """The same recurrence, for the tangents."""
    t_a = 0.0 if ts[0] is None else ts[0] * delayed(y, 0.0, axis)
    t_b = 0.0 if ts[1] is None else ts[1]
    return recurrence(a, t_a + t_b, axis)


rule(recurrence, vjp=recurrence_vjp, jvp=recurrence_jvp, arity=2)


def cumprod_vjp(g, y, x, *, axis=None):
    """As y is the recurrence y_i = x_i y_(i-1)."""
    if axis is None or not x.ndim:
        return cumprod_vjp(g, y, x.ravel(), axis=0).reshape(x.shape)
    return sums_from_end(x, g, axis) * delayed(y, 1.0, axis)


def cumprod_jvp(t, y, x, *, axis=None):
    """t_y_i = x_i t_y_(i-1) + t_i y_(i-1)."""
    if axis is None or not x.ndim:
        return cumprod_jvp(t.ravel(), y, x.ravel(), axis=0)
    return recurrence(x, t * delayed(y, 1.0, axis), axis)


rule(np.cumprod, vjp=(cumprod_vjp,), jvp=(cumprod_jvp,))


# --- running sums ---------------------------------------------------------------------------------


def cumsum_adjoint(g, x, *, axis=None):
    """x_i takes part in the sums i, i+1, ...: sum from the end."""
    if axis is None:
        return np.flip(np.cumsum(np.flip(g))).reshape(x.shape)
    return np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


linear(np.cumsum, cumsum_adjoint)


def including(cumulate, first):
    """Say the array API's cumulative functions in NumPy's own."""

    def composition(x, axis=None, dtype=None, include_initial=False):
        x = np.atleast_1d(x)
        if axis is None and x.ndim != 1:
            raise ValueError(f"say axis= for an array of {x.ndim} axes")
        axis = axis_of(0 if axis is None else axis, x.ndim)
        y = cumulate(x, axis=axis, dtype=dtype)
        if not include_initial:
            return y
        edge = tuple(1 if i == axis else n for i, n in enumerate(y.shape))
        return np.concatenate([np.full(edge, first, y.dtype), y], axis=axis)

    return composition


for f in existing("cumulative_sum"):
    composed(f, including(np.cumsum, 0.0))
for f in existing("cumulative_prod"):
    composed(f, including(np.cumprod, 1.0))


# --- spread ---------------------------------------------------------------------------------------


def deviations(x, axis):
    """Return the conjugate of x - m; the variance is the mean of |x - m|^2."""
    return (x - x.mean(axis=axis, keepdims=True)).conj()


def weight(x, axis, ddof):
    """1 / (n - ddof), infinite as in NumPy where no degree of freedom is left."""
    spare = count(x, axis) - ddof
    return 1.0 / spare if spare > 0 else math.inf


def var_vjp(g, _y, x, *, axis=None, keepdims=False, ddof=0):
    """dvar/dx_i = 2 (x_i - m) / (n - ddof)."""
    return spread(g * (2.0 * weight(x, axis, ddof)), x, axis) * deviations(x, axis)


def var_jvp(t, _y, x, *, axis=None, keepdims=False, ddof=0):
    """Sum of 2 (x_i - m) t_i / (n - ddof)."""
    slope = deviations(x, axis) * (2.0 * weight(x, axis, ddof))
    return np.sum(slope * t, axis=axis, keepdims=keepdims)


def std_vjp(g, y, x, *, axis=None, keepdims=False, ddof=0):
    """dstd/dx_i = (x_i - m) / ((n - ddof) std), and the safe subgradient 0 where std = 0."""
    g = g / np.where(y == 0, 1.0, y)
    return spread(g * weight(x, axis, ddof), x, axis) * deviations(x, axis)


def std_jvp(t, y, x, *, axis=None, keepdims=False, ddof=0):
    """Sum of (x_i - m) t_i / ((n - ddof) std)."""
    slope = deviations(x, axis) * weight(x, axis, ddof)
    return np.sum(slope * t, axis=axis, keepdims=keepdims) / np.where(y == 0, 1.0, y)


rule(np.var, vjp=(var_vjp,), jvp=(var_jvp,))
rule(np.std, vjp=(std_vjp,), jvp=(std_jvp,))


# --- extremes -------------------------------------------------------------------------------------


def extreme_weights(y, x, axis, initial):
    """1 / (number of ties) where x is the extreme, else 0: ties share equally."""
    y = with_kept_axes(y, x, axis)
    hit = np.equal(x, y)
    ties = np.sum(hit, axis=axis, keepdims=True)
    if initial is not None:
        ties = ties + np.equal(y, initial)
    return np.where(hit, 1.0, 0.0) / np.maximum(ties, 1)


def extreme_vjp(g, y, x, *, axis=None, keepdims=False, initial=None):
    """Hand g to the places that hold the extreme."""
    return spread(g, x, axis) * extreme_weights(y, x, axis, initial)


def extreme_jvp(t, y, x, *, axis=None, keepdims=False, initial=None):
    """Mean of t over the places that hold the extreme."""
    return np.sum(t * extreme_weights(y, x, axis, initial), axis=axis, keepdims=keepdims)


for f in (np.max, np.amax, np.nanmax, np.min, np.amin, np.nanmin):
    rule(f, vjp=(extreme_vjp,), jvp=(extreme_jvp,))


def peak_to_peak(a, axis=None, keepdims=False):
    """The largest element less the smallest."""
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


composed(np.ptp, peak_to_peak)


def places_of_running(y, x, axis):
    """Return the last place up to each one where the running extreme was reached."""
    shape = [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    reached = np.where(np.equal(x, y), np.arange(x.shape[axis]).reshape(shape), 0)
    return np.maximum.accumulate(reached, axis=axis)


def running_vjp(g, y, x, *, axis):
    """Hand g to the places where the extreme was reached."""
    return scatter_along_axis(g, places_of_running(y, x, axis), x.shape, axis)


def running_jvp(t, y, x, *, axis):
    """Read t where the extreme was reached."""
    return np.take_along_axis(t, places_of_running(y, x, axis), axis)


rule(running_maximum, vjp=(running_vjp,), jvp=(running_jvp,))
rule(running_minimum, vjp=(running_vjp,), jvp=(running_jvp,))


def shares_of_exponentials(y, x, axis):
    """dy/dx_i = exp(x_i - y); 0 where all x are -inf."""
    y = with_kept_axes(y, x, axis)
    return np.exp(x - np.where(np.isneginf(y), 0.0, y))


def exponentials_vjp(g, y, x, *, axis, keepdims=False):
    """G in shares of the softmax."""
    return spread(g, x, axis) * shares_of_exponentials(y, x, axis)


def exponentials_jvp(t, y, x, *, axis, keepdims=False):
    """Mean of t, weighted by the softmax."""
    return np.sum(t * shares_of_exponentials(y, x, axis), axis=axis, keepdims=keepdims)


rule(sum_of_exponentials, vjp=(exponentials_vjp,), jvp=(exponentials_jvp,))
