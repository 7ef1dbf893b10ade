"""Layers that write the windows of an image as columns, and add columns up to an image."""

from __future__ import annotations

from typing import Any

from nnkit import functional as F
from nnkit.module import Module

__all__ = ["Fold", "Unfold"]


class Unfold(Module):
    """Write each window of an image as a column: (N, C, H, W) becomes (N, C * kernel, places).

    Parameters
    ----------
    kernel_size : int or tuple of int
    dilation, padding, stride : int or tuple of int, defaults 1, 0, 1

    See Also
    --------
    nnkit.functional.unfold

    Examples
    --------
    >>> import numpy as np
    >>> Unfold(2)(np.zeros((1, 3, 4, 4))).shape
    (1, 12, 9)
    """

    def __init__(
        self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, input: Any) -> Any:
        """Unfold it."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Name the settings."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Add columns up to an image: (N, C * kernel, places) becomes (N, C, H, W).

    Parameters
    ----------
    output_size : int or tuple of int
        (H, W).
    kernel_size : int or tuple of int
    dilation, padding, stride : int or tuple of int, defaults 1, 0, 1

    See Also
    --------
    nnkit.functional.fold

    Examples
    --------
    >>> import numpy as np
    >>> Fold((4, 4), 2)(np.zeros((1, 12, 9))).shape
    (1, 3, 4, 4)
    """

    def __init__(
        self,
        output_size: Any,
        kernel_size: Any,
        dilation: Any = 1,
        padding: Any = 0,
        stride: Any = 1,
    ) -> None:
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Any) -> Any:
        """Fold it."""
        settings = (self.kernel_size, self.dilation, self.padding, self.stride)
        return F.fold(input, self.output_size, *settings)

    def extra_repr(self) -> str:
        """Name the settings."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )
