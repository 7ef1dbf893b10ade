"""Normalisation of single examples over groups of channels, channels, or neighbours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.dispatch import Layered, raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional.batch_normalization import batch_norm, check, update
from nnkit.functional.channels import channel_affine
from nnkit.functional.group_normalization import normalising_groups
from nnkit.functional.layer_normalization import standardising
from nnkit.functional.operands import as_float
from nnkit.functional.window_values import summing
from nnkit.functional.windows import geometry

__all__ = [
    "group_norm",
    "instance_norm",
    "local_response_norm",
]

SHORT = 8  # places: below, rows of whole groups are faster than rows of channels


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Return (x - mean) / sqrt(var + eps) * weight + bias over groups of channels of each example.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...)
    num_groups : int
        Into so many groups the channels are split; it divides C.
    weight, bias : array or Tensor, shape (C,), optional
    eps : float, default 1e-5

    Returns
    -------
    array or Tensor, the shape of `input`

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or a single example has one value in each group.
    ArgumentError
        If the channels cannot be split so.

    References
    ----------
    Y. Wu, K. He, "Group Normalization", ECCV 2018.

    Examples
    --------
    >>> x = np.array([[[1.0], [3.0], [10.0], [30.0]]])
    >>> group_norm(x, 2, eps=0.0).ravel()
    array([-1.,  1., -1.,  1.])
    """
    x = as_float(input, "the input of group_norm")
    if x.ndim < 2:
        raise ShapeError(f"group_norm got an input of shape {x.shape}; it takes (N, C, ...).")
    c = x.shape[1]
    if num_groups < 1 or c % num_groups:
        raise ArgumentError(
            f"group_norm: {c} channels (input of shape {x.shape}) cannot be split into num_groups="
            f"{num_groups}."
        )
    width = math.prod(x.shape[1:]) // num_groups
    if len(x) == width == 1:
        raise ShapeError(
            f"group_norm got {x.shape} with num_groups={num_groups}: a group with one value has no "
            f"variance."
        )
    return by_groups(x, num_groups, weight, bias, eps, "group_norm")


def by_groups(x: Any, groups: int, weight: Any, bias: Any, eps: float, what: str) -> Any:
    """Normalise groups of channels, and multiply and add what there is for each channel."""
    c, places = x.shape[1], math.prod(x.shape[2:])
    if not c * places:
        raise ShapeError(f"{what} got an input of shape {x.shape}: there is nothing to normalise.")
    if places < SHORT:
        rows = x.reshape(-1, c // groups * places)
        return affine_by_channel(standardising(rows, eps=eps).reshape(x.shape), weight, bias, what)
    check(what, x, None, None, weight, bias)
    w = np.ones(c, x.dtype) if weight is None else weight
    b = np.zeros(c, x.dtype) if bias is None else bias
    return normalising_groups(x, w, b, groups=groups, eps=eps)


def affine_by_channel(y: Any, weight: Any, bias: Any, what: str) -> Any:
    """Multiply and add one number for each channel, as far as they are given."""
    c = y.shape[1]
    for name, v in (("weight", weight), ("bias", bias)):
        if v is not None and v.shape != (c,):
            raise ShapeError(
                f"{what}: {name} has shape {v.shape}; it is one number for each channel, ({c},)."
            )
    if weight is None and bias is None:
        return y
    w = np.ones(c, y.dtype) if weight is None else weight
    b = np.zeros(c, y.dtype) if bias is None else bias
    return channel_affine(y, w, b)


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Return (x - mean) / sqrt(var + eps) * weight + bias over each channel of each example.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...)
    running_mean, running_var : array, shape (C,), optional
        Updated in place with the means over the batch, or used if `use_input_stats` is False.
    weight, bias : array or Tensor, shape (C,), optional
    use_input_stats : bool, default True
        False uses the running statistics.
    momentum : float, default 0.1
    eps : float, default 1e-5

    Returns
    -------
    array or Tensor, the shape of `input`

    Raises
    ------
    ShapeError
        If the shapes do not fit together, or a channel of an example has a single value.
    ArgumentError
        If running statistics are needed and missing, or would have to be updated under vmap.

    References
    ----------
    D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance Normalization", arXiv:1607.08022.

    Examples
    --------
    >>> instance_norm(np.array([[[1.0, 3.0], [10.0, 30.0]]]), eps=0.0)
    array([[[-1.,  1.],
            [-1.,  1.]]])
    """
    x = as_float(input, "the input of instance_norm")
    if x.ndim < 3:
        raise ShapeError(f"instance_norm got an input of shape {x.shape}; it takes (N, C, L, ...).")
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    width = math.prod(x.shape[2:])
    if width < 2:
        raise ShapeError(
            f"instance_norm got {x.shape}: with one value for each channel there is no variance."
        )
    check("instance_norm", x, running_mean, running_var, weight, bias)
    if running_mean is not None:
        plain = raw(x)
        if isinstance(plain, Layered):
            raise ArgumentError(
                "instance_norm would have to update running statistics under vmap. Switch to "
                "model.eval(), or use track_running_stats=False."
            )
        rows = plain.reshape(*x.shape[:2], width)
        update(running_mean, rows.mean(axis=2).mean(axis=0), momentum)
        update(running_var, rows.var(axis=2, ddof=1).mean(axis=0), momentum)
    return by_groups(x, x.shape[1], weight, bias, eps, "instance_norm")


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """Return x / (k + alpha m)^beta, m the mean of x^2 over `size` neighbouring channels.

    Parameters
    ----------
    input : array_like or Tensor, shape (N, C, ...)
    size : int
        Missing neighbours at both ends count as zeros.
    alpha, beta, k : float, defaults 1e-4, 0.75, 1

    Returns
    -------
    array or Tensor, the shape of `input`

    Raises
    ------
    ShapeError
        If the input has fewer than three axes.
    ArgumentError
        If `size` is not positive.

    References
    ----------
    A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet Classification with Deep Convolutional Neural
    Networks", NeurIPS 2012, section 3.3.

    Examples
    --------
    >>> local_response_norm(np.ones((1, 1, 1)), 1, alpha=3.0, beta=0.5)
    array([[[0.5]]])
    """
    x = as_float(input, "the input of local_response_norm")
    if x.ndim < 3:
        raise ShapeError(f"local_response_norm got shape {x.shape}; it takes (N, C, L, ...).")
    if size < 1:
        raise ArgumentError(f"local_response_norm: size is a positive whole number, got {size!r}.")
    n, c = x.shape[:2]
    plane = (c, math.prod(x.shape[2:]))
    around = ((size // 2, (size - 1) // 2), (0, 0))
    at = geometry("local_response_norm", plane, (size, 1), (1, 1), around, (1, 1))
    squares = summing(np.square(x).reshape(n, 1, *plane), at=at).reshape(x.shape)
    return x / np.power(k + (alpha / size) * squares, beta)
