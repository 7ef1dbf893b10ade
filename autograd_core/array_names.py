"""The methods and attributes that NumPy's arrays have; here they mean what they mean there.

Each is one of NumPy's functions, which dispatches back to the Tensor. What ndarray has and a Tensor
has not is in habits.py, with what to write.
"""

# NumPy's stubs do not know that its functions accept what implements its protocols.
# mypy: disable-error-code="call-overload,arg-type,operator"

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .dispatch import Layered, raw
from .errors import ArgumentError, DtypeError
from .habits import check_words, method
from .interchange import values_of
from .kernels import astype

__all__ = ["ArrayNames"]


class ArrayNames:
    """Methods and attributes of ndarray."""

    __slots__ = ()

    shape: tuple[int, ...]
    ndim: int
    size: Any
    dtype: Any
    _trace: Any
    _alias: Any

    # reductions
    sum = method(np.sum, "Sum over `axis`.")
    prod = method(np.prod, "Product over `axis`; right also where there are zeros.")
    mean = method(np.mean, "Mean over `axis`.")
    var = method(np.var, "Variance over `axis`, with NumPy's `ddof=0`.")
    std = method(np.std, "Standard deviation over `axis`, with NumPy's `ddof=0`.")
    max = method(np.max, "Maximum over `axis`; ties share the gradient.")
    min = method(np.min, "Minimum over `axis`; ties share the gradient.")
    cumsum = method(np.cumsum, "Cumulative sum along `axis`.")
    cumprod = method(np.cumprod, "Cumulative product along `axis`.")
    trace = method(np.trace, "Sum along a diagonal.")

    # plain values: no gradient
    argmax = method(np.argmax, "Index of the maximum, a plain integer array.")
    argmin = method(np.argmin, "Index of the minimum, a plain integer array.")
    argsort = method(np.argsort, "Indices that would sort, a plain integer array.")
    argpartition = method(np.argpartition, "Indices that would partition, a plain integer array.")
    all = method(np.all, "Whether all elements are true.")
    any = method(np.any, "Whether any element is true.")
    nonzero = method(np.nonzero, "Indices of the elements that are not 0, a tuple of arrays.")
    searchsorted = method(np.searchsorted, "Places where values would keep this in order.")
    round = method(np.round, "Round to `decimals`: plain values, piecewise constant.")

    # elements
    take = method(np.take, "Pick elements by index along `axis`.")
    choose = method(np.choose, "Let each element, an index, choose from a list of arrays.")
    diagonal = method(np.diagonal, "Elements of a diagonal.")
    dot = method(np.dot, "Dot product, as `np.dot`.")

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **kw: Any) -> Any:
        """Limit the values, as `np.clip`."""
        return np.clip(self, min, max, **(kw if out is None else {"out": out} | kw))

    def compress(self, condition: Any, axis: Any = None) -> Any:
        """Pick the parts along `axis` where the condition is true, as `np.compress`."""
        return np.compress(condition, self, axis)

    def repeat(self, repeats: Any, axis: Any = None, *more: int) -> Any:
        """Repeat elements, as `np.repeat`."""
        if more or (isinstance(axis, int) and not -self.ndim <= axis < self.ndim):
            counts = ", ".join(map(str, (repeats, axis, *more)))
            raise ArgumentError(
                f"x.repeat({counts}): as in NumPy, repeat(repeats, axis) repeats elements along "
                f"one axis. Copies side by side (torch's repeat): np.tile(x, ({counts}))."
            )
        return np.repeat(self, repeats, axis)

    # shape
    squeeze = method(np.squeeze, "Drop axes of length 1.")
    swapaxes = method(np.swapaxes, "Swap two axes.")
    ravel = method(np.ravel, "One axis with all elements; a view where it can be.")

    def reshape(self, *shape: Any, **kw: Any) -> Any:
        """Give the elements another shape, as `np.reshape`."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **kw)

    def transpose(self, *axes: Any) -> Any:
        """Permute the axes as NumPy does: `x.transpose(2, 0, 1)`, or reverse them."""
        if len(axes) == 1 and not isinstance(axes[0], int):
            axes = axes[0]
        if axes and axes is not None and len(axes) != self.ndim:
            raise ArgumentError(
                f"x.transpose{tuple(axes)} got {len(axes)} axes for a Tensor with {self.ndim}. "
                f"As in NumPy, transpose takes every axis in its new order; to swap two axes "
                f"(torch's transpose) write x.swapaxes({', '.join(map(str, axes))})."
            )
        return np.transpose(self, axes or None)

    def flatten(self, order: Any = "C", *more: Any, **torch: Any) -> Any:
        """One axis with all elements, always a copy, as `ndarray.flatten`."""
        if more or torch or not isinstance(order, str):
            raise ArgumentError(
                f"x.flatten({order!r}): as in NumPy, the argument is a memory order ('C', 'F'). "
                f"To keep the first axes (torch's flatten) write x.reshape(*x.shape[:k], -1)."
            )
        return np.copy(np.ravel(self, order))

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's name)
        """The axes reversed."""
        return np.transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802 (NumPy's name)
        """The last two axes swapped."""
        return np.swapaxes(self, -1, -2)

    # copies and casts
    def astype(
        self,
        dtype: Any,
        order: Any = "K",
        casting: Any = "unsafe",
        subok: Any = True,
        copy: Any = True,
    ) -> Any:
        """Cast the elements; the gradient comes back in the old dtype."""
        dtype = np.dtype(dtype)  # None is float64
        if not np.can_cast(self.dtype, dtype, casting):
            raise DtypeError(f"x.astype: {self.dtype} to {dtype} is not {casting!r}")
        return astype(self, dtype, copy=copy)

    def copy(self, order: Any = "C") -> Any:
        """Return the same values in an array of their own; the gradient passes through."""
        return np.copy(self)

    def view(self, *dtype: Any) -> Any:
        """Return a new view of the whole, as `ndarray.view()`; with a dtype, of the same bytes."""
        if not dtype:
            return self[...]  # type: ignore[index]
        if isinstance(dtype[0], (int, tuple, list)):
            shape = ", ".join(map(str, dtype))
            raise ArgumentError(
                f"x.view({shape}): as in NumPy, the argument is a dtype. Another shape (torch's "
                f"view) is x.reshape({shape})."
            )
        if self._trace is not None:
            raise DtypeError(
                f"x.view({dtype[0]!r}) reads bytes as other numbers, which has no derivative. "
                f"A cast is x.astype(dtype); the parts of a complex number are x.real, x.imag."
            )
        return Layered.result(values_of(self).view(*dtype), None)

    def to_device(self, device: Any, *, stream: Any = None) -> Any:
        """Return the Tensor itself: arrays live on the CPU."""
        if device != "cpu":
            raise ArgumentError(f"x.to_device({device!r}): arrays live on the CPU, device 'cpu'")
        return self

    # complex numbers
    @property
    def real(self) -> Any:
        """The real part; a real Tensor itself."""
        return np.real(self) if self.dtype.kind == "c" else self

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return np.imag(self)

    def conj(self) -> Any:
        """Return the complex conjugate; a real Tensor itself."""
        return np.conjugate(self) if self.dtype.kind == "c" else self

    conjugate = conj

    # writes
    def sort(self, axis: int = -1, *args: Any, **kw: Any) -> None:
        """Sort along an axis in place, as `ndarray.sort`; the gradient follows the elements."""
        check_words("sort", (axis, *args), kw)
        self[...] = np.sort(self, axis, *args, **kw)  # type: ignore[index]

    def partition(self, kth: Any, axis: int = -1, **kw: Any) -> None:
        """Partition along an axis in place, as `ndarray.partition`."""
        self[...] = np.partition(self, kth, axis, **kw)  # type: ignore[index]

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        """Write to places of the flattened array, as `ndarray.put`: values are used in a cycle."""
        self.flat[np.arange(self.size).take(np.ravel(raw(indices)), mode=mode)] = values

    @property
    def flat(self) -> Flat:
        """The elements in a row, to be read and written, as `ndarray.flat`."""
        return Flat(self)

    @flat.setter
    def flat(self, values: Any) -> None:
        self.flat[...] = values

    # memory
    @property
    def base(self) -> Any:
        """The Tensor that this one is a view of, or None."""
        found, alias = None, self._alias
        while alias is not None and alias.base is not None:
            found, alias = alias.base, alias.base._alias
        return found

    @property
    def device(self) -> str:
        """Where the values are: "cpu"."""
        return "cpu"

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one element to the next, for each axis."""
        return tuple(values_of(self).strides)

    @property
    def flags(self) -> Any:
        """What is known of the memory layout."""
        return values_of(self).flags


class Flat:
    """What `x.flat` is: the elements of an array in a row."""

    __slots__ = ("whole",)

    def __init__(self, x: Any) -> None:
        self.whole = x if x.ndim else x.reshape(1)

    def places(self, index: Any) -> Any:
        """Return the index of the whole array for one of the row."""
        row = np.arange(self.whole.size)[raw(index)]
        return np.unravel_index(row, self.whole.shape)

    def __len__(self) -> int:
        return int(self.whole.size)

    def __iter__(self) -> Iterator[Any]:
        return iter(np.ravel(self.whole))

    def __getitem__(self, index: Any) -> Any:
        return self.whole[self.places(index)]

    def __setitem__(self, index: Any, values: Any) -> None:
        places = self.places(index)
        shape = np.shape(places[0])
        if np.size(values) == 0 and 0 not in shape:
            raise ArgumentError("x.flat[index] = values needs at least one value to write")
        self.whole[places] = np.resize(values, shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(np.ravel(self.whole), dtype=dtype, copy=copy)
