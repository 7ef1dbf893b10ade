"""Pooling layers: the largest value, the mean or a norm of each window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from nnkit import functional as F
from nnkit.functional.windows import per_axis
from nnkit.module import Module

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "Pooling",
]


class Pooling(Module):
    """What pooling layers share: a function, and settings that it takes by name."""

    function: ClassVar[Callable[..., Any]]
    shown: ClassVar[tuple[str, ...]]
    """Settings that the repr names."""
    others: ClassVar[tuple[str, ...]] = ()

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.shown + self.others}

    def forward(self, input: Any) -> Any:
        """Pool it."""
        return type(self).function(input, **self._settings())

    def extra_repr(self) -> str:
        """Name the settings."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


class MaxPooling(Pooling):
    """What MaxPool1d, 2d and 3d share."""

    shown = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    others = ("return_indices",)

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode


class MeanPooling(Pooling):
    """What AvgPool1d, 2d and 3d share."""

    shown = ("kernel_size", "stride", "padding")
    others: ClassVar[tuple[str, ...]] = ("ceil_mode", "count_include_pad")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad


class AveragePooling(MeanPooling):
    """What AvgPool2d and 3d share: a divisor of one's own."""

    others = ("ceil_mode", "count_include_pad", "divisor_override")

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override


class NormPooling(Pooling):
    """What LPPool1d, 2d and 3d share."""

    shown = ("norm_type", "kernel_size", "stride", "ceil_mode")

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode


class MaxPool1d(MaxPooling):
    """The largest value of each window of (N, C, L).

    Parameters as those of `MaxPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool1d(2)(np.zeros((1, 2, 8))).shape
    (1, 2, 4)
    """

    function = F.max_pool1d


class MaxPool2d(MaxPooling):
    """The largest value of each window of (N, C, H, W).

    Parameters
    ----------
    kernel_size : int or tuple of int
    stride : int or tuple of int, default `kernel_size`
    padding : int or tuple of int, default 0
        A border that is smaller than everything; at most half of `kernel_size`.
    dilation : int or tuple of int, default 1
    return_indices : bool, default False
        Also return where the values stand, as MaxUnpool needs it.
    ceil_mode : bool, default False
        Whether a window may hang over the end.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too small.
    ArgumentError
        If a setting is out of its range.

    See Also
    --------
    nnkit.functional.max_pool2d : the formula.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool2d(2)(np.zeros((1, 2, 8, 8))).shape
    (1, 2, 4, 4)
    """

    function = F.max_pool2d


class MaxPool3d(MaxPooling):
    """The largest value of each window of (N, C, D, H, W).

    Parameters as those of `MaxPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool3d(2)(np.zeros((1, 2, 8, 8, 8))).shape
    (1, 2, 4, 4, 4)
    """

    function = F.max_pool3d


class AvgPool1d(MeanPooling):
    """The mean of each window of (N, C, L).

    Parameters as those of `AvgPool2d`, without `divisor_override`.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool1d(2)(np.zeros((1, 2, 8))).shape
    (1, 2, 4)
    """

    function = F.avg_pool1d

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        kernel = per_axis(kernel_size, 1, "kernel_size", "AvgPool1d")
        steps = kernel if stride is None else per_axis(stride, 1, "stride", "AvgPool1d")
        around = per_axis(padding, 1, "padding", "AvgPool1d", 0)
        super().__init__(kernel, steps, around, ceil_mode, count_include_pad)


class AvgPool2d(AveragePooling):
    """The mean of each window of (N, C, H, W).

    Parameters
    ----------
    kernel_size : int or tuple of int
    stride : int or tuple of int, default `kernel_size`
    padding : int or tuple of int, default 0
        A border of zeros; at most half of `kernel_size`.
    ceil_mode : bool, default False
        Whether a window may hang over the end.
    count_include_pad : bool, default True
        Whether the zeros of the border count.
    divisor_override : int, optional
        Divide the sums by this.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too small.
    ArgumentError
        If a setting is out of its range.

    See Also
    --------
    nnkit.functional.avg_pool2d : the formula.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool2d(2)(np.zeros((1, 2, 8, 8))).shape
    (1, 2, 4, 4)
    """

    function = F.avg_pool2d


class AvgPool3d(AveragePooling):
    """The mean of each window of (N, C, D, H, W).

    Parameters as those of `AvgPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool3d(2)(np.zeros((1, 2, 8, 8, 8))).shape
    (1, 2, 4, 4, 4)
    """

    function = F.avg_pool3d


class LPPool1d(NormPooling):
    """The p-norm of each window of (N, C, L).

    Parameters as those of `LPPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> LPPool1d(2, 4)(np.zeros((1, 2, 8))).shape
    (1, 2, 2)
    """

    function = F.lp_pool1d


class LPPool2d(NormPooling):
    """The p-norm of each window of (N, C, H, W).

    Parameters
    ----------
    norm_type : float
        p, positive.
    kernel_size : int or tuple of int
    stride : int or tuple of int, default `kernel_size`
    ceil_mode : bool, default False

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too small.
    ArgumentError
        If a setting is out of its range.

    See Also
    --------
    nnkit.functional.lp_pool2d : the formula.

    Examples
    --------
    >>> import numpy as np
    >>> LPPool2d(2, 4)(np.zeros((1, 2, 8, 8))).shape
    (1, 2, 2, 2)
    """

    function = F.lp_pool2d


class LPPool3d(NormPooling):
    """The p-norm of each window of (N, C, D, H, W).

    Parameters as those of `LPPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> LPPool3d(2, 4)(np.zeros((1, 2, 8, 8, 8))).shape
    (1, 2, 2, 2, 2)
    """

    function = F.lp_pool3d
