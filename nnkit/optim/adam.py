"""Adam and AdamW: a step length for each number, from running means of gradient and square."""

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

__all__ = ["Adam", "AdamW"]

Array = NDArray[Any]


class Adam(Optimizer):
    """Adam.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-3
        Learning rate; about the length of a step for each number.
    betas : (float, float), default (0.9, 0.999)
        How much of the running means of the gradient and of its square is kept in each step.
    eps : float, default 1e-8
        Added to the denominator.
    weight_decay : float, default 0
        Factor of the parameter that is added to its gradient.
    amsgrad : bool, default False
        Divide by the largest mean square so far.
    maximize : bool, default False
        Go up instead of down.
    decoupled_weight_decay : bool, default False
        Decay as `AdamW` does.
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
        v = beta2 * v + (1 - beta2) * g^2
        p = p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015.
    S. J. Reddi et al., "On the Convergence of Adam and Beyond", ICLR 2018 (amsgrad).

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> optimizer = Adam([p], lr=0.1)
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
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                betas=betas,
                eps=eps,
                weight_decay=weight_decay,
                amsgrad=amsgrad,
                maximize=maximize,
                decoupled_weight_decay=decoupled_weight_decay,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        name = type(self).__name__
        check_betas(group, name)
        check_number(group["eps"], name, "eps", example=1e-8)
        check_number(group["weight_decay"], name, "weight_decay", example=1e-2)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the running means at 0."""
        state = {"step": 0, "exp_avg": np.zeros_like(value), "exp_avg_sq": np.zeros_like(value)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = np.zeros_like(value)
        return state

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter.

        sqrt(1 - beta2^t) is taken out of the fraction: one pass over the numbers less.
        """
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        beta1, beta2 = group["betas"]
        mean, square, dtype = state["exp_avg"], state["exp_avg_sq"], value.dtype
        t = state["step"] = state["step"] + 1
        correction = math.sqrt(1 - beta2**t)
        grad = with_decay(value, grad, group, a, b, decoupled=group["decoupled_weight_decay"])
        move_towards(mean, grad, 1 - beta1, b)
        move_towards(square, np.multiply(grad, grad, out=b), 1 - beta2, b)
        if group["amsgrad"]:
            largest = self.entry(state, "max_exp_avg_sq", value)
            square = np.maximum(largest, square, out=largest)
        np.sqrt(square, out=b)
        b += number(group["eps"] * correction, dtype)
        np.divide(mean, b, out=b)
        b *= number(float(group["lr"]) * correction / (1 - beta1**t), dtype)
        value -= b


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters themselves, not their gradients.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-3
        Learning rate.
    betas : (float, float), default (0.9, 0.999)
        How much of the running means of the gradient and of its square is kept in each step.
    eps : float, default 1e-8
        Added to the denominator.
    weight_decay : float, default 1e-2
        Each step multiplies the parameters by 1 - lr * weight_decay.
    amsgrad : bool, default False
        Divide by the largest mean square so far.
    maximize : bool, default False
        Go up instead of down.
    no_decay : str or iterable of str, default ()
        What is not decayed: ``("bias", "norm")``, or patterns of names; see `Optimizer`.

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Linear(2, 1)
    >>> optimizer = AdamW(model, lr=1e-3, weight_decay=0.1, no_decay=("bias", "norm"))
    >>> [group["weight_decay"] for group in optimizer.param_groups]
    [0.1, 0]
    """

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            maximize=maximize,
            decoupled_weight_decay=True,
            no_decay=no_decay,
        )
