"""Adadelta: steps in units of the parameters themselves, from running means of squares."""

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

__all__ = ["Adadelta"]

Array = NDArray[Any]


class Adadelta(Optimizer):
    """Adadelta.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1.0
        Factor of the step; the method finds the length by itself.
    rho : float, default 0.9
        How much of the running means of squares is kept in each step.
    eps : float, default 1e-6
        Added under both roots; it sets the length of the first steps.
    weight_decay : float, default 0
        Factor of the parameter that is added to its gradient.
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

        v = rho * v + (1 - rho) * g^2
        d = sqrt(u + eps) / sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d^2
        p = p - lr * d

    References
    ----------
    M. D. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", arXiv 1212.5701, 2012; algorithm 1.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> p.grad = [100.0]
    >>> Adadelta([p]).step()
    >>> round(3 - p.item(), 4)  # sqrt(eps / (1 - rho)), however large the gradient
    0.0032
    """

    scratches = 3

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        check_number(group["rho"], "Adadelta", "rho", 0, 1)
        check_number(group["eps"], "Adadelta", "eps", example=1e-6)
        check_number(group["weight_decay"], "Adadelta", "weight_decay", example=1e-4)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the running means at 0."""
        return {"step": 0, "square_avg": np.zeros_like(value), "acc_delta": np.zeros_like(value)}

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b, delta = (self.scratch(value, i) for i in range(3))
        share, eps = 1 - group["rho"], number(group["eps"], value.dtype)
        state["step"] += 1
        grad = with_decay(value, grad, group, a, b)
        move_towards(state["square_avg"], np.multiply(grad, grad, out=b), share, b)
        np.add(state["square_avg"], eps, out=b)
        np.add(state["acc_delta"], eps, out=delta)
        delta /= b
        np.sqrt(delta, out=delta)
        delta *= grad
        move_towards(state["acc_delta"], np.multiply(delta, delta, out=b), share, b)
        delta *= number(group["lr"], value.dtype)
        value -= delta
