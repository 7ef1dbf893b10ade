"""Array functions that NumPy has only in a form that cannot be differentiated: as methods, as
operators, or as writes into an array. They dispatch like NumPy's own functions.

Gather and scatter are each other's adjoint, which is why scatter exists at all: NumPy's way to
scatter is an assignment, and an assignment cannot be differentiated again.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .errors import ArgumentError
from .table import primitive

__all__ = [
    "astype",
    "bessel_i",
    "checked_choice",
    "checked_quantiles",
    "contract",
    "exponent",
    "getitem",
    "last_writes",
    "quantile_ranks",
    "recurrence",
    "running_maximum",
    "running_minimum",
    "add_at",
    "scatter",
    "scatter_along_axis",
    "setitem",
    "sinc_derivative",
    "names_all_places",
    "stretched",
    "sum_of_exponentials",
    "unique_like",
    "unique_places",
]


def stretched(x: Any, shape: tuple[int, ...]) -> Any:
    """`np.broadcast_to`, which takes several times as long for plain arrays.

    The shape is one to which x can be stretched, with as many axes, or x is a single number.
    """
    if not x.shape and issubclass(type(x), (np.ndarray, np.generic)):
        strides: tuple[int, ...] = (0,) * len(shape)
    elif type(x) is np.ndarray and x.flags.c_contiguous and x.ndim == len(shape):
        strides = tuple([0 if n == 1 else s for n, s in zip(x.shape, x.strides, strict=True)])
    else:
        return np.broadcast_to(x, shape)
    y = np.ndarray(shape, x.dtype, x, 0, strides)
    y.flags.writeable = False
    return y


@primitive
def getitem(x: Any, index: Any) -> Any:
    """`x[index]`, any NumPy index."""
    return x[index]


@primitive
def setitem(x: Any, v: Any, index: Any, reuse: bool = False) -> Any:
    """Copy x and do `x[index] = v` in the copy; `reuse` says that nobody needs the old x."""
    out = x if reuse else np.array(x)
    out[index] = v
    return out


def last_writes(index: Any, shape: tuple[int, ...]) -> Any:
    """Return 1.0 for each place of `index` that keeps what is written to it, 0.0 where a later
    write of the same index goes to the same place.
    """
    if names_places_once(index):
        return 1.0
    places = np.arange(np.prod(shape, dtype=int)).reshape(shape)[index]
    order = np.arange(places.size).reshape(places.shape)
    writer = np.zeros(np.prod(shape, dtype=int), dtype=int)
    writer[places] = order
    return np.where(writer[places] == order, 1.0, 0.0)


@primitive
def scatter(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `g` added at `index`; places that are named twice receive both."""
    out = np.zeros(shape, g.dtype)
    if names_places_once(index):
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out


def add_at(total: Any, g: Any, index: Any) -> None:
    """Add `g` to the places of `index` in an array: ``total += scatter(g, index, total.shape)``."""
    if names_places_once(index):
        total[index] += g
    else:
        np.add.at(total, index, g)


WHOLE = slice(None)


def names_all_places(index: Any) -> bool:
    """Whether an index only adds axes: it is made of None, `...` and `:`."""
    parts = index if type(index) is tuple else (index,)
    return all(p is None or p is Ellipsis or (type(p) is slice and p == WHOLE) for p in parts)


def names_places_once(index: Any) -> bool:
    """Whether an index cannot name a place twice: integers, slices and masks cannot."""
    if isinstance(index, (int, slice)):
        return True
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is Ellipsis or isinstance(p, (int, slice)) or np.shape(p) == () or is_mask(p)
        for p in parts
    )


def is_mask(part: Any) -> bool:
    """Whether a part of an index is a boolean mask."""
    return isinstance(part, (bool, np.bool_)) or getattr(part, "dtype", None) == np.bool_


@primitive
def scatter_along_axis(g: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Zeros of `shape` with `g` added at `indices` along `axis`: the adjoint of take_along_axis."""
    out = np.zeros(shape, g.dtype)
    indices = np.broadcast_to(indices, g.shape)
    places = list(np.indices(indices.shape, sparse=True))
    # an axis that take_along_axis stretched reads its one element again and again
    for k, (length, have) in enumerate(zip(shape, indices.shape, strict=True)):
        if k != axis % len(shape) and length == 1 != have:
            places[k] = np.zeros_like(places[k])
    places[axis] = indices
    np.add.at(out, tuple(places), g)
    return out


@primitive
def astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """`x.astype(dtype)`."""
    return x.astype(dtype, copy=copy)


@primitive
def recurrence(a: Any, b: Any, axis: int) -> Any:
    """Return r with r_i = a_i r_(i-1) + b_i along an axis, beginning with r_0 = b_0.

    After pass k, r_i has taken in the last 2^k terms, so log2(n) passes are enough. There is no
    division, so zeros in a do no harm.
    (W. D. Hillis and G. L. Steele 1986, "Data parallel algorithms".)
    """
    a, r = np.array(np.moveaxis(a, axis, 0)), np.array(np.moveaxis(b, axis, 0))
    step = 1
    while step < len(r):
        r[step:] += a[step:] * r[:-step]
        a[step:] = a[step:] * a[:-step]
        step *= 2
    return np.moveaxis(r, 0, axis)


@primitive
def running_maximum(x: Any, axis: int) -> Any:
    """`np.maximum.accumulate`."""
    return np.maximum.accumulate(x, axis=axis)


@primitive
def running_minimum(x: Any, axis: int) -> Any:
    """`np.minimum.accumulate`."""
    return np.minimum.accumulate(x, axis=axis)


@primitive
def sum_of_exponentials(x: Any, axis: Any, keepdims: Any = False) -> Any:
    """`np.logaddexp.reduce`: the logarithm of the sum of exponentials."""
    return np.logaddexp.reduce(x, axis=axis, keepdims=keepdims)


@primitive
def sinc_derivative(x: Any, order: int) -> Any:
    """Return the derivative of that order of f(x) = sin(pi x) / (pi x).

    From (x f)^(n) = x f^(n) + n f^(n-1) = pi^(n-1) sin(pi x + n pi / 2). Where |x| < 1 that
    cancels, and the power series of f is differentiated instead.
    """
    near = np.abs(x) < 1
    small, large = np.where(near, x, 0.0), np.where(near, 1.0, x)
    first = (order + 1) // 2
    series = 0.0 * small
    for k in range(first + 18, first - 1, -1):
        c = math.pi ** (2 * k) / ((2 * k + 1) * math.factorial(2 * k - order))
        series = series * small * small + (-c if k % 2 else c)
    series = series * small ** (2 * first - order)
    f = np.sinc(large)
    for n in range(1, order + 1):
        f = (math.pi ** (n - 1) * np.sin(math.pi * large + n * math.pi / 2) - n * f) / large
    return np.where(near, series, f)


@primitive
def bessel_i(x: Any, order: int) -> Any:
    """Return the modified Bessel function I_n(x) of an integer order n.

    It is the mean over all angles of cosh(x cos a) cos(n a), or of sinh for odd n (Abramowitz and
    Stegun, 9.6.19). The midpoint rule converges exponentially for a periodic function.
    """
    points = 16 + int(2.5 * math.sqrt(np.max(np.abs(x), initial=0.0)))
    f = np.sinh if order % 2 else np.cosh
    y = 0.0 * x
    for k in range(points):
        angle = math.pi / 2 * (k + 0.5) / points
        y = y + math.cos(order * angle) * f(x * math.cos(angle))
    return y / points


MANY_PRODUCTS = 1 << 17  # from which looking for a better way pays


@primitive
def contract(a: Any, b: Any, first: str, second: str, output: str, optimize: Any = False) -> Any:
    """`np.einsum` of two operands, its letters given one by one.

    With `optimize=None` many products are left to BLAS, if they can be.
    """
    if optimize is None:
        lengths = dict(zip(first, a.shape, strict=True)) | dict(zip(second, b.shape, strict=True))
        optimize = math.prod(lengths.values()) > MANY_PRODUCTS
    return np.einsum(f"{first},{second}->{output}", a, b, optimize=optimize)


# --- plain questions ------------------------------------------------------------------------------


@primitive
def checked_choice(a: Any, n: int, mode: Any) -> Any:
    """Return the numbers of choices, brought into range as `np.choose` does it."""
    return np.choose(a, list(range(n)), mode=mode)


@primitive
def unique_places(x: Any, axis: int | None = None, **settings: Any) -> tuple:
    """Return where the unique elements stand first, the place of each among them, their numbers."""
    return np.unique(x, True, True, True, axis, **settings)[1:]


@primitive
def unique_like(x: Any, f: Any) -> Any:
    """Return f(x), for one of NumPy's functions of unique elements."""
    return f(x)


@primitive
def exponent(x: Any) -> Any:
    """Return the exponents of two in x, as `np.frexp` gives them."""
    return np.frexp(x)[1]


@primitive
def checked_quantiles(q: Any, scale: float) -> None:
    """Refuse quantiles that are not between 0 and `scale`."""
    if not np.all((np.asarray(q) >= 0) & (np.asarray(q) <= scale)):
        raise ArgumentError(f"quantiles lie between 0 and {scale}, got {q}")


@primitive
def checked_nonzero(x: Any, error: type[Exception], said: str) -> None:
    """Refuse zeros with an error of NumPy's."""
    if not np.all(x):
        raise error(said)


@primitive
def quantile_ranks(z: Any, q: Any, weights: Any, method: Any, skip_nan: bool) -> Any:
    """Return the places of quantiles in each lane of z, once it is sorted.

    They are what `np.quantile` itself answers for the ranks 0, 1, 2 ... in place of the elements.
    """
    ranks = np.argsort(np.argsort(z, axis=-1), axis=-1).astype(float)
    if skip_nan:
        places = np.nanquantile(
            np.where(np.isnan(z), np.nan, ranks), q, -1, method=method, weights=weights
        )
    else:
        places = np.quantile(ranks, q, -1, method=method, weights=weights)
    return np.nan_to_num(np.moveaxis(places, 0, -1))
