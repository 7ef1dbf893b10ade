"""Layers that normalise each channel, and keep running statistics for the evaluation."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from autograd_core.errors import ShapeError
from autograd_core.live import live
from nnkit import functional as F
from nnkit.functional.operands import as_array
from nnkit.functional.windows import AXES
from nnkit.layers.linear import check_sizes
from nnkit.layers.normalization import cast, reset
from nnkit.module import Module, Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
]


def add_one(n: Any) -> None:
    """Count."""
    n[...] += 1


def add_one_and_share(n: Any) -> Any:
    """Count, and return the weight of the last in the mean of all."""
    n[...] += 1
    return np.float64(1 / int(n))


count = live(add_one, writes=(0,), always=True)
count_and_share = live(add_one_and_share, writes=(0,), always=True)


class ChannelNorm(Module):
    """What BatchNorm and InstanceNorm share: parameters, and statistics that are kept."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any
    axes: ClassVar[int]

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(np.ones(num_features), dtype=dtype) if affine else None
        with_bias = affine and bias
        self.bias = Parameter(np.zeros(num_features), dtype=dtype) if with_bias else None
        kind = np.float32 if dtype is None else dtype
        kept = (np.zeros(num_features, kind), np.ones(num_features, kind), np.array(0))
        names = ("running_mean", "running_var", "num_batches_tracked")
        for name, value in zip(names, kept):
            self.register_buffer(name, value if track_running_stats else None)

    def reset_running_stats(self) -> None:
        """Forget the statistics: mean 0, variance 1."""
        if self.track_running_stats:
            self.running_mean[...] = 0
            self.running_var[...] = 1
            self.num_batches_tracked[...] = 0

    def reset_parameters(self) -> None:
        """Forget the statistics, and set the weight to 1 and the bias to 0."""
        self.reset_running_stats()
        reset(self.weight, self.bias)

    def _factor(self) -> Any:
        """Return the weight of this batch in the running statistics, and count it."""
        if not (self.training and self.track_running_stats):
            return 0.0
        if self.momentum is None:  # the mean of all batches so far
            return count_and_share(self.num_batches_tracked)
        count(self.num_batches_tracked)
        return self.momentum

    def _wrong(self, shape: tuple[int, ...], allowed: str) -> ShapeError:
        hint = ""
        if len(shape) > 2 and shape[1] != self.num_features == shape[-1]:
            order = (0, len(shape) - 1, *range(1, len(shape) - 1))
            hint = f" The channels seem to come last: pass x.transpose{order}."
        return ShapeError(f"{self!r} got {shape}. Its input is {allowed}.{hint}")

    def extra_repr(self) -> str:
        """Name the settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(ChannelNorm):
    """What BatchNorm1d, 2d and 3d share."""

    def forward(self, input: Any) -> Any:
        """Normalise over the batch while training, with the running statistics in evaluation."""
        x = cast(as_array(input), self.weight, type(self).__name__)
        n, c = self.axes, self.num_features
        allowed = (2, 3) if n == 1 else (n + 2,)
        if x.ndim not in allowed or x.shape[1] != c:
            shapes = f"(N, {c}, {AXES[n]})" + (f" or (N, {c})" if n == 1 else "")
            raise self._wrong(x.shape, shapes)
        of_batch = self.training or self.running_mean is None
        if of_batch and x.size <= c:
            raise ShapeError(
                f"{self!r} got {x.shape} while training: with one value for each channel (or "
                f"none) there is no variance. Use a larger batch (DataLoader(drop_last=True) "
                f"leaves out a last one of a single example), or model.eval()."
            )
        keep = not self.training or self.track_running_stats
        return F.batch_norm(
            x,
            self.running_mean if keep else None,
            self.running_var if keep else None,
            self.weight,
            self.bias,
            of_batch,
            self._factor(),
            self.eps,
        )


class BatchNorm1d(BatchNorm):
    """Normalise each feature or channel over the batch: (N, C) or (N, C, L).

    Parameters, buffers and errors as those of `BatchNorm2d`.

    Examples
    --------
    >>> layer = BatchNorm1d(2)
    >>> layer([[1.0, 10.0], [3.0, 30.0]]).detach().numpy().round(3)
    array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    >>> layer.running_mean
    array([0.2, 2. ], dtype=float32)
    """

    axes = 1


class BatchNorm2d(BatchNorm):
    """Normalise each channel over the batch: (x - mean) / sqrt(var + eps) * weight + bias.

    While training, mean and variance are those of the batch, and running ones are kept; in
    evaluation (`model.eval()`) the running ones are used.

    Parameters
    ----------
    num_features : int
        Number C of channels of the input (N, C, H, W).
    eps : float, default 1e-5
    momentum : float or None, default 0.1
        Weight of the newest batch in the running statistics; None: they are the mean over all
        batches.
    affine : bool, default True
        Whether there are weight and bias.
    track_running_stats : bool, default True
        False keeps none: the batch is used in evaluation too.
    bias : bool, default True
        False: a weight only.
    dtype : dtype, default float32

    Attributes
    ----------
    weight, bias : Parameter, shape (C,), or None
        Initially 1 and 0.
    running_mean, running_var : ndarray, shape (C,), or None
        Buffers, initially 0 and 1; the variance is that over n - 1.
    num_batches_tracked : ndarray of int, shape (), or None

    Raises
    ------
    ShapeError
        If an input has other channels, or (while training) a single value for each.

    See Also
    --------
    nnkit.functional.batch_norm : the source.

    Examples
    --------
    >>> layer = BatchNorm2d(3)
    >>> layer(np.zeros((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    >>> list(layer.state_dict())
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """

    axes = 2


class BatchNorm3d(BatchNorm):
    """Normalise each channel over the batch: (N, C, D, H, W).

    Parameters, buffers and errors as those of `BatchNorm2d`.

    Examples
    --------
    >>> BatchNorm3d(3)(np.zeros((2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    axes = 3


class InstanceNorm(ChannelNorm):
    """What InstanceNorm1d, 2d and 3d share."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        settings = (num_features, eps, momentum, affine, track_running_stats)
        super().__init__(*settings, bias=bias, dtype=dtype)

    def forward(self, input: Any) -> Any:
        """Normalise each channel of each example."""
        x = cast(as_array(input), self.weight, type(self).__name__)
        n, c = self.axes, self.num_features
        fixed = self.affine or self.track_running_stats  # else PyTorch takes any channels, too
        if x.ndim not in (n + 1, n + 2) or (x.shape[-n - 1] != c and fixed):
            shapes = f"(N, {c}, {AXES[n]}), or ({c}, {AXES[n]}) for one example"
            raise self._wrong(x.shape, shapes)
        one = x.ndim == n + 1
        momentum = 0.0 if self.momentum is None else self.momentum
        y = F.instance_norm(
            x[None] if one else x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            momentum,
            self.eps,
        )
        return y[0] if one else y


class InstanceNorm1d(InstanceNorm):
    """Normalise each channel of each example: (N, C, L).

    Parameters, buffers and errors as those of `InstanceNorm2d`.

    Examples
    --------
    >>> InstanceNorm1d(2)(np.array([[1.0, 3.0], [10.0, 30.0]])).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    axes = 1


class InstanceNorm2d(InstanceNorm):
    """Normalise each channel of each example: (x - mean) / sqrt(var + eps) * weight + bias.

    Parameters
    ----------
    num_features : int
        Number C of channels of the input, (N, C, H, W) or (C, H, W).
    eps : float, default 1e-5
    momentum : float, default 0.1
        Weight of the newest batch in the running statistics.
    affine : bool, default False
        Whether there are weight and bias.
    track_running_stats : bool, default False
        Whether to keep running statistics, and use them in evaluation.
    bias : bool, default True
        False: a weight only.
    dtype : dtype, default float32

    Attributes
    ----------
    weight, bias : Parameter, shape (C,), or None
        Initially 1 and 0.
    running_mean, running_var : ndarray, shape (C,), or None
        Buffers, initially 0 and 1.

    Raises
    ------
    ShapeError
        If an input has other channels, or a single value for each.

    See Also
    --------
    nnkit.functional.instance_norm : the source.

    Examples
    --------
    >>> InstanceNorm2d(3)(np.zeros((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """

    axes = 2


class InstanceNorm3d(InstanceNorm):
    """Normalise each channel of each example: (N, C, D, H, W).

    Parameters, buffers and errors as those of `InstanceNorm2d`.

    Examples
    --------
    >>> InstanceNorm3d(3)(np.zeros((2, 3, 4, 4, 4))).shape
    (2, 3, 4, 4, 4)
    """

    axes = 3
