"""Differences, and what is made of them: slopes, areas under a curve, interpolation."""

import numpy as np

from ..batch import along_axis, batching
from ..composed import composed
from ..errors import ArgumentError, DtypeError, ShapeError
from ..kernels import astype
from ..table import linear, primitive, rule
from .shapes import axes_of, cut


def diff_adjoint(g, x, *, n=1, axis=-1):
    """Each x_i is in two differences, with + in the one and - in the other."""
    if n >= x.shape[axis]:
        return np.zeros(x.shape, g.dtype)
    edge = tuple(1 if i == axis % x.ndim else length for i, length in enumerate(x.shape))
    zero = np.zeros(edge, g.dtype)
    for _ in range(n):
        g = -np.diff(np.concatenate([zero, g, zero], axis=axis), axis=axis)
    return g


def diff_with_ends(a, n=1, axis=-1, prepend=None, append=None):
    """Put the ends on first."""
    if n == 0:  # then NumPy does not look at the ends
        return np.diff(a, 0, axis)
    edge = tuple(1 if i == axis % a.ndim else length for i, length in enumerate(a.shape))
    ends = [v if v is None or v.ndim else np.broadcast_to(v, edge) for v in (prepend, append)]
    parts = [v for v in (ends[0], a, ends[1]) if v is not None]
    return np.diff(np.concatenate(parts, axis=axis), n, axis)


linear(np.diff, diff_adjoint)
composed(np.diff, diff_with_ends, ("a", "prepend", "append"))


def ediff1d(ary, to_end=None, to_begin=None):
    """Differences of all elements in a row, with ends put on."""
    parts = (to_begin, np.diff(ary.ravel()), to_end)
    return np.concatenate([astype(v, ary.dtype).ravel() for v in parts if v is not None])


composed(np.ediff1d, ediff1d, ("ary", "to_end", "to_begin"))


def moves_along(g, _y, _p, *, discont=None, axis=-1, period=None):
    """A whole number of periods is added, and that is constant."""
    return g


rule(np.unwrap, vjp=(moves_along,), jvp=(moves_along,))


# --- slopes ---------------------------------------------------------------------------------------


@primitive
def even_slopes(f, *, h, axis, edge_order):
    """`np.gradient` along one axis, for points at even distances h, a plain number."""
    return np.gradient(f, h, axis=axis, edge_order=edge_order)


def at_ends(g, edge_order):
    """Hand the slopes at the first point, of a line or a parabola, to the points they come from."""
    weights = (-1.0, 1.0) if edge_order == 1 else (-1.5, 2.0, -0.5)
    return [g * w for w in weights]


def even_slopes_adjoint(g, f, *, h, axis, edge_order):
    """A slope is (f_(i+1) - f_(i-1)) / 2h, so the point i gets (g_(i-1) - g_(i+1)) / 2h."""
    n, g = f.shape[axis], np.moveaxis(g, axis, 0) / h
    zero, inner = np.zeros_like(g[:1]), g[1:-1] / 2.0
    first, last = at_ends(g[:1], edge_order), at_ends(-g[-1:], edge_order)[::-1]
    rest = [np.zeros_like(g[: n - len(first)])]
    parts = ([zero, zero, inner], [-inner, zero, zero], first + rest, rest + last)
    a, b, c, d = (np.concatenate(some) for some in parts)
    return np.moveaxis(a + b + c + d, 0, axis)


linear(even_slopes, even_slopes_adjoint)
batching(along_axis(0), even_slopes)


def slopes_between(f, h):
    """Slope at the inner points: of the parabola through each point and its neighbours."""
    before, after = h[:-1], h[1:]
    left, right = (f[1:-1] - f[:-2]) / before, (f[2:] - f[1:-1]) / after
    return (left * after + right * before) / (before + after)


def slope_at_end(f, h, edge_order):
    """Slope at the first point: of the line, or of the parabola, through the first points."""
    first = (f[1:2] - f[:1]) / h[:1]
    if edge_order == 1:
        return first
    second = (f[2:3] - f[1:2]) / h[1:2]
    return first + (first - second) * h[:1] / (h[:1] + h[1:2])


def slopes_along(f, h, axis, edge_order):
    """Slope of f along an axis; h is the distance of the points, or their coordinates."""
    n = f.shape[axis]
    if n <= edge_order:
        raise ShapeError(
            f"np.gradient(..., edge_order={edge_order}) needs at least {edge_order + 1} points "
            f"along axis {axis}, got {n}"
        )
    dtype = f.dtype if f.dtype.kind in "fc" else np.dtype(float)
    if np.ndim(h):
        h = np.diff(h)
        if type(h) is np.ndarray and np.all(h == h[0]):
            h = h[0]
    if np.ndim(h) == 0:  # the point itself does not count, not even where it is NaN
        given = not hasattr(h, "dtype") or type(h) is np.float64
        slopes = even_slopes(f, h=float(h) if given else 1.0, axis=axis, edge_order=edge_order)
        return slopes if given else astype(slopes / h, dtype)
    f, h = np.moveaxis(f, axis, 0), h.reshape((n - 1,) + (1,) * (f.ndim - 1))
    backwards = slope_at_end(np.flip(f, 0), -np.flip(h, 0), edge_order)
    parts = [slope_at_end(f, h, edge_order), slopes_between(f, h), backwards]
    return np.moveaxis(astype(np.concatenate(parts), dtype), 0, axis)


def gradient(f, *varargs, axis=None, edge_order=1):
    """Slope along each axis."""
    axes = axes_of(axis, f.ndim)
    spacing = varargs or (1.0,)
    if len(spacing) == 1 and np.ndim(spacing[0]) == 0:
        spacing = spacing * len(axes)
    if len(spacing) != len(axes):
        raise ArgumentError(
            f"np.gradient got {len(spacing)} spacings for {len(axes)} axes; give one for each "
            f"axis, or a single number"
        )
    slopes = tuple(slopes_along(f, h, i, edge_order) for h, i in zip(spacing, axes, strict=True))
    return slopes[0] if len(slopes) == 1 else slopes


composed(np.gradient, gradient)


# --- areas and values between points --------------------------------------------------------------


def trapezoid(y, x=None, dx=1.0, axis=-1):
    """Sum of the width times the mean height of each strip."""
    width = dx
    if x is not None:
        width = np.diff(x) if x.ndim == 1 else np.diff(x, axis=axis)
        if x.ndim == 1:
            width = width.reshape([-1 if i == axis % y.ndim else 1 for i in range(y.ndim)])
    return np.sum(width * (cut(y, axis, 1) + cut(y, axis, None, -1)) / 2.0, axis=axis)


composed(np.trapezoid, trapezoid, ("y", "x"))


def pick(values, indices):
    """Read a vector at an array of indices."""
    return np.take_along_axis(values, indices.ravel(), 0).reshape(indices.shape)


def one_period_more(xp, fp, period):
    """Order the points within a period, and add the next one at both sides."""
    order = np.argsort(xp % period)
    xp, fp = pick(xp % period, order), pick(fp, order)
    xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return xp, np.concatenate([fp[-1:], fp, fp[:1]])


def interp(x, xp, fp, left=None, right=None, period=None):
    """The line through the points at either side; beyond the ends, their values."""
    if x.dtype.kind == "c" or xp.dtype.kind == "c":
        raise DtypeError("np.interp: only the values fp can be complex, the points are not")
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ShapeError(
            f"np.interp takes as many values as points along one axis, got shapes {xp.shape} of xp "
            f"and {fp.shape} of fp"
        )
    if period == 0:
        raise ArgumentError("np.interp: a period cannot be 0")
    x, xp = astype(x, float), astype(xp, float)
    fp = astype(fp, complex if fp.dtype.kind == "c" else float)
    if period is not None:
        xp, fp = one_period_more(xp, fp, abs(period))
        x = x % abs(period)
    last = xp.shape[0] - 1
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(last - 1, 0))
    j = np.minimum(i + 1, last)
    gap = pick(xp, j) - pick(xp, i)
    slope = (pick(fp, j) - pick(fp, i)) / np.where(gap == 0, 1.0, gap)
    y = pick(fp, i) + slope * (x - pick(xp, i))
    y = np.where(x < xp[0], fp[0] if left is None else left, y)
    return np.where(x > xp[-1], fp[-1] if right is None else right, y)


composed(np.interp, interp, ("x", "xp", "fp"))
