"""The methods that only torch's tensors have, first half: what calculates.

Each is an expression in NumPy functions, under torch's name, with torch's `dim=` and `keepdim=`.

A name that ndarray has too is not here: it means what it means in NumPy (array_names.py).
"""

# NumPy's stubs do not know that its functions accept what implements its protocols.
# mypy: disable-error-code="call-overload,arg-type,operator,return-value"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import kernels
from .errors import ArgumentError
from .shortcuts import apply_unary

__all__ = ["TorchMath", "in_place", "pair", "torch_name"]

Method = Callable[..., Any]


def torch_name(f: Method) -> Method:
    """Make a method of a NumPy function."""

    def general(self: Any, *args: Any, **kwargs: Any) -> Any:
        return f(self, *args, **kwargs)

    def short(self: Any) -> Any:
        return apply_unary(f, self)

    call: Method = short if isinstance(f, np.ufunc) and f.nin == 1 else general
    call.__name__ = call.__qualname__ = f.__name__
    call.__doc__ = f"`np.{f.__name__}(x, ...)`."
    return call


def in_place(f: Method) -> Method:
    """Make the method that writes the result of another into the Tensor, and returns the Tensor."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._overwrite(f(self, *args, **kwargs))

    call.__name__ = call.__qualname__ = f"{f.__name__}_"
    call.__doc__ = f"Write what `{f.__name__}` gives into this Tensor; returns the Tensor."
    return call


def pair(f: Method) -> tuple[Method, Method]:
    """Make both: the method, and the one that works in place."""
    return torch_name(f), in_place(f)


def axes(dim: Any) -> Any:
    """Take a list of axes for a tuple of them, as torch does."""
    return tuple(dim) if isinstance(dim, list) else dim


def over_dim(f: Method) -> Method:
    """Make a method that reduces over `dim`."""

    def call(self: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return f(self, axis=axes(dim), keepdims=keepdim)

    call.__name__ = call.__qualname__ = f.__name__
    call.__doc__ = f"`np.{f.__name__}(x, axis=dim, keepdims=keepdim)`."
    return call


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), with neither overflow nor cancellation."""
    return np.exp(-np.logaddexp(0.0, -x))


def relu(x: Any) -> Any:
    """The larger one of x and 0; its derivative at 0 is 0."""
    return np.where(x <= 0, 0.0, x)


def scaled_add(x: Any, other: Any, alpha: float = 1) -> Any:
    """X + alpha other."""
    return x + other if alpha == 1 else x + alpha * other


def scaled_subtract(x: Any, other: Any, alpha: float = 1) -> Any:
    """X - alpha other."""
    return x - other if alpha == 1 else x - alpha * other


ROUNDINGS: dict[Any, Method] = {
    None: np.divide,
    "floor": np.floor_divide,
    "trunc": lambda a, b: np.trunc(np.divide(a, b)),
}


def divide(x: Any, other: Any, rounding_mode: str | None = None) -> Any:
    """X / other, rounded to whole numbers by 'floor' or 'trunc'."""
    return ROUNDINGS[rounding_mode](x, other)


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """np.clip(x, min, max)."""
    return np.clip(x, min, max)


def clamp_min(x: Any, min: Any) -> Any:
    """np.clip(x, min, None)."""
    return np.clip(x, min, None)


def clamp_max(x: Any, max: Any) -> Any:
    """np.clip(x, None, max)."""
    return np.clip(x, None, max)


def addmm(x: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """Return beta x + alpha a @ b."""
    return beta * x + alpha * np.matmul(a, b)


def lerp(x: Any, end: Any, weight: Any) -> Any:
    """X + weight (end - x)."""
    return x + weight * (end - x)


def addcmul(x: Any, a: Any, b: Any, value: float = 1) -> Any:
    """X + value a b."""
    return x + value * (a * b)


def addcdiv(x: Any, a: Any, b: Any, value: float = 1) -> Any:
    """X + value a / b."""
    return x + value * (a / b)


def rsqrt(x: Any) -> Any:
    """1 / sqrt(x)."""
    return 1.0 / np.sqrt(x)


def logit(x: Any, eps: float | None = None) -> Any:
    """log(x / (1 - x)), the inverse of the sigmoid; of x limited to [eps, 1 - eps], if given."""
    x = x if eps is None else np.clip(x, eps, 1 - eps)
    return np.log(x) - np.log1p(-x)


class TorchMath:
    """Methods of torch.Tensor that calculate."""

    __slots__ = ()

    shape: tuple[int, ...]
    ndim: int
    size: Any
    dtype: Any

    # element by element, each with the form that works in place
    abs, abs_ = absolute, absolute_ = pair(np.absolute)
    neg, neg_ = negative, negative_ = pair(np.negative)
    exp, exp_ = pair(np.exp)
    exp2, exp2_ = pair(np.exp2)
    expm1, expm1_ = pair(np.expm1)
    log, log_ = pair(np.log)
    log2, log2_ = pair(np.log2)
    log10, log10_ = pair(np.log10)
    log1p, log1p_ = pair(np.log1p)
    sqrt, sqrt_ = pair(np.sqrt)
    square, square_ = pair(np.square)
    reciprocal, reciprocal_ = pair(np.reciprocal)
    rsqrt, rsqrt_ = pair(rsqrt)
    sin, sin_ = pair(np.sin)
    cos, cos_ = pair(np.cos)
    tan, tan_ = pair(np.tan)
    asin, asin_ = arcsin, arcsin_ = pair(np.arcsin)
    acos, acos_ = arccos, arccos_ = pair(np.arccos)
    atan, atan_ = arctan, arctan_ = pair(np.arctan)
    sinh, sinh_ = pair(np.sinh)
    cosh, cosh_ = pair(np.cosh)
    tanh, tanh_ = pair(np.tanh)
    asinh, asinh_ = arcsinh, arcsinh_ = pair(np.arcsinh)
    acosh, acosh_ = arccosh, arccosh_ = pair(np.arccosh)
    atanh, atanh_ = arctanh, arctanh_ = pair(np.arctanh)
    sigmoid, sigmoid_ = pair(sigmoid)
    logit, logit_ = pair(logit)
    relu, relu_ = pair(relu)
    sinc, sinc_ = pair(np.sinc)
    deg2rad, deg2rad_ = pair(np.deg2rad)
    rad2deg, rad2deg_ = pair(np.rad2deg)
    positive = torch_name(np.positive)
    angle = torch_name(np.angle)
    sign, sign_ = pair(np.sign)
    floor, floor_ = pair(np.floor)
    ceil, ceil_ = pair(np.ceil)
    trunc, trunc_ = pair(np.trunc)
    round_ = in_place(np.round)
    nan_to_num, nan_to_num_ = pair(np.nan_to_num)
    clamp, clamp_ = pair(clamp)
    clamp_min, clamp_min_ = pair(clamp_min)
    clamp_max, clamp_max_ = pair(clamp_max)
    clip_ = in_place(np.clip)
    cumsum_, cumprod_ = in_place(np.cumsum), in_place(np.cumprod)

    # two operands
    add, add_ = pair(scaled_add)
    sub, sub_ = subtract, subtract_ = pair(scaled_subtract)
    mul, mul_ = multiply, multiply_ = pair(np.multiply)
    div, div_ = divide, divide_ = true_divide, true_divide_ = pair(divide)
    pow, pow_ = pair(np.power)
    remainder, remainder_ = pair(np.remainder)
    fmod, fmod_ = pair(np.fmod)
    floor_divide, floor_divide_ = pair(np.floor_divide)
    atan2, atan2_ = arctan2, arctan2_ = pair(np.arctan2)
    hypot, hypot_ = pair(np.hypot)
    copysign, copysign_ = pair(np.copysign)
    maximum, minimum = torch_name(np.maximum), torch_name(np.minimum)
    fmax, fmin = torch_name(np.fmax), torch_name(np.fmin)
    logaddexp, logaddexp2 = torch_name(np.logaddexp), torch_name(np.logaddexp2)
    lerp, lerp_ = pair(lerp)
    addcmul, addcmul_ = pair(addcmul)
    addcdiv, addcdiv_ = pair(addcdiv)

    # questions: plain values
    eq, ne = torch_name(np.equal), torch_name(np.not_equal)
    lt, le = torch_name(np.less), torch_name(np.less_equal)
    gt, ge = torch_name(np.greater), torch_name(np.greater_equal)
    logical_and, logical_or = torch_name(np.logical_and), torch_name(np.logical_or)
    logical_xor, logical_not = torch_name(np.logical_xor), torch_name(np.logical_not)
    isnan, isinf, isfinite = torch_name(np.isnan), torch_name(np.isinf), torch_name(np.isfinite)
    isclose, allclose = torch_name(np.isclose), torch_name(np.allclose)
    equal, argwhere = torch_name(np.array_equal), torch_name(np.argwhere)

    # over dim
    amax, amin = over_dim(np.amax), over_dim(np.amin)
    nansum, nanmean = over_dim(np.nansum), over_dim(np.nanmean)
    count_nonzero = over_dim(np.count_nonzero)
    logsumexp = over_dim(kernels.sum_of_exponentials)

    def softmax(self, dim: int) -> Any:
        """Divide exp(x) by its sum over `dim`."""
        return np.exp(self.log_softmax(dim))

    def log_softmax(self, dim: int) -> Any:
        """Return the logarithm of `softmax`."""
        return self - self.logsumexp(dim, keepdim=True)

    def norm(self, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
        """Return the norm (sum |x|^p)^(1/p) of vectors along `dim`; of all elements by default."""
        if p not in ("fro", None) and not isinstance(p, (int, float)):
            raise ArgumentError(f"x.norm(p={p!r}): p is a number. Write np.linalg.norm(x, {p!r}).")
        p = p if isinstance(p, (int, float)) else 2
        return np.linalg.vector_norm(self, axis=axes(dim), ord=p, keepdims=keepdim)

    def quantile(self, q: Any, dim: Any = None, keepdim: bool = False) -> Any:
        """`np.quantile(x, q, axis=dim)`, with linear interpolation."""
        return np.quantile(self, q, axis=dim, keepdims=keepdim)

    def diff(self, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
        """Differences of neighbours along `dim`, n times over, with more elements at the ends."""
        more = {"prepend": prepend, "append": append}
        return np.diff(self, n, dim, **{k: v for k, v in more.items() if v is not None})

    # products and matrices
    matmul = mm = bmm = mv = torch_name(np.matmul)
    outer, inner, vdot, kron = map(torch_name, (np.outer, np.inner, np.vdot, np.kron))
    inverse, pinverse = torch_name(np.linalg.inv), torch_name(np.linalg.pinv)
    det, slogdet, matrix_power = map(
        torch_name, (np.linalg.det, np.linalg.slogdet, np.linalg.matrix_power)
    )

    def cross(self, other: Any, dim: int = -1) -> Any:
        """Cross product of vectors along `dim`."""
        return np.linalg.cross(self, other, axis=dim)

    addmm, addmm_ = pair(addmm)
    baddbmm = addmv = addmm
    ger = outer

    def logdet(self) -> Any:
        """Return the logarithm of the determinant, NaN where it is a negative real number."""
        sign, log = np.linalg.slogdet(self)
        if sign.dtype.kind == "c":
            return log + np.log(sign)
        return np.where(sign < 0, np.nan, log)

    def dist(self, other: Any, p: float = 2) -> Any:
        """Return the norm of the difference."""
        return np.linalg.vector_norm(self - other, ord=p)

    # writes
    def copy_(self, src: Any) -> Any:
        """Write the values of another array here."""
        self[...] = src  # type: ignore[index]
        return self

    fill_ = copy_

    def zero_(self) -> Any:
        """Write zeros everywhere."""
        return self.copy_(0)
