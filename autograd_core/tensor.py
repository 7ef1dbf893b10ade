"""Tensor: an array that remembers how it was made, so that it can be differentiated."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from .dispatch import Layered, like, raw
from .errors import ConversionError, DtypeError, GraphError, ShapeError, describe
from .graph import Node
from .guard import HookHandle, Sink
from .inplace import Writable
from .reverse import backward
from .surface import Surface

__all__ = ["Tensor", "require_float", "tensor"]


class Tensor(Writable, Surface):
    """An array that remembers how it was made, so that it can be differentiated.

    Make one with `tensor(...)`; every NumPy function then works on it. A method or attribute that
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
        self._value, self._trace, self._alias = value, trace, None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self._trace is not None:
            raise ConversionError(
                f"turning {describe(self)} into a plain array would drop its gradient. Write "
                f"x.detach().numpy() if that is meant. To build an array from Tensors use "
                f"np.stack([a, b]) in place of np.array([a, b]); to fill a buffer, let it be a "
                f"Tensor: tensor(np.zeros(3))."
            )
        return np.array(self._value, dtype=dtype, copy=copy)

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
        """Number of elements (an int, as in NumPy)."""
        return self._value.size

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this Tensor are recorded."""
        return self._trace is not None

    @requires_grad.setter
    def requires_grad(self, wish: bool) -> None:
        self.requires_grad_(wish)

    @property
    def is_leaf(self) -> bool:
        """Whether this Tensor was given by the user, not calculated from others."""
        return self._trace is None or getattr(self._trace, "rule", None) is None

    # getting values out
    def detach(self) -> Tensor:
        """Return the same values without the history; memory is shared."""
        if isinstance(self._trace, Node):
            return Tensor(self._trace.hand_out(raw(self)))
        return Tensor(raw(self))

    @property
    def data(self) -> Tensor:
        """The values without the history, as `detach()`; assign to replace them."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        self._value = np.asarray(raw(value))

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({}) if self.is_leaf else self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        refuse_calculated(self)
        twin = new_leaf(type(self), np.array(raw(self)), self.requires_grad)
        if hasattr(self, "__dict__"):  # a subclass of the user's
            twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        refuse_calculated(self)
        given = type(self), raw(self), self.requires_grad
        return new_leaf, given, getattr(self, "__dict__", None)

    # gradients
    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has summed up here, or None."""
        sink = getattr(self._trace, "sink", None)
        return None if sink is None else sink.grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if self._trace is None:
            raise GraphError("only a Tensor with requires_grad=True has a .grad")
        if value is not None:
            value = value if isinstance(value, Tensor) else Tensor(np.asarray(value))
            if value.shape != self.shape:
                raise ShapeError(f".grad of a {self.shape} Tensor was given shape {value.shape}")
        if self._trace.sink is None:
            self._trace.sink = Sink()
        self._trace.sink.grad = value

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Start (or stop) recording operations on this leaf; returns the Tensor itself."""
        if not self.is_leaf:
            raise GraphError(
                "requires_grad_ changes leaves only; this Tensor was calculated from others. "
                "Use .detach() to get one that is not."
            )
        if requires_grad and self._trace is None:
            require_float(self._value, "requires_grad")
            self._trace = Node(0, self._value)
        elif not requires_grad:
            self._trace = None
        return self

    def retain_grad(self) -> None:
        """Keep `.grad` of this calculated Tensor in the coming backward passes."""
        if isinstance(self._trace, Node):
            self._trace.sink = self._trace.sink or Sink()
            self._trace.sink.retains = True

    def register_hook(self, hook: Callable[[Tensor], Any]) -> HookHandle:
        """Call `hook(gradient)` in each backward pass, when this Tensor's gradient is complete.

        What it returns, unless None, takes the place of the gradient from there on: for the
        `.grad` of a leaf, and for all that this Tensor was calculated from.

        Parameters
        ----------
        hook : callable
            Receives the gradient as a Tensor of this Tensor's shape.

        Returns
        -------
        HookHandle
            Its `remove()` takes the hook away.

        Raises
        ------
        GraphError
            If nothing is recorded for this Tensor.

        Examples
        --------
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> y = x * 3.0
        >>> handle = y.register_hook(lambda g: g * 10.0)
        >>> y.sum().backward()
        >>> x.grad
        Tensor([30., 30.])
        """
        node = self._trace
        if not isinstance(node, Node):
            raise GraphError("register_hook needs a Tensor that is recorded (requires_grad=True)")

        def replace(g: Any) -> Any:
            given = g if isinstance(g, Tensor) else Tensor(g)
            result = hook(given)
            if result is None:
                return g
            if np.shape(result) != self_shape:
                raise ShapeError(
                    f"a hook must return None or a gradient of shape {self_shape}, got "
                    f"{describe(result)}"
                )
            return result if isinstance(g, Tensor) else raw(result)

        self_shape = self.shape  # the hook must not keep this Tensor alive
        node.sink = node.sink or Sink()
        node.sink.hooks.append(replace)
        return HookHandle(node.sink.hooks, replace)

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
        node = self._trace
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
        return np.ones(y.shape, y.dtype)
    gradient = gradient if isinstance(gradient, Tensor) else np.asarray(gradient, dtype=y.dtype)
    if gradient.shape != y.shape:
        raise ShapeError(f"backward(gradient) must have shape {y.shape}, got {gradient.shape}")
    return np.conj(gradient) if y.dtype.kind == "c" else gradient


def deposit(leaf: Node, g: Any, fresh: bool) -> None:
    """Add a cotangent to the gradient that is kept for a leaf (conjugated as torch does)."""
    if leaf.sink is None:
        leaf.sink = Sink()
    sink = leaf.sink
    if leaf.dtype.kind == "c":
        g = np.conj(g)
    if isinstance(g, Tensor):
        sink.grad = g if sink.grad is None else sink.grad + g
    elif sink.grad is None:
        owned = fresh and isinstance(g, np.ndarray) and g.flags.c_contiguous
        sink.grad = Tensor(g if owned else np.array(g, order="C"))
    elif sink.grad._trace is None:
        np.add(sink.grad._value, g, out=sink.grad._value)
    else:
        sink.grad = sink.grad + g


# --- making Tensors -------------------------------------------------------------------------------


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Make a Tensor from numbers, nested lists or an array (which is copied, as torch does).

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
        data = raw(data)
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
    return result.requires_grad_() if requires_grad else result


def refuse_calculated(x: Tensor) -> None:
    """Refuse to copy what hangs on a graph."""
    if not x.is_leaf:
        raise GraphError(
            "a copy of a Tensor that was calculated from others would need a copy of its whole "
            "graph. Copy its values: x.detach().copy()."
        )


def new_leaf(kind: type[Tensor], value: Any, requires_grad: bool) -> Tensor:
    """Make a leaf of a class, with no call of the class itself."""
    leaf = object.__new__(kind)
    Tensor.__init__(leaf, value)
    return leaf.requires_grad_() if requires_grad else leaf


def require_float(value: Any, wish: str) -> None:
    """Refuse a gradient for what has none: integers, booleans, strings, objects."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or dtype.kind not in "fc":
        raise DtypeError(
            f"{wish} needs floating point numbers, got {describe(value)}. A gradient with respect "
            f"to it does not exist; convert with x.astype(float), or write 3.0 in place of 3."
        )
