"""Writes, and which functions return views, so that a write into their result reaches the array
they are a view of.
"""

import numpy as np

from ..kernels import astype, getitem, last_writes, setitem
from ..table import rule, views
from . import complex, indexing, joining, shaping  # noqa: F401 (their rows come first)

views("tracked", getitem)
views("tracked", np.reshape, np.ravel, np.squeeze, np.expand_dims)
views("tracked", np.atleast_1d, np.atleast_2d, np.atleast_3d)
views("tracked", np.transpose, np.swapaxes, np.moveaxis, np.flip, np.fliplr, np.flipud)
views("tracked", astype)  # to the same dtype, without a copy
views("untracked", np.split, np.diagonal, np.broadcast_to, np.real, np.imag)


def vjp_base(g, _y, _x, _v, *, index, reuse=False):
    """What was overwritten has no influence any more."""
    return setitem(g, 0.0, index)


def vjp_value(g, _y, _x, _v, *, index, reuse=False):
    """Read g where the value was written, but for places that the same call overwrote."""
    return getitem(g, index) * last_writes(index, _x.shape)


def jvp_base(t, _y, _x, _v, *, index, reuse=False):
    """Overwrite the tangent with zeros."""
    return setitem(t, 0.0, index)


def jvp_value(t, _y, _x, _v, *, index, reuse=False):
    """Write the tangent into zeros."""
    return setitem(np.zeros(_x.shape, t.dtype), t, index)


rule(setitem, vjp=(vjp_base, vjp_value), jvp=(jvp_base, jvp_value))
