"""Sample rows for functions that move elements about (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core import kernels
from autograd_core.table import existing
from tests.sampling import fixed, positive, real, sample, unmapped_sample

sample(np.reshape, real(2, 6), (3, 4))
sample(np.reshape, real(2, 6), (4, -1), order="F")
sample(np.ravel, real(2, 3))
sample(np.ravel, real(2, 3), order="F")
sample(np.squeeze, real(2, 1, 3))
sample(np.squeeze, real(2, 1, 3), axis=1)
sample(np.expand_dims, real(2, 3), axis=(0, 2))
sample(np.atleast_1d, real())
sample(np.atleast_2d, real(3))
sample(np.atleast_3d, real(2, 3))
sample(np.transpose, real(2, 3))
sample(np.transpose, real(2, 3, 4), axes=(1, -1, 0))
sample(np.swapaxes, real(2, 3, 4), 0, -1)
sample(np.moveaxis, real(2, 3, 4), (0, 1), (-1, 0))
sample(np.flip, real(2, 3))
sample(np.flip, real(2, 3), axis=(0,))
sample(np.fliplr, real(2, 3))
sample(np.flipud, real(2, 3))
sample(np.roll, real(2, 3), 2)
sample(np.roll, real(2, 3), (1, 2), axis=(0, 1))
sample(np.broadcast_to, real(3, 1), (2, 3, 4))
sample(np.tile, real(2, 3), 2)
sample(np.tile, real(3), (2, 1, 2))
sample(np.triu, real(3, 4), k=1)
sample(np.tril, real(3, 4))
sample(kernels.astype, real(2, 3), np.float64)
sample(np.concatenate, [real(2, 3), real(1, 3)])
sample(np.concatenate, [real(2, 3), np.ones((2, 1)), real(2, 2)], axis=-1)
sample(np.concatenate, [real(2, 3), real(2)], axis=None)
sample(np.stack, [real(2, 3), real(2, 3)], axis=1)
sample(np.vstack, [real(3), real(2, 3)])
sample(np.hstack, [real(3), real(2)])
sample(np.hstack, [real(2, 1), real(2, 3)])
sample(np.split, real(6, 2), 3)
sample(np.split, real(2, 6), [1, 4], axis=1)

# --- more shapes ----------------------------------------------------------------------------------

for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    sample(f, real(2), real())
sample(np.matrix_transpose, real(2, 3, 4))
sample(np.copy, real(2, 3))
sample(np.rollaxis, real(2, 3, 4), 2)
sample(np.rollaxis, real(2, 3, 4), 0, -1)
for k in (-1, 0, 1, 2):
    sample(np.rot90, real(2, 3, 2), k, axes=(0, 1) if k else (2, 1))
sample(np.diagflat, real(2, 2), k=-1)
sample(np.tile, real(3), [2, 2])
sample(np.roll, real(2, 3), [1, 2], axis=[0, 1])
sample(np.resize, real(2, 3), (3, 3))
sample(np.resize, real(3), 2)
sample(np.broadcast_arrays, real(3, 1), real(2))
sample(np.meshgrid, real(2), real(3))
sample(np.meshgrid, real(2), np.arange(2.0), real(3), indexing="ij", sparse=True)
sample(np.meshgrid, real(2))
unmapped_sample(np.trim_zeros, real(4))

# --- more joins -----------------------------------------------------------------------------------

sample(np.dstack, [real(3), real(3)])
sample(np.dstack, [real(2, 3, 1), np.ones((2, 3, 2))])
sample(np.column_stack, [real(3), real(3, 2)])
sample(np.block, [[real(2, 2), real(2, 1)], [np.ones((1, 2)), 3.0]])
sample(np.block, [real(2), real()])
sample(np.block, real(2, 2))
sample(np.append, real(2, 2), real(3))
sample(np.append, real(2, 2), [[1.0, 2.0]], axis=0)
sample(np.delete, real(4), 1)
sample(np.delete, real(2, 4), [0, -1], axis=1)
sample(np.delete, real(2, 4), slice(0, 8, 3))
sample(np.insert, real(4), 1, real())
sample(np.insert, real(4), [1, 3], real(2))
sample(np.insert, real(4), 2, real(3))
sample(np.insert, real(2, 3), 1, real(2), axis=1)
sample(np.insert, real(2, 3), [1], real(2, 1), axis=1)
sample(np.insert, real(2, 3), slice(0, 2), real(3), axis=0)
sample(np.array_split, real(7), 3)
sample(np.array_split, real(2, 5), [1, 3], axis=1)
sample(np.hsplit, real(4), 2)
sample(np.hsplit, real(2, 4), [1])
sample(np.vsplit, real(4, 2), 2)
sample(np.dsplit, real(2, 2, 4), 2)
for f in existing("unstack"):
    sample(f, real(2, 3), axis=1)

# --- new arrays -----------------------------------------------------------------------------------

sample(np.full_like, real(2, 3), real(3))
sample(np.full_like, real(2), real(), shape=(2, 2))
for f in existing("astype"):
    sample(f, real(2), np.float64)
sample(np.vander, real(3))
sample(np.vander, fixed(0.0, 2.0), 4, increasing=True)
sample(np.linspace, real(), real(), 5)
sample(np.linspace, real(2), real(2, 1), num=4, endpoint=False, axis=-1)
sample(np.linspace, 0.5, real(), num=3, retstep=True)
sample(np.linspace, real(), 2.0, num=1)
sample(np.logspace, real(), real(2), 3)
sample(np.logspace, 0.5, 1.0, 3, base=positive(2), axis=1)
sample(np.geomspace, positive(), positive(), 4)
sample(np.geomspace, positive(2), 7.0, num=3, endpoint=False, axis=1)
sample(np.geomspace, fixed(-2.0), fixed(-5.0), 3)

sample(np.pad, real(2, 3), 1)
sample(np.pad, real(2, 3), ((0, 1), (2, 0)), constant_values=real(2))
sample(np.pad, real(2, 3), (1, 2), mode="constant", constant_values=3.0)
for mode in ("edge", "reflect", "symmetric", "wrap"):
    sample(np.pad, real(3), (2, 5), mode)
    sample(np.pad, real(2, 3), ((0, 1), (2, 1)), mode=mode)
for mode in ("reflect", "symmetric"):
    sample(np.pad, real(2, 3), ((0, 1), (2, 5)), mode, reflect_type="odd")
for mode in ("maximum", "minimum", "mean", "median"):
    sample(np.pad, real(2, 3), ((0, 1), (2, 1)), mode)
    sample(np.pad, real(5), (2, 1), mode, stat_length=(2, 3))
sample(np.pad, real(2, 3), ((0, 1), (2, 2)), "linear_ramp", end_values=real(2, 1))
