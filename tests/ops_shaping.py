"""Sample rows for functions that move elements about (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core import kernels
from tests.sampling import real, sample

sample(np.reshape, real(2, 6), shape=(3, 4))
sample(np.reshape, real(2, 6), shape=(4, -1), order="F")
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
