"""Sorting: a permutation, chosen by the values and constant between ties."""

import numpy as np

from ..kernels import scatter_along_axis
from ..table import rule


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
