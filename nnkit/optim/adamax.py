"""Adamax: Adam with the largest recent gradient in place of the mean square."""

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

__all__ = ["Adamax"]

Array = NDArray[Any]


class Adamax(Optimizer):
    """Adamax.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 2e-3
        Learning rate.
    betas : (float, float), default (0.9, 0.999)
        How much of the running mean and of the largest gradient is kept in each step.
    eps : float, default 1e-8
        Added to the size of the gradient, so that nothing is divided by 0.
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
    With gradient g, parameter p, in step t::

        m = beta1 * m + (1 - beta1) * g
        u = max(beta2 * u, |g| + eps)
        p = p - lr / (1 - beta1^t) * m / u

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015; algorithm 2.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> p.grad = [100.0]
    >>> Adamax([p], lr=0.5).step()
    >>> p.item()
    2.5
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        check_betas(group, "Adamax")
        check_number(group["eps"], "Adamax", "eps", example=1e-8)
        check_number(group["weight_decay"], "Adamax", "weight_decay", example=1e-4)

    def new_state(self, value: Array, group: Group) -> State:
        """Start at 0."""
        return {"step": 0, "exp_avg": np.zeros_like(value), "exp_inf": np.zeros_like(value)}

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        (beta1, beta2), largest, dtype = group["betas"], state["exp_inf"], value.dtype
        t = state["step"] = state["step"] + 1
        grad = with_decay(value, grad, group, a, b)
        move_towards(state["exp_avg"], grad, 1 - beta1, b)
        np.abs(grad, out=b)
        b += number(group["eps"], dtype)
        largest *= number(beta2, dtype)
        np.maximum(largest, b, out=largest)
        np.divide(state["exp_avg"], largest, out=b)
        b *= number(group["lr"] / (1 - beta1**t), dtype)
        value -= b
