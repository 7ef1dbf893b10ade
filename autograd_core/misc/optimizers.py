"""Three optimisers in a line each step, for nested parameters and a gradient function.

They are for small examples, and calculate with NumPy functions, so they can themselves be
differentiated. To train networks see `nnkit.optim`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .flatten import flatten

__all__ = ["adam", "rmsprop", "sgd"]

Function = Callable[..., Any]


def on_vectors(optimizer: Function) -> Function:
    """Make an optimiser of vectors one of nested parameters."""

    @functools.wraps(optimizer)
    def of_nested(
        grad: Function, x0: Any, callback: Function | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        start, unflatten = flatten(x0)

        def gradient(x: Any, i: int) -> Any:
            g, _ = flatten(grad(unflatten(x), i))
            if callback is not None:
                callback(unflatten(x), i, unflatten(g))
            return g

        return unflatten(optimizer(gradient, start, None, *args, **kwargs))

    return of_nested


@on_vectors
def sgd(
    grad: Function,
    x: Any,
    callback: Function | None = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Gradient descent with momentum.

    Parameters
    ----------
    grad : callable
        `grad(x, i)` returns the gradient at x in iteration i, in the form of x.
    x : array_like or nested containers of arrays
        Where to start.
    callback : callable, optional
        Called as `callback(x, i, g)` before each step.
    num_iters : int, default 200
    step_size : float, default 0.1
    mass : float, default 0.9
        Of the velocity, how much stays.

    Returns
    -------
    The last x.

    Examples
    --------
    >>> float(sgd(lambda x, i: 2 * (x - 3.0), 0.0).round(4))
    3.0
    """
    velocity = np.zeros(len(x))
    for i in range(num_iters):
        velocity = mass * velocity - (1.0 - mass) * grad(x, i)
        x = x + step_size * velocity
    return x


@on_vectors
def rmsprop(
    grad: Function,
    x: Any,
    callback: Function | None = None,
    num_iters: int = 100,
    step_size: float = 0.1,
    gamma: float = 0.9,
    eps: float = 1e-8,
) -> Any:
    """Gradient descent in which each coordinate is divided by its usual size.

    Parameters
    ----------
    grad, x, callback
        As for `sgd`.
    num_iters : int, default 100
    step_size : float, default 0.1
    gamma : float, default 0.9
        Of the running mean of squares, how much stays.
    eps : float, default 1e-8

    Returns
    -------
    The last x.

    References
    ----------
    Tieleman and Hinton 2012, "Lecture 6.5 - rmsprop".

    Examples
    --------
    >>> float(rmsprop(lambda x, i: 2 * (x - 3.0), 2.5, step_size=0.01).round(1))
    3.0
    """
    mean_square = np.ones(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        mean_square = gamma * mean_square + (1 - gamma) * g**2
        x = x - step_size * g / (np.sqrt(mean_square) + eps)
    return x


@on_vectors
def adam(
    grad: Function,
    x: Any,
    callback: Function | None = None,
    num_iters: int = 100,
    step_size: float = 0.001,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> Any:
    """Adam: momentum, and each coordinate divided by its usual size.

    Parameters
    ----------
    grad, x, callback
        As for `sgd`.
    num_iters : int, default 100
    step_size : float, default 0.001
    b1, b2 : float, default 0.9 and 0.999
        Of the running means of the gradient and of its square, how much stays.
    eps : float, default 1e-8

    Returns
    -------
    The last x.

    References
    ----------
    Kingma and Ba 2015, "Adam: a method for stochastic optimization", algorithm 1.

    Examples
    --------
    >>> float(adam(lambda x, i: 2 * (x - 3.0), 0.0, num_iters=300, step_size=0.1).round(2))
    3.0
    """
    mean, mean_square = np.zeros(len(x)), np.zeros(len(x))
    for i in range(num_iters):
        g = grad(x, i)
        mean = b1 * mean + (1 - b1) * g
        mean_square = b2 * mean_square + (1 - b2) * g**2
        unbiased, unbiased_square = mean / (1 - b1 ** (i + 1)), mean_square / (1 - b2 ** (i + 1))
        x = x - step_size * unbiased / (np.sqrt(unbiased_square) + eps)
    return x
