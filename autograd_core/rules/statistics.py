"""Order statistics, weighted averages, covariances and weighted counts."""

import numpy as np

from ..composed import composed
from ..errors import ArgumentError, DtypeError, ShapeError
from ..kernels import astype, checked_nonzero, checked_quantiles, quantile_ranks, scatter
from ..table import constant
from .shapes import axes_of, lanes

# --- quantiles ------------------------------------------------------------------------------------

# alpha and beta of the continuous definitions (R. J. Hyndman and Y. Fan 1996, "Sample quantiles in
# statistical packages"); the others jump, and NumPy itself is asked where they are
CONTINUOUS = {
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "linear": (1.0, 1.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
TAKEN = {"lower", "higher", "nearest", "inverted_cdf", "closest_observation"}
"""Definitions whose results are elements, of whatever dtype q is."""
constant(checked_nonzero, checked_quantiles, quantile_ranks)


def read_sorted(s, ranks, n):
    """Read each sorted lane of n numbers at its ranks, on the line between two elements."""
    below = np.floor(ranks).astype(int)
    above = np.minimum(below + 1, n - 1)
    part = astype(ranks - below, s.dtype)
    low, high = np.take_along_axis(s, below, -1), np.take_along_axis(s, above, -1)
    gap = high - low
    gap = np.where(np.logical_or(np.isfinite(gap), part > 0), gap, 0.0)
    from_above = np.logical_and(np.isinf(low), part > 0)  # -inf + inf would be NaN
    return np.where(from_above, high - gap * (1 - part), low + gap * part)


def quantiles(z, q, method, weights, skip_nan):
    """Quantiles of each lane of z, in a last axis of their own."""
    s = np.sort(z, axis=-1)  # NaN comes last
    n = z.shape[-1]
    if skip_nan:
        n = np.sum(np.logical_not(np.isnan(z)), axis=-1, keepdims=True)
    if method in CONTINUOUS and weights is None:
        alpha, beta = CONTINUOUS[method]
        q = q * np.ones((1,) * z.ndim)
        ranks = np.clip(n * q + alpha + q * (1 - alpha - beta) - 1, 0, n - 1)
    else:
        ranks = quantile_ranks(z, q, weights, method=method, skip_nan=skip_nan)
    y = read_sorted(s, ranks, n)
    return y if skip_nan else np.where(np.isnan(s[..., -1:]), np.nan, y)


def filled(z):
    """Put NaN into lanes without elements: that is what NumPy says of nothing."""
    if z.shape[-1]:
        return z
    return np.concatenate([z, np.full((*z.shape[:-1], 1), np.nan, z.dtype)], axis=-1)


def kept_shape(a, axis, keepdims):
    """Return the shape of a reduction of a."""
    axes = axes_of(axis, a.ndim)
    return [1 if i in axes else n for i, n in enumerate(a.shape) if keepdims or i not in axes]


def quantile_of(scale, skip_nan):
    """Say quantiles for q between 0 and `scale`, with NaN in the result or left out."""

    def composition(a, q, axis=None, method="linear", keepdims=False, weights=None):
        checked_quantiles(q, scale)
        if a.dtype.kind == "c":
            raise DtypeError(f"complex numbers have no order, and no quantiles, got {a.dtype}")
        if weights is not None:
            weights = lanes(weights_like(a, weights, axis), axis)
        flat = np.reshape(q, -1)
        flat = flat if scale == 1 else flat / scale
        if method not in TAKEN and (np.ndim(q) or hasattr(q, "dtype")) and flat.dtype.kind == "f":
            a = astype(a, np.result_type(a.dtype, flat.dtype))
        z = lanes(a, axis)
        y = quantiles(filled(z) if skip_nan else z, flat, method, weights, skip_nan)
        return np.moveaxis(y, -1, 0).reshape((*np.shape(q), *kept_shape(a, axis, keepdims)))

    return composition


def median_of(skip_nan):
    """Say the quantile in the middle."""

    def composition(a, axis=None, keepdims=False):
        y = quantiles(filled(lanes(a, axis)), np.full(1, 0.5), "linear", None, skip_nan)
        return y.reshape(kept_shape(a, axis, keepdims))

    return composition


composed(np.quantile, quantile_of(1, skip_nan=False))
composed(np.nanquantile, quantile_of(1, skip_nan=True))
composed(np.percentile, quantile_of(100, skip_nan=False))
composed(np.nanpercentile, quantile_of(100, skip_nan=True))
composed(np.median, median_of(skip_nan=False))
composed(np.nanmedian, median_of(skip_nan=True))


# --- averages -------------------------------------------------------------------------------------


def weights_like(a, weights, axis):
    """Give weights of the axes in question the number of axes of a."""
    if np.shape(weights) == a.shape:
        return np.multiply(weights, 1.0)
    axes = axes_of(axis, a.ndim)
    if axis is None or np.shape(weights) != tuple(a.shape[i] for i in axes):
        raise ShapeError(
            f"weights of shape {np.shape(weights)} fit neither the array, of shape {a.shape}, "
            f"nor its axis={axis}"
        )
    shape = [n if i in axes else 1 for i, n in enumerate(a.shape)]
    order = np.argsort(axes).tolist()
    return np.broadcast_to(np.transpose(weights, order).reshape(shape), a.shape)


def average(a, axis=None, weights=None, returned=False, keepdims=False):
    """The weighted sum over the sum of weights."""
    if weights is None:
        y = np.mean(a, axis=axis, keepdims=keepdims)
        total = np.full(y.shape, a.size / max(y.size, 1), y.dtype)
    else:
        w = weights_like(a, weights, axis)
        total = np.sum(w, axis=axis, keepdims=keepdims)
        checked_nonzero(total, ZeroDivisionError, "np.average: the weights sum to zero")
        y = np.sum(a * w, axis=axis, keepdims=keepdims) / total
        total = astype(total, y.dtype)
    return (y, total) if returned else y


composed(np.average, average, ("a", "weights"))


# --- covariances ----------------------------------------------------------------------------------


def variables(x, rowvar, dtype):
    """One variable in each row."""
    if x.ndim > 2:
        raise ShapeError(f"np.cov takes one or two axes, got an array of shape {x.shape}")
    x = astype(x, dtype)
    return x.T if x.ndim == 2 and not rowvar else np.atleast_2d(x)


def cov(
    m,
    y=None,
    rowvar=True,
    bias=False,
    ddof=None,
    fweights=None,
    aweights=None,
    dtype=None,
):
    """Weighted mean of the products of deviations from the weighted means."""
    if dtype is None:
        dtype = np.result_type(m.dtype, float if y is None else y.dtype, float)
    X = variables(m, rowvar, dtype)
    if y is not None:
        X = np.concatenate([X, variables(y, rowvar, dtype)], axis=0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    for weights in (fweights, aweights):
        if weights is not None and weights.shape != X.shape[1:]:
            raise ShapeError(
                f"np.cov takes one weight for each of {X.shape[1]} observations, got weights of "
                f"shape {weights.shape}"
            )
    w = np.ones(X.shape[1], X.real.dtype) if fweights is None else fweights
    w = w if aweights is None else w * aweights
    total = np.sum(w)
    spare = ddof if aweights is None else ddof * np.sum(w * aweights) / total
    D = X - astype(np.average(X, axis=1, weights=w)[:, None], X.dtype)
    return np.squeeze(np.dot(D * w, D.conj().T) / np.maximum(total - spare, 0.0))


def corrcoef(x, y=None, rowvar=True, dtype=None):
    """The covariances over the standard deviations."""
    C = cov(x, y, rowvar, dtype=dtype)
    if C.ndim == 0:
        return C / C
    deviation = np.sqrt(np.diag(C).real)
    R = C / deviation[:, None] / deviation
    if R.dtype.kind != "c":
        return np.clip(R, -1.0, 1.0)
    return np.clip(R.real, -1.0, 1.0) + np.clip(R.imag, -1.0, 1.0) * 1j


composed(np.cov, cov, ("m", "y", "fweights", "aweights"))
composed(np.corrcoef, corrcoef, ("x", "y"))


# --- counts ---------------------------------------------------------------------------------------


def bincount(x, weights=None, minlength=0):
    """Add up the weights of each number."""
    if weights is None:
        raise ArgumentError("np.bincount counts whole numbers; only its weights= have a gradient")
    n = np.bincount(x, minlength=minlength).size
    if weights.shape != x.shape or weights.dtype.kind == "c":
        raise ShapeError(
            f"np.bincount takes a real weight for each of {x.size} numbers, got {weights.dtype} "
            f"of shape {weights.shape}"
        )
    return scatter(astype(weights, float), (x,), (n,))


composed(np.bincount, bincount, ("x", "weights"))
