"""Lazy convolutions: the channels of their input are those of the first one."""

from __future__ import annotations

from typing import Any

from autograd_core.errors import ShapeError
from nnkit.functional.windows import AXES
from nnkit.layers.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from nnkit.layers.lazy import LazyModuleMixin, Shape

__all__ = [
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]


class LazyConvolution(LazyModuleMixin):
    """What the lazy convolutions share."""

    size_name = "in_channels"
    groups: int
    transposed: Any

    def size_in(self, shape: Shape) -> int:
        """Return the number of channels."""
        n = self.axes
        if len(shape) not in (n + 1, n + 2) or not shape[-n - 1]:
            raise ShapeError(
                f"{self!r} got {shape}. Its input is (N, C, {AXES[n]}), or (C, {AXES[n]}) for one "
                f"example."
            )
        return shape[-n - 1]

    def size_in_state(self, shapes: dict[str, Shape]) -> int:
        """Return the number of channels of the input that a kernel has."""
        shape = shapes.get("weight", ())
        if len(shape) != self.axes + 2:
            return 0
        return shape[0] if self.transposed else shape[1] * self.groups


class LazyForwardConvolution(LazyConvolution):
    """What LazyConv1d, 2d and 3d share."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
        given = (out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode)
        super().__init__(groups, *given, dtype=dtype)
        self._wait(*given)


class LazyTransposedConvolution(LazyConvolution):
    """What LazyConvTranspose1d, 2d and 3d share."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
        given = (
            *(out_channels, kernel_size, stride, padding, output_padding, groups, bias, dilation),
            padding_mode,
        )
        super().__init__(groups, *given, dtype=dtype)
        self._wait(*given)


class LazyConv1d(LazyForwardConvolution, Conv1d):
    """A Conv1d whose `in_channels` is what the first input has.

    Parameters
    ----------
    out_channels : int
    kernel_size, stride, padding, dilation, groups, bias, padding_mode, dtype
        As those of `Conv1d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter
        With the first input, or with a state dict, the parameters of a `Conv1d`.

    Raises
    ------
    ArgumentError
        If a setting is out of its range, also of the channels that come.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyConv1d(4, 3)
    >>> layer(np.zeros((1, 2, 5))).shape
    (1, 4, 3)
    >>> layer
    Conv1d(2, 4, kernel_size=(3,), stride=(1,))
    """

    cls_to_become = Conv1d


class LazyConv2d(LazyForwardConvolution, Conv2d):
    """A Conv2d whose `in_channels` is what the first input has.

    Parameters
    ----------
    out_channels : int
    kernel_size, stride, padding, dilation, groups, bias, padding_mode, dtype
        As those of `Conv2d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter
        With the first input, or with a state dict, the parameters of a `Conv2d`.

    Raises
    ------
    ArgumentError
        If a setting is out of its range, also of the channels that come.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyConv2d(4, 3)
    >>> layer(np.zeros((1, 2, 5, 5))).shape
    (1, 4, 3, 3)
    >>> layer
    Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1))
    """

    cls_to_become = Conv2d


class LazyConv3d(LazyForwardConvolution, Conv3d):
    """A Conv3d whose `in_channels` is what the first input has.

    Parameters
    ----------
    out_channels : int
    kernel_size, stride, padding, dilation, groups, bias, padding_mode, dtype
        As those of `Conv3d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter
        With the first input, or with a state dict, the parameters of a `Conv3d`.

    Raises
    ------
    ArgumentError
        If a setting is out of its range, also of the channels that come.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyConv3d(4, 3)
    >>> layer(np.zeros((1, 2, 5, 5, 5))).shape
    (1, 4, 3, 3, 3)
    >>> layer
    Conv3d(2, 4, kernel_size=(3, 3, 3), stride=(1, 1, 1))
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(LazyTransposedConvolution, ConvTranspose1d):
    """A ConvTranspose1d whose `in_channels` is what the first input has.

    Parameters
    ----------
    out_channels : int
    kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode, dtype
        As those of `ConvTranspose1d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter
        With the first input, or with a state dict, the parameters of a `ConvTranspose1d`.

    Raises
    ------
    ArgumentError
        If a setting is out of its range, also of the channels that come.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyConvTranspose1d(4, 2, stride=2)
    >>> layer(np.zeros((1, 2, 3))).shape
    (1, 4, 6)
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(LazyTransposedConvolution, ConvTranspose2d):
    """A ConvTranspose2d whose `in_channels` is what the first input has.

    Parameters
    ----------
    out_channels : int
    kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode, dtype
        As those of `ConvTranspose2d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter
        With the first input, or with a state dict, the parameters of a `ConvTranspose2d`.

    Raises
    ------
    ArgumentError
        If a setting is out of its range, also of the channels that come.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyConvTranspose2d(4, 2, stride=2)
    >>> layer(np.zeros((1, 2, 3, 3))).shape
    (1, 4, 6, 6)
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(LazyTransposedConvolution, ConvTranspose3d):
    """A ConvTranspose3d whose `in_channels` is what the first input has.

    Parameters
    ----------
    out_channels : int
    kernel_size, stride, padding, output_padding, groups, bias, dilation, padding_mode, dtype
        As those of `ConvTranspose3d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter
        With the first input, or with a state dict, the parameters of a `ConvTranspose3d`.

    Raises
    ------
    ArgumentError
        If a setting is out of its range, also of the channels that come.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyConvTranspose3d(4, 2, stride=2)
    >>> layer(np.zeros((1, 2, 3, 3, 3))).shape
    (1, 4, 6, 6, 6)
    """

    cls_to_become = ConvTranspose3d
