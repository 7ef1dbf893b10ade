"""Convolution layers, forward and transposed, and the layers that fold and unfold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit import functional as F
from nnkit import init
from nnkit.functional.convolution import padding_pairs
from nnkit.functional.operands import as_array
from nnkit.functional.windows import AXES, per_axis
from nnkit.layers.linear import check_sizes
from nnkit.module import Module, Parameter

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
]

MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """What all convolution layers share: sizes, parameters, checks."""

    weight: Parameter
    bias: Parameter | None
    stride: tuple[int, ...]
    padding: Any
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]
    axes = 2
    transposed = False

    def _set_up(
        self,
        channels: tuple[int, int],
        kernel_size: Any,
        settings: dict[str, Any],
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
    ) -> None:
        what, n = type(self).__name__, self.axes
        check_sizes(what, in_channels=channels[0], out_channels=channels[1], groups=groups)
        for name, value in zip(("in_channels", "out_channels"), channels):
            if value % groups:
                raise ArgumentError(
                    f"{what}: {name}={value} cannot be split into groups={groups}; it must be a "
                    f"multiple."
                )
        if padding_mode not in (MODES[:1] if self.transposed else MODES):
            allowed = "'zeros'" if self.transposed else ", ".join(map(repr, MODES))
            raise ArgumentError(f"{what}: padding_mode is {allowed}; got {padding_mode!r}.")
        self.in_channels, self.out_channels = channels
        self.kernel_size = per_axis(kernel_size, n, "kernel_size", what)
        for name, setting in settings.items():
            least = 0 if "padding" in name else 1
            if not isinstance(setting, str):
                setting = per_axis(setting, n, name, what, least)
            setattr(self, name, setting)
        self.groups = int(groups)
        self.padding_mode = padding_mode
        first, second = channels if self.transposed else channels[::-1]
        shape = (first, second // groups, *self.kernel_size)
        self.weight = Parameter(np.zeros(shape), dtype=dtype)
        self.bias = Parameter(np.zeros(channels[1]), dtype=dtype) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the parameters anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound)

    def _checked(self, input: Any) -> Any:
        """Refuse what has not the layer's channels, and say what may be meant."""
        x, n, c = as_array(input), self.axes, self.in_channels
        if x.ndim in (n + 1, n + 2) and x.shape[-n - 1] == c:
            return x
        hint = ""
        if x.ndim in (n + 1, n + 2) and x.shape[-1] == c:
            order = (*range(x.ndim - n - 1), x.ndim - 1, *range(x.ndim - n - 1, x.ndim - 1))
            hint = f" The channels seem to come last: pass x.transpose{order}."
        elif x.ndim == n + 1 and c == 1:
            hint = " The axis of channels is missing: pass x[:, None]."
        elif x.ndim == n and c == 1:
            hint = " The axis of channels is missing: pass x[None]."
        raise ShapeError(
            f"{self!r} got {x.shape}. Its input is (N, {c}, {AXES[n]}), or ({c}, {AXES[n]}) for "
            f"one example.{hint}"
        )

    def extra_repr(self) -> str:
        """Name the sizes, and the settings that are not the default."""
        n = self.axes
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        text += f", stride={self.stride}"
        for name, default in (("padding", 0), ("dilation", 1), ("output_padding", 0)):
            value = getattr(self, name, (default,) * n)
            text += "" if value == (default,) * n else f", {name}={value}"
        text += "" if self.groups == 1 else f", groups={self.groups}"
        text += "" if self.bias is not None else ", bias=False"
        return text + (
            "" if self.padding_mode == "zeros" else f", padding_mode={self.padding_mode}"
        )


class ForwardConvolution(Convolution):
    """What Conv1d, Conv2d and Conv3d share."""

    def __init__(
        self,
        in_channels: int,
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
        super().__init__()
        settings = dict(stride=stride, padding=padding, dilation=dilation)
        channels = (in_channels, out_channels)
        self._set_up(channels, kernel_size, settings, groups, bias, padding_mode, dtype)
        what = type(self).__name__
        pairs = padding_pairs(what, self.padding, self.kernel_size, self.stride, self.dilation)
        self._pairs = tuple(p for pair in pairs[::-1] for p in pair)

    def forward(self, input: Any) -> Any:
        """Slide the kernel over the input."""
        x, padding = self._checked(input), self.padding
        if self.padding_mode != "zeros":
            x, padding = F.pad(x, self._pairs, self.padding_mode), 0
        conv = (F.conv1d, F.conv2d, F.conv3d)[self.axes - 1]
        return conv(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(ForwardConvolution):
    """Slide kernels along signals: (N, C, L) becomes (N, O, L_out).

    Parameters, initial weights and errors as those of `Conv2d`.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, kernel_size)
    bias : Parameter, shape (out_channels,), or None

    Examples
    --------
    >>> Conv1d(2, 4, 3)(np.zeros((1, 2, 10))).shape
    (1, 4, 8)
    """

    axes = 1


class Conv2d(ForwardConvolution):
    """Slide kernels over images: (N, C, H, W) becomes (N, O, H_out, W_out).

    Parameters
    ----------
    in_channels, out_channels : int
        Number C of channels of the input, and O of the output: one kernel for each.
    kernel_size : int or tuple of int
    stride : int or tuple of int, default 1
        Step from one place of the kernel to the next.
    padding : int, tuple of int, "valid" or "same", default 0
        How much is put around the input; "same" keeps the size.
    dilation : int or tuple of int, default 1
        Step from one element of the kernel to the next.
    groups : int, default 1
        The channels are split into so many groups that do not see each other; with
        ``groups=in_channels`` each channel has kernels of its own (depthwise).
    bias : bool, default True
    padding_mode : {"zeros", "reflect", "replicate", "circular"}, default "zeros"
        What is put around; see `functional.pad`.
    dtype : dtype, default float32
        Of the parameters; the input is cast to it.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, *kernel_size)
        Initially drawn evenly from [-k, k), k = 1 / sqrt(in_channels / groups * kernel elements).
    bias : Parameter, shape (out_channels,), or None
        Likewise.

    Raises
    ------
    ArgumentError
        If a setting is out of its range.
    ShapeError
        If an input has other channels, or is smaller than the kernel.

    See Also
    --------
    nnkit.functional.conv2d : the formula.

    Examples
    --------
    >>> layer = Conv2d(1, 8, 3, padding="same")
    >>> layer(np.zeros((2, 1, 28, 28))).shape
    (2, 8, 28, 28)
    >>> layer
    Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)
    """

    axes = 2


class Conv3d(ForwardConvolution):
    """Slide kernels through volumes: (N, C, D, H, W) becomes (N, O, D_out, H_out, W_out).

    Parameters, initial weights and errors as those of `Conv2d`.

    Attributes
    ----------
    weight : Parameter, shape (out_channels, in_channels / groups, *kernel_size)
    bias : Parameter, shape (out_channels,), or None

    Examples
    --------
    >>> Conv3d(1, 2, (1, 3, 3))(np.zeros((1, 1, 4, 5, 5))).shape
    (1, 2, 4, 3, 3)
    """

    axes = 3


class TransposedConvolution(Convolution):
    """What ConvTranspose1d, 2d and 3d share."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
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
        super().__init__()
        settings = dict(
            stride=stride, padding=padding, output_padding=output_padding, dilation=dilation
        )
        channels = (in_channels, out_channels)
        self._set_up(channels, kernel_size, settings, groups, bias, padding_mode, dtype)

    def forward(self, input: Any, output_size: Any = None) -> Any:
        """Enlarge the input; `output_size` chooses among the sizes that are possible."""
        x = self._checked(input)
        extra = self.output_padding
        if output_size is not None:
            extra = self._extra(x.shape[-self.axes :], output_size)
        conv = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.axes - 1]
        settings = (self.stride, self.padding, extra, self.groups, self.dilation)
        return conv(x, self.weight, self.bias, *settings)

    def _extra(self, size: tuple[int, ...], output_size: Any) -> tuple[int, ...]:
        wanted = tuple(output_size)[-self.axes :]
        least = tuple(
            (m - 1) * s - 2 * p + d * (k - 1) + 1
            for m, s, p, d, k in zip(
                size, self.stride, self.padding, self.dilation, self.kernel_size
            )
        )
        most = tuple(m + s - 1 for m, s in zip(least, self.stride))
        if len(wanted) != self.axes or any(not a <= w <= b for a, w, b in zip(least, wanted, most)):
            raise ArgumentError(
                f"{self!r}: of an input of size {size} it makes sizes from {least} to {most}; "
                f"got output_size={tuple(output_size)}."
            )
        return tuple(w - a for w, a in zip(wanted, least))


class ConvTranspose1d(TransposedConvolution):
    """Enlarge signals with learned kernels: (N, C, L) becomes (N, O, L_out).

    Parameters, initial weights and errors as those of `ConvTranspose2d`.

    Examples
    --------
    >>> ConvTranspose1d(2, 4, 4, stride=2, padding=1)(np.zeros((1, 2, 5))).shape
    (1, 4, 10)
    """

    axes = 1


class ConvTranspose2d(TransposedConvolution):
    """Enlarge images with learned kernels: (N, C, H, W) becomes (N, O, H_out, W_out).

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int or tuple of int
    stride : int or tuple of int, default 1
        The factor of enlargement.
    padding : int or tuple of int, default 0
        So much is cut off all around.
    output_padding : int or tuple of int, default 0
        So much is added behind.
    groups : int, default 1
    bias : bool, default True
    dilation : int or tuple of int, default 1
    padding_mode : {"zeros"}
    dtype : dtype, default float32

    Attributes
    ----------
    weight : Parameter, shape (in_channels, out_channels / groups, *kernel_size)
        Initially drawn evenly from [-k, k), k = 1 / sqrt(out_channels / groups * kernel elements).
    bias : Parameter, shape (out_channels,), or None
        Likewise.

    Raises
    ------
    ArgumentError
        If a setting, or the `output_size` of a call, is out of its range.
    ShapeError
        If an input has other channels.

    See Also
    --------
    nnkit.functional.conv_transpose2d : the formula.

    Examples
    --------
    >>> layer = ConvTranspose2d(8, 1, 3, stride=2, padding=1)
    >>> layer(np.zeros((2, 8, 14, 14))).shape
    (2, 1, 27, 27)
    >>> layer(np.zeros((2, 8, 14, 14)), output_size=(28, 28)).shape
    (2, 1, 28, 28)
    """

    axes = 2


class ConvTranspose3d(TransposedConvolution):
    """Enlarge volumes with learned kernels: (N, C, D, H, W) becomes (N, O, D_out, H_out, W_out).

    Parameters, initial weights and errors as those of `ConvTranspose2d`.

    Examples
    --------
    >>> ConvTranspose3d(2, 1, 2, stride=2)(np.zeros((1, 2, 2, 3, 4))).shape
    (1, 1, 4, 6, 8)
    """

    axes = 3
