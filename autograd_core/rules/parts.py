"""Numbers taken apart and put together: whole and fractional part, quotient and remainder, mantissa
and exponent. Between its jumps each part moves with the number, or not at all.
"""

import numpy as np

from ..composed import composed
from ..kernels import exponent
from ..table import constant, elementwise, rule

elementwise(np.heaviside, None, lambda _y, a, _b: np.where(a == 0, 1.0, 0.0))
elementwise(np.nextafter, 1, None)
composed(np.divmod, lambda a, b: (np.floor_divide(a, b), np.remainder(a, b)), operands=())


def modf_vjp(g, _y, _x):
    """The fractional part moves with x, the whole part does not move."""
    return (g[0],)


def modf_jvp(ts, _y, _x):
    """The fractional part moves with x, the whole part does not move."""
    return ts[0], np.zeros_like(ts[0])


rule(np.modf, vjp=modf_vjp, jvp=modf_jvp, arity=1)

# x = m 2^e
constant(exponent)
composed(np.frexp, lambda x: (np.ldexp(x, -exponent(x)), exponent(x)))
rule(
    np.ldexp,
    vjp=(lambda g, _y, _x, e: np.ldexp(g, e), None),
    jvp=(lambda t, _y, _x, e: np.ldexp(t, e), None),
)
