"""Numbers written into a tensor in place: one for all, or random ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, GraphError, describe
from autograd_core.inplace import mark_written
from nnkit.random import stream

__all__ = ["constant_", "normal_", "ones_", "trunc_normal_", "uniform_", "zeros_"]

Generator = np.random.Generator
BLOCK = 1 << 16  # numbers that are drawn at a time


def filled(tensor: Any, values: Any) -> Any:
    """Write values into a tensor, in place; or numbers that `values(n)` draws, n at a time."""
    array = raw(tensor)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc":
        raise DtypeError(
            f"an initial value is written into a Parameter or a floating point array, not into "
            f"{describe(tensor)}."
        )
    if isinstance(tensor, Tensor) and not tensor.is_leaf:
        raise GraphError(
            f"initial values are written into parameters, not into {describe(tensor)}, which was "
            f"calculated from others."
        )
    if not callable(values):
        array[...] = values
    elif array.flags.c_contiguous:  # the same numbers as at once, without float64 of all of them
        row = array.reshape(-1)
        for i in range(0, len(row), BLOCK):
            row[i : i + BLOCK] = values(len(row[i : i + BLOCK]))
    else:
        array[...] = values(array.size).reshape(array.shape)
    if isinstance(tensor, Tensor) and tensor.requires_grad:
        mark_written(tensor)
    return tensor


def uniform_(
    tensor: Any, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Any:
    """Fill with numbers drawn evenly from [a, b).

    Parameters
    ----------
    tensor : Parameter or array, any shape
    a, b : float, default 0 and 1
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    DtypeError
        If `tensor` is no Parameter and no floating point array.

    Examples
    --------
    >>> values = uniform_(np.empty(100), -1, 1)
    >>> bool((abs(values) <= 1).all())
    True
    """
    rng = stream("init") if generator is None else generator
    return filled(tensor, lambda n: rng.uniform(a, b, n))


def normal_(
    tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Any:
    """Fill with numbers of a normal distribution.

    Parameters
    ----------
    tensor : Parameter or array, any shape
    mean, std : float, default 0 and 1
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    DtypeError
        If `tensor` is no Parameter and no floating point array.

    Examples
    --------
    >>> normal_(np.empty((2, 3)), std=0.02).shape
    (2, 3)
    """
    rng = stream("init") if generator is None else generator
    return filled(tensor, lambda n: rng.normal(mean, std, n))


def trunc_normal_(
    tensor: Any,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Any:
    """Fill with numbers of a normal distribution of which those outside [a, b] are drawn again.

    Parameters
    ----------
    tensor : Parameter or array
    mean, std : float, default 0 and 1
        Of the distribution before it is cut off.
    a, b : float, default -2 and 2
        Limits of the numbers (not of numbers of deviations).
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ArgumentError
        If `a` is not below `b`, or `std` is not positive.

    Examples
    --------
    >>> values = trunc_normal_(np.empty(100), std=5.0)
    >>> bool((abs(values) <= 2).all())
    True
    """
    if not (a < b and std > 0):
        raise ArgumentError(
            f"trunc_normal_ needs a < b and std > 0, got a={a!r}, b={b!r}, std={std!r}."
        )
    rng = stream("init") if generator is None else generator
    z = truncated(rng, math.prod(tensor.shape), (a - mean) / std, (b - mean) / std)
    return filled(tensor, np.clip(mean + std * z, a, b).reshape(tensor.shape))


def truncated(rng: Generator, n: int, low: float, high: float) -> np.ndarray[Any, Any]:
    """Draw n numbers of the standard normal distribution that lie in an interval, by rejection.

    Where the interval holds a good part of the distribution, normal numbers are proposed; else
    even ones, each accepted in proportion to the density there.
    """
    mass = (math.erf(high * math.sqrt(0.5)) - math.erf(low * math.sqrt(0.5))) / 2
    nearest = max(low, -high, 0.0)
    reach = math.sqrt(nearest**2 + 80)  # the density out there is exp(-40) of the largest
    found = np.empty(0)
    while len(found) < n:
        m = 16 + 2 * (n - len(found))
        if mass > 0.25:
            z = rng.normal(size=m)
            accepted = (z >= low) & (z <= high)
        else:
            z = rng.uniform(max(low, -reach), min(high, reach), m)
            accepted = rng.uniform(size=m) < np.exp((nearest**2 - z * z) / 2)
        found = np.concatenate([found, z[accepted]])
    return found[:n]


def constant_(tensor: Any, val: float) -> Any:
    """Fill with one number.

    Parameters
    ----------
    tensor : Parameter or array, any shape
    val : float

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    DtypeError
        If `tensor` is no Parameter and no floating point array.

    Examples
    --------
    >>> constant_(np.empty(2), 0.5)
    array([0.5, 0.5])
    """
    return filled(tensor, val)


def ones_(tensor: Any) -> Any:
    """Fill with 1.

    Parameters
    ----------
    tensor : Parameter or array, any shape

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    DtypeError
        If `tensor` is no Parameter and no floating point array.

    Examples
    --------
    >>> ones_(np.empty(2))
    array([1., 1.])
    """
    return filled(tensor, 1.0)


def zeros_(tensor: Any) -> Any:
    """Fill with 0.

    Parameters
    ----------
    tensor : Parameter or array, any shape

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    DtypeError
        If `tensor` is no Parameter and no floating point array.

    Examples
    --------
    >>> zeros_(np.empty(2))
    array([0., 0.])
    """
    return filled(tensor, 0.0)
