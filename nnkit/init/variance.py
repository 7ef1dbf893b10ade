"""Random weights whose size keeps the variance of a signal from layer to layer."""

from __future__ import annotations

import math
from typing import Any

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.init.fill import Generator, normal_, uniform_

__all__ = [
    "calculate_gain",
    "kaiming_normal_",
    "kaiming_uniform_",
    "xavier_normal_",
    "xavier_uniform_",
]

GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which a nonlinearity asks for larger initial weights.

    Parameters
    ----------
    nonlinearity : str
        "linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu", or the name of a convolution.
    param : float, optional
        The negative slope of "leaky_relu"; 0.01 by default.

    Returns
    -------
    float

    Raises
    ------
    ArgumentError
        If the nonlinearity is not known.

    Examples
    --------
    >>> calculate_gain("leaky_relu", 0.0) == math.sqrt(2)
    True
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        names = ", ".join([*GAINS, "leaky_relu"])
        raise ArgumentError(f"calculate_gain knows {names}; got {nonlinearity!r}.")
    return GAINS[nonlinearity]


def fans(tensor: Any, what: str) -> tuple[int, int]:
    """Count the numbers that go into and come out of one unit: weights are (out, in, ...)."""
    if len(tensor.shape) < 2:
        raise ShapeError(
            f"{what} looks at the sizes (out, in) of a weight with two or more axes; got shape "
            f"{tensor.shape}. Fill a bias with zeros_ or uniform_."
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Generator | None = None) -> Any:
    """Fill evenly from [-a, a), a = gain sqrt(6 / (fan_in + fan_out)).

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in, ...)
    gain : float, default 1.0
        Factor that the nonlinearity asks for; see `calculate_gain`.
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If there are fewer than two axes.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> bool(abs(xavier_uniform_(np.empty((2, 4)))).max() <= 1)
    True
    """
    a = gain * math.sqrt(6 / sum(fans(tensor, "xavier_uniform_")))
    return uniform_(tensor, -a, a, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Generator | None = None) -> Any:
    """Fill from a normal distribution of deviation gain sqrt(2 / (fan_in + fan_out)).

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in, ...)
    gain : float, default 1.0
        Factor that the nonlinearity asks for; see `calculate_gain`.
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If there are fewer than two axes.

    References
    ----------
    X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> xavier_normal_(np.empty((2, 4))).shape
    (2, 4)
    """
    std = gain * math.sqrt(2 / sum(fans(tensor, "xavier_normal_")))
    return normal_(tensor, 0.0, std, generator)


def kaiming_std(tensor: Any, a: float, mode: str, nonlinearity: str, what: str) -> float:
    """Gain / sqrt(fan), the deviation that keeps the variance from layer to layer."""
    if mode not in ("fan_in", "fan_out"):
        raise ArgumentError(f"{what}: mode is 'fan_in' or 'fan_out', got {mode!r}.")
    fan = fans(tensor, what)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Any:
    """Fill evenly from [-b, b), b = gain sqrt(3 / fan).

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in, ...)
    a : float, default 0
        Negative slope of the nonlinearity that follows, for "leaky_relu".
    mode : {"fan_in", "fan_out"}, default "fan_in"
        Keep the variance of the forward or of the backward pass.
    nonlinearity : str, default "leaky_relu"
        What follows; see `calculate_gain`.
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If there are fewer than two axes.
    ArgumentError
        If `mode` or `nonlinearity` is not known.

    References
    ----------
    K. He et al., "Delving Deep into Rectifiers", ICCV 2015.

    Examples
    --------
    >>> import numpy as np
    >>> bool(abs(kaiming_uniform_(np.empty((2, 6)))).max() <= 1)
    True
    """
    bound = math.sqrt(3) * kaiming_std(tensor, a, mode, nonlinearity, "kaiming_uniform_")
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Any:
    """Fill from a normal distribution of deviation gain / sqrt(fan).

    Parameters
    ----------
    tensor : Parameter or array, shape (out, in, ...)
    a : float, default 0
        Negative slope of the nonlinearity that follows, for "leaky_relu".
    mode : {"fan_in", "fan_out"}, default "fan_in"
        Keep the variance of the forward or of the backward pass.
    nonlinearity : str, default "leaky_relu"
        What follows; see `calculate_gain`.
    generator : numpy.random.Generator, optional

    Returns
    -------
    The same `tensor`.

    Raises
    ------
    ShapeError
        If there are fewer than two axes.
    ArgumentError
        If `mode` or `nonlinearity` is not known.

    References
    ----------
    K. He et al., "Delving Deep into Rectifiers", ICCV 2015.

    Examples
    --------
    >>> import numpy as np
    >>> kaiming_normal_(np.empty((2, 6)), nonlinearity="relu").shape
    (2, 6)
    """
    std = kaiming_std(tensor, a, mode, nonlinearity, "kaiming_normal_")
    return normal_(tensor, 0.0, std, generator)
