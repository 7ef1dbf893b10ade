"""What a Tensor answers to: operators and methods, one line each, all of them NumPy functions.

Names that ndarray has mean what they mean in NumPy; names that only torch has are there too.
"""

# NumPy's stubs do not know that its functions accept what implements its protocols.
# mypy: disable-error-code="call-overload,arg-type,operator"

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from .dispatch import apply, apply_unary, operator_of
from .errors import ArgumentError
from .kernels import getitem

__all__ = ["Surface"]

F = Any  # a Tensor, an array or a number
NO_SETTINGS: dict[str, Any] = {}


class Surface:
    """Operators and methods of a Tensor, said in NumPy functions that dispatch back to it."""

    __slots__ = ()

    shape: tuple[int, ...]
    ndim: int
    dtype: Any

    # arithmetic
    __add__ = operator_of(np.add, operator.add)
    __radd__ = operator_of(np.add, operator.add, swapped=True)
    __sub__ = operator_of(np.subtract, operator.sub)
    __rsub__ = operator_of(np.subtract, operator.sub, swapped=True)
    __mul__ = operator_of(np.multiply, operator.mul)
    __rmul__ = operator_of(np.multiply, operator.mul, swapped=True)
    __truediv__ = operator_of(np.divide, operator.truediv)
    __rtruediv__ = operator_of(np.divide, operator.truediv, swapped=True)

    def __pow__(self, other: F) -> Any:
        return (
            apply_unary(np.square, self)
            if other.__class__ is int and other == 2
            else np.power(self, other)
        )

    def __rpow__(self, other: F) -> Any:
        return apply(np.power, (other, self), NO_SETTINGS)

    def __matmul__(self, other: F) -> Any:
        return apply(np.matmul, (self, other), NO_SETTINGS)

    def __rmatmul__(self, other: F) -> Any:
        return apply(np.matmul, (other, self), NO_SETTINGS)

    def __mod__(self, other: F) -> Any:
        return apply(np.remainder, (self, other), NO_SETTINGS)

    def __rmod__(self, other: F) -> Any:
        return apply(np.remainder, (other, self), NO_SETTINGS)

    def __floordiv__(self, other: F) -> Any:
        return apply(np.floor_divide, (self, other), NO_SETTINGS)

    def __rfloordiv__(self, other: F) -> Any:
        return apply(np.floor_divide, (other, self), NO_SETTINGS)

    def __neg__(self) -> Any:
        return apply_unary(np.negative, self)

    def __pos__(self) -> Any:
        return apply(np.positive, (self,), NO_SETTINGS)

    def __abs__(self) -> Any:
        return apply_unary(np.absolute, self)

    # comparisons: plain boolean arrays
    def __lt__(self, other: F) -> Any:
        return apply(np.less, (self, other), NO_SETTINGS)

    def __le__(self, other: F) -> Any:
        return apply(np.less_equal, (self, other), NO_SETTINGS)

    def __gt__(self, other: F) -> Any:
        return apply(np.greater, (self, other), NO_SETTINGS)

    def __ge__(self, other: F) -> Any:
        return apply(np.greater_equal, (self, other), NO_SETTINGS)

    def __eq__(self, other: object) -> Any:
        return apply(np.equal, (self, other), NO_SETTINGS)

    def __ne__(self, other: object) -> Any:
        return apply(np.not_equal, (self, other), NO_SETTINGS)

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
        return np.sum(self, axis=axis, **kw)

    def mean(self, axis: Any = None, **kw: Any) -> Any:
        """Mean over `axis`, as `np.mean`."""
        return np.mean(self, axis=axis, **kw)

    def var(self, axis: Any = None, **kw: Any) -> Any:
        """Variance over `axis` with NumPy's `ddof=0`, as `np.var`."""
        return np.var(self, axis=axis, **kw)

    def std(self, axis: Any = None, **kw: Any) -> Any:
        """Standard deviation over `axis` with NumPy's `ddof=0`, as `np.std`."""
        return np.std(self, axis=axis, **kw)

    def max(self, axis: Any = None, **kw: Any) -> Any:
        """Maximum over `axis`, as `np.max`; ties share the gradient."""
        return np.max(self, axis=axis, **kw)

    def min(self, axis: Any = None, **kw: Any) -> Any:
        """Minimum over `axis`, as `np.min`; ties share the gradient."""
        return np.min(self, axis=axis, **kw)

    def cumsum(self, axis: Any = None, **kw: Any) -> Any:
        """Cumulative sum along `axis`, as `np.cumsum`."""
        return np.cumsum(self, axis=axis, **kw)

    def argmax(self, axis: Any = None, **kw: Any) -> Any:
        """Index of the maximum, a plain integer array, as `np.argmax`."""
        return np.argmax(self, axis=axis, **kw)

    def argmin(self, axis: Any = None, **kw: Any) -> Any:
        """Index of the minimum, a plain integer array, as `np.argmin`."""
        return np.argmin(self, axis=axis, **kw)

    def all(self, axis: Any = None, **kw: Any) -> Any:
        """Whether all elements are true, as `np.all`."""
        return np.all(self, axis=axis, **kw)

    def any(self, axis: Any = None, **kw: Any) -> Any:
        """Whether any element is true, as `np.any`."""
        return np.any(self, axis=axis, **kw)

    # shape
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

    permute = transpose

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """Swap two axes, as `np.swapaxes`."""
        return np.swapaxes(self, axis1, axis2)

    def ravel(self, order: Any = "C") -> Any:
        """One axis with all elements, as `np.ravel`."""
        return np.ravel(self, order)

    def flatten(self, order: Any = "C") -> Any:
        """One axis with all elements, as `ndarray.flatten`."""
        if not isinstance(order, str):
            raise ArgumentError(
                f"x.flatten({order!r}): as in NumPy, the argument is a memory order ('C', 'F'). "
                f"To keep the first axes (torch's flatten) write x.reshape(*x.shape[:k], -1)."
            )
        return np.ravel(self, order)

    def squeeze(self, axis: Any = None) -> Any:
        """Drop axes of length 1, as `np.squeeze`."""
        return np.squeeze(self, axis)

    def unsqueeze(self, dim: int) -> Any:
        """Insert an axis of length 1, as `np.expand_dims`."""
        return np.expand_dims(self, dim)

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        """Repeat elements, as `np.repeat`."""
        return np.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: Any = None) -> Any:
        """Pick elements by index along `axis`, as `np.take`."""
        return np.take(self, indices, axis)

    def dot(self, other: F) -> Any:
        """Dot product, as `np.dot`."""
        return np.dot(self, other)

    @property
    def T(self) -> Any:  # noqa: N802 (NumPy's name)
        """The axes reversed."""
        return np.transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802 (NumPy's name)
        """The last two axes swapped."""
        return np.swapaxes(self, -1, -2)

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

    # elementwise
    def clip(self, min: Any = None, max: Any = None) -> Any:
        """Limit the values, as `np.clip`."""
        return np.clip(self, min, max)

    def copy(self) -> Any:
        """Return the same values in an array of their own; the gradient passes through."""
        return np.copy(self)

    def exp(self) -> Any:
        """Return e to the power x, as `np.exp`."""
        return np.exp(self)

    def log(self) -> Any:
        """Return the natural logarithm, as `np.log`."""
        return np.log(self)

    def sqrt(self) -> Any:
        """Return the square root, as `np.sqrt`."""
        return np.sqrt(self)

    def tanh(self) -> Any:
        """Return the hyperbolic tangent, as `np.tanh`."""
        return np.tanh(self)

    def abs(self) -> Any:
        """Return the absolute value, as `np.abs`."""
        return np.abs(self)

    def astype(self, dtype: Any, **kw: Any) -> Any:
        """Cast the elements; the gradient comes back in the old dtype."""
        from .kernels import astype

        return astype(self, dtype, **kw)
