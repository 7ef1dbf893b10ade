"""RAdam: Adam whose step length waits until the mean square can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.module import Module
from nnkit.optim.checks import check_betas, check_number
from nnkit.optim.flat import elementwise
from nnkit.optim.formulas import move_towards, number, with_decay
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["RAdam"]

Array = NDArray[Any]


class RAdam(Optimizer):
    """RAdam: Adam with a built-in warm-up.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-3
        Learning rate.
    betas : (float, float), default (0.9, 0.999)
        How much of the running means of the gradient and of its square is kept in each step.
    eps : float, default 1e-8
        Added to the denominator.
    weight_decay : float, default 0
        Factor of the parameter that is added to its gradient.
    decoupled_weight_decay : bool, default False
        Decay as `AdamW` does: multiply the parameters by 1 - lr * weight_decay.
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
    With gradient g, parameter p, in step t, m and v as in `Adam`::

        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2^t / (1 - beta2^t)
        r = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
        p = p - lr * m / (1 - beta1^t) * (r * sqrt(1 - beta2^t) / (sqrt(v) + eps)  if rho > 5
                                          else 1)

    References
    ----------
    L. Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", ICLR 2020;
    algorithm 2.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> optimizer = RAdam([p], lr=0.1)
    >>> for _ in range(200):
    ...     optimizer.zero_grad()
    ...     (p * p).sum().backward()
    ...     optimizer.step()
    >>> abs(p.item()) < 1e-2
    True
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                betas=betas,
                eps=eps,
                weight_decay=weight_decay,
                maximize=maximize,
                decoupled_weight_decay=decoupled_weight_decay,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        check_betas(group, "RAdam")
        check_number(group["eps"], "RAdam", "eps", example=1e-8)
        check_number(group["weight_decay"], "RAdam", "weight_decay", example=1e-2)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the running means at 0."""
        return {"step": 0, "exp_avg": np.zeros_like(value), "exp_avg_sq": np.zeros_like(value)}

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        (beta1, beta2), mean, square = group["betas"], state["exp_avg"], state["exp_avg_sq"]
        dtype = value.dtype
        t = state["step"] = state["step"] + 1
        grad = with_decay(value, grad, group, a, b, decoupled=group["decoupled_weight_decay"])
        move_towards(mean, grad, 1 - beta1, b)
        move_towards(square, np.multiply(grad, grad, out=b), 1 - beta2, b)
        length = float(group["lr"]) / (1 - beta1**t)
        r = rectification(beta2, t)
        if r is None:
            np.multiply(mean, number(length, dtype), out=b)
        else:
            np.sqrt(square, out=b)
            b += number(group["eps"], dtype)
            np.divide(mean, b, out=b)
            b *= number(length * r * math.sqrt(1 - beta2**t), dtype)
        value -= b


def rectification(beta2: float, t: int) -> float | None:
    """Return r of step t; None as long as the variance of the step is not bounded."""
    most = 2 / (1 - beta2) - 1
    rho = most - 2 * t * beta2**t / (1 - beta2**t)
    if rho <= 5:
        return None
    return math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
