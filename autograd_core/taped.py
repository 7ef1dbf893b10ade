"""What a Tensor knows of the tape: whether it is recorded, its gradient, hooks, copies."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from .anomaly import watchers
from .dispatch import Layered, raw, trace_of
from .errors import DtypeError, GraphError, ShapeError, describe
from .graph import Node
from .guard import HookHandle, Sink
from .holders import is_shared
from .live import note_gradient
from .trace import recorder

__all__ = ["Taped", "gradient_of", "new_leaf", "require_float", "shown"]


class Taped:
    """The part of a Tensor that belongs to the tape of `backward`."""

    __slots__ = ()

    _lent = False  # whether it is a gradient in the memory of a recording
    shape: tuple[int, ...]
    copy: Any
    _value: Any
    _trace: Any

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this Tensor are recorded."""
        return trace_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, wish: bool) -> None:
        self.requires_grad_(wish)

    @property
    def is_leaf(self) -> bool:
        """Whether this Tensor was given by the user, not calculated from others."""
        return getattr(trace_of(self), "rule", None) is None

    @property
    def grad(self) -> Any:
        """The gradient that `backward` has summed up here, or None."""
        grad = gradient_of(self)
        if getattr(grad, "_lent", False) and recorder() is None:
            return shown(self._trace.sink)
        return grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if trace_of(self) is None:
            raise GraphError("only a Tensor with requires_grad=True has a .grad")
        if value is not None:
            value = value if isinstance(value, Layered) else Layered.result(np.asarray(value), None)
            if value.shape != self.shape:
                raise ShapeError(f".grad of a {self.shape} Tensor was given shape {value.shape}")
        if self._trace.sink is None:
            self._trace.sink = Sink()
        if watchers:
            note_gradient(self._trace, is_set=True)
        self._trace.sink.grad = value

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Start (or stop) recording operations on this leaf; returns the Tensor itself."""
        if not self.is_leaf:
            raise GraphError(
                "requires_grad_ changes leaves only; this Tensor was calculated from others. "
                "Use .detach() to get one that is not."
            )
        if requires_grad and self._trace is None:
            require_float(self._value, "requires_grad")
            self._trace = Node(0, self._value)
            if is_shared(self):
                self._trace.sink = Sink()
                self._trace.sink.expose(self._value, self._value)
        elif not requires_grad:
            self._trace = None
        return self

    def retain_grad(self) -> None:
        """Keep `.grad` of this calculated Tensor in the coming backward passes."""
        if isinstance(trace_of(self), Node):
            self._trace.sink = self._trace.sink or Sink()
            self._trace.sink.retains = True

    def register_hook(self, hook: Callable[[Any], Any]) -> HookHandle:
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
        >>> from autograd_core import tensor
        >>> x = tensor([1.0, 2.0], requires_grad=True)
        >>> y = x * 3.0
        >>> handle = y.register_hook(lambda g: g * 10.0)
        >>> y.sum().backward()
        >>> x.grad
        Tensor([30., 30.])
        """
        node = trace_of(self)
        if not isinstance(node, Node):
            raise GraphError("register_hook needs a Tensor that is recorded (requires_grad=True)")

        def replace(g: Any) -> Any:
            given = g if isinstance(g, Layered) else Layered.result(g, None)
            result = hook(given)
            if result is None:
                return g
            if np.shape(result) != self_shape:
                raise ShapeError(
                    f"a hook must return None or a gradient of shape {self_shape}, got "
                    f"{describe(result)}"
                )
            return result if isinstance(g, Layered) else raw(result)

        self_shape = self.shape  # the hook must not keep this Tensor alive
        node.sink = node.sink or Sink()
        hooks: list[Any] = node.sink.hooks or []  # type: ignore[assignment]
        hooks.append(replace)
        node.sink.hooks = hooks
        return HookHandle(hooks, replace)

    # copies
    def __copy__(self) -> Any:
        return self.__deepcopy__({}) if self.is_leaf else self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        refuse_calculated(self)
        twin: Any = new_leaf(type(self), np.array(raw(self)), self.requires_grad)
        if hasattr(self, "__dict__"):  # a subclass of the user's
            twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        refuse_calculated(self)
        given = type(self), raw(self), self.requires_grad
        return new_leaf, given, getattr(self, "__dict__", None)


def gradient_of(x: Any) -> Any:
    """Return `x.grad` to one who will not keep it: it may be in the memory of a recording."""
    sink = getattr(trace_of(x), "sink", None)
    if watchers:
        note_gradient(x._trace)
    return None if sink is None else sink.grad


def shown(sink: Any) -> Any:
    """Put a copy in the place of a gradient in the memory of a recording, and return it."""
    grad = sink.grad = Layered.result(sink.grad._value.copy(order="K"), None)
    sink.shown = weakref.ref(grad)
    return grad


def refuse_calculated(x: Any) -> None:
    """Refuse to copy what hangs on a graph."""
    if not x.is_leaf:
        raise GraphError(
            "a copy of a Tensor that was calculated from others would need a copy of its whole "
            "graph. Copy its values: x.detach().copy()."
        )


def new_leaf(kind: type, value: Any, requires_grad: bool) -> Any:
    """Make a leaf of a class, with no call of the class itself."""
    leaf: Any = object.__new__(kind)
    leaf._value, leaf._trace, leaf._alias = value, None, None
    del value  # nobody else holds it
    return leaf.requires_grad_() if requires_grad else leaf


def require_float(value: Any, wish: str) -> None:
    """Refuse a gradient for what has none: integers, booleans, strings, objects."""
    dtype = getattr(value, "dtype", None)
    if dtype is None or dtype.kind not in "fc":
        raise DtypeError(
            f"{wish} needs floating point numbers, got {describe(value)}. A gradient with respect "
            f"to it does not exist; convert with x.astype(float), or write 3.0 in place of 3."
        )
