"""Reductions of chosen elements: `where=`, an `initial=` that is itself differentiated, a `mean=`
that is given, and the functions that skip NaN.

An element that is left out is replaced by one that changes nothing: 0 in a sum, 1 in a product.
"""

import math

import numpy as np

from ..composed import composed
from ..errors import ArgumentError, DtypeError, ShapeError
from ..kernels import astype
from . import reductions  # noqa: F401 (its rows come first)

BOOL = np.dtype(bool)


def chosen(a, where, neutral):
    """Put the neutral element in place of those that are left out."""
    if where is True:
        return a
    if not fits(np.shape(where), a.shape) or getattr(where, "dtype", BOOL).kind != "b":
        raise ShapeError(
            f"where= marks elements of an array of shape {a.shape}: it is to be bool and of a "
            f"shape that broadcasts to that, got shape {np.shape(where)}"
        )
    return np.where(where, a, neutral)


def fits(shape, whole):
    """Whether one shape broadcasts to another."""
    pairs = zip(shape[::-1], whole[::-1], strict=False)
    return len(shape) <= len(whole) and all(n in (1, m) for n, m in pairs)


def started(y, initial, join):
    """Bring in the initial value, a number, in the dtype of the result as NumPy does."""
    if initial is None:
        return y
    if np.ndim(initial):
        raise ArgumentError(f"initial= is a single number, got an array of shape {initial.shape}")
    if np.result_type(getattr(initial, "dtype", initial)).kind == "c" and y.dtype.kind != "c":
        raise DtypeError(f"initial= is complex, where the result is {y.dtype}")
    return join(y, astype(initial, y.dtype) if hasattr(initial, "dtype") else initial)


def count_of(a, axis, keepdims, where, dtype):
    """Return the number of the chosen."""
    mask = np.logical_and(where, np.ones(a.shape, bool))
    return astype(np.sum(mask, axis=axis, keepdims=keepdims), dtype)


def sum_of(a, axis=None, dtype=None, keepdims=False, initial=None, where=True):
    """Sum of the chosen, and the initial value."""
    y = np.sum(chosen(a, where, 0.0), axis=axis, dtype=dtype, keepdims=keepdims)
    return started(y, initial, np.add)


def prod_of(a, axis=None, dtype=None, keepdims=False, initial=None, where=True):
    """Product of the chosen, and the initial value."""
    y = np.prod(chosen(a, where, 1.0), axis=axis, dtype=dtype, keepdims=keepdims)
    return started(y, initial, np.multiply)


def mean_of(a, axis=None, dtype=None, keepdims=False, where=True):
    """Sum of the chosen over their number."""
    y = np.sum(chosen(a, where, 0.0), axis=axis, dtype=dtype, keepdims=keepdims)
    return y / count_of(a, axis, keepdims, where, y.dtype)


def degrees(ddof, correction):
    """Return the degrees of freedom that are lost, by whichever name they were given."""
    if correction is None:
        return ddof
    if ddof:
        raise ArgumentError("ddof= and correction= are two names of one thing: give one of them")
    return correction


def var_of(
    a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, mean=None, correction=None
):
    """Mean of the squared distances |a - m|^2, m being the mean or what is given for it."""
    ddof = degrees(ddof, correction)
    a = a if dtype is None else astype(a, dtype)
    if where is True and mean is None:
        return np.var(a, axis=axis, ddof=ddof, keepdims=keepdims)
    m = mean_of(a, axis, None, True, where) if mean is None else mean
    d = chosen(a - m, where, 0.0)
    squares = (d * d.conj()).real if d.dtype.kind == "c" else d * d
    y = np.sum(squares, axis=axis, keepdims=keepdims)
    n = count_of(a, axis, keepdims, where, y.dtype)
    return y / np.maximum(n - ddof, 0.0)


def std_of(
    a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, mean=None, correction=None
):
    """The root of the variance, with the safe subgradient 0 where it is 0."""
    if where is True and mean is None:
        a = a if dtype is None else astype(a, dtype)
        ddof = degrees(ddof, correction)
        return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims)
    y = var_of(a, axis, dtype, ddof, keepdims, where, mean, correction)
    return np.where(y == 0, 0.0, np.sqrt(np.where(y == 0, 1.0, y)))


def extreme_of(reduce, either, worst):
    """Say a maximum or minimum of the chosen; `worst` is what never wins."""

    def composition(a, axis=None, keepdims=False, initial=None, where=True):
        if initial is None and where is not True:
            raise ArgumentError("a maximum or minimum with where= needs initial= for no elements")
        y = reduce(chosen(a, where, worst), axis=axis, keepdims=keepdims, initial=worst)
        return started(y, initial, either)

    return composition


composed(np.sum, sum_of)
composed(np.prod, prod_of)
composed(np.mean, mean_of)
composed(np.var, var_of)
composed(np.std, std_of)
composed(np.max, extreme_of(np.max, np.maximum, -math.inf))
composed(np.amax, extreme_of(np.max, np.maximum, -math.inf))
composed(np.min, extreme_of(np.min, np.minimum, math.inf))
composed(np.amin, extreme_of(np.min, np.minimum, math.inf))
composed(np.nanmax, extreme_of(np.nanmax, np.fmax, -math.inf))
composed(np.nanmin, extreme_of(np.nanmin, np.fmin, math.inf))


# --- without NaN ----------------------------------------------------------------------------------


def among_numbers(composition):
    """Leave out NaN as well."""

    def without_nan(a, *, where=True, **settings):
        return composition(a, where=np.logical_and(where, np.logical_not(np.isnan(a))), **settings)

    return without_nan


composed(np.nansum, among_numbers(sum_of))
composed(np.nanprod, among_numbers(prod_of))
composed(np.nanmean, among_numbers(mean_of))


def with_freedom(composition):
    """Give NaN, as NumPy does here, where no degree of freedom is left."""

    def spread(a, axis=None, dtype=None, ddof=0, keepdims=False, where=True, **settings):
        y = composition(a, axis, dtype, ddof, keepdims, where, **settings)
        spare = count_of(a, axis, keepdims, where, y.dtype) - degrees(
            ddof, settings.get("correction")
        )
        return np.where(spare <= 0, np.nan, y)

    return spread


composed(np.nanvar, among_numbers(with_freedom(var_of)))
composed(np.nanstd, among_numbers(with_freedom(std_of)))


def running(cumulate, neutral):
    """Put the neutral element in place of NaN."""

    def composition(a, axis=None, dtype=None):
        return cumulate(np.where(np.isnan(a), neutral, a), axis=axis, dtype=dtype)

    return composition


composed(np.nancumsum, running(np.cumsum, 0.0))
composed(np.nancumprod, running(np.cumprod, 1.0))
