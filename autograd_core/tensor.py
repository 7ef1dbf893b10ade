"""Tensor: an array that remembers how it was made, so that it can be differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np

from .anomaly import watchers
from .dispatch import Layered, like, raw, trace_of
from .errors import ConversionError, DtypeError, GraphError, ShapeError, describe
from .graph import Node
from .guard import Sink
from .inplace import Writable
from .live import given_away, note_gradient
from .reverse import backward
from .surface import Surface
from .taped import Taped, require_float

__all__ = ["Tensor", "require_float", "tensor"]


class Tensor(Writable, Taped, Surface):
    """An array that remembers how it was made, so that it can be differentiated.

    To make one, see `tensor`; every NumPy function then works on it. A method or attribute that
    `numpy.ndarray` has means what it means in NumPy.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import tensor
    >>> x = tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> np.sum(x**2).backward()
    >>> x.grad
    Tensor([2., 4., 6.])
    """

    __slots__ = ("__weakref__",)

    def __init__(self, value: Any, trace: Any = None) -> None:
        if trace is None and not hasattr(value, "dtype"):  # a list, or a number
            value = tensor(value)._value
        self._value, self._trace, self._alias = value, trace, None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if trace_of(self) is not None:
            raise ConversionError(
                f"turning {describe(self)} into a plain array would drop its gradient. Write "
                f"x.detach().numpy() if that is meant. To build an array from Tensors use "
                f"np.stack([a, b]) in place of np.array([a, b]), and np.broadcast_to(x, shape) in "
                f"place of np.full(shape, x); to fill a buffer, let it be a Tensor: "
                f"tensor(np.zeros(3)). autograd_core.numpy has array and full for Tensors."
            )
        return np.array(given_away(self._value), dtype=dtype, copy=copy)

    # what it is
    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """Length of each axis."""
        return self._value.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self._value.dtype

    @property
    def ndim(self) -> int:  # type: ignore[override]
        """Number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """Number of elements, an int as in NumPy (torch's `x.size()` is `x.shape`)."""
        return self._value.size

    # getting values out
    def detach(self) -> Tensor:
        """Return the same values without the history; memory is shared."""
        if isinstance(trace_of(self), Node):
            return Tensor(self._trace.hand_out(raw(self)))
        return Tensor(raw(self))

    @property
    def data(self) -> Tensor:
        """The values without the history, as `detach()`; assign to replace them by a copy."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        self._value = np.array(raw(value))

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False
    ) -> None:
        """Add d(self)/d(leaf) to the `.grad` of every leaf this Tensor was calculated from.

        Parameters
        ----------
        gradient : array_like, optional
            The cotangent to start with, of this Tensor's shape. May be left out for one value.
        retain_graph : bool, optional
            Keep what was saved, for another backward pass. Default: the value of `create_graph`.
        create_graph : bool, default False
            Record the backward pass too, so that the gradients can be differentiated.

        Raises
        ------
        GraphError
            If nothing was recorded, or the graph was freed by an earlier call.
        ShapeError
            If `gradient` is left out for more than one value, or has another shape.
        DtypeError
            If `gradient` is left out for a complex value.
        """
        node = trace_of(self)
        if not isinstance(node, Node) or node.level != 0:
            raise GraphError(
                "backward() on a Tensor that nothing was recorded for. Give the inputs "
                "requires_grad=True, and calculate outside of no_grad()."
            )
        if retain_graph is None:
            retain_graph = create_graph
        g = cotangent_for(self, gradient)
        if create_graph and not isinstance(g, Tensor):
            g = Tensor(g)
        elif not create_graph:
            g = raw(g)
        walk = backward(
            [(node, g)],
            retain=retain_graph,
            rewrap=self.__class__._rewrap if create_graph else None,
        )
        for leaf, c, fresh in walk:
            deposit(leaf, c, fresh)

    @staticmethod
    def _rewrap(value: Any, node: Node) -> Any:
        if isinstance(node.dtype, tuple) and not node.rule.saves:
            return like(value, [Tensor(v, node.output(i, v)) for i, v in enumerate(value)])
        return Tensor(value, node)


Layered.result = Tensor


def cotangent_for(y: Tensor, gradient: Any) -> Any:
    """Check the `gradient` argument of backward, or make the 1 that it may be left out for."""
    if gradient is None:
        if y.size != 1:
            raise ShapeError(
                f"backward() without an argument needs a single value, got {describe(y)}. Reduce "
                f"it first (y.sum().backward()), or pass gradient= of its shape."
            )
        if y.dtype.kind == "c":
            raise DtypeError(
                f"backward() without an argument needs a real value, got {describe(y)}. "
                f"Differentiate its real part or its absolute value, or pass gradient=."
            )
        return np.ones(y.shape, y.dtype) if y.shape else np.array(1, y.dtype)
    if not isinstance(gradient, Tensor):
        try:
            gradient = np.asarray(gradient)
            gradient = gradient.astype(y.dtype, casting="same_kind")
        except (TypeError, ValueError) as error:
            raise DtypeError(
                f"backward(gradient) takes numbers of shape {y.shape} and dtype {y.dtype}, got "
                f"{describe(gradient)} ({error})"
            ) from None
    if gradient.shape != y.shape:
        raise ShapeError(f"backward(gradient) must have shape {y.shape}, got {gradient.shape}")
    return np.conj(gradient) if y.dtype.kind == "c" else gradient


def deposit(leaf: Node, g: Any, fresh: bool) -> None:
    """Add a cotangent to the gradient that is kept for a leaf (conjugated as torch does)."""
    if leaf.sink is None:
        leaf.sink = Sink()
    sink = leaf.sink
    if watchers:
        note_gradient(leaf)
    if leaf.dtype.kind == "c":
        g = np.conj(g)
    if isinstance(g, Tensor):
        sink.grad = g if sink.grad is None else sink.grad + g
    elif sink.grad is None:
        owned = fresh and isinstance(g, np.ndarray) and g.flags.c_contiguous
        sink.grad = Tensor(g if owned else np.copy(g, order="C"))
    elif sink.grad._trace is None:
        np.add(sink.grad._value, g, out=sink.grad._value)
    else:
        sink.grad = sink.grad + g


# --- making Tensors -------------------------------------------------------------------------------


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Make a Tensor from numbers, nested lists or an array, which is copied as by `numpy.array`.

    Parameters
    ----------
    data : array_like
        Numbers; strings, ragged lists and objects are refused.
    dtype : dtype, optional
        Default: what NumPy makes of `data`.
    requires_grad : bool, default False
        Record operations on it, so that `backward` can fill `.grad`.

    Raises
    ------
    DtypeError
        If `data` is not numeric, or `requires_grad` is asked of integers.

    Examples
    --------
    >>> tensor([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    if isinstance(data, Tensor):
        data = given_away(raw(data))
    if np.ma.is_masked(data):
        raise DtypeError("tensor(...) cannot hold a masked array; fill it first: x.filled(0.0)")
    try:
        value = np.array(data, dtype=dtype)
    except ValueError as error:
        raise ShapeError(
            f"tensor(...) needs rows of equal length, or numbers; got {describe(data)} ({error})"
        ) from None
    if value.dtype.kind not in "fciub":
        raise DtypeError(
            f"tensor(...) holds numbers; got {describe(data)}, which NumPy reads as dtype "
            f"{value.dtype}. Convert it to float or int first."
        )
    result = Tensor(value)
    del value  # nobody else holds it
    return result.requires_grad_() if requires_grad else result
