"""Functions that work element by element: their partial derivatives, as in the tables of a
calculus book.
"""

import math

import numpy as np

from ..table import elementwise, rule

LN2, LN10 = math.log(2), math.log(10)
RADIANS = math.pi / 180


def one_minus(t):
    """1 - t, in the place of t, which nobody else may hold."""
    return np.subtract(1, t, t) if type(t) is np.ndarray else 1 - t


# arithmetic
elementwise(np.add, 1, 1)
elementwise(np.subtract, 1, -1)
elementwise(np.multiply, lambda _y, _a, b: b, lambda _y, a, _b: a)
elementwise(np.negative, -1)
elementwise(np.positive, 1)
elementwise(np.square, lambda _y, x: 2 * x)
elementwise(np.reciprocal, lambda y, _x: -(y * y))
elementwise(np.remainder, 1, lambda _y, a, b: -np.floor_divide(a, b))
elementwise(np.fmod, 1, lambda _y, a, b: -np.trunc(a / b))
rule(
    np.divide,
    vjp=(lambda g, _y, _a, b: g / b, lambda g, y, _a, b: -g * y / b),
    jvp=(lambda t, _y, _a, b: t / b, lambda t, y, _a, b: -t * y / b),
).pointwise = True


FLOAT = np.dtype(float)


def power_base(_y, a, b):
    """B a^(b-1), where b = 0 gives 0 also at a = 0."""
    if getattr(b, "dtype", FLOAT).kind == "b":
        return b
    return b * a ** (b - (b != 0))


def power_exponent(y, a, _b):
    """Y log a, and 0 where a = 0: the limit of a^b log a for b > 0 (as PyTorch, JAX)."""
    return y * np.log(np.where(a == 0, 1.0, a).astype(y.dtype, copy=False))


elementwise(np.power, power_base, power_exponent)
elementwise(np.float_power, power_base, power_exponent)

# roots, exponentials, logarithms
elementwise(np.sqrt, lambda y, _x: 0.5 / y)
elementwise(np.cbrt, lambda y, _x: 1 / (3 * y * y))
elementwise(np.exp, lambda y, _x: y)
elementwise(np.exp2, lambda y, _x: y * LN2)
elementwise(np.expm1, lambda y, _x: y + 1)
elementwise(np.log, lambda _y, x: 1 / x)
elementwise(np.log2, lambda _y, x: 1 / (x * LN2))
elementwise(np.log10, lambda _y, x: 1 / (x * LN10))
elementwise(np.log1p, lambda _y, x: 1 / (x + 1))
elementwise(np.logaddexp, lambda y, a, _b: np.exp(a - y), lambda y, _a, b: np.exp(b - y))
elementwise(np.logaddexp2, lambda y, a, _b: np.exp2(a - y), lambda y, _a, b: np.exp2(b - y))

# trigonometric and hyperbolic
elementwise(np.sin, lambda _y, x: np.cos(x))
elementwise(np.cos, lambda _y, x: -np.sin(x))
elementwise(np.tan, lambda y, _x: 1 + y * y)
elementwise(np.arcsin, lambda _y, x: 1 / np.sqrt(1 - x * x))
elementwise(np.arccos, lambda _y, x: -1 / np.sqrt(1 - x * x))
elementwise(np.arctan, lambda _y, x: 1 / (1 + x * x))
elementwise(
    np.arctan2,
    lambda _y, a, b: b / (a * a + b * b),
    lambda _y, a, b: -a / (a * a + b * b),
)
elementwise(np.sinh, lambda _y, x: np.cosh(x))
elementwise(np.cosh, lambda _y, x: np.sinh(x))
elementwise(np.tanh, lambda y, _x: one_minus(y * y))
elementwise(np.arcsinh, lambda _y, x: 1 / np.sqrt(x * x + 1))
elementwise(np.arccosh, lambda _y, x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)))
elementwise(np.arctanh, lambda _y, x: 1 / (1 - x * x))
elementwise(np.deg2rad, lambda _y, _x: RADIANS)
elementwise(np.radians, lambda _y, _x: RADIANS)
elementwise(np.rad2deg, lambda _y, _x: 1 / RADIANS)
elementwise(np.degrees, lambda _y, _x: 1 / RADIANS)


def hypot_partial(y, x):
    """X / y, and the safe subgradient 0 at the origin."""
    return x / np.where(y == 0, 1.0, y)


elementwise(np.hypot, lambda y, a, _b: hypot_partial(y, a), lambda y, _a, b: hypot_partial(y, b))

# kinks: abs'(0) = 0, and ties of max and min share the gradient equally
elementwise(np.absolute, lambda _y, x: np.sign(x).conj())
elementwise(np.fabs, lambda _y, x: np.sign(x))


HALF = {c: np.dtype(c.lower()).type(0.5) for c in "efdgFDG"}  # in the dtype of a result, real


def taken(y, a, b):
    """1 where a is the result and b is not, 1/2 at a tie, else 0. What is not taken may be NaN."""
    return np.equal(a, y) - np.equal(a, b) * HALF[y.dtype.char]


for extreme in (np.maximum, np.minimum, np.fmax, np.fmin):
    elementwise(extreme, taken, lambda y, a, b: taken(y, b, a))


def above(y, a, b):
    """1 where a > b, 1/2 at a tie, else 0; a limit of None is no limit."""
    if a is None or b is None:
        return 1.0
    half = HALF[y.dtype.char]
    return np.greater(a, b) * half + np.greater_equal(a, b) * half


elementwise(
    np.clip,
    lambda y, x, low, high: above(y, x, low) * above(y, high, x),
    lambda y, x, low, high: above(y, low, x) * above(y, high, low),
    lambda y, x, low, high: (
        above(y, x, high) * above(y, x, low) if low is None else above(y, np.maximum(x, low), high)
    ),
)

# choice
rule(
    np.where,
    vjp=(
        None,
        lambda g, _y, condition, _a, _b: np.where(condition, g, 0.0),
        lambda g, _y, condition, _a, _b: np.where(condition, 0.0, g),
    ),
    jvp=(
        None,
        lambda t, _y, condition, _a, _b: np.where(condition, t, 0.0),
        lambda t, _y, condition, _a, _b: np.where(condition, 0.0, t),
    ),
)
elementwise(np.copysign, lambda _y, a, b: np.sign(a) * np.sign(np.copysign(1.0, b)), None)


def finite_part(c, _y, x, *, nan=0.0, posinf=None, neginf=None):
    """Pass on what belongs to finite numbers; the two parts of a complex one are replaced apart."""
    if x.dtype.kind != "c":
        return np.where(np.isfinite(x), c, 0.0)
    real, imag = np.isfinite(x.real), np.isfinite(x.imag)
    return np.where(real, c.real, 0.0) + np.where(imag, c.imag, 0.0) * 1j


rule(np.nan_to_num, vjp=(finite_part,), jvp=(finite_part,))
