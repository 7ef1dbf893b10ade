"""Adam and AdamW: a step length for each number, from running means of gradient and square."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.optim.checks import check_number
from nnkit.optim.optimizer import Group, Optimizer, State, number

__all__ = ["Adam", "AdamW"]

Array = NDArray[Any]


class Adam(Optimizer):
    """Adam.

    Parameters
    ----------
    params : iterable of Parameter, or of dict (groups)
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
    decoupled = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
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
            ),
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        name, betas = type(self).__name__, group["betas"]
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ArgumentError(
                f"{name}: betas are two numbers, for example (0.9, 0.999); got {betas!r}."
            )
        for i, beta in enumerate(betas):
            check_number(beta, name, f"betas[{i}]", 0, 1)
        check_number(group["eps"], name, "eps", example=1e-8)
        check_number(group["weight_decay"], name, "weight_decay", example=1e-2)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the running means at 0."""
        state = {"step": 0, "exp_avg": np.zeros_like(value), "exp_avg_sq": np.zeros_like(value)}
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = np.zeros_like(value)
        return state

    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter.

        sqrt(1 - beta2^t) is taken out of the fraction: one pass over the numbers less.
        """
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        lr, decay, dtype = float(group["lr"]), float(group["weight_decay"]), value.dtype
        beta1, beta2 = group["betas"]
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        t = state["step"] = state["step"] + 1
        correction = math.sqrt(1 - beta2**t)
        if group["maximize"]:
            grad = np.negative(grad, out=a)
        if decay and self.decoupled:
            value *= number(1 - lr * decay, dtype)
        elif decay:
            np.multiply(value, number(decay, dtype), out=b)
            grad = np.add(b, grad, out=a)
        np.subtract(grad, mean, out=b)
        b *= number(1 - beta1, dtype)
        mean += b
        np.multiply(grad, grad, out=b)
        b -= square
        b *= number(1 - beta2, dtype)
        square += b
        if group["amsgrad"]:
            square = np.maximum(state["max_exp_avg_sq"], square, out=state["max_exp_avg_sq"])
        np.sqrt(square, out=b)
        b += number(group["eps"] * correction, dtype)
        np.divide(mean, b, out=b)
        b *= number(lr * correction / (1 - beta1**t), dtype)
        value -= b


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters themselves, not their gradients.

    Parameters
    ----------
    params : iterable of Parameter, or of dict (groups)
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

    References
    ----------
    I. Loshchilov, F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.

    Examples
    --------
    >>> import nnkit as nn
    >>> AdamW(nn.Linear(1, 1).parameters()).param_groups[0]["weight_decay"]
    0.01
    """

    decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
