"""Sample rows for picking, choosing and sorting elements (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core import kernels
from tests.sampling import real, sample

# --- indexing -------------------------------------------------------------------------------------

for index in (
    1, -1, slice(None, None, 2), (slice(None), 1), (..., None, 0), (1, slice(2, 0, -1)),
    np.array([0, 2, 0]), (np.array([0, 1]), np.array([2, 2])), np.array([True, False, True]),
    (slice(None), [0, 0, 3]), [2, 1],
):  # fmt: skip
    sample(kernels.getitem, real(3, 4), index)
sample(kernels.setitem, real(3, 4), real(2, 1), (slice(0, 2), slice(None, None, 3)))
sample(kernels.setitem, real(3, 4), real(3), (np.array([0, 2, 0]), np.array([1, 1, 1])))
sample(kernels.setitem, real(3), 2.0, np.array([True, False, True]))
sample(kernels.scatter, real(2, 3), (slice(0, 2),), (4, 3))
sample(kernels.scatter, real(3), (np.array([0, 2, 0]),), (4,))
sample(np.take, real(3, 4), np.array([[5, 0], [5, 1]]))
sample(np.take, real(3, 4), [2, 0, 2], axis=1)
sample(np.take_along_axis, real(2, 3), np.array([[2, 0], [1, 1]]), axis=1)
sample(np.take_along_axis, real(1, 3), np.array([[2, 0], [1, 1]]), axis=1)
sample(kernels.scatter_along_axis, real(2, 2), np.array([[2, 0], [1, 1]]), (2, 3), 1)
sample(np.diagonal, real(3, 4))
sample(np.diagonal, real(2, 3, 3), offset=-1, axis1=1, axis2=2)
sample(np.trace, real(3, 4), offset=1)
sample(np.trace, real(3, 2, 3), axis1=0, axis2=2)
sample(np.diag, real(3))
sample(np.diag, real(3, 4), k=1)
sample(np.repeat, real(2, 3), 2)
sample(np.repeat, real(2, 3), [2, 0, 1], axis=1)

# --- sorting --------------------------------------------------------------------------------------

sample(np.sort, real(2, 4))
sample(np.sort, real(2, 4), axis=0)
sample(np.sort, real(2, 4), axis=None)
