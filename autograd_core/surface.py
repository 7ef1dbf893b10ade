"""What a Tensor answers to: its operators, and its methods from the files that meet here.

Names that ndarray has mean what they mean in NumPy (array_names.py); names that only torch has are
there too (torch_math.py, torch_shapes.py); for others there is an error that helps (habits.py).
"""

# NumPy's stubs do not know that its functions accept what implements its protocols.
# mypy: disable-error-code="call-overload,arg-type,operator"

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from .array_names import ArrayNames
from .dispatch import apply
from .display import Displayed
from .habits import Habits
from .interchange import Interchange
from .shortcuts import apply_index, apply_unary, operator_of
from .torch_math import TorchMath
from .torch_shapes import TorchShapes

__all__ = ["Surface"]

F = Any  # a Tensor, an array or a number
NO_SETTINGS: dict[str, Any] = {}


class Surface(ArrayNames, TorchMath, TorchShapes, Interchange, Displayed, Habits):
    """Operators and methods of a Tensor, said in NumPy functions that dispatch back to it."""

    __slots__ = ()

    # arithmetic
    __add__ = operator_of(np.add, operator.add)
    __radd__ = operator_of(np.add, operator.add, swapped=True)
    __sub__ = operator_of(np.subtract, operator.sub)
    __rsub__ = operator_of(np.subtract, operator.sub, swapped=True)
    __mul__ = operator_of(np.multiply, operator.mul)
    __rmul__ = operator_of(np.multiply, operator.mul, swapped=True)
    __truediv__ = operator_of(np.divide, operator.truediv)
    __rtruediv__ = operator_of(np.divide, operator.truediv, swapped=True)
    __matmul__ = operator_of(np.matmul, np.matmul)
    __rmatmul__ = operator_of(np.matmul, np.matmul, swapped=True)

    def __pow__(self, other: F) -> Any:
        return (
            apply_unary(np.square, self)
            if other.__class__ is int and other == 2
            else np.power(self, other)
        )

    def __rpow__(self, other: F) -> Any:
        return apply(np.power, (other, self), NO_SETTINGS)

    def __mod__(self, other: F) -> Any:
        return apply(np.remainder, (self, other), NO_SETTINGS)

    def __rmod__(self, other: F) -> Any:
        return apply(np.remainder, (other, self), NO_SETTINGS)

    def __divmod__(self, other: F) -> Any:
        return np.divmod(self, other)

    def __rdivmod__(self, other: F) -> Any:
        return np.divmod(other, self)

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
        return apply_index(self, index)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a Tensor with no axes (shape ())")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a Tensor with no axes (shape ())")
        return (self[i] for i in range(self.shape[0]))

    # whole numbers and truth values: no gradient
    def __and__(self, other: F) -> Any:
        return np.bitwise_and(self, other)

    def __rand__(self, other: F) -> Any:
        return np.bitwise_and(other, self)

    def __or__(self, other: F) -> Any:
        return np.bitwise_or(self, other)

    def __ror__(self, other: F) -> Any:
        return np.bitwise_or(other, self)

    def __xor__(self, other: F) -> Any:
        return np.bitwise_xor(self, other)

    def __rxor__(self, other: F) -> Any:
        return np.bitwise_xor(other, self)

    def __lshift__(self, other: F) -> Any:
        return np.left_shift(self, other)

    def __rlshift__(self, other: F) -> Any:
        return np.left_shift(other, self)

    def __rshift__(self, other: F) -> Any:
        return np.right_shift(self, other)

    def __rrshift__(self, other: F) -> Any:
        return np.right_shift(other, self)

    def __invert__(self) -> Any:
        return np.invert(self)
