"""Padding layers: a border of zeros, of a number, or of what the input itself holds."""

from __future__ import annotations

from typing import Any, ClassVar

from autograd_core.errors import ShapeError
from nnkit import functional as F
from nnkit.functional.operands import as_array
from nnkit.functional.windows import AXES, per_axis
from nnkit.module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

ANY = -(2**31)


class Padding(Module):
    """What padding layers share."""

    axes: ClassVar[int]
    mode: ClassVar[str] = "constant"

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = per_axis(padding, 2 * self.axes, "padding", type(self).__name__, ANY)

    def forward(self, input: Any) -> Any:
        """Put the border around it."""
        x, n = as_array(input), self.axes
        if x.ndim not in (n + 1, n + 2):
            raise ShapeError(
                f"{self!r} got {x.shape}. Its input is (N, C, {AXES[n]}), or (C, {AXES[n]}) for "
                f"one example."
            )
        return F.pad(x, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Name the widths."""
        return str(self.padding)


class ConstantPadding(Padding):
    """What ConstantPad1d, 2d and 3d share."""

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        """Put the border around it."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Name the widths and the value."""
        return f"padding={self.padding}, value={self.value}"


class ZeroPad1d(Padding):
    """Zeros around (N, C, L).

    As `ZeroPad2d`; widths: one number or (left, right).

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPad1d(1)(np.zeros((1, 2, 3))).shape
    (1, 2, 5)
    """

    axes = 1


class ZeroPad2d(Padding):
    """Zeros around (N, C, H, W).

    Parameters
    ----------
    padding : int or tuple of int
        The same everywhere, or (left, right, top, bottom). Negative numbers cut off.

    Raises
    ------
    ShapeError
        If the input has another number of axes.

    See Also
    --------
    nnkit.functional.pad

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPad2d(1)(np.zeros((1, 2, 3, 3))).shape
    (1, 2, 5, 5)
    """

    axes = 2


class ZeroPad3d(Padding):
    """Zeros around (N, C, D, H, W).

    As `ZeroPad2d`; widths: one number or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPad3d(1)(np.zeros((1, 2, 3, 3, 3))).shape
    (1, 2, 5, 5, 5)
    """

    axes = 3


class ConstantPad1d(ConstantPadding):
    """A number around (N, C, L).

    As `ConstantPad2d`; widths: one number or (left, right).

    Examples
    --------
    >>> import numpy as np
    >>> ConstantPad1d(1, 0.5)(np.zeros((1, 2, 3))).shape
    (1, 2, 5)
    """

    axes = 1


class ConstantPad2d(ConstantPadding):
    """A number around (N, C, H, W).

    Parameters
    ----------
    padding : int or tuple of int
        The same everywhere, or (left, right, top, bottom). Negative numbers cut off.
    value : float

    Raises
    ------
    ShapeError
        If the input has another number of axes.

    See Also
    --------
    nnkit.functional.pad

    Examples
    --------
    >>> import numpy as np
    >>> ConstantPad2d(1, 0.5)(np.zeros((1, 2, 3, 3))).shape
    (1, 2, 5, 5)
    """

    axes = 2


class ConstantPad3d(ConstantPadding):
    """A number around (N, C, D, H, W).

    As `ConstantPad2d`; widths: one number or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ConstantPad3d(1, 0.5)(np.zeros((1, 2, 3, 3, 3))).shape
    (1, 2, 5, 5, 5)
    """

    axes = 3


class ReflectionPad1d(Padding):
    """A mirrored border around (N, C, L).

    As `ReflectionPad2d`; widths: one number or (left, right).

    Examples
    --------
    >>> import numpy as np
    >>> ReflectionPad1d(1)(np.zeros((1, 2, 3))).shape
    (1, 2, 5)
    """

    axes = 1
    mode = "reflect"


class ReflectionPad2d(Padding):
    """A mirrored border around (N, C, H, W).

    Parameters
    ----------
    padding : int or tuple of int
        The same everywhere, or (left, right, top, bottom). Negative numbers cut off.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too short for the border.

    See Also
    --------
    nnkit.functional.pad

    Examples
    --------
    >>> import numpy as np
    >>> ReflectionPad2d(1)(np.zeros((1, 2, 3, 3))).shape
    (1, 2, 5, 5)
    """

    axes = 2
    mode = "reflect"


class ReflectionPad3d(Padding):
    """A mirrored border around (N, C, D, H, W).

    As `ReflectionPad2d`; widths: one number or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ReflectionPad3d(1)(np.zeros((1, 2, 3, 3, 3))).shape
    (1, 2, 5, 5, 5)
    """

    axes = 3
    mode = "reflect"


class ReplicationPad1d(Padding):
    """A border that repeats the outermost elements of (N, C, L).

    As `ReplicationPad2d`; widths: one number or (left, right).

    Examples
    --------
    >>> import numpy as np
    >>> ReplicationPad1d(1)(np.zeros((1, 2, 3))).shape
    (1, 2, 5)
    """

    axes = 1
    mode = "replicate"


class ReplicationPad2d(Padding):
    """A border that repeats the outermost elements of (N, C, H, W).

    Parameters
    ----------
    padding : int or tuple of int
        The same everywhere, or (left, right, top, bottom). Negative numbers cut off.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too short for the border.

    See Also
    --------
    nnkit.functional.pad

    Examples
    --------
    >>> import numpy as np
    >>> ReplicationPad2d(1)(np.zeros((1, 2, 3, 3))).shape
    (1, 2, 5, 5)
    """

    axes = 2
    mode = "replicate"


class ReplicationPad3d(Padding):
    """A border that repeats the outermost elements of (N, C, D, H, W).

    As `ReplicationPad2d`; widths: one number or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> ReplicationPad3d(1)(np.zeros((1, 2, 3, 3, 3))).shape
    (1, 2, 5, 5, 5)
    """

    axes = 3
    mode = "replicate"


class CircularPad1d(Padding):
    """A border that goes on at the other end of (N, C, L).

    As `CircularPad2d`; widths: one number or (left, right).

    Examples
    --------
    >>> import numpy as np
    >>> CircularPad1d(1)(np.zeros((1, 2, 3))).shape
    (1, 2, 5)
    """

    axes = 1
    mode = "circular"


class CircularPad2d(Padding):
    """A border that goes on at the other end of (N, C, H, W).

    Parameters
    ----------
    padding : int or tuple of int
        The same everywhere, or (left, right, top, bottom). Negative numbers cut off.

    Raises
    ------
    ShapeError
        If the input has another number of axes, or is too short for the border.

    See Also
    --------
    nnkit.functional.pad

    Examples
    --------
    >>> import numpy as np
    >>> CircularPad2d(1)(np.zeros((1, 2, 3, 3))).shape
    (1, 2, 5, 5)
    """

    axes = 2
    mode = "circular"


class CircularPad3d(Padding):
    """A border that goes on at the other end of (N, C, D, H, W).

    As `CircularPad2d`; widths: one number or (left, right, top, bottom, front, back).

    Examples
    --------
    >>> import numpy as np
    >>> CircularPad3d(1)(np.zeros((1, 2, 3, 3, 3))).shape
    (1, 2, 5, 5, 5)
    """

    axes = 3
    mode = "circular"
