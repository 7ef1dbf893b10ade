"""The mathematics of SciPy's functions. Imported by `autograd_core.scipy`, and by the engine when
it first meets a ufunc of SciPy; never before SciPy itself.
"""

from . import (
    bessel,
    error,
    gamma,
    integrals,
    linalg,
    normal,
    polynomials,
    probability,
    signal,
    simple,
    sums,
)

__all__ = [
    "bessel",
    "error",
    "gamma",
    "integrals",
    "linalg",
    "normal",
    "polynomials",
    "probability",
    "signal",
    "simple",
    "sums",
]
