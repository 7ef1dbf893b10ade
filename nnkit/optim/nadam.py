"""NAdam: Adam that looks ahead along its momentum, as Nesterov does."""

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

__all__ = ["NAdam"]

Array = NDArray[Any]


class NAdam(Optimizer):
    """NAdam.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 2e-3
        Learning rate.
    betas : (float, float), default (0.9, 0.999)
        How much of the running means of the gradient and of its square is kept in each step.
    eps : float, default 1e-8
        Added to the denominator.
    weight_decay : float, default 0
        Factor of the parameter that is added to its gradient.
    momentum_decay : float, default 4e-3
        How fast the momentum warms up to betas[0].
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
    With gradient g, parameter p, in step t, c(t) the product of mu(1) ... mu(t)::

        mu(t) = beta1 * (1 - 0.96^(t * momentum_decay) / 2)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g^2
        n = mu(t + 1) / (1 - c(t + 1)) * m + (1 - mu(t)) / (1 - c(t)) * g
        p = p - lr * n / (sqrt(v / (1 - beta2^t)) + eps)

    References
    ----------
    T. Dozat, "Incorporating Nesterov Momentum into Adam", ICLR 2016 workshop.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> optimizer = NAdam([p], lr=0.1)
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
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
                momentum_decay=momentum_decay,
                decoupled_weight_decay=decoupled_weight_decay,
                maximize=maximize,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        check_betas(group, "NAdam")
        check_number(group["eps"], "NAdam", "eps", example=1e-8)
        check_number(group["weight_decay"], "NAdam", "weight_decay", example=1e-2)
        check_number(group["momentum_decay"], "NAdam", "momentum_decay", example=4e-3)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the running means at 0, the product of momenta at 1."""
        return {
            "step": 0,
            "mu_product": 1.0,
            "exp_avg": np.zeros_like(value),
            "exp_avg_sq": np.zeros_like(value),
        }

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        (beta1, beta2), mean, square = group["betas"], state["exp_avg"], state["exp_avg_sq"]
        lr, dtype = float(group["lr"]), value.dtype
        t = state["step"] = state["step"] + 1
        now, following = (
            beta1 * (1 - 0.5 * 0.96 ** (i * group["momentum_decay"])) for i in (t, t + 1)
        )
        product = state["mu_product"] = state["mu_product"] * now
        grad = with_decay(value, grad, group, a, b, decoupled=group["decoupled_weight_decay"])
        move_towards(mean, grad, 1 - beta1, b)
        move_towards(square, np.multiply(grad, grad, out=b), 1 - beta2, b)
        np.sqrt(square, out=b)
        b *= number(1 / math.sqrt(1 - beta2**t), dtype)
        b += number(group["eps"], dtype)
        for part, factor in (
            (grad, lr * (1 - now) / (1 - product)),
            (mean, lr * following / (1 - product * following)),
        ):
            np.multiply(part, number(factor, dtype), out=a)
            a /= b
            value -= a
