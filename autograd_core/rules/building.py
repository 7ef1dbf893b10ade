"""New arrays whose values come from others: spaced numbers, powers, borders."""

import numpy as np

from ..composed import composed
from ..errors import ArgumentError, ShapeError
from ..kernels import astype, checked_nonzero, scatter
from .shapes import axis_of, cut


def full_like(a, fill_value, dtype=None, shape=None):
    """One value everywhere."""
    shape = a.shape if shape is None else shape
    return astype(np.broadcast_to(fill_value, shape), a.dtype if dtype is None else dtype)


composed(np.full_like, full_like, ("a", "fill_value"))
composed(np.astype, lambda x, dtype, copy=True: astype(x, dtype, copy))


def vander(x, N=None, increasing=False):
    """Powers of each element, in a row."""
    if x.ndim != 1:
        raise ShapeError(f"np.vander takes one axis, got an array of shape {x.shape}")
    if N is not None and N < 0:
        raise ArgumentError(f"np.vander(..., N={N}): a number of columns cannot be negative")
    powers = np.arange(x.shape[0] if N is None else N)
    return x[:, None] ** (powers if increasing else powers[::-1])


composed(np.vander, vander)


# --- spaced numbers -------------------------------------------------------------------------------


def shares(num, endpoint, like):
    """How far each number is from start to stop, between 0 and 1, along a first axis."""
    if num < 0:
        raise ArgumentError(f"a number of samples cannot be negative, got {num}")
    w = np.arange(num) / max(num - 1 if endpoint else num, 1)
    return astype(w.reshape((num,) + (1,) * like.ndim), like.dtype)


def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """A mean of start and stop, with changing weights."""
    way = np.subtract(stop, start)
    w = shares(num, endpoint, way)
    y = np.moveaxis(np.multiply(start, 1 - w) + np.multiply(stop, w), 0, axis)
    if dtype is not None:
        y = astype(np.floor(y) if np.dtype(dtype).kind in "iu" else y, dtype)
    gaps = num - 1 if endpoint else num
    return (y, way / gaps if gaps else np.nan) if retstep else y


def logspace(start, stop, num=50, endpoint=True, base=10.0, dtype=None, axis=0):
    """Powers of the base."""
    if np.ndim(base):
        start, stop, base = np.broadcast_arrays(start, stop, base)
        base = np.expand_dims(base, axis)
    y = base ** np.linspace(start, stop, num, endpoint, axis=axis)
    return y if dtype is None else astype(y, dtype)


def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """A geometric mean of start and stop, with changing weights."""
    start = astype(start, np.result_type(start.dtype, stop.dtype, float))
    for end in (start, stop):
        checked_nonzero(end, ArgumentError, "np.geomspace: a geometric sequence has no zeros")
    ratio = stop / start
    y = np.moveaxis(start * ratio ** shares(num, endpoint, ratio), 0, axis)
    return y if dtype is None else astype(y, dtype)


composed(np.linspace, linspace, ())
composed(np.logspace, logspace, ())
composed(np.geomspace, geomspace, ("start", "stop"))


# --- borders --------------------------------------------------------------------------------------


def wide(edge, axis, width):
    """Copy a border of width 1."""
    return np.repeat(edge, width, axis)


def from_summary(summary):
    """Fill the border with a summary of the elements next to it."""

    def border(x, axis, widths, length):
        n = x.shape[axis]
        near = cut(x, axis, 0, None if length is None else min(length[0], n))
        far = cut(x, axis, None if length is None else n - min(length[1], n))
        return [
            wide(summary(part, axis=axis, keepdims=True), axis, width)
            for part, width in zip((near, far), widths, strict=True)
        ]

    return border


def constant_border(x, axis, widths, values):
    """Fill the border with given numbers."""
    shape = [1 if i == axis else n for i, n in enumerate(x.shape)]
    return [
        wide(np.broadcast_to(astype(v, x.dtype), shape), axis, width)
        for v, width in zip(values, widths, strict=True)
    ]


def ramp_border(x, axis, widths, values):
    """Go in equal steps from given numbers to the edge."""
    edges = cut(x, axis, 0, 1), cut(x, axis, -1)
    before, after = (
        np.linspace(v, np.squeeze(edge, axis), width, endpoint=False, axis=axis)
        for v, edge, width in zip(values, edges, widths, strict=True)
    )
    return [astype(before, x.dtype), astype(np.flip(after, axis), x.dtype)]


BORDERS = {
    "maximum": from_summary(np.max),
    "minimum": from_summary(np.min),
    "mean": from_summary(np.mean),
    "median": from_summary(np.median),
    "constant": constant_border,
    "linear_ramp": ramp_border,
}
INDEXED = ("edge", "reflect", "symmetric", "wrap")
USED_BY = {
    "constant_values": ("constant",),
    "end_values": ("linear_ramp",),
    "stat_length": ("maximum", "mean", "median", "minimum"),
    "reflect_type": ("reflect", "symmetric"),
}


def pairs(widths, ndim):
    """Write widths as a pair for each axis."""
    if hasattr(widths, "items"):
        given = {axis_of(axis, ndim): np.broadcast_to(w, 2).tolist() for axis, w in widths.items()}
        return [given.get(i, (0, 0)) for i in range(ndim)]
    return np.broadcast_to(widths, (ndim, 2)).tolist()


def padded_along(x, axis, widths, mode, extra, reflect_type):
    """Put a border at both ends of an axis."""
    n = x.shape[axis]
    if mode in INDEXED and reflect_type == "even":
        return np.take(x, np.pad(np.arange(n), widths, mode), axis)
    if mode in INDEXED:  # "odd" is 2 x_0 - x_i: linear, so its matrix is what it makes of the basis
        A = np.pad(np.eye(n, dtype=x.dtype), (widths, (0, 0)), mode, reflect_type=reflect_type)
        return np.moveaxis(np.tensordot(A, x, axes=(1, axis)), 0, axis)
    before, after = BORDERS[mode](x, axis, widths, extra)
    return np.concatenate([before, x, after], axis=axis)


def pad(
    array,
    pad_width,
    mode="constant",
    constant_values=None,
    end_values=None,
    stat_length=None,
    reflect_type=None,
):
    """A border around the array, axis by axis."""
    if mode not in BORDERS and mode not in INDEXED:
        raise ArgumentError(
            f"np.pad(..., mode={mode!r}) cannot be differentiated; these modes can: "
            f"{', '.join([*BORDERS, *INDEXED])}. With other borders, use np.concatenate."
        )
    given = {
        "constant_values": constant_values,
        "end_values": end_values,
        "stat_length": stat_length,
        "reflect_type": reflect_type,
    }
    for name, value in given.items():
        if value is not None and mode not in USED_BY[name]:
            raise ArgumentError(f"np.pad(..., mode={mode!r}) does not take {name}=")
    end_values = 0.0 if end_values is None else end_values
    reflect_type = "even" if reflect_type is None else reflect_type
    widths = pairs(pad_width, array.ndim)
    if mode == "constant" and constant_values is None:
        shape = tuple(n + a + b for n, (a, b) in zip(array.shape, widths, strict=True))
        index = tuple(slice(a, a + n) for n, (a, _) in zip(array.shape, widths, strict=True))
        return scatter(array, index, shape)
    extra = {"constant": constant_values, "linear_ramp": end_values}.get(mode, stat_length)
    extras = [None] * array.ndim if extra is None else np.broadcast_to(extra, (array.ndim, 2))
    for axis in range(array.ndim):
        array = padded_along(array, axis, widths[axis], mode, extras[axis], reflect_type)
    return array


composed(np.pad, pad, ("array", "constant_values", "end_values"))
