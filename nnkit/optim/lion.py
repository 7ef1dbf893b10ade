"""Lion: steps of equal length for all numbers, in the direction of a momentum's sign."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.module import Module
from nnkit.optim.checks import check_betas, check_number
from nnkit.optim.flat import elementwise
from nnkit.optim.formulas import move_towards, number, with_decay
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["Lion"]

Array = NDArray[Any]


class Lion(Optimizer):
    """Lion, "evolved sign momentum"; half the memory of Adam.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-4
        Learning rate, the length of each step: about a tenth of Adam's.
    betas : (float, float), default (0.9, 0.99)
        Share of the momentum in the direction, and what is kept of the momentum in each step.
    weight_decay : float, default 0
        Each step multiplies the parameters by 1 - lr * weight_decay; about 10 times AdamW's.
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

        p = p - lr * (sign(beta1 * m + (1 - beta1) * g) + weight_decay * p)
        m = beta2 * m + (1 - beta2) * g

    References
    ----------
    X. Chen et al., "Symbolic Discovery of Optimization Algorithms", NeurIPS 2023; algorithm 2.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0, 3.0, 3.0])
    >>> p.grad = [100.0, 0.01, 0.0]
    >>> Lion([p], lr=0.5).step()
    >>> p.tolist()
    [2.5, 2.5, 3.0]
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        check_betas(group, "Lion", (0.9, 0.99))
        check_number(group["weight_decay"], "Lion", "weight_decay", example=0.1)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the momentum at 0."""
        return {"exp_avg": np.zeros_like(value)}

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        (beta1, beta2), mean = group["betas"], state["exp_avg"]
        grad = with_decay(value, grad, group, a, b, decoupled=True)
        np.subtract(mean, grad, out=b)
        b *= number(beta1, value.dtype)
        b += grad
        np.sign(b, out=b)
        b *= number(group["lr"], value.dtype)
        value -= b
        move_towards(mean, grad, 1 - beta2, b)
