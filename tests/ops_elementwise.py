"""Sample rows for functions that work element by element (see `tests/ops.py`)."""

from __future__ import annotations

import numpy as np

from autograd_core import kernels
from tests.sampling import above_one, fixed, positive, real, sample, unit

for unary in (
    np.negative, np.positive, np.square, np.reciprocal, np.exp, np.exp2, np.expm1, np.sin, np.cos,
    np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.deg2rad, np.radians, np.rad2deg,
    np.degrees, np.absolute, np.fabs, np.nan_to_num,
):  # fmt: skip
    sample(unary, real(2, 3))
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

# parts
sample(np.heaviside, np.array([-1.0, 0.0, 2.0]), real(2, 3))
sample(np.nextafter, real(2, 3), 3.0)
sample(np.divmod, real(2, 3), 0.7)
sample(np.divmod, real(2, 3), real(2, 3))
sample(np.modf, real(2, 3))
sample(np.frexp, real(2, 3))
sample(np.ldexp, real(2, 3), np.array([2, -1, 0]))
sample(np.ldexp, real(), np.array([2, -1, 0]))

# special
sample(np.sinc, real(2, 3))
sample(np.sinc, fixed(-1.0, 0.0, 0.001, 1.0, 2.5))
sample(np.i0, real(2, 3))
sample(np.i0, fixed(-30.0, 0.0, 0.001, 8.0))
sample(kernels.sinc_derivative, real(2, 3), order=2)
sample(kernels.bessel_i, real(2, 3), order=2)
