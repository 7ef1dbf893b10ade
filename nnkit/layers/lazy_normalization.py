"""Lazy normalisations: the channels of their input are those of the first one."""

from __future__ import annotations

from typing import Any

from autograd_core.errors import ShapeError
from nnkit.functional.windows import AXES
from nnkit.layers.batch_normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from nnkit.layers.lazy import LazyModuleMixin, Shape

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class LazyNorm(LazyModuleMixin):
    """What the lazy normalisations share."""

    one_example = False

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        given = (eps, momentum, affine, track_running_stats)
        super().__init__(1, *given, bias=bias, dtype=dtype)
        self._wait(*given, bias=bias)

    def size_in(self, shape: Shape) -> int:
        """Return the number of channels."""
        n = self.axes
        fits = len(shape) == n + 2 or (len(shape) == n + 1 and (self.one_example or n == 1))
        if not fits:
            other = f"(C, {AXES[n]}) for one example" if self.one_example else "(N, C)"
            ending = f", or {other}" if self.one_example or n == 1 else ""
            raise ShapeError(f"{self!r} got {shape}. Its input is (N, C, {AXES[n]}){ending}.")
        return shape[0 if self.one_example and len(shape) == n + 1 else 1]

    def size_in_state(self, shapes: dict[str, Shape]) -> int:
        """Return the number of channels that parameters or statistics have."""
        for name in ("weight", "running_mean"):
            if len(shapes.get(name, ())) == 1:
                return shapes[name][0]
        return 0


class LazyBatchNorm(LazyNorm):
    """What LazyBatchNorm1d, 2d and 3d share."""


class LazyInstanceNorm(LazyNorm):
    """What LazyInstanceNorm1d, 2d and 3d share."""

    one_example = True


class LazyBatchNorm1d(LazyBatchNorm, BatchNorm1d):
    """A BatchNorm1d whose `num_features` is what the first input has.

    Parameters
    ----------
    eps, momentum, affine, track_running_stats, bias, dtype
        As those of `BatchNorm1d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter, or None
    running_mean, running_var : None
        With the first input, or with a state dict, what a `BatchNorm1d` has.

    Raises
    ------
    ShapeError
        If the input has too few or too many axes.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyBatchNorm1d()
    >>> layer(np.random.default_rng(0).random((4, 2, 5))).shape
    (4, 2, 5)
    >>> layer.num_features
    2
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(LazyBatchNorm, BatchNorm2d):
    """A BatchNorm2d whose `num_features` is what the first input has.

    Parameters
    ----------
    eps, momentum, affine, track_running_stats, bias, dtype
        As those of `BatchNorm2d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter, or None
    running_mean, running_var : None
        With the first input, or with a state dict, what a `BatchNorm2d` has.

    Raises
    ------
    ShapeError
        If the input has too few or too many axes.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyBatchNorm2d()
    >>> layer(np.random.default_rng(0).random((4, 2, 5, 5))).shape
    (4, 2, 5, 5)
    >>> layer.num_features
    2
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(LazyBatchNorm, BatchNorm3d):
    """A BatchNorm3d whose `num_features` is what the first input has.

    Parameters
    ----------
    eps, momentum, affine, track_running_stats, bias, dtype
        As those of `BatchNorm3d`.

    Attributes
    ----------
    weight, bias : UninitializedParameter, or None
    running_mean, running_var : None
        With the first input, or with a state dict, what a `BatchNorm3d` has.

    Raises
    ------
    ShapeError
        If the input has too few or too many axes.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyBatchNorm3d()
    >>> layer(np.random.default_rng(0).random((4, 2, 5, 5, 5))).shape
    (4, 2, 5, 5, 5)
    >>> layer.num_features
    2
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(LazyInstanceNorm, InstanceNorm1d):
    """An InstanceNorm1d whose `num_features` is what the first input has.

    Parameters
    ----------
    eps, momentum, affine, track_running_stats, bias, dtype
        As those of `InstanceNorm1d`; `affine` and `track_running_stats` are True by default, as in
        PyTorch.

    Attributes
    ----------
    weight, bias : UninitializedParameter, or None
    running_mean, running_var : None
        With the first input, or with a state dict, what a `InstanceNorm1d` has.

    Raises
    ------
    ShapeError
        If the input has too few or too many axes.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyInstanceNorm1d()
    >>> layer(np.random.default_rng(0).random((4, 2, 5))).shape
    (4, 2, 5)
    >>> layer.num_features
    2
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(LazyInstanceNorm, InstanceNorm2d):
    """An InstanceNorm2d whose `num_features` is what the first input has.

    Parameters
    ----------
    eps, momentum, affine, track_running_stats, bias, dtype
        As those of `InstanceNorm2d`; `affine` and `track_running_stats` are True by default, as in
        PyTorch.

    Attributes
    ----------
    weight, bias : UninitializedParameter, or None
    running_mean, running_var : None
        With the first input, or with a state dict, what a `InstanceNorm2d` has.

    Raises
    ------
    ShapeError
        If the input has too few or too many axes.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyInstanceNorm2d()
    >>> layer(np.random.default_rng(0).random((4, 2, 5, 5))).shape
    (4, 2, 5, 5)
    >>> layer.num_features
    2
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(LazyInstanceNorm, InstanceNorm3d):
    """An InstanceNorm3d whose `num_features` is what the first input has.

    Parameters
    ----------
    eps, momentum, affine, track_running_stats, bias, dtype
        As those of `InstanceNorm3d`; `affine` and `track_running_stats` are True by default, as in
        PyTorch.

    Attributes
    ----------
    weight, bias : UninitializedParameter, or None
    running_mean, running_var : None
        With the first input, or with a state dict, what a `InstanceNorm3d` has.

    Raises
    ------
    ShapeError
        If the input has too few or too many axes.
    GraphError
        If a value is asked for before the first input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = LazyInstanceNorm3d()
    >>> layer(np.random.default_rng(0).random((4, 2, 5, 5, 5))).shape
    (4, 2, 5, 5, 5)
    >>> layer.num_features
    2
    """

    cls_to_become = InstanceNorm3d
