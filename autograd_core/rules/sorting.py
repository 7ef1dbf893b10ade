"""Sorting, and arrays as sets: elements are chosen and put in order by their values, which is a
permutation, constant between ties.
"""

import numpy as np

from ..composed import composed
from ..kernels import astype, scatter_along_axis, unique_like, unique_places
from ..table import constant, rule


def sort_order(x, axis, kind):
    """Return the permutation that sorted x."""
    return np.argsort(x, axis=axis, kind=kind)


def sort_vjp(g, _y, x, *, axis=-1, kind=None, stable=None):
    """Put g back where each element came from."""
    if axis is None:
        return scatter_along_axis(g, sort_order(x.ravel(), 0, kind), g.shape, 0).reshape(x.shape)
    return scatter_along_axis(g, sort_order(x, axis, kind), x.shape, axis)


def sort_jvp(t, _y, x, *, axis=-1, kind=None, stable=None):
    """Permute t as x was."""
    if axis is None:
        t, x, axis = t.ravel(), x.ravel(), 0
    return np.take_along_axis(t, sort_order(x, axis, kind), axis=axis)


rule(np.sort, vjp=(sort_vjp,), jvp=(sort_jvp,))


def partition_order(y, x, axis):
    """Return where in x each element of y came from: the element of the same rank."""
    ranks = np.argsort(np.argsort(y, axis=axis), axis=axis)
    return np.take_along_axis(np.argsort(x, axis=axis), ranks, axis)


def partition_vjp(g, y, x, *, kth, axis=-1, kind="introselect"):
    """Put g back where each element came from."""
    if axis is None:
        return partition_vjp(g, y, x.ravel(), kth=kth, axis=0).reshape(x.shape)
    return scatter_along_axis(g, partition_order(y, x, axis), x.shape, axis)


def partition_jvp(t, y, x, *, kth, axis=-1, kind="introselect"):
    """Permute t as x was."""
    if axis is None:
        t, x, axis = t.ravel(), x.ravel(), 0
    return np.take_along_axis(t, partition_order(y, x, axis), axis)


rule(np.partition, vjp=(partition_vjp,), jvp=(partition_jvp,))


def sort_complex(a):
    """Sort along the last axis, as complex numbers."""
    y = np.sort(a, axis=-1)
    return y if y.dtype.kind == "c" else astype(y, complex)


composed(np.sort_complex, sort_complex)


# --- sets -----------------------------------------------------------------------------------------

constant(unique_places, unique_like)


def unique(
    ar, return_index=False, return_inverse=False, return_counts=False, axis=None, **settings
):
    """Take the first of equal elements."""
    index, inverse, counts = unique_places(ar, axis=axis, **settings)
    wanted = ((return_index, index), (return_inverse, inverse), (return_counts, counts))
    extras = [part for asked, part in wanted if asked]
    y = np.take(ar, index, axis)
    return (y, *extras) if extras else y


def unique_with(f):
    """Say one of the array API's functions: what it gives, with values that differentiate."""
    return lambda x: unique_like(x, f)._replace(values=np.unique(x, equal_nan=False))


composed(np.unique, unique)
composed(np.unique_values, lambda x: np.unique(x, equal_nan=False))
composed(np.unique_counts, unique_with(np.unique_counts))
composed(np.unique_inverse, unique_with(np.unique_inverse))
composed(np.unique_all, unique_with(np.unique_all))


def members(a, unique_already):
    """Return the elements of a set."""
    return a.ravel() if unique_already else np.unique(a)


def union1d(ar1, ar2):
    """What is in one of them."""
    return np.unique(np.concatenate([ar1.ravel(), ar2.ravel()]))


def setdiff1d(ar1, ar2, assume_unique=False):
    """What is in the first only."""
    a = members(ar1, assume_unique)
    return a[np.logical_not(np.isin(a, ar2))]


def setxor1d(ar1, ar2, assume_unique=False):
    """What is in one of them only."""
    both = np.concatenate([members(ar1, assume_unique), members(ar2, assume_unique)])
    y, counts = np.unique(both, return_counts=True)
    return y[counts == 1]


def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    """What is in both."""
    y, first = np.unique(ar1, return_index=True)
    other, second = np.unique(ar2, return_index=True)
    common, also = np.isin(y, ar2), np.isin(other, ar1)
    shared = astype(y[common], np.result_type(ar1.dtype, ar2.dtype))
    return (shared, first[common], second[also]) if return_indices else shared


two = ("ar1", "ar2")
composed(np.union1d, union1d, two)
composed(np.setdiff1d, setdiff1d, two)
composed(np.setxor1d, setxor1d, two)
composed(np.intersect1d, intersect1d, two)
