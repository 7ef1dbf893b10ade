"""Sample rows for functions that work element by element (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from tests.sampling import above_one, positive, real, sample, unit

for unary in (np.sqrt, np.cbrt, np.log, np.log2, np.log10, np.log1p):
    sample(unary, positive(2, 3))
for unary in (np.tan, np.arcsin, np.arccos, np.arctanh):
    sample(unary, unit(2, 3))
sample(np.arccosh, above_one(2, 3))
for binary in (
    np.add, np.subtract, np.multiply, np.divide, np.arctan2, np.hypot, np.logaddexp,
    np.logaddexp2, np.maximum, np.minimum, np.fmax, np.fmin, np.remainder, np.fmod,
):  # fmt: skip
    sample(binary, real(2, 3), real(2, 3))
sample(np.power, positive(2, 3), real(2, 3))
sample(np.float_power, positive(2, 3), real(2, 3))
sample(np.power, real(2, 3), 3)
sample(np.power, real(2, 3), np.array([0.0, 1.0, 2.0]))
sample(np.copysign, real(2, 3), np.array([-1.0, 2.0, -3.0]))
sample(np.clip, real(3, 4), -1.0, 1.0)
sample(np.clip, real(3, 4), None, 1.0)
sample(np.clip, real(3, 4), unit(4), above_one(3, 1))
sample(np.where, np.array([[True], [False]]), real(2, 3), real(3))
