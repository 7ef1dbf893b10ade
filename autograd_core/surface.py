"""What a Tensor answers to: operators and methods, one line each, all of them NumPy's own functions.

Names that ndarray has mean what they mean in NumPy; names that only torch has are there too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .errors import ArgumentError
from .kernels import getitem

__all__ = ["Surface"]

F = Any  # a Tensor, an array or a number


class Surface:
    """Operators and methods of a Tensor, said in NumPy functions that dispatch back to it."""

    __slots__ = ()

    shape: tuple[int, ...]
    ndim: int

    # arithmetic
    def __add__(self, other: F) -> Any:
        return np.add(self, other)  # type: ignore[call-overload]

    def __radd__(self, other: F) -> Any:
        return np.add(other, self)

    def __sub__(self, other: F) -> Any:
        return np.subtract(self, other)  # type: ignore[call-overload]

    def __rsub__(self, other: F) -> Any:
        return np.subtract(other, self)

    def __mul__(self, other: F) -> Any:
        return np.multiply(self, other)  # type: ignore[call-overload]

    def __rmul__(self, other: F) -> Any:
        return np.multiply(other, self)

    def __truediv__(self, other: F) -> Any:
        return np.divide(self, other)  # type: ignore[call-overload]

    def __rtruediv__(self, other: F) -> Any:
        return np.divide(other, self)

    def __pow__(self, other: F) -> Any:
        return np.square(self) if other.__class__ is int and other == 2 else np.power(self, other)  # type: ignore[call-overload]

    def __rpow__(self, other: F) -> Any:
        return np.power(other, self)

    def __matmul__(self, other: F) -> Any:
        return np.matmul(self, other)  # type: ignore[call-overload]

    def __rmatmul__(self, other: F) -> Any:
        return np.matmul(other, self)

    def __mod__(self, other: F) -> Any:
        return np.remainder(self, other)  # type: ignore[call-overload]

    def __rmod__(self, other: F) -> Any:
        return np.remainder(other, self)

    def __floordiv__(self, other: F) -> Any:
        return np.floor_divide(self, other)  # type: ignore[call-overload]

    def __rfloordiv__(self, other: F) -> Any:
        return np.floor_divide(other, self)

    def __neg__(self) -> Any:
        return np.negative(self)  # type: ignore[call-overload]

    def __pos__(self) -> Any:
        return np.positive(self)  # type: ignore[call-overload]

    def __abs__(self) -> Any:
        return np.absolute(self)  # type: ignore[call-overload]

    # comparisons: plain boolean arrays
    def __lt__(self, other: F) -> Any:
        return np.less(self, other)  # type: ignore[call-overload]

    def __le__(self, other: F) -> Any:
        return np.less_equal(self, other)  # type: ignore[call-overload]

    def __gt__(self, other: F) -> Any:
        return np.greater(self, other)  # type: ignore[call-overload]

    def __ge__(self, other: F) -> Any:
        return np.greater_equal(self, other)  # type: ignore[call-overload]

    def __eq__(self, other: object) -> Any:
        return np.equal(self, other)  # type: ignore[call-overload]

    def __ne__(self, other: object) -> Any:
        return np.not_equal(self, other)  # type: ignore[call-overload]

    __hash__ = object.__hash__

    # indexing
    def __getitem__(self, index: Any) -> Any:
        return getitem(self, index)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a Tensor with no axes (shape ())")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a Tensor with no axes (shape ())")
        return (self[i] for i in range(self.shape[0]))

    # reductions
    def sum(self, axis: Any = None, **kw: Any) -> Any:
        """Sum over `axis`, as `np.sum`."""
        return np.sum(self, axis=axis, **kw)  # type: ignore[call-overload]

    def mean(self, axis: Any = None, **kw: Any) -> Any:
        """Mean over `axis`, as `np.mean`."""
        return np.mean(self, axis=axis, **kw)  # type: ignore[call-overload]

    def var(self, axis: Any = None, **kw: Any) -> Any:
        """Variance over `axis` with NumPy's `ddof=0`, as `np.var`."""
        return np.var(self, axis=axis, **kw)  # type: ignore[call-overload]

    def std(self, axis: Any = None, **kw: Any) -> Any:
        """Standard deviation over `axis` with NumPy's `ddof=0`, as `np.std`."""
        return np.std(self, axis=axis, **kw)  # type: ignore[call-overload]

    def max(self, axis: Any = None, **kw: Any) -> Any:
        """Maximum over `axis`, as `np.max`; ties share the gradient."""
        return np.max(self, axis=axis, **kw)  # type: ignore[call-overload]

    def min(self, axis: Any = None, **kw: Any) -> Any:
        """Minimum over `axis`, as `np.min`; ties share the gradient."""
        return np.min(self, axis=axis, **kw)  # type: ignore[call-overload]

    def cumsum(self, axis: Any = None, **kw: Any) -> Any:
        """Cumulative sum along `axis`, as `np.cumsum`."""
        return np.cumsum(self, axis=axis, **kw)  # type: ignore[call-overload]

    def argmax(self, axis: Any = None, **kw: Any) -> Any:
        """Index of the maximum, a plain integer array, as `np.argmax`."""
        return np.argmax(self, axis=axis, **kw)  # type: ignore[call-overload]

    def argmin(self, axis: Any = None, **kw: Any) -> Any:
        """Index of the minimum, a plain integer array, as `np.argmin`."""
        return np.argmin(self, axis=axis, **kw)  # type: ignore[call-overload]

    def all(self, axis: Any = None, **kw: Any) -> Any:
        """Whether all elements are true, as `np.all`."""
        return np.all(self, axis=axis, **kw)  # type: ignore[call-overload]

    def any(self, axis: Any = None, **kw: Any) -> Any:
        """Whether any element is true, as `np.any`."""
        return np.any(self, axis=axis, **kw)  # type: ignore[call-overload]

    # shape
    def reshape(self, *shape: Any, **kw: Any) -> Any:
        """Give the elements another shape, as `np.reshape`."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **kw)  # type: ignore[call-overload]

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
        return np.transpose(self, axes or None)  # type: ignore[call-overload]

    permute = transpose

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """Swap two axes, as `np.swapaxes`."""
        return np.swapaxes(self, axis1, axis2)  # type: ignore[call-overload]

    def ravel(self, order: Any = "C") -> Any:
        """One axis with all elements, as `np.ravel`."""
        return np.ravel(self, order)  # type: ignore[call-overload]

    def flatten(self, order: Any = "C") -> Any:
        """One axis with all elements, as `ndarray.flatten`."""
        if not isinstance(order, str):
            raise ArgumentError(
                f"x.flatten({order!r}): as in NumPy, the argument is a memory order ('C', 'F'). "
                f"To keep the first axes (torch's flatten) write x.reshape(*x.shape[:k], -1)."
            )
        return np.ravel(self, order)  # type: ignore[call-overload]

    def squeeze(self, axis: Any = None) -> Any:
        """Drop axes of length 1, as `np.squeeze`."""
        return np.squeeze(self, axis)  # type: ignore[call-overload]

    def unsqueeze(self, dim: int) -> Any:
        """Insert an axis of length 1, as `np.expand_dims`."""
        return np.expand_dims(self, dim)  # type: ignore[call-overload]

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        """Repeat elements, as `np.repeat`."""
        return np.repeat(self, repeats, axis)  # type: ignore[call-overload]

    def take(self, indices: Any, axis: Any = None) -> Any:
        """Pick elements by index along `axis`, as `np.take`."""
        return np.take(self, indices, axis)  # type: ignore[call-overload]

    def dot(self, other: F) -> Any:
        """Dot product, as `np.dot`."""
        return np.dot(self, other)  # type: ignore[call-overload]

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's name)
        """The axes reversed."""
        return np.transpose(self)  # type: ignore[call-overload]

    @property
    def mT(self) -> Any:  # noqa: N802 (NumPy's name)
        """The last two axes swapped."""
        return np.swapaxes(self, -1, -2)  # type: ignore[call-overload]

    # elementwise
    def clip(self, min: Any = None, max: Any = None) -> Any:  # noqa: A002 (NumPy's names)
        """Limit the values, as `np.clip`."""
        return np.clip(self, min, max)  # type: ignore[call-overload]

    def exp(self) -> Any:
        """Return e to the power x, as `np.exp`."""
        return np.exp(self)  # type: ignore[call-overload]

    def log(self) -> Any:
        """Return the natural logarithm, as `np.log`."""
        return np.log(self)  # type: ignore[call-overload]

    def sqrt(self) -> Any:
        """Return the square root, as `np.sqrt`."""
        return np.sqrt(self)  # type: ignore[call-overload]

    def tanh(self) -> Any:
        """Return the hyperbolic tangent, as `np.tanh`."""
        return np.tanh(self)  # type: ignore[call-overload]

    def abs(self) -> Any:
        """Return the absolute value, as `np.abs`."""
        return np.abs(self)  # type: ignore[call-overload]

    def astype(self, dtype: Any, **kw: Any) -> Any:
        """Cast the elements; the gradient comes back in the old dtype."""
        from .kernels import astype

        return astype(self, dtype, **kw)
