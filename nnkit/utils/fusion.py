"""Fusion: in evaluation a BatchNorm is a scale and a shift, which the layer in front can do."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from nnkit.layers import Linear
from nnkit.module import Module, Parameter

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]


def fuse_conv_bn_eval(conv: Module, bn: Module, transpose: bool = False) -> Module:
    """Make one convolution of a convolution and the BatchNorm behind it, for evaluation.

    Parameters
    ----------
    conv : Conv1d, Conv2d, Conv3d, or a transposed one
    bn : BatchNorm with running statistics
    transpose : bool, default False
        True for a transposed convolution (with ``groups=1``).

    Returns
    -------
    Module
        A new convolution that gives what both give one after the other.

    Raises
    ------
    ArgumentError
        If one of them is in training, there are no running statistics, or the sizes differ.

    Examples
    --------
    >>> import nnkit as nn
    >>> conv, bn = nn.Conv2d(1, 2, 3).eval(), nn.BatchNorm2d(2).eval()
    >>> bn.running_mean += 1
    >>> x = np.ones((1, 1, 5, 5))
    >>> bool(np.allclose(fuse_conv_bn_eval(conv, bn)(x), bn(conv(x)), atol=1e-6))
    True
    """
    conv_, bn_ = checked("fuse_conv_bn_eval", conv, bn)
    if transpose and conv_.groups != 1:
        raise ArgumentError("fuse_conv_bn_eval: a transposed convolution needs groups=1.")
    check_channels("fuse_conv_bn_eval", conv_.out_channels, bn_.num_features)
    fused = copy.deepcopy(conv_)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        *(conv_.weight, conv_.bias, bn_.running_mean, bn_.running_var, bn_.eps),
        *(bn_.weight, bn_.bias, transpose),
    )
    return fused


def fuse_linear_bn_eval(linear: Linear, bn: Module) -> Linear:
    """Make one Linear of a Linear and the BatchNorm1d behind it, for evaluation.

    Parameters
    ----------
    linear : Linear
    bn : BatchNorm1d with running statistics

    Returns
    -------
    Linear
        A new layer that gives what both give one after the other.

    Raises
    ------
    ArgumentError
        If one of them is in training, there are no running statistics, or the sizes differ.

    Examples
    --------
    >>> import nnkit as nn
    >>> linear, bn = nn.Linear(3, 2).eval(), nn.BatchNorm1d(2).eval()
    >>> bn.running_var *= 4
    >>> x = np.ones((1, 3))
    >>> bool(np.allclose(fuse_linear_bn_eval(linear, bn)(x), bn(linear(x)), atol=1e-6))
    True
    """
    _, bn_ = checked("fuse_linear_bn_eval", linear, bn)
    check_channels("fuse_linear_bn_eval", linear.out_features, bn_.num_features)
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        *(linear.weight, linear.bias, bn_.running_mean, bn_.running_var, bn_.eps),
        *(bn_.weight, bn_.bias),
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Any,
    conv_b: Any,
    bn_rm: Any,
    bn_rv: Any,
    bn_eps: float,
    bn_w: Any,
    bn_b: Any,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Return weight and bias of a convolution that does a BatchNorm's work, too.

    The weight of channel c becomes w g / sqrt(var + eps), its bias (b - mean) g / sqrt(var + eps) +
    beta.

    Parameters
    ----------
    conv_w, conv_b : array or Parameter; conv_b may be None
        Of the convolution.
    bn_rm, bn_rv : array, shape (C,)
        Running mean and variance.
    bn_eps : float
    bn_w, bn_b : array or Parameter, shape (C,), or None
        Weight g and bias beta of the BatchNorm.
    transpose : bool, default False
        Whether the output's channels are the second axis of the weight.

    Returns
    -------
    tuple of Parameter
        Weight and bias, frozen where the given ones are.

    Examples
    --------
    >>> one = np.ones(2)
    >>> w, b = fuse_conv_bn_weights(np.ones((2, 1, 3)), None, one, 4 * one, 0.0, None, None)
    >>> w[:, 0, 0].tolist(), b.tolist()
    ([0.5, 0.5], [-0.5, -0.5])
    """
    axes = np.ndim(raw(conv_w))
    shape = (1, -1, *[1] * (axes - 2)) if transpose else (-1, *[1] * (axes - 1))
    return fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_weights(
    linear_w: Any,
    linear_b: Any,
    bn_rm: Any,
    bn_rv: Any,
    bn_eps: float,
    bn_w: Any,
    bn_b: Any,
) -> tuple[Parameter, Parameter]:
    """Return weight and bias of a Linear that does a BatchNorm's work, too.

    Parameters
    ----------
    linear_w, linear_b : array or Parameter; linear_b may be None
        Of the Linear.
    bn_rm, bn_rv : array, shape (C,)
        Running mean and variance.
    bn_eps : float
    bn_w, bn_b : array or Parameter, shape (C,), or None
        Weight and bias of the BatchNorm.

    Returns
    -------
    tuple of Parameter
        Weight and bias, frozen where the given ones are.

    Examples
    --------
    >>> one = np.ones(2)
    >>> w, b = fuse_linear_bn_weights(np.ones((2, 3)), None, one, 4 * one, 0.0, None, None)
    >>> w[:, 0].tolist(), b.tolist()
    ([0.5, 0.5], [-0.5, -0.5])
    """
    return fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, (-1, 1))


def fused(
    w: Any, b: Any, mean: Any, var: Any, eps: float, g: Any, beta: Any, shape: tuple[int, ...]
) -> tuple[Parameter, Parameter]:
    """Scale the weight of each channel, and shift its bias."""
    weight, mean, var = raw(w), raw(mean), raw(var)
    scale = (1 if g is None else raw(g)) / np.sqrt(var + eps)
    bias = ((0 if b is None else raw(b)) - mean) * scale + (0 if beta is None else raw(beta))
    learns = [getattr(p, "requires_grad", True) for p in (w, b)]
    return (
        Parameter(weight * scale.reshape(shape), learns[0], weight.dtype),
        Parameter(bias, learns[1], weight.dtype),
    )


def checked(who: str, layer: Any, bn: Any) -> tuple[Any, Any]:
    """Refuse what cannot be fused."""
    if layer.training or bn.training:
        raise ArgumentError(
            f"{who}: in training a BatchNorm depends on the batch; call model.eval() first."
        )
    if getattr(bn, "running_mean", None) is None or bn.running_var is None:
        raise ArgumentError(f"{who}: {bn!r} has no running statistics to fuse.")
    return layer, bn


def check_channels(who: str, channels: int, features: int) -> None:
    """Refuse a BatchNorm of another size."""
    if channels != features:
        raise ArgumentError(f"{who}: the layer gives {channels} channels, bn takes {features}.")
