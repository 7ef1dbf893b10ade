"""Traced: an array that writes down what is calculated with it, beneath Tensor."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .records import Value, through

__all__ = ["OF_SHAPES", "READING", "Traced", "has_masks", "is_ours", "plainly"]

OF_SHAPES = {
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj,
    np.may_share_memory, np.shares_memory, np.min_scalar_type, np.common_type, np.broadcast_shapes,
}  # fmt: skip
READING = "reads the value of an array, which a recorded step cannot follow"


def plainly(tree: Any) -> Any:
    """Take the plain arrays of Traced values in nested arguments."""
    return through(tree, lambda x: x._concrete if type(x) is Traced else x)


def has_masks(index: Any) -> bool:
    """Whether an index picks by truth values, so that the shape depends on them."""
    parts = index if type(index) is tuple else (index,)
    return any(type(p) is Traced and p.dtype.kind == "b" for p in parts)


def method_call(name: str) -> Callable[..., Any]:
    """Make the function that calls a method of its first argument."""

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(x, name)(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__module__ = "ndarray"
    return call


def attribute_of(name: str) -> Callable[..., Any]:
    """Make the function that reads an attribute of its argument."""

    def read(x: Any) -> Any:
        return getattr(x, name)

    read.__name__ = read.__qualname__ = name
    read.__module__ = "attribute"
    return read


def is_ours(x: Any) -> bool:
    """Whether x belongs to the world beneath Tensor."""
    kind = type(x)
    return kind is Traced or not hasattr(kind, "__array_ufunc__") or issubclass(kind, ARRAYS)


ARRAYS = (np.ndarray, np.generic)


class Traced:
    """An array whose calls are written down. It says that it is an ndarray, and acts like one."""

    __slots__ = ("__weakref__", "_concrete", "_recorder", "_ref")
    __array_priority__ = 500
    is_recorded_array = True

    def __init__(self, concrete: Any, ref: Value, recorder: Any) -> None:
        self._concrete, self._ref, self._recorder = concrete, ref, recorder

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._concrete)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.get("out", ())
        if not all(map(is_ours, inputs)) or not all(map(is_ours, out)):
            return NotImplemented
        f = ufunc if method == "__call__" else getattr(ufunc, method)
        written: Any = inputs[:1] if method == "at" else out
        if len(out) == 1:
            kwargs["out"] = out[0]
        if self._recorder.open:
            return self._recorder.record(f, inputs, kwargs, [x for x in written if x is not None])
        return f(*plainly(inputs), **plainly(kwargs))

    def __array_function__(self, func: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        if not all(t is Traced or issubclass(t, ARRAYS) for t in types):
            return NotImplemented
        for x in args:  # our own functions ask the first who has an answer
            if not is_ours(x):
                return x.__array_function__(func, types, args, kwargs)
        if not self._recorder.open or func in OF_SHAPES:
            return func(*plainly(args), **plainly(kwargs))
        return self._recorder.function(func, args, kwargs)

    # what is known without its bits
    shape = property(lambda self: self._concrete.shape)
    dtype = property(lambda self: self._concrete.dtype)
    ndim = property(lambda self: self._concrete.ndim)
    size = property(lambda self: self._concrete.size)
    nbytes = property(lambda self: self._concrete.nbytes)
    itemsize = property(lambda self: self._concrete.itemsize)
    strides = property(lambda self: self._concrete.strides)
    flags = property(lambda self: self._concrete.flags)
    base = property(lambda self: self._concrete.base)

    def __len__(self) -> int:
        return len(self._concrete)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    __hash__ = object.__hash__

    # what would take its bits out of the recording
    def _read(self, what: str) -> Any:
        self._recorder.fail(f"{what} {READING}")
        return self._concrete

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._read("a conversion to a plain array"), dtype=dtype, copy=copy)

    def __bool__(self) -> bool:
        return bool(self._read("a branch (if, while, and, or)"))

    def __float__(self) -> float:
        return float(self._read("float(x)"))

    def __int__(self) -> int:
        return int(self._read("int(x)"))

    def __complex__(self) -> complex:
        return complex(self._read("complex(x)"))

    def __index__(self) -> int:
        what = "using x as a count, or as the index of a plain array (write tensor(a)[x]),"
        return operator.index(self._read(what))

    def __contains__(self, x: Any) -> bool:
        return plainly(x) in self._read("`in`")

    def item(self, *args: Any) -> Any:
        """Read a value."""
        return self._read(".item()").item(*args)

    def tolist(self) -> Any:
        """Read all values."""
        return self._read(".tolist()").tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        """Read all values."""
        return self._read(".tobytes()").tobytes(order)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self._read("round(x)"), digits)

    def __trunc__(self) -> int:
        return math.trunc(self._read("math.trunc(x)"))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._read("pickling x").__reduce_ex__(protocol)

    def __getattr__(self, name: str) -> Any:
        """Let what is not noted (`x.repeat`, `x.ctypes`) be that of the plain array."""
        if name.startswith("__"):
            raise AttributeError(name)
        getattr(self._concrete, name)
        return getattr(self._read(f".{name}"), name)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __repr__(self) -> str:
        return repr(self._read("printing x"))

    def __format__(self, spec: str) -> str:
        return format(self._read("printing x"), spec)

    def __str__(self) -> str:
        return str(self._read("printing x"))

    # writes
    def __setitem__(self, index: Any, v: Any) -> None:
        if self._recorder.open:
            self._recorder.record(operator.setitem, (self, index, v), {}, [self])
        else:
            self._concrete[plainly(index)] = plainly(v)

    def __divmod__(self, other: Any) -> Any:
        return np.divmod(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return np.divmod(other, self)

    def __getitem__(self, index: Any) -> Any:
        if has_masks(index):
            self._recorder.fail("x[mask] gives a result whose shape depends on values")
        return self._recorder.record(operator.getitem, (self, index), {})


def binary(f: np.ufunc, operate: Callable[[Any, Any], Any], swapped: bool) -> Any:
    """Make the method for `a + b` and its like."""

    def method(self: Any, other: Any) -> Any:
        if not is_ours(other):
            return NotImplemented
        numbers = isinstance(self, (float, int)) and isinstance(other, (float, int))
        pair = (other, self) if swapped else (self, other)
        return self._recorder.record(operate if numbers else f, pair, {})

    return method


def in_place(f: np.ufunc) -> Any:
    """Make the method for `a += b` and its like."""

    def method(self: Any, other: Any) -> Any:
        if not is_ours(other):
            return NotImplemented
        if type(self._concrete) is not np.ndarray:
            return NotImplemented
        return self._recorder.record(f, (self, other), {"out": self}, [self])

    return method


for plain_name, ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "matmul": np.matmul,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
    "lshift": np.left_shift, "rshift": np.right_shift,
}.items():  # fmt: skip
    said = getattr(operator, plain_name, None) or getattr(operator, f"{plain_name}_")
    setattr(Traced, f"__{plain_name}__", binary(ufunc, said, False))
    setattr(Traced, f"__r{plain_name}__", binary(ufunc, said, True))
    setattr(Traced, f"__i{plain_name}__", in_place(ufunc))
for plain_name, ufunc in {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal,
    "ne": np.not_equal,
}.items():  # fmt: skip
    setattr(Traced, f"__{plain_name}__", binary(ufunc, ufunc, False))


FAST_POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal}
"""What NumPy's operator `**` calls in place of np.power."""


def power(self: Any, exponent: Any) -> Any:
    """Do `a ** b` as NumPy does it."""
    if not is_ours(exponent):
        return NotImplemented
    if type(exponent) in (int, float) and type(self._concrete) is np.ndarray:
        f = FAST_POWERS.get(exponent)
        if f is not None and self.dtype.kind in "fc":
            return self._recorder.record(f, (self,), {})
    elif type(exponent) is Traced and isinstance(exponent._concrete, np.ndarray):
        return self._recorder.record(np.power, (self, exponent), {})
    return self._recorder.record(operator.pow, (self, exponent), {})


setattr(Traced, "__pow__", power)  # noqa: B010 (mypy)


def unary(f: Callable[..., Any], operate: Callable[..., Any]) -> Any:
    """Make the method for `-a` and its like."""

    def method(self: Any) -> Any:
        return self._recorder.record(operate if isinstance(self, (float, int)) else f, (self,), {})

    return method


for plain_name, ufunc in {
    "neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert,
}.items():  # fmt: skip
    setattr(Traced, f"__{plain_name}__", unary(ufunc, getattr(operator, plain_name)))


def recorded_method(name: str) -> Any:
    """Make a method whose call is noted."""
    f = method_call(name)
    writes = name in ("fill", "sort", "partition", "put", "resize")

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        out = kwargs.get("out")
        written = [self] if writes else [] if out is None else [out]
        return self._recorder.record(f, (self, *args), kwargs, written)

    method.__name__ = name
    return method


for (
    plain_name
) in """all any argmax argmin argpartition argsort astype byteswap choose clip conj conjugate copy
    cumprod cumsum diagonal dot fill flatten max mean min partition prod put ravel reshape round
    searchsorted sort squeeze std sum swapaxes take trace transpose var view is_integer""".split():  # noqa: SIM905
    setattr(Traced, plain_name, recorded_method(plain_name))


def recorded_attribute(name: str) -> Any:
    """Make an attribute whose reading is noted."""
    f = attribute_of(name)
    return property(lambda self: self._recorder.record(f, (self,), {}))


for plain_name in ("T", "mT", "real", "imag"):
    setattr(Traced, plain_name, recorded_attribute(plain_name))
