"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from autograd_core.errors import ArgumentError
from nnkit import functional as F
from nnkit.module import Module

__all__ = ["GELU", "LogSoftmax", "ReLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Module):
    """max(x, 0), element by element.

    Parameters
    ----------
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Examples
    --------
    >>> import numpy as np
    >>> ReLU()(np.array([-1.0, 2.0]))
    array([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.relu(input)

    def extra_repr(self) -> str:
        """Name the setting where it is not the default."""
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """The hyperbolic tangent, element by element.

    Examples
    --------
    >>> import numpy as np
    >>> Tanh()(np.array([0.0]))
    array([0.])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.tanh(input)


class Sigmoid(Module):
    """1 / (1 + exp(-x)), element by element.

    Examples
    --------
    >>> import numpy as np
    >>> Sigmoid()(np.array([0.0]))
    array([0.5])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.sigmoid(input)


class GELU(Module):
    """x times the normal distribution function of x, element by element.

    Parameters
    ----------
    approximate : {"none", "tanh"}, default "none"
        "tanh" is the approximation that GPT-2 uses; it differs by up to 5e-4.

    Raises
    ------
    ArgumentError
        If `approximate` is neither.

    Examples
    --------
    >>> import numpy as np
    >>> GELU()(np.array([1.0])).round(4)
    array([0.8413])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ArgumentError(f"GELU: approximate is 'none' or 'tanh', got {approximate!r}.")
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """Name the formula."""
        return f"approximate={self.approximate!r}"


class Softmax(Module):
    """exp(x) / sum(exp(x)) along an axis: positive numbers that add up to 1.

    CrossEntropyLoss does this itself: a network that it trains ends without a Softmax.

    Parameters
    ----------
    dim : int
        The axis of the classes, 1 for scores of shape (batch, classes).

    Examples
    --------
    >>> import numpy as np
    >>> Softmax(dim=1)(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Name the axis."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of Softmax, accurate also where a probability rounds to 0.

    Parameters
    ----------
    dim : int
        The axis of the classes, 1 for scores of shape (batch, classes).

    Examples
    --------
    >>> import numpy as np
    >>> LogSoftmax(dim=1)(np.array([[0.0, 0.0]])).round(4)
    array([[-0.6931, -0.6931]])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Name the axis."""
        return f"dim={self.dim}"
