"""Dropout as a layer."""

from __future__ import annotations

from typing import Any

from nnkit import functional as F
from nnkit.functional.dropout import check_probability
from nnkit.module import Module

__all__ = [
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
]


class Dropout(Module):
    """While training, set each value to 0 with probability p and divide the others by 1 - p.

    In evaluation (`model.eval()`) the input goes through unchanged. `nnkit.seed` makes it
    repeatable.

    Parameters
    ----------
    p : float, default 0.5
        Probability of leaving a value out.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> Dropout(0.5).eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        check_probability(p)
        self.p = p
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        """Name the settings."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """While training, set whole channels to 0 with probability p; divide the others by 1 - p.

    Parameters
    ----------
    p : float, default 0.5
        Probability of leaving a channel out.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If an input is not of shape (N, C, L) or (C, L).

    References
    ----------
    J. Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> Dropout1d(p=1.0)(np.ones((1, 4, 3))).sum()
    np.float64(0.0)
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.dropout1d(input, self.p, self.training)


class Dropout2d(Dropout):
    """While training, set whole channels to 0 with probability p; divide the others by 1 - p.

    Parameters
    ----------
    p : float, default 0.5
        Probability of leaving a channel out.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If an input is not of shape (N, C, H, W) or (N, C, L).

    References
    ----------
    J. Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> Dropout2d(p=1.0)(np.ones((1, 4, 3, 3))).sum()
    np.float64(0.0)
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.dropout2d(input, self.p, self.training)


class Dropout3d(Dropout):
    """While training, set whole channels to 0 with probability p; divide the others by 1 - p.

    Parameters
    ----------
    p : float, default 0.5
        Probability of leaving a channel out.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If an input is not of shape (N, C, D, H, W) or (C, D, H, W).

    References
    ----------
    J. Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> Dropout3d(p=1.0)(np.ones((1, 4, 2, 2, 2))).sum()
    np.float64(0.0)
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.dropout3d(input, self.p, self.training)


class AlphaDropout(Dropout):
    """While training, set each value to the lowest of SELU with probability p, keeping mean 0 and
    variance 1: the dropout for networks of SELU.

    Parameters
    ----------
    p : float, default 0.5
        Probability of leaving a value out.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.

    References
    ----------
    G. Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> AlphaDropout().eval()(np.ones(3))
    array([1., 1., 1.])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(Dropout):
    """While training, set whole channels to the lowest of SELU with probability p, keeping mean
    and variance.

    Parameters
    ----------
    p : float, default 0.5
        Probability of leaving a channel out.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `p` is not between 0 and 1.
    ShapeError
        If an input is not of shape (N, C, ...).

    References
    ----------
    G. Klambauer et al., "Self-Normalizing Neural Networks", NIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> FeatureAlphaDropout().eval()(np.ones((1, 3)))
    array([[1., 1., 1.]])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.feature_alpha_dropout(input, self.p, self.training)
