"""Pooling layers that make a given size, and unpooling layers."""

from __future__ import annotations

from typing import Any, ClassVar

from autograd_core.errors import ArgumentError
from nnkit import functional as F
from nnkit.functional.windows import per_axis
from nnkit.layers.pooling import Pooling

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class AdaptiveMean(Pooling):
    """What AdaptiveAvgPool1d, 2d and 3d share."""

    shown = ("output_size",)

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size


class AdaptiveMax(AdaptiveMean):
    """What AdaptiveMaxPool1d, 2d and 3d share."""

    others = ("return_indices",)

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class RandomMax(Pooling):
    """What FractionalMaxPool2d and 3d share."""

    shown = ("kernel_size", "output_size", "output_ratio")
    others = ("return_indices", "_random_samples")

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        if (output_size is None) == (output_ratio is None):
            raise ArgumentError(
                f"{type(self).__name__} needs one of output_size and output_ratio; got "
                f"output_size={output_size!r}, output_ratio={output_ratio!r}."
            )
        self.kernel_size = kernel_size
        self.output_size = output_size
        self.output_ratio = output_ratio
        self.return_indices = return_indices
        self._random_samples = _random_samples


class Unpooling(Pooling):
    """What MaxUnpool1d, 2d and 3d share."""

    shown = ("kernel_size", "stride", "padding")
    axes: ClassVar[int]

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        what, n = type(self).__name__, self.axes
        self.kernel_size = per_axis(kernel_size, n, "kernel_size", what)
        self.stride = per_axis(kernel_size if stride is None else stride, n, "stride", what)
        self.padding = per_axis(padding, n, "padding", what, 0)

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:  # type: ignore[override]
        """Put the values back at their places."""
        settings = self._settings()
        return type(self).function(input, indices, **settings, output_size=output_size)


class AdaptiveAvgPool1d(AdaptiveMean):
    """The means of so many cells of (N, C, L).

    Parameters as those of `AdaptiveAvgPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAvgPool1d(3)(np.zeros((1, 2, 8))).shape
    (1, 2, 3)
    """

    function = F.adaptive_avg_pool1d


class AdaptiveAvgPool2d(AdaptiveMean):
    """The means of so many cells of (N, C, H, W).

    Parameters
    ----------
    output_size : int or tuple of int or None
        None keeps the length of an axis; 1 is the mean of all.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too small.
    ArgumentError
        If a setting is out of its range.

    See Also
    --------
    nnkit.functional.adaptive_avg_pool2d : the formula.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAvgPool2d(3)(np.zeros((1, 2, 8, 8))).shape
    (1, 2, 3, 3)
    """

    function = F.adaptive_avg_pool2d


class AdaptiveAvgPool3d(AdaptiveMean):
    """The means of so many cells of (N, C, D, H, W).

    Parameters as those of `AdaptiveAvgPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveAvgPool3d(3)(np.zeros((1, 2, 8, 8, 8))).shape
    (1, 2, 3, 3, 3)
    """

    function = F.adaptive_avg_pool3d


class AdaptiveMaxPool1d(AdaptiveMax):
    """The maxima of so many cells of (N, C, L).

    Parameters as those of `AdaptiveMaxPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPool1d(3)(np.zeros((1, 2, 8))).shape
    (1, 2, 3)
    """

    function = F.adaptive_max_pool1d


class AdaptiveMaxPool2d(AdaptiveMax):
    """The maxima of so many cells of (N, C, H, W).

    Parameters
    ----------
    output_size : int or tuple of int or None
        None keeps the length of an axis.
    return_indices : bool, default False
        Also return where the values stand.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too small.
    ArgumentError
        If a setting is out of its range.

    See Also
    --------
    nnkit.functional.adaptive_max_pool2d : the formula.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPool2d(3)(np.zeros((1, 2, 8, 8))).shape
    (1, 2, 3, 3)
    """

    function = F.adaptive_max_pool2d


class AdaptiveMaxPool3d(AdaptiveMax):
    """The maxima of so many cells of (N, C, D, H, W).

    Parameters as those of `AdaptiveMaxPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> AdaptiveMaxPool3d(3)(np.zeros((1, 2, 8, 8, 8))).shape
    (1, 2, 3, 3, 3)
    """

    function = F.adaptive_max_pool3d


class FractionalMaxPool2d(RandomMax):
    """The maxima of windows that are spread at random over (N, C, H, W).

    Parameters
    ----------
    kernel_size : int or tuple of int
    output_size : int or tuple of int, optional
    output_ratio : float or tuple of float, optional
        Of the output to the input, between 0 and 1; in place of `output_size`.
    return_indices : bool, default False
        Also return where the values stand.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too small.
    ArgumentError
        If a setting is out of its range.

    See Also
    --------
    nnkit.functional.fractional_max_pool2d : the formula.

    Examples
    --------
    >>> import numpy as np
    >>> FractionalMaxPool2d(2, output_ratio=0.6)(np.zeros((1, 2, 8, 8))).shape
    (1, 2, 4, 4)
    """

    function = F.fractional_max_pool2d


class FractionalMaxPool3d(RandomMax):
    """The maxima of windows that are spread at random over (N, C, D, H, W).

    Parameters as those of `FractionalMaxPool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> FractionalMaxPool3d(2, output_ratio=0.6)(np.zeros((1, 2, 8, 8, 8))).shape
    (1, 2, 4, 4, 4)
    """

    function = F.fractional_max_pool3d


class MaxUnpool1d(Unpooling):
    """Values put back where max pooling found them, in (N, C, L).

    Parameters as those of `MaxUnpool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> from nnkit.layers import MaxPool1d
    >>> y, places = MaxPool1d(2, return_indices=True)(np.zeros((1, 2, 8)))
    >>> MaxUnpool1d(2)(y, places).shape
    (1, 2, 8)
    """

    function = F.max_unpool1d
    axes = 1


class MaxUnpool2d(Unpooling):
    """Values put back where max pooling found them, in (N, C, H, W).

    Parameters
    ----------
    kernel_size, stride, padding : int or tuple of int
        Those of the pooling.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too small.
    ArgumentError
        If a setting is out of its range.

    See Also
    --------
    nnkit.functional.max_unpool2d : the formula.

    Examples
    --------
    >>> import numpy as np
    >>> from nnkit.layers import MaxPool2d
    >>> y, places = MaxPool2d(2, return_indices=True)(np.zeros((1, 2, 8, 8)))
    >>> MaxUnpool2d(2)(y, places).shape
    (1, 2, 8, 8)
    """

    function = F.max_unpool2d
    axes = 2


class MaxUnpool3d(Unpooling):
    """Values put back where max pooling found them, in (N, C, D, H, W).

    Parameters as those of `MaxUnpool2d`.

    Examples
    --------
    >>> import numpy as np
    >>> from nnkit.layers import MaxPool3d
    >>> y, places = MaxPool3d(2, return_indices=True)(np.zeros((1, 2, 8, 8, 8)))
    >>> MaxUnpool3d(2)(y, places).shape
    (1, 2, 8, 8, 8)
    """

    function = F.max_unpool3d
    axes = 3
