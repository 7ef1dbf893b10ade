"""Sample rows for reductions and running sums (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from tests.sampling import real, sample

for reduction in (np.sum, np.mean, np.var, np.std, np.max, np.min):
    sample(reduction, real(2, 3))
    sample(reduction, real(2, 3, 2), axis=1)
    sample(reduction, real(2, 3, 2), axis=(0, -1), keepdims=True)
    sample(reduction, real(4), axis=0)
sample(np.var, real(5, 2), axis=0, ddof=1)
sample(np.std, real(5, 2), axis=0, ddof=1)
sample(np.cumsum, real(2, 3))
sample(np.cumsum, real(2, 3), axis=1)
