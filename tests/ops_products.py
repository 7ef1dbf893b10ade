"""Sample rows for sums of products (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from tests.sampling import real, sample

for left, right in (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)),
):  # fmt: skip
    sample(np.matmul, real(*left), real(*right))
for left, right in (
    ((), ()), ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)),
    ((2, 3, 4), (5, 4, 2)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((2, 2), ()),
):  # fmt: skip
    sample(np.dot, real(*left), real(*right))
sample(np.outer, real(2), real(3))
sample(np.outer, real(2, 2), real(3))
sample(np.tensordot, real(2, 3, 4), real(3, 4, 5))
sample(np.tensordot, real(2, 3, 4), real(4, 2, 3), axes=([0, 2], [1, 0]))
sample(np.tensordot, real(2, 3), real(4), axes=0)
sample(np.inner, real(3), real(3))
sample(np.inner, real(2, 3), real(4, 5, 3))
sample(np.inner, real(), real(3))
