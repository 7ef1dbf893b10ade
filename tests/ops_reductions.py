"""Sample rows for reductions, running sums and statistics (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core import kernels
from autograd_core.rules.reductions import products_of_others
from autograd_core.table import existing
from tests.sampling import fixed, positive, real, sample

MASK = np.array([[True, False, True], [True, True, False]])
NAN = np.nan
EXTREMES = (np.max, np.amax, np.nanmax, np.min, np.amin, np.nanmin)

for f in (np.sum, np.mean, np.var, np.std, np.prod, np.max, np.min, np.ptp):
    sample(f, real(2, 3))
    sample(f, real(2, 3, 2), axis=1)
    sample(f, real(2, 3, 2), axis=(0, -1), keepdims=True)
    sample(f, real(4), axis=0)
for f in EXTREMES:
    sample(f, a=real(2, 3), axis=0)
    sample(f, real(2, 3), axis=1, initial=0.5)
    sample(f, real(2, 3), axis=1, initial=0.5, where=MASK)
    sample(f, real(2, 3), axis=0, keepdims=True, initial=positive())
for f in (np.sum, np.prod, np.nansum, np.nanprod):
    sample(f, real(2, 3), where=MASK)
    sample(f, real(2, 3), axis=1, initial=2.0)
    sample(f, real(2, 3), axis=0, initial=real(), where=MASK)
for f in (np.mean, np.var, np.std, np.nanmean, np.nanvar, np.nanstd):
    sample(f, real(2, 3), where=MASK)
    sample(f, real(2, 3), axis=1, keepdims=True, where=MASK)
for f in (np.var, np.std, np.nanvar, np.nanstd):
    sample(f, real(5, 2), axis=0, ddof=1)
    sample(f, real(5, 2), axis=0, correction=1)
    sample(f, real(5, 2), axis=0, mean=real(1, 2))

# products with zeros
sample(np.prod, fixed(2.0, 0.0, 3.0))
sample(products_of_others, real(2, 3))
sample(products_of_others, real(2, 3, 2), axis=(0, -1))
sample(products_of_others, fixed([2.0, 0.0, 3.0], [3.0, 0.5, -1.0], [0.0, 1.0, 0.0]), axis=1)
sample(np.prod, fixed([2.0, 0.0, 0.0], [3.0, 0.5, -1.0]), axis=1)
sample(np.prod, real(2, 0, 3), axis=1)
sample(kernels.recurrence, real(2, 5), real(2, 5), axis=1)
sample(kernels.recurrence, real(5, 2), np.ones((5, 2)), axis=0)
sample(kernels.recurrence, np.full(4, 0.5), real(4), axis=0)

# running
for f in (np.cumsum, np.cumprod, np.nancumsum, np.nancumprod):
    sample(f, real(2, 3))
    sample(f, real(2, 3), axis=1)
sample(np.cumprod, fixed([2.0, 0.0, 3.0, 0.0, 4.0], [1.0, 2.0, 3.0, 0.0, 5.0]), axis=1)
for f in existing("cumulative_sum", "cumulative_prod"):
    sample(f, real(4))
    sample(f, real(2, 3), axis=0, include_initial=True)
    sample(f, real(2, 3), axis=1, include_initial=True)
    sample(f, real(4), include_initial=True)

for f in (kernels.running_maximum, kernels.running_minimum):
    sample(f, real(7), axis=0)
    sample(f, real(2, 5), axis=-1)
sample(kernels.sum_of_exponentials, real(2, 3), axis=0)
sample(kernels.sum_of_exponentials, real(3, 2), axis=1)
sample(kernels.sum_of_exponentials, real(2, 3, 2), axis=(0, -1), keepdims=True)
sample(kernels.sum_of_exponentials, real(2), axis=None)

# with NaN
for f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin):
    sample(f, fixed([0.3, NAN, 0.7], [NAN, NAN, 0.2]), axis=1)
    sample(f, fixed([0.3, NAN, 0.7], [0.1, NAN, 0.2]))
for f in (np.nancumsum, np.nancumprod):
    sample(f, fixed([0.3, NAN, 0.7], [NAN, NAN, 0.2]), axis=1)

# statistics
for f in (np.median, np.nanmedian):
    sample(f, real(5))
    sample(f, real(2, 4), axis=1)
    sample(f, real(2, 3, 2), axis=(0, -1), keepdims=True)
sample(np.nanmedian, fixed([0.3, NAN, 0.7], [0.1, 0.9, 0.2]), axis=1)
for f, scale in (
    (np.quantile, 1.0),
    (np.nanquantile, 1.0),
    (np.percentile, 100.0),
    (np.nanpercentile, 100.0),
):
    sample(f, real(2, 4), 0.3 * scale)
    sample(f, real(4, 2), np.array([[0.3], [0.9]]) * scale, axis=0, keepdims=True)
    sample(f, real(2, 3, 2), np.array([0.0, 1.0]) * scale, axis=(0, 2))
for f in (np.nanquantile, np.nanpercentile):
    sample(f, fixed([0.3, NAN, 0.7], [0.1, 0.9, 0.2]), 0.8, axis=1)
for method in (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased", "lower", "higher",
    "midpoint", "nearest",
):  # fmt: skip
    sample(np.quantile, real(2, 5), np.array([0.1, 0.65]), axis=1, method=method)
    sample(np.nanquantile, real(4), 0.4, method=method)
sample(np.quantile, real(5), fixed(0.1, 0.65))
sample(np.quantile, real(2, 5), 0.4, axis=1, weights=np.arange(5.0), method="inverted_cdf")

sample(np.average, real(2, 3), axis=0)
sample(np.average, real(2, 3), weights=positive(2, 3))
sample(np.average, real(2, 3), axis=1, weights=positive(3), keepdims=True)
sample(np.average, real(2, 3), axis=1, weights=[1.0, 2.0, 5.0], returned=True)
sample(np.average, real(2, 3), returned=True)
sample(np.average, real(2, 3), axis=0, returned=True)
sample(np.cov, real(2, 4))
sample(np.cov, real(4))
sample(np.cov, real(4, 2), y=real(4), rowvar=False, bias=True)
sample(np.cov, real(2, 4), fweights=np.array([1, 2, 1, 3]), ddof=0)
sample(np.cov, real(2, 4), aweights=positive(4))
sample(np.cov, real(2, 3), fweights=[1, 2, 1], aweights=[0.5, 0.2, 1.0])
sample(np.corrcoef, real(3, 4))
sample(np.corrcoef, real(4), real(4))
sample(np.corrcoef, real(4, 2), rowvar=False)
sample(np.bincount, np.array([0, 3, 3, 1]), weights=real(4))
sample(np.bincount, [0, 1, 1], real(3), minlength=4)
