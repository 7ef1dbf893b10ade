"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.module import Module
from nnkit.optim.checks import check_number
from nnkit.optim.flat import elementwise
from nnkit.optim.formulas import number, with_decay
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["SGD"]

Array = NDArray[Any]


class SGD(Optimizer):
    """Stochastic gradient descent.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-3
        Learning rate, the length of a step.
    momentum : float, default 0
        Share of the last step that is kept for the next.
    dampening : float, default 0
        What is taken off the gradient before it is added to the momentum.
    weight_decay : float, default 0
        Factor of the parameter that is added to its gradient.
    nesterov : bool, default False
        Look ahead along the momentum; needs momentum, and no dampening.
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
    With gradient g, parameter p, momentum buffer b, which is g in the first step::

        g = g + weight_decay * p
        b = momentum * b + (1 - dampening) * g
        p = p - lr * (g + momentum * b  if nesterov else  b)

    References
    ----------
    I. Sutskever et al., "On the importance of initialization and momentum in deep learning",
    ICML 2013.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> optimizer = SGD([p], lr=0.1)
    >>> for _ in range(100):
    ...     optimizer.zero_grad()
    ...     (p * p).sum().backward()
    ...     optimizer.step()
    >>> abs(p.item()) < 1e-6
    True
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                momentum=momentum,
                dampening=dampening,
                weight_decay=weight_decay,
                nesterov=nesterov,
                maximize=maximize,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        check_number(group["momentum"], "SGD", "momentum")
        check_number(group["weight_decay"], "SGD", "weight_decay", example=1e-4)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ArgumentError(
                "SGD: nesterov=True needs a momentum and no dampening, got "
                f"momentum={group['momentum']}, dampening={group['dampening']}."
            )

    def new_state(self, value: Array, group: Group) -> State:
        """Make room for the momentum."""
        if group["momentum"] == 0:
            return {}
        return {"momentum_buffer": np.zeros_like(value), "fresh": True}

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        b = self.scratch(value, 1)
        if group["weight_decay"] or group.get("maximize", False):
            grad = with_decay(value, grad, group, self.scratch(value, 0), b)
        if group["momentum"]:
            grad = self._with_momentum(value, grad, state, group)
        np.multiply(grad, number(group["lr"], value.dtype), out=b)
        value -= b

    def _with_momentum(self, value: Array, grad: Array, state: State, group: Group) -> Array:
        if "momentum_buffer" not in state:  # momentum was switched on in the middle
            state.update(self.new_state(value, group))
        buffer: Array = state["momentum_buffer"]
        momentum, b = number(group["momentum"], value.dtype), self.scratch(value, 1)
        if state.pop("fresh", False):
            buffer[...] = grad
        else:
            buffer *= momentum
            if group["dampening"]:
                buffer += np.multiply(grad, number(1 - group["dampening"], value.dtype), out=b)
            else:
                buffer += grad
        if not group["nesterov"]:
            return buffer
        np.multiply(buffer, momentum, out=b)
        return np.add(b, grad, out=b)
