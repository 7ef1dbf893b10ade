"""Convolution layers' functions: what they accept, and the operation that does it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.correlation import convolution, transposed_convolution
from nnkit.functional.operands import as_dtype
from nnkit.functional.windows import AXES, Geometry, batched, geometry, per_axis

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
]

Pairs = tuple[tuple[int, int], ...]


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Slide a kernel along signals of shape (N, C, L); all else as `conv2d`.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, L) or (C, L)
    weight : array or Tensor, shape (O, C / groups, kernel)
    bias : array or Tensor, shape (O,), optional
    stride, padding, dilation, groups
        See `conv2d`.

    Returns
    -------
    array or Tensor, shape (N, O, L_out) or (O, L_out)

    Examples
    --------
    >>> conv1d(np.array([[1.0, 2.0, 4.0]]), np.array([[[-1.0, 1.0]]]))
    array([[1., 2.]])
    """
    return convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Slide a kernel over images: y[n, o, i, j] = b[o] + sum x[n, c, s i + d k, s j + d l] w[o, c, k, l].

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
        Cast to the dtype of `weight`.
    weight : array or Tensor, shape (O, C / groups, *kernel)
    bias : array or Tensor, shape (O,), optional
    stride : int or tuple of int, default 1
        Step s from one place of the kernel to the next.
    padding : int, tuple of int, "valid" or "same", default 0
        How many zeros surround the input. "valid" is none; "same" keeps the size (with stride 1),
        and puts the odd zero behind.
    dilation : int or tuple of int, default 1
        Step d from one element of the kernel to the next.
    groups : int, default 1
        The channels are split into so many groups that do not see each other.

    Returns
    -------
    array or Tensor, shape (N, O, H_out, W_out) or (O, H_out, W_out)
        H_out = floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1.

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or the kernel is larger than the padded input.
    ArgumentError
        If a setting is out of its range, or padding is "same" with a stride.

    References
    ----------
    V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", arXiv:1603.07285.

    Examples
    --------
    >>> image = np.arange(9.0).reshape(1, 3, 3)
    >>> conv2d(image, np.ones((1, 1, 2, 2)))
    array([[[ 8., 12.],
            [20., 24.]]])
    """  # noqa: E501
    return convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Slide a kernel through volumes of shape (N, C, D, H, W); all else as `conv2d`.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, D, H, W) or (C, D, H, W)
    weight : array or Tensor, shape (O, C / groups, *kernel)
    bias : array or Tensor, shape (O,), optional
    stride, padding, dilation, groups
        See `conv2d`.

    Returns
    -------
    array or Tensor, shape (N, O, D_out, H_out, W_out) or (O, D_out, H_out, W_out)

    Examples
    --------
    >>> conv3d(np.ones((1, 2, 2, 2)), np.ones((1, 1, 2, 2, 2)))
    array([[[[8.]]]])
    """
    return convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """Enlarge signals of shape (N, C, L); all else as `conv_transpose2d`.

    Examples
    --------
    >>> conv_transpose1d(np.array([[1.0, 2.0]]), np.array([[[1.0, 1.0]]]), stride=2)
    array([[1., 1., 2., 2.]])
    """
    settings = (stride, padding, output_padding, dilation)
    return enlarge("conv_transpose1d", 1, input, weight, bias, settings, groups)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """Enlarge images: each element of the input adds a multiple of the kernel to the output.

    It is the adjoint of `conv2d` with the same settings: where that makes H_out of H, this makes
    H of H_out.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, H, W) or (C, H, W)
    weight : array or Tensor, shape (C, O / groups, *kernel)
    bias : array or Tensor, shape (O,), optional
    stride : int or tuple of int, default 1
        Distance of the kernels that neighbouring elements add.
    padding : int or tuple of int, default 0
        So much is cut off all around.
    output_padding : int or tuple of int, default 0
        So much is added behind: several sizes shrink to the same one under a stride. Less than the
        stride or the dilation.
    groups : int, default 1
    dilation : int or tuple of int, default 1

    Returns
    -------
    array or Tensor, shape (N, O, H_out, W_out) or (O, H_out, W_out)
        H_out = (H - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1.

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or nothing is left of the output.
    ArgumentError
        If a setting is out of its range.

    References
    ----------
    M. Zeiler et al., "Deconvolutional networks", CVPR 2010.

    Examples
    --------
    >>> conv_transpose2d(np.array([[[1.0, 2.0]]]), np.ones((1, 1, 2, 1)))
    array([[[1., 2.],
            [1., 2.]]])
    """
    settings = (stride, padding, output_padding, dilation)
    return enlarge("conv_transpose2d", 2, input, weight, bias, settings, groups)


def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """Enlarge volumes of shape (N, C, D, H, W); all else as `conv_transpose2d`.

    Examples
    --------
    >>> conv_transpose3d(np.ones((1, 1, 1, 1)), np.ones((1, 2, 2, 2, 2))).shape
    (2, 2, 2, 2)
    """
    settings = (stride, padding, output_padding, dilation)
    return enlarge("conv_transpose3d", 3, input, weight, bias, settings, groups)


# --- what is common to all numbers of axes --------------------------------------------------------


def convolve(
    what: str,
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Any:
    """Check the operands, and convolve."""
    check_weight(what, n, weight, groups)
    x, is_batch = batched(as_dtype(input, weight.dtype, f"the input of {what}"), n, what)
    check_channels(what, x, weight.shape[1] * groups, weight, groups)
    if weight.shape[0] % groups:
        raise ArgumentError(
            f"{what}: the weight of shape {weight.shape} makes {weight.shape[0]} channels, which "
            f"cannot be split into groups={groups}."
        )
    check_bias(what, bias, weight.shape[0])
    steps = per_axis(stride, n, "stride", what)
    apart = per_axis(dilation, n, "dilation", what)
    kernel = weight.shape[2:]
    pairs = padding_pairs(what, padding, kernel, steps, apart)
    at = geometry(what, x.shape[2:], kernel, steps, pairs, apart, groups)
    y = convolution(x, weight, at=at) if bias is None else convolution(x, weight, bias, at=at)
    return y if is_batch else y[0]


def enlarge(
    what: str,
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    settings: tuple[Any, Any, Any, Any],
    groups: int,
) -> Any:
    """Check the operands, and convolve the transposed way."""
    check_weight(what, n, weight, groups)
    x, is_batch = batched(as_dtype(input, weight.dtype, f"the input of {what}"), n, what)
    check_channels(what, x, weight.shape[0], weight, groups)
    if weight.shape[0] % groups:
        raise ArgumentError(f"{what}: {weight.shape[0]} channels do not split into {groups} groups")
    check_bias(what, bias, weight.shape[1] * groups)
    at = transposed_geometry(what, n, x.shape[2:], weight.shape[2:], settings, groups)
    operands = (x, weight) if bias is None else (x, weight, bias)
    y = transposed_convolution(*operands, at=at)
    return y if is_batch else y[0]


def transposed_geometry(
    what: str,
    n: int,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    settings: tuple[Any, Any, Any, Any],
    groups: int,
) -> Geometry:
    """Describe the convolution whose adjoint is wanted: its input is the output here."""
    stride, padding, extra, dilation = settings
    steps = per_axis(stride, n, "stride", what)
    around = per_axis(padding, n, "padding", what, 0)
    behind = per_axis(extra, n, "output_padding", what, 0)
    apart = per_axis(dilation, n, "dilation", what)
    if any(b >= max(s, d) for b, s, d in zip(behind, steps, apart)):
        raise ArgumentError(
            f"{what}: output_padding must be smaller than the stride or the dilation; got "
            f"output_padding={behind}, stride={steps}, dilation={apart}."
        )
    out = tuple(
        (m - 1) * s - 2 * p + d * (k - 1) + b + 1
        for m, s, p, d, k, b in zip(size, steps, around, apart, kernel, behind)
    )
    if min(out) < 1:
        raise ShapeError(
            f"{what}: of an input of size {size} nothing is left, the output would be {out}. Use "
            f"less padding."
        )
    pairs = tuple((p, p) for p in around)
    # output_padding >= stride (allowed under dilation) leaves room for more windows: not used
    return Geometry(out, tuple(kernel), steps, pairs, apart, groups, tuple(size))


def padding_pairs(
    what: str, padding: Any, kernel: Any, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> Pairs:
    """Return how much is padded before and behind each axis."""
    if not isinstance(padding, str):
        return tuple((p, p) for p in per_axis(padding, len(kernel), "padding", what, 0))
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding != "same":
        raise ArgumentError(
            f"{what}: padding is a number, one for each axis, 'valid' or 'same'; got {padding!r}."
        )
    if any(s != 1 for s in stride):
        raise ArgumentError(
            f"{what}: padding='same' keeps the size, which a stride of {stride} does not. Give "
            f"the padding as a number."
        )
    totals = [d * (k - 1) for k, d in zip(kernel, dilation)]
    return tuple((t // 2, t - t // 2) for t in totals)


def check_weight(what: str, n: int, weight: Any, groups: Any) -> None:
    """Refuse weights that are no kernels, and groups that are no number."""
    if isinstance(groups, bool) or not isinstance(groups, (int, np.integer)) or groups < 1:
        raise ArgumentError(f"{what}: groups is a positive whole number, got {groups!r}.")
    if weight.ndim != n + 2:
        channels = "in, out / groups" if "transpose" in what else "out, in / groups"
        raise ShapeError(
            f"{what} got a weight of shape {weight.shape}; it is ({channels}, and {n} lengths of "
            f"the kernel)."
        )


def check_channels(what: str, x: Any, channels: int, weight: Any, groups: int) -> None:
    """Refuse an input with another number of channels than the weight is for."""
    if x.shape[1] == channels:
        return
    n = x.ndim - 2
    hint = ""
    if x.shape[-1] == channels:
        order = (0, x.ndim - 1, *range(1, x.ndim - 1))
        hint = f" If the channels come last, pass x.transpose{order}."
    for_groups = f", groups={groups}" if groups > 1 else ""
    raise ShapeError(
        f"{what} got an input of shape {x.shape} for a weight of shape {weight.shape}{for_groups}: "
        f"the input is (N, {channels}, {AXES[n]}).{hint}"
    )


def check_bias(what: str, bias: Any, channels: int) -> None:
    """Refuse a bias of another length than there are channels."""
    if bias is not None and bias.shape != (channels,):
        raise ShapeError(
            f"{what} got a bias of shape {bias.shape}; it is one number for each output channel, "
            f"({channels},)."
        )
