"""RMSprop: the gradient divided by a running root of its mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.module import Module
from nnkit.optim.checks import check_number
from nnkit.optim.flat import elementwise
from nnkit.optim.formulas import move_towards, number, with_decay
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["RMSprop"]

Array = NDArray[Any]


class RMSprop(Optimizer):
    """RMSprop, plain or centered, with or without momentum.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-2
        Learning rate.
    alpha : float, default 0.99
        How much of the running mean of the squares is kept in each step.
    eps : float, default 1e-8
        Added to the denominator.
    weight_decay : float, default 0
        Factor of the parameter that is added to its gradient.
    momentum : float, default 0
        Share of the last step that is kept for the next.
    centered : bool, default False
        Divide by the running standard deviation, not by the root of the mean square.
    maximize : bool, default False
        Go up instead of down.
    no_decay : str or iterable of str, default ()
        What is not decayed: ``("bias", "norm")``, or patterns of names; see `Optimizer`.

    Raises
    ------
    ArgumentError
        If a setting is out of range, or the list is empty.

    Notes
    -----
    With gradient g and parameter p::

        v = alpha * v + (1 - alpha) * g^2
        m = alpha * m + (1 - alpha) * g            (centered; else m = 0)
        b = momentum * b + g / (sqrt(v - m^2) + eps)
        p = p - lr * b

    References
    ----------
    T. Tieleman, G. Hinton, "Lecture 6.5 - RMSprop", Coursera: Neural Networks for Machine
    Learning, 2012. A. Graves, "Generating Sequences With Recurrent Neural Networks", 2013
    (centered; equations 38-45).

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> optimizer = RMSprop([p], lr=0.05)
    >>> for _ in range(200):
    ...     optimizer.zero_grad()
    ...     (p * p).sum().backward()
    ...     optimizer.step()
    >>> abs(p.item()) < 0.05
    True
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                momentum=momentum,
                alpha=alpha,
                eps=eps,
                centered=centered,
                weight_decay=weight_decay,
                maximize=maximize,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        check_number(group["alpha"], "RMSprop", "alpha", 0, 1, example=0.99)
        check_number(group["eps"], "RMSprop", "eps", example=1e-8)
        check_number(group["momentum"], "RMSprop", "momentum")
        check_number(group["weight_decay"], "RMSprop", "weight_decay", example=1e-4)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the running means at 0."""
        state = {"step": 0, "square_avg": np.zeros_like(value)}
        if group["momentum"] > 0:
            state["momentum_buffer"] = np.zeros_like(value)
        if group["centered"]:
            state["grad_avg"] = np.zeros_like(value)
        return state

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        square, share, dtype = state["square_avg"], 1 - group["alpha"], value.dtype
        state["step"] += 1
        grad = with_decay(value, grad, group, a, b)
        move_towards(square, np.multiply(grad, grad, out=b), share, b)
        if group["centered"]:
            mean = self.entry(state, "grad_avg", value)
            move_towards(mean, grad, share, b)
            np.subtract(square, np.multiply(mean, mean, out=b), out=b)
            # What is left of two equal numbers may be less than 0 by rounding.
            square = np.maximum(b, 0, out=b)
        np.sqrt(square, out=b)
        b += number(group["eps"], dtype)
        np.divide(grad, b, out=b)
        if group["momentum"] > 0:
            buffer = self.entry(state, "momentum_buffer", value)
            buffer *= number(group["momentum"], dtype)
            buffer += b
            np.copyto(b, buffer)
        b *= number(group["lr"], dtype)
        value -= b
