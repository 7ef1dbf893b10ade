"""Ways to average weights: exponentially (EMA) or plainly (SWA), one parameter or all in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.optim.checks import check_number

__all__ = [
    "AvgFn",
    "MultiAvgFn",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
]

Array = NDArray[Any]
AvgFn = Callable[[Array, Array, int], Array]
MultiAvgFn = Callable[[Sequence[Array], Sequence[Array], int], None]


def get_ema_avg_fn(decay: float = 0.999) -> AvgFn:
    """Return a function for `AveragedModel`: the exponential moving average of one parameter.

    Parameters
    ----------
    decay : float, default 0.999
        What is kept of the average, from 0 to 1.

    Returns
    -------
    callable
        ``f(average, current, n) = decay * average + (1 - decay) * current``

    Raises
    ------
    ArgumentError
        If `decay` is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> get_ema_avg_fn(0.75)(np.array([1.0]), np.array([5.0]), 3).tolist()
    [2.0]
    """
    check_decay(decay, "get_ema_avg_fn")
    return lambda average, current, n: decay * average + (1 - decay) * current


def get_swa_avg_fn() -> AvgFn:
    """Return a function for `AveragedModel`: the plain average of one parameter.

    Returns
    -------
    callable
        ``f(average, current, n) = average + (current - average) / (n + 1)``

    Examples
    --------
    >>> import numpy as np
    >>> get_swa_avg_fn()(np.array([1.0]), np.array([5.0]), 3).tolist()
    [2.0]
    """
    return lambda average, current, n: average + (current - average) / (n + 1)


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAvgFn:
    """Return a function for `AveragedModel`: the exponential moving average of all, in place.

    Parameters
    ----------
    decay : float, default 0.999
        What is kept of the average, from 0 to 1.

    Returns
    -------
    callable
        ``f(averages, currents, n)`` with lists of arrays.

    Raises
    ------
    ArgumentError
        If `decay` is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> averages = [np.array([1.0])]
    >>> get_ema_multi_avg_fn(0.75)(averages, [np.array([5.0])], 3)
    >>> averages[0].tolist()
    [2.0]
    """
    check_decay(decay, "get_ema_multi_avg_fn")

    def update(averages: Sequence[Array], currents: Sequence[Array], n: int) -> None:
        for average, current in zip(averages, currents):
            average += (current - average) * (1 - decay)

    return update


def get_swa_multi_avg_fn() -> MultiAvgFn:
    """Return a function for `AveragedModel`: the plain average of all, in place.

    Returns
    -------
    callable
        ``f(averages, currents, n)`` with lists of arrays.

    Examples
    --------
    >>> import numpy as np
    >>> averages = [np.array([1.0])]
    >>> get_swa_multi_avg_fn()(averages, [np.array([5.0])], 3)
    >>> averages[0].tolist()
    [2.0]
    """

    def update(averages: Sequence[Array], currents: Sequence[Array], n: int) -> None:
        for average, current in zip(averages, currents):
            average += (current - average) / (n + 1)

    return update


def check_decay(decay: Any, name: str) -> None:
    """Refuse what is no number from 0 to 1."""
    check_number(decay, name, "decay", 0, example=0.999)
    if decay > 1:
        raise ArgumentError(f"{name}: decay must be at most 1, for example 0.999; got {decay!r}.")
