"""Sample rows for differences, slopes, areas and interpolation (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core.rules.differences import even_slopes
from tests.sampling import fixed, increasing, positive, real, sample, unit

sample(np.diff, real(4))
sample(np.diff, real(2, 4), n=2)
sample(np.diff, real(4, 2), axis=0)
sample(np.diff, real(2, 4), n=0)
sample(np.diff, real(2, 3), n=3)
sample(np.diff, real(2, 2, 3))
sample(np.diff, real(2, 2, 3), prepend=real())
sample(np.diff, real(2, 3), n=2, prepend=real(), append=real(2, 2))
sample(np.diff, real(3, 2), axis=0, append=[[1.0, 2.0]])
sample(np.ediff1d, real(2, 3))
sample(np.ediff1d, real(4), to_end=real(2), to_begin=real())
sample(np.ediff1d, real(4), to_begin=[1.0, 2.0])
sample(np.unwrap, fixed(0.3, 3.0, 6.8, 1.2, -4.0, 9.0))
sample(np.unwrap, fixed([[0.3, 3.0], [6.8, 1.2]], [[1.2, -4.0], [9.0, -9.5]]))
sample(np.unwrap, fixed([0.3, 3.0, 6.8], [1.2, -4.0, 9.0]), axis=0, period=2.3, discont=1.5)

sample(np.gradient, real(5))
sample(np.gradient, real(2, 3), positive())
for n, edge_order in ((2, 1), (3, 1), (3, 2), (6, 2)):
    sample(even_slopes, real(2, n), h=0.5, axis=1, edge_order=edge_order)
sample(even_slopes, real(4, 2), h=-2.0, axis=-2, edge_order=1)
sample(np.gradient, real(3, 4))
sample(np.gradient, real(3, 4), axis=-1, edge_order=2)
sample(np.gradient, real(3, 4), 0.5, axis=(1, 0))
sample(np.gradient, real(3, 4), positive(), increasing(4), edge_order=2)
sample(np.gradient, real(5), increasing(5))
sample(np.gradient, real(3, 4), 0.5, increasing(4), edge_order=2)

sample(np.trapezoid, real(5))
sample(np.trapezoid, real(2, 4), dx=positive(), axis=0)
sample(np.trapezoid, real(2, 4), increasing(4))
sample(np.trapezoid, real(4, 2), x=increasing(4), axis=0)
sample(np.trapezoid, real(2, 3), real(2, 3))
sample(np.trapezoid, real(3, 2), real(3, 2), axis=0)

sample(np.interp, real(4), increasing(5), real(5))
sample(np.interp, real(2, 2), np.array([-1.0, 0.2, 0.7]), real(3), left=real(), right=0.5)
sample(np.interp, unit(), increasing(3), [1.0, 2.0, 4.0])
sample(np.interp, real(4), fixed(0.3, 1.5, 0.9), real(3), period=2.0)
sample(np.interp, real(4), fixed(0.3, 1.5, 0.9), real(3), period=-2.0)
sample(np.interp, real(3), fixed(0.1), real(1))
