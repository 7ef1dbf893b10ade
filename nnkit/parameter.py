"""Parameter: a Tensor that a model learns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from autograd_core import Tensor, tensor
from autograd_core.dispatch import raw

__all__ = ["Parameter", "clear_grad"]


class Parameter(Tensor):
    """A Tensor that a model learns: as an attribute of a Module it belongs to its parameters.

    Parameters
    ----------
    data : array_like
        Initial values; they are copied.
    requires_grad : bool, default True
        False for a parameter that stays as it is (frozen).
    dtype : dtype, optional
        float32 by default, also where `data` holds float64, so that a model is of one piece.
        `Module.double()` turns a whole model into float64.

    Raises
    ------
    DtypeError
        If `data` is not numeric.

    Examples
    --------
    >>> p = Parameter([[1.0, 2.0]])
    >>> p.dtype, p.requires_grad, p.grad
    (dtype('float32'), True, None)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True, dtype: Any = None) -> None:
        value = raw(tensor(data))
        if dtype is None and value.dtype.kind != "c":
            dtype = np.float32
        super().__init__(np.ascontiguousarray(value, dtype=dtype).reshape(value.shape))
        del value  # nobody else holds it, so nobody can change it unnoticed
        if requires_grad:
            self.requires_grad_()

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        # A copy is a leaf of its own: it does not share the place where gradients arrive.
        return type(self), (raw(self), self.requires_grad, self.dtype)

    def cast_(self, dtype: Any) -> Self:
        """Change the dtype of the values, and of the gradient if there is one, in place."""
        if self.dtype != dtype:
            grad, requires_grad = self.grad, self.requires_grad
            self.requires_grad_(False)
            self.data = raw(self).astype(dtype)
            self.requires_grad_(requires_grad)
            if grad is not None:
                self.grad = raw(grad).astype(dtype)
        return self


def clear_grad(p: Tensor, set_to_none: bool) -> None:
    """Forget a gradient, or overwrite it with zeros."""
    if p.requires_grad and p.grad is not None:
        if set_to_none:
            p.grad = None
        else:
            raw(p.grad)[...] = 0
