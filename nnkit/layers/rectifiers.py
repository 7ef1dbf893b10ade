"""Activation functions in straight pieces, as layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit import functional as F
from nnkit.functional.rectifiers import check_limits, check_shrinkage, check_slopes
from nnkit.layers.linear import check_sizes
from nnkit.module import Module, Parameter

__all__ = [
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU6",
    "Softshrink",
    "Threshold",
]


class Switched(Module):
    """A layer with the setting `inplace`, which PyTorch has; the input is never overwritten."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def _settings(self) -> str:
        return ""

    def extra_repr(self) -> str:
        """Name the settings."""
        settings = [self._settings()] if self._settings() else []
        return ", ".join([*settings, "inplace=True"] if self.inplace else settings)


class LeakyReLU(Switched):
    """x where x > 0 and a small slope times x elsewhere.

    Parameters
    ----------
    negative_slope : float, default 0.01
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    References
    ----------
    A. Maas, A. Hannun, A. Ng, "Rectifier nonlinearities improve neural network acoustic models",
    ICML 2013.

    Examples
    --------
    >>> LeakyReLU(0.1)(np.array([-2.0, 3.0]))
    array([-0.2,  3. ])
    """

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.leaky_relu(input, self.negative_slope)

    def _settings(self) -> str:
        return f"negative_slope={self.negative_slope}"


class PReLU(Module):
    """x where x > 0 and a learned slope times x elsewhere.

    Parameters
    ----------
    num_parameters : int, default 1
        1 for one slope, or the number of channels (axis 1) for a slope of each.
    init : float, default 0.25
        The slopes at first.
    dtype : dtype, default float32
        Of the parameter.

    Attributes
    ----------
    weight : Parameter, shape (num_parameters,)

    Raises
    ------
    ArgumentError
        If `num_parameters` is not a positive whole number.

    References
    ----------
    K. He et al., "Delving Deep into Rectifiers", ICCV 2015.

    Examples
    --------
    >>> PReLU()(np.array([-2.0, 3.0]))
    Tensor([-0.5,  3. ], op=prelu)
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = None) -> None:
        super().__init__()
        check_sizes("PReLU", num_parameters=num_parameters)
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(np.full(num_parameters, init), dtype=dtype)

    def reset_parameters(self) -> None:
        """Set the slopes to `init`."""
        self.weight.data = np.full(self.num_parameters, self.init, self.weight.dtype)

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Name the number of slopes."""
        return f"num_parameters={self.num_parameters}"


class RReLU(Switched):
    """x where x > 0 and a random slope times x elsewhere; in evaluation the mean slope.

    Parameters
    ----------
    lower, upper : float, default 1/8 and 1/3
        While training each slope is drawn evenly from [lower, upper). `nnkit.seed` makes it
        repeatable.
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `lower` exceeds `upper`.

    References
    ----------
    B. Xu et al., "Empirical Evaluation of Rectified Activations in Convolution Network",
    arXiv:1505.00853.

    Examples
    --------
    >>> RReLU(0.2, 0.4).eval()(np.array([-1.0, 1.0])).round(2)
    array([-0.3,  1. ])
    """

    def __init__(
        self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False
    ) -> None:
        super().__init__(inplace)
        check_slopes(lower, upper)
        self.lower = lower
        self.upper = upper

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.rrelu(input, self.lower, self.upper, self.training)

    def _settings(self) -> str:
        return f"lower={self.lower}, upper={self.upper}"


class ReLU6(Switched):
    """min(max(x, 0), 6), element by element.

    Parameters
    ----------
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Examples
    --------
    >>> ReLU6()(np.array([-1.0, 5.0, 9.0]))
    array([0., 5., 6.])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.relu6(input)


class Hardtanh(Switched):
    """x, cut off below `min_val` and above `max_val`.

    Parameters
    ----------
    min_val, max_val : float, default -1 and 1
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Raises
    ------
    ArgumentError
        If `min_val` is not below `max_val`.

    Examples
    --------
    >>> Hardtanh()(np.array([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        check_limits(min_val, max_val)
        self.min_val = min_val
        self.max_val = max_val

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.hardtanh(input, self.min_val, self.max_val)

    def _settings(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class Hardsigmoid(Switched):
    """min(max(x + 3, 0), 6) / 6, a sigmoid of straight lines.

    Parameters
    ----------
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Examples
    --------
    >>> Hardsigmoid()(np.array([-4.0, 0.0, 4.0]))
    array([0. , 0.5, 1. ])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.hardsigmoid(input)


class Hardswish(Switched):
    """x times Hardsigmoid(x).

    Parameters
    ----------
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    References
    ----------
    A. Howard et al., "Searching for MobileNetV3", ICCV 2019.

    Examples
    --------
    >>> Hardswish()(np.array([1.5, 4.0]))
    array([1.125, 4.   ])
    """

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.hardswish(input)


class Hardshrink(Module):
    """x, and 0 where abs(x) <= `lambd`.

    Parameters
    ----------
    lambd : float, default 0.5

    Examples
    --------
    >>> Hardshrink()(np.array([-0.3, 0.7]))
    array([0. , 0.7])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """Name the setting."""
        return f"{self.lambd}"


class Softshrink(Module):
    """x brought nearer to 0 by `lambd`, and 0 where abs(x) <= `lambd`.

    Parameters
    ----------
    lambd : float, default 0.5

    Raises
    ------
    ArgumentError
        If `lambd` is negative.

    Examples
    --------
    >>> Softshrink()(np.array([-0.3, 0.75]))
    array([0.  , 0.25])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        check_shrinkage(lambd)
        self.lambd = lambd

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """Name the setting."""
        return f"{self.lambd}"


class Threshold(Switched):
    """x where x > `threshold` and `value` elsewhere.

    Parameters
    ----------
    threshold : float
    value : float
    inplace : bool, default False
        Accepted because PyTorch has it; the input is never overwritten.

    Examples
    --------
    >>> Threshold(1.0, -9.0)(np.array([0.5, 2.0]))
    array([-9.,  2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value

    def forward(self, input: Any) -> Any:
        """Apply it."""
        return F.threshold(input, self.threshold, self.value)

    def _settings(self) -> str:
        return f"threshold={self.threshold}, value={self.value}"
