"""Lazy layers: they take the size of their input from the first one; and LazyLinear."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ShapeError
from nnkit.functional.operands import as_array
from nnkit.layers.linear import Linear
from nnkit.module import Module, Parameter
from nnkit.parameter import UninitializedParameter
from nnkit.place import say_where

__all__ = ["LazyLinear", "LazyModuleMixin"]

Shape = tuple[int, ...]


class LazyModuleMixin(Module):
    """What lazy layers share: they wait for an input, and become ordinary layers then.

    A state dict that is loaded gives them their sizes, too.
    """

    cls_to_become: type[Module]
    size_name = "num_features"
    axes: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # of the ordinary layer

    def _wait(self, *args: Any, **kwargs: Any) -> None:
        """Set the layer up, but for what depends on the size of the input.

        `args` and `kwargs` are those of the ordinary layer, without the size and the dtype.
        """
        self._ordinary: Callable[..., Module] = partial(self.cls_to_become, **kwargs)
        self._settings = args
        for name, value in vars(self).items():
            if isinstance(value, Parameter):
                vars(self)[name] = UninitializedParameter(dtype=value.dtype)
            elif name in self._buffers and np.ndim(value):
                vars(self)[name] = None
        setattr(self, self.size_name, 0)

    def reset_parameters(self) -> None:
        """Do nothing: there are no values yet."""

    def has_uninitialized_params(self) -> bool:
        """Return True: with the sizes it becomes a layer that has no such method."""
        return True

    def initialize_parameters(self, input: Any) -> None:
        """Become an ordinary layer, of the size that this input has."""
        self.give_size(self.size_in(np.shape(as_array(input))))

    def give_size(self, size: int) -> None:
        """Become an ordinary layer whose input has this size."""
        waiting = [p for p in self.parameters(recurse=False) if isinstance(p, LAZY)]
        twin = self._ordinary(size, *self._settings, dtype=waiting[0].dtype if waiting else None)
        for name, value in vars(twin).items():
            own = vars(self).get(name)
            if isinstance(own, UninitializedParameter):
                own.materialize(value.shape)
                raw(own)[...] = raw(value)
            elif (name in self._buffers and own is None) or name == self.size_name:
                vars(self)[name] = value
        del self._ordinary, self._settings
        self.__class__ = self.cls_to_become  # type: ignore[assignment]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take the size from the input, and run the ordinary layer."""
        try:
            self.initialize_parameters(args[0] if args else kwargs["input"])
        except Exception as error:
            say_where(error, self)
            raise
        return self(*args, **kwargs)

    def size_in(self, shape: Shape) -> int:
        """Return the size that an input of a shape has."""
        raise NotImplementedError

    def size_in_state(self, shapes: dict[str, Shape]) -> int:
        """Return the size that values in a state dict have; 0 if they do not say."""
        raise NotImplementedError


LAZY = UninitializedParameter


class LazyLinear(LazyModuleMixin, Linear):
    """A Linear whose `in_features` is what the first input has.

    Parameters
    ----------
    out_features : int
        Length of the output's last axis.
    bias : bool, default True
        Whether to add b.
    dtype : dtype, default float32
        Of the parameters.

    Attributes
    ----------
    weight, bias : UninitializedParameter
        With the first input, or with a state dict, the parameters of a `Linear`; the same objects,
        so that an optimizer may be made before.

    Raises
    ------
    ArgumentError
        If `out_features` is not a positive whole number.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> layer = LazyLinear(2)
    >>> layer
    LazyLinear(in_features=0, out_features=2, bias=True)
    >>> layer(np.ones((4, 3))).shape
    (4, 2)
    >>> layer
    Linear(in_features=3, out_features=2, bias=True)
    """

    cls_to_become = Linear
    size_name = "in_features"

    def __init__(self, out_features: int, bias: bool = True, *, dtype: Any = None) -> None:
        super().__init__(1, out_features, bias, dtype=dtype)
        self._wait(out_features, bias)

    def size_in(self, shape: Shape) -> int:
        """Return the length of the last axis."""
        if not shape or not shape[-1]:
            raise ShapeError(
                f"{self!r} got {shape}; its input is (..., in_features), with at least one."
            )
        return shape[-1]

    def size_in_state(self, shapes: dict[str, Shape]) -> int:
        """Return the number of columns of the weight."""
        return (0, *shapes.get("weight", ()))[-1]
