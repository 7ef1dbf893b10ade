"""Parameter: a Tensor that a model learns."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from autograd_core import Tensor, tensor
from autograd_core.anomaly import watchers
from autograd_core.dispatch import Layered, raw
from autograd_core.errors import GraphError
from autograd_core.live import live
from autograd_core.taped import gradient_of

__all__ = ["Buffer", "Parameter", "UninitializedParameter", "clear_grad"]


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
        if type(data) is np.ndarray and data.dtype.kind in "fiub":  # one copy, not two
            value = raw(tensor(data, dtype=dtype or np.float32))
        else:
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


class Buffer:
    """An array that becomes a buffer of the module that it is assigned to.

    ``self.mean = Buffer(values)`` is short for ``self.register_buffer("mean", values)``; what the
    module holds then is a plain array.

    Parameters
    ----------
    data : array_like
    persistent : bool, default True
        Whether it belongs to the state dict.

    Examples
    --------
    >>> import nnkit as nn
    >>> class Centered(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.mean = nn.Buffer([1.0, 2.0])
    >>> Centered().mean, list(Centered().state_dict())
    (array([1., 2.]), ['mean'])
    """

    def __init__(self, data: Any, *, persistent: bool = True) -> None:
        self.data = data
        self.persistent = persistent


class UninitializedParameter(Parameter):
    """A Parameter of a lazy layer, whose shape is known when the first input has come.

    Until then it has a dtype and can be frozen; everything else is an error. With its shape it
    becomes a Parameter, the same object, so that an optimizer made before keeps it.

    Parameters
    ----------
    requires_grad : bool, default True
        False for a parameter that stays as it is (frozen).
    dtype : dtype, default float32

    Raises
    ------
    GraphError
        If its values or its shape are asked for.

    Examples
    --------
    >>> p = UninitializedParameter()
    >>> p
    <UninitializedParameter>
    >>> p.materialize((2, 3))
    >>> type(p).__name__, p.shape
    ('Parameter', (2, 3))
    """

    __slots__ = ()

    def __init__(self, requires_grad: bool = True, dtype: Any = None) -> None:
        PLAN.__set__(self, (np.dtype(np.float32 if dtype is None else dtype), requires_grad))
        self._trace = self._alias = None

    @property
    def _value(self) -> Any:
        raise GraphError(
            "this parameter of a lazy layer has no values and no shape yet: they come with the "
            "first input. Run the model once, model(X[:2]), or load a state dict."
        )

    @_value.setter
    def _value(self, value: Any) -> None:
        _, requires_grad = PLAN.__get__(self)
        self.__class__ = Parameter  # type: ignore[assignment]
        PLAN.__set__(self, value)
        del value  # nobody else holds it
        self.requires_grad_(requires_grad)

    def materialize(self, shape: tuple[int, ...], dtype: Any = None) -> None:
        """Become a Parameter of a shape, of zeros.

        Parameters
        ----------
        shape : tuple of int
        dtype : dtype, optional
            The one it has by default.
        """
        self._value = np.zeros(shape, self.dtype if dtype is None else dtype)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that its elements will have."""
        return PLAN.__get__(self)[0]

    @property
    def requires_grad(self) -> bool:
        """Whether it will learn."""
        return PLAN.__get__(self)[1]

    @requires_grad.setter
    def requires_grad(self, wish: bool) -> None:
        self.requires_grad_(wish)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Let it learn once it has values, or freeze it; returns the parameter itself."""
        PLAN.__set__(self, (self.dtype, bool(requires_grad)))
        return self

    def cast_(self, dtype: Any) -> Self:
        """Change the dtype that its elements will have."""
        PLAN.__set__(self, (np.dtype(dtype), self.requires_grad))
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> UninitializedParameter:
        return UninitializedParameter(self.requires_grad, self.dtype)

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        return UninitializedParameter, (self.requires_grad, self.dtype)

    def __repr__(self) -> str:
        return "<UninitializedParameter>"


PLAN: Any = Layered._value  # type: ignore[misc]
"""The place of the array: before there is one it holds its dtype, and whether it is to learn."""


def set_all(x: Any, number: float) -> None:
    """Write one number everywhere."""
    x[...] = number


fill = live(set_all, writes=(0,), always=True)


def clear_grad(p: Tensor, set_to_none: bool) -> None:
    """Forget a gradient, or overwrite it with zeros."""
    if set_to_none and not watchers:
        sink = getattr(p._trace, "sink", None)
        if sink is not None:
            sink.grad = None
    elif set_to_none and p.requires_grad:
        p.grad = None  # whatever it was, `compile` is to know
    elif p.requires_grad and (grad := gradient_of(p)) is not None:
        fill(raw(grad), 0)
