"""The special functions of NumPy, sinc and the Bessel function I0, and all their derivatives."""

import numpy as np

from ..kernels import bessel_i, sinc_derivative
from ..table import elementwise

elementwise(np.sinc, lambda _y, x: sinc_derivative(x, order=1))
elementwise(sinc_derivative, lambda _y, x, *, order: sinc_derivative(x, order=order + 1))

# I0' = I1, and In' = (I(n-1) + I(n+1)) / 2 (Abramowitz and Stegun, 9.6.27 and 9.6.29)
elementwise(np.i0, lambda _y, x: bessel_i(x, order=1))
elementwise(
    bessel_i,
    lambda _y, x, *, order: (
        0.5 * (bessel_i(x, order=abs(order - 1)) + bessel_i(x, order=order + 1))
    ),
)
