"""Layers that normalise each example by itself: LayerNorm, GroupNorm, RMSNorm, and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit import functional as F
from nnkit import init
from nnkit.functional.operands import as_array, as_dtype
from nnkit.layers.linear import check_sizes
from nnkit.module import Module, Parameter

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


def whole_shape(layer: str, normalized_shape: Any) -> tuple[int, ...]:
    """Check the lengths of the axes over which is normalised."""
    several = isinstance(normalized_shape, (tuple, list))
    shape = tuple(normalized_shape) if several else (normalized_shape,)
    if not shape:
        raise ArgumentError(f"{layer}: normalized_shape names at least one axis, got {shape}.")
    for n in shape:
        check_sizes(layer, normalized_shape=n)
    return tuple(int(n) for n in shape)


class LastAxes(Module):
    """What LayerNorm and RMSNorm share: the shape of the last axes."""

    weight: Parameter | None
    normalized_shape: tuple[int, ...]

    def _checked(self, input: Any) -> Any:
        x, shape = as_array(input), self.normalized_shape
        if x.shape[-len(shape) :] != shape:
            hint = ""
            if len(shape) == 1 and x.ndim > 2 and x.shape[1] == shape[0]:
                hint = " Its second axis does: GroupNorm(1, ...) normalises channels."
            raise ShapeError(f"{self!r} got {x.shape}. Its input must end with {shape}.{hint}")
        return x


class LayerNorm(LastAxes):
    """(x - mean) / sqrt(var + eps) * weight + bias over the last axes of each example.

    Parameters
    ----------
    normalized_shape : int or tuple of int
        Lengths of the last axes, over which mean and variance are taken.
    eps : float, default 1e-5
    elementwise_affine : bool, default True
        Whether there are weight and bias.
    bias : bool, default True
        False: a weight only.
    dtype : dtype, default float32

    Attributes
    ----------
    weight : Parameter, shape `normalized_shape`, or None
        Initially 1.
    bias : Parameter, shape `normalized_shape`, or None
        Initially 0.

    Raises
    ------
    ShapeError
        If an input does not end with `normalized_shape`.
    ArgumentError
        If `normalized_shape` is no shape.

    See Also
    --------
    nnkit.functional.layer_norm : the formula and its source.

    Examples
    --------
    >>> LayerNorm(4)(np.zeros((2, 3, 4))).shape
    (2, 3, 4)
    >>> LayerNorm(4)
    LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)
    """

    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = whole_shape("LayerNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        shape, with_bias = self.normalized_shape, elementwise_affine and bias
        self.weight = Parameter(np.ones(shape), dtype=dtype) if elementwise_affine else None
        self.bias = Parameter(np.zeros(shape), dtype=dtype) if with_bias else None

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        reset(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """Normalise it."""
        x = cast(self._checked(input), self.weight, type(self).__name__)
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Name the settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(LastAxes):
    """x / sqrt(mean(x^2) + eps) * weight over the last axes of each example.

    Parameters
    ----------
    normalized_shape : int or tuple of int
    eps : float, optional
        By default the resolution of the dtype, 1.2e-7 for float32.
    elementwise_affine : bool, default True
        Whether there is a weight.
    dtype : dtype, default float32

    Attributes
    ----------
    weight : Parameter, shape `normalized_shape`, or None
        Initially 1.

    Raises
    ------
    ShapeError
        If an input does not end with `normalized_shape`.
    ArgumentError
        If `normalized_shape` is no shape.

    See Also
    --------
    nnkit.functional.rms_norm : the source.

    Examples
    --------
    >>> RMSNorm(4)(np.ones((1, 4))).round(4)
    array([[1., 1., 1., 1.]], dtype=float32)
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = whole_shape("RMSNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        shape = self.normalized_shape
        self.weight = Parameter(np.ones(shape), dtype=dtype) if elementwise_affine else None

    def reset_parameters(self) -> None:
        """Set the weight to 1."""
        reset(self.weight, None)

    def forward(self, input: Any) -> Any:
        """Normalise it."""
        x = cast(self._checked(input), self.weight, type(self).__name__)
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Name the settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """(x - mean) / sqrt(var + eps) * weight + bias over groups of channels of each example.

    Parameters
    ----------
    num_groups : int
        1 normalises all channels together, `num_channels` each by itself.
    num_channels : int
    eps : float, default 1e-5
    affine : bool, default True
        Whether there are weight and bias.
    bias : bool, default True
        False: a weight only.
    dtype : dtype, default float32

    Attributes
    ----------
    weight, bias : Parameter, shape (num_channels,), or None
        Initially 1 and 0.

    Raises
    ------
    ArgumentError
        If the channels cannot be split into so many groups.
    ShapeError
        If an input has other channels.

    See Also
    --------
    nnkit.functional.group_norm : the formula and its source.

    Examples
    --------
    >>> GroupNorm(2, 4)(np.zeros((3, 4, 5, 5))).shape
    (3, 4, 5, 5)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm: {num_channels} channels cannot be split into {num_groups} groups."
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.weight = Parameter(np.ones(num_channels), dtype=dtype) if affine else None
        with_bias = affine and bias
        self.bias = Parameter(np.zeros(num_channels), dtype=dtype) if with_bias else None

    def reset_parameters(self) -> None:
        """Set the weight to 1 and the bias to 0."""
        reset(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """Normalise it."""
        x, c = cast(as_array(input), self.weight, "GroupNorm"), self.num_channels
        if x.ndim < 2 or x.shape[1] != c:
            raise ShapeError(f"{self!r} got {x.shape}. Its input is (N, {c}, ...).")
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Name the settings."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """x / (k + alpha m)^beta, m the mean of x^2 over `size` neighbouring channels.

    Parameters
    ----------
    size : int
    alpha, beta, k : float, defaults 1e-4, 0.75, 1

    See Also
    --------
    nnkit.functional.local_response_norm : the source.

    Examples
    --------
    >>> LocalResponseNorm(2)(np.ones((1, 4, 3))).shape
    (1, 4, 3)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        check_sizes("LocalResponseNorm", size=size)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Any) -> Any:
        """Normalise it."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Name the settings."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def cast(x: Any, weight: Parameter | None, layer: str) -> Any:
    """Return the input in the dtype of the parameters, so that a model keeps its dtype."""
    return x if weight is None else as_dtype(x, weight.dtype, f"the input of {layer}")


def reset(weight: Parameter | None, bias: Parameter | None) -> None:
    """Set a weight to 1 and a bias to 0."""
    for p, value in ((weight, 1.0), (bias, 0.0)):
        if p is not None:
            init.constant_(p, value)
