"""Layers that map features to features: Linear, Bilinear, Identity, Flatten, Unflatten, Lambda."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, DtypeError, ShapeError, describe
from nnkit import functional as F
from nnkit import init
from nnkit.functional.operands import as_array
from nnkit.module import Module, Parameter

__all__ = ["Bilinear", "Flatten", "Identity", "Lambda", "Linear", "Unflatten"]


class Linear(Module):
    """The affine map y = x W^T + b.

    Parameters
    ----------
    in_features : int
        Length of the input's last axis.
    out_features : int
        Length of the output's last axis.
    bias : bool, default True
        Whether to add b.
    dtype : dtype, default float32
        Of the parameters; the input is cast to it.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
        Initially drawn evenly from [-k, k), k = 1 / sqrt(in_features).
    bias : Parameter, shape (out_features,), or None
        Likewise.

    Raises
    ------
    ArgumentError
        If a size is not a positive whole number.
    ShapeError
        If an input does not end with `in_features`.

    Examples
    --------
    >>> layer = Linear(3, 2)
    >>> layer([[1.0, 2.0, 3.0]]).shape
    (1, 2)
    >>> layer
    Linear(in_features=3, out_features=2, bias=True)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, dtype: Any = None
    ) -> None:
        super().__init__()
        check_sizes("Linear", in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(np.zeros((out_features, in_features)), dtype=dtype)
        self.bias = Parameter(np.zeros(out_features), dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        """Map an input of shape (..., in_features) to (..., out_features)."""
        x = as_array(input)
        shape = x.shape
        if not shape or shape[-1] != self.in_features:
            raise ShapeError(
                f"Linear(in_features={self.in_features}) got {shape}. The last axis of its input "
                f"must have length {self.in_features}{self._remedy(shape)}."
            )
        return F.linear(x, self.weight, self.bias)

    def _remedy(self, shape: tuple[int, ...]) -> str:
        if shape == (self.in_features,) or not shape:
            return ""
        if math.prod(shape[1:]) == self.in_features:
            return ": put a Flatten() in front"
        if len(shape) == 2 and shape[0] == self.in_features:
            return ": it looks transposed, pass x.T"
        return f": change the data, or make it Linear({shape[-1]}, {self.out_features})"

    def extra_repr(self) -> str:
        """Name the sizes."""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


def check_sizes(layer: str, **sizes: int) -> None:
    """Refuse sizes that are not positive whole numbers."""
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ArgumentError(f"{layer}: {name} must be a positive whole number, got {value!r}.")


class Bilinear(Module):
    """The bilinear map y_k = x1^T W_k x2 + b_k.

    Parameters
    ----------
    in1_features, in2_features : int
        Lengths of the last axes of the two inputs.
    out_features : int
        Length of the output's last axis.
    bias : bool, default True
        Whether to add b.
    dtype : dtype, default float32
        Of the parameters; the inputs are cast to it.

    Attributes
    ----------
    weight : Parameter, shape (out_features, in1_features, in2_features)
        Initially drawn evenly from [-k, k), k = 1 / sqrt(in1_features).
    bias : Parameter, shape (out_features,), or None
        Likewise.

    Raises
    ------
    ArgumentError
        If a size is not a positive whole number.
    ShapeError
        If the inputs do not end with these sizes, or their leading axes differ.

    Examples
    --------
    >>> Bilinear(3, 2, 4)(np.ones((5, 3)), np.ones((5, 2))).shape
    (5, 4)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = dict(
            in1_features=in1_features, in2_features=in2_features, out_features=out_features
        )
        check_sizes("Bilinear", **sizes)
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(np.zeros((out_features, in1_features, in2_features)), dtype=dtype)
        self.bias = Parameter(np.zeros(out_features), dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.in1_features)
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def forward(self, input1: Any, input2: Any) -> Any:
        """Map inputs of shapes (..., in1_features) and (..., in2_features)."""
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Name the sizes."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Identity(Module):
    """Return the input as it is: a placeholder where a layer may be left out.

    Any arguments are accepted and ignored, so that it can stand in for another layer.

    Parameters
    ----------
    *args, **kwargs
        Anything; they are ignored, so that it can take the place of another layer.

    Examples
    --------
    >>> Identity(54, unused=True)(1.0)
    1.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


class Flatten(Module):
    """Join axes to one: (N, C, H, W) becomes (N, C * H * W).

    Parameters
    ----------
    start_dim : int, default 1
        First axis to join; the axes before it are kept.
    end_dim : int, default -1
        Last axis to join.

    Examples
    --------
    >>> Flatten()(np.zeros((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Any:
        """Join the axes."""
        x = as_array(input)
        shape, ndim = x.shape, x.ndim
        if not (-ndim <= self.start_dim < ndim and -ndim <= self.end_dim < ndim):
            raise ShapeError(
                f"Flatten({self.extra_repr()}) got {shape}, which has no such axes. Its input is a "
                f"batch, of shape (N, ...)."
            )
        first, last = self.start_dim % ndim, self.end_dim % ndim
        joined = math.prod(shape[first : last + 1])
        return x.reshape((*shape[:first], joined, *shape[last + 1 :]))

    def extra_repr(self) -> str:
        """Name the axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Split an axis: with `Unflatten(1, (3, 4))` (N, 12) becomes (N, 3, 4).

    Parameters
    ----------
    dim : int
        The axis to split.
    unflattened_size : tuple of int
        The sizes it becomes; one of them may be -1 and is calculated.

    Raises
    ------
    ShapeError
        If an input has no such axis, or the sizes do not multiply to its length.

    Examples
    --------
    >>> Unflatten(1, (3, -1))(np.zeros((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...] | list[int]) -> None:
        super().__init__()
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)
        if not self.unflattened_size or self.unflattened_size.count(-1) > 1:
            raise ArgumentError(
                f"Unflatten: unflattened_size is a tuple of sizes, of which one may be -1; got "
                f"{unflattened_size!r}."
            )

    def forward(self, input: Any) -> Any:
        """Split the axis."""
        x = as_array(input)
        shape, sizes = x.shape, self.unflattened_size
        known = math.prod(size for size in sizes if size != -1)
        fits = -x.ndim <= self.dim < x.ndim and min(sizes) >= -1
        if fits:
            length = shape[self.dim]
            fits = known != 0 and length % known == 0 if -1 in sizes else length == known
        if not fits:
            raise ShapeError(
                f"Unflatten({self.extra_repr()}) got {shape}: there is no axis {self.dim} whose "
                f"length is the product of {sizes}."
            )
        axis = self.dim % x.ndim
        sizes = tuple(length // known if size == -1 else size for size in sizes)
        return x.reshape((*shape[:axis], *sizes, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        """Name the settings."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Lambda(Module):
    """A plain function as a layer, for use in a Sequential.

    Parameters
    ----------
    function : callable
        Called with what the layer is called with. It has no parameters of its own to learn: a
        function that uses some belongs into the `forward` of a Module.

    Raises
    ------
    DtypeError
        If `function` is not callable.

    Examples
    --------
    >>> Lambda(np.sqrt)(np.array([4.0]))
    array([2.])
    >>> Lambda(np.sqrt)
    Lambda(sqrt)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        if not callable(function):
            raise DtypeError(f"Lambda needs a function, got {describe(function)}.")
        self.function = function

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    def extra_repr(self) -> str:
        """Name the function."""
        return getattr(self.function, "__name__", type(self.function).__name__)
