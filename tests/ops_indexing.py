"""Sample rows for picking, choosing and sorting elements (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core import kernels
from tests.sampling import fixed, real, sample, unit, unmapped_sample

# --- indexing -------------------------------------------------------------------------------------

for index in (
    1, -1, slice(None, None, 2), (slice(None), 1), (..., None, 0), (1, slice(2, 0, -1)),
    np.array([0, 2, 0]), (np.array([0, 1]), np.array([2, 2])), np.array([True, False, True]),
    (slice(None), [0, 0, 3]), [2, 1],
):  # fmt: skip
    sample(kernels.getitem, real(3, 4), index)
for index in (
    (np.array([0, 2]), slice(None), np.array([1, 1])), (slice(None), [0, 1], [1, 3]),
    (0, slice(None), [1, 1, 3]),
):  # fmt: skip
    sample(kernels.getitem, real(3, 2, 4), index)
sample(kernels.scatter, real(2, 2), (np.array([0, 2]), slice(None), np.array([1, 1])), (3, 2, 4))
sample(kernels.setitem, real(3, 4), real(2, 1), (slice(0, 2), slice(None, None, 3)))
sample(kernels.setitem, real(3, 4), real(3), (np.array([0, 2, 0]), np.array([1, 1, 1])))
sample(kernels.setitem, real(3), 2.0, np.array([True, False, True]))
sample(kernels.scatter, real(2, 3), (slice(0, 2),), (4, 3))
sample(kernels.scatter, real(3), (np.array([0, 2, 0]),), (4,))
sample(np.take, real(3, 4), np.array([[5, 0], [5, 1]]))
sample(np.take, real(3, 4), [2, 0, 2], axis=1)
sample(np.take_along_axis, real(2, 3), np.array([[2, 0], [1, 1]]), axis=1)
sample(np.take_along_axis, real(1, 3), np.array([[2, 0], [1, 1]]), axis=1)
sample(np.take_along_axis, real(2, 3), np.array([4, 0, 4]), axis=None)
if np.lib.NumpyVersion(np.__version__) >= "2.3.0":
    sample(np.take_along_axis, real(2, 2, 3), np.array([[[2, 0], [1, 1]]] * 2))
sample(kernels.scatter_along_axis, real(2, 2), np.array([[2, 0], [1, 1]]), (2, 3), 1)
sample(np.diagonal, real(3, 4))
sample(np.diagonal, real(2, 3, 3), offset=-1, axis1=1, axis2=2)
sample(np.trace, real(2, 3), offset=4)
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
sample(np.sort, real(2, 2, 3))

sample(np.take, real(4), np.array([-3, 5, 0]), mode="wrap")
sample(np.take, real(2, 4), [-3, 5, 0], axis=1, mode="clip")
sample(np.partition, real(7), 3)
sample(np.partition, real(2, 7), [1, 4], axis=1)
sample(np.partition, real(7, 2), -2, axis=0)
sample(np.partition, real(2, 3), 2, axis=None)
sample(np.partition, real(5, 13), 6)
sample(np.partition, real(2, 2, 9), 1)
sample(np.sort_complex, real(2, 4))
sample(np.sort_complex, real(2, 2, 3))
unmapped_sample(np.unique, fixed([3.0, 1.0, 2.0], [-2.0, 5.0, 0.0]))
unmapped_sample(
    np.unique, fixed(3.0, 1.0, 2.0), return_index=True, return_inverse=True, return_counts=True
)
unmapped_sample(np.unique, fixed([3.0, 1.0], [2.0, 0.0]), axis=0)
for f in (np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all):
    unmapped_sample(f, fixed(3.0, 1.0, 2.0))
for f in (np.union1d, np.setdiff1d, np.setxor1d, np.intersect1d):
    unmapped_sample(f, fixed(3.0, 1.0, 2.0), np.array([0.0, 2.5]))
    unmapped_sample(f, fixed(3.0, 1.0, 2.0), fixed(0.5, 2.5, 1.5))
unmapped_sample(np.setdiff1d, fixed(3.0, 1.0, 2.0), np.array([0.0, 2.5]), assume_unique=True)

# --- choosing -------------------------------------------------------------------------------------

sample(np.clip, a=real(3, 4), a_min=None, a_max=unit(4))
if np.lib.NumpyVersion(np.__version__) >= "2.1.0":
    sample(np.clip, real(3, 4), min=-1.0, max=unit(4))
    sample(np.clip, real(3, 4), min=unit())
sample(np.choose, np.array([0, 1, 1, 0]), [real(4), real(4)])
sample(np.choose, np.array([[3], [-1]]), [real(2), 1.0, real(1)], mode="wrap")
sample(np.choose, np.array([3, -1]), real(3, 2), mode="clip")
sample(np.choose, np.array([0, 2, 1, 0]), [real(4), real(4), real()])
sample(np.select, [np.array([True, False, True]), np.array([True, True, False])], [real(3), real()])
sample(np.select, [np.array([True, False])], [real(2, 2)], default=real(2))
sample(np.select, [np.array([True, False])], [real(2)])
sample(np.compress, [True, False, True], real(3))
sample(np.compress, np.array([False, True]), real(3, 3), axis=1)
sample(np.extract, np.array([[True, False], [True, True]]), real(2, 2))
sample(np.piecewise, real(3), [np.array([True, False, True])], [np.sin, np.cos])
sample(
    np.piecewise,
    real(2, 2),
    [np.array([[True, False], [True, False]]), np.array([[True, True], [False, False]])],
    [lambda x, p: x * p, lambda x, p: x**p, 4.0],
    3,
)
sample(np.piecewise, real(3), [np.array([True, False, False])], [np.sin])
sample(np.apply_along_axis, lambda v: np.sum(v) * v[:2], 0, real(3, 2))
sample(np.apply_along_axis, lambda v, p: np.sum(v**p), 1, real(2, 3, 2), 3)
sample(np.apply_along_axis, np.outer, -1, real(2, 3), [1.0, 2.0])
sample(np.apply_over_axes, np.sum, real(2, 3, 2), [0, -1])
sample(np.apply_over_axes, np.max, real(2, 3), 1)
