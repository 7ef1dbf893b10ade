"""Choosing between arrays, and choosing elements: by conditions, by numbers, by functions."""

import numpy as np

from ..composed import composed
from ..errors import ArgumentError, ShapeError
from ..kernels import astype, checked_choice, scatter
from ..table import constant
from . import elementwise  # noqa: F401 (the row of np.where comes first)

composed(np.where, lambda condition: np.nonzero(condition))  # the true places of one argument


def clip(a, a_min=None, a_max=None, min=None, max=None):
    """The limits by their newer names."""
    return np.clip(a, min if a_min is None else a_min, max if a_max is None else a_max)


composed(np.clip, clip)


def choose(a, choices, mode="raise"):
    """Each choice where its number stands."""
    number = checked_choice(a, len(choices), mode)
    y = choices[0]
    for i, choice in enumerate(choices):
        y = np.where(number == i, choice, y)
    return y


constant(checked_choice)
composed(np.choose, choose)


def select(condlist, choicelist, default=0):
    """The first condition that holds decides."""
    if len(condlist) != len(choicelist):
        raise ArgumentError(
            f"np.select got {len(condlist)} conditions for {len(choicelist)} choices"
        )
    *choicelist, y = (
        np.atleast_1d(v) if isinstance(v, (tuple, list)) else v for v in (*choicelist, default)
    )
    dtype = np.result_type(*(getattr(v, "dtype", v) for v in (*choicelist, y)))
    for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
        y = np.where(condition, choice, y)
    return astype(y, dtype)


composed(np.select, select, operands=())


def compress(condition, a, axis=None):
    """Take what the condition marks."""
    return np.take(a, np.flatnonzero(condition), axis)


composed(np.compress, compress, ("a",))
composed(np.extract, lambda condition, arr: compress(condition, arr), ("arr",))


# --- functions on parts of an array ---------------------------------------------------------------


def piecewise(x, condlist, funclist, *args, **kw):
    """Each function of the elements that its condition marks; later conditions win."""
    conditions = np.array(condlist, dtype=bool)
    if conditions.ndim == 0 or (conditions.ndim == 1 and x.ndim):
        conditions = conditions[None]
    if conditions.shape[1:] != x.shape[: conditions.ndim - 1]:
        raise ShapeError(
            f"np.piecewise: conditions of shape {conditions.shape[1:]} do not fit an array of "
            f"shape {x.shape}"
        )
    if len(funclist) == len(conditions) + 1:
        rest = np.logical_not(np.any(conditions, axis=0, keepdims=True))
        conditions = np.concatenate([conditions, rest])
    if len(funclist) != len(conditions):
        raise ArgumentError(
            f"np.piecewise got {len(conditions)} conditions for {len(funclist)} functions; there "
            f"may be one function more than conditions, for the rest"
        )
    y = np.zeros(x.shape, x.dtype)
    conditions = conditions.reshape(conditions.shape + (1,) * (x.ndim + 1 - conditions.ndim))
    conditions = np.broadcast_to(conditions, (len(conditions), *x.shape))
    for condition, function in zip(conditions, funclist, strict=True):
        part = x[condition]
        if part.size:
            values = function(part, *args, **kw) if callable(function) else function
            values = astype(np.broadcast_to(values, part.shape), x.dtype)
            y = np.where(condition, scatter(values, condition, x.shape), y)
    return y


composed(np.piecewise, piecewise)


def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    """Call the function for each vector, and stack what it gives."""
    z = np.moveaxis(arr, axis, -1)
    outer = z.shape[:-1]
    parts = [func1d(z[i], *args, **kwargs) for i in np.ndindex(outer)]
    y = np.stack(parts)
    y = np.reshape(y, (*outer, *y.shape[1:]))
    new = range(len(outer), y.ndim)
    return np.moveaxis(y, list(new), [axis % arr.ndim + k for k in range(len(new))])


def apply_over_axes(func, a, axes):
    """Reduce one axis after the other, and keep it with length 1."""
    y = a
    for axis in axes if np.ndim(axes) else (axes,):
        y = func(y, axis)
        y = y if y.ndim == a.ndim else np.expand_dims(y, axis)
    return y


composed(np.apply_along_axis, apply_along_axis, ("arr",))
composed(np.apply_over_axes, apply_over_axes, ("a",))
