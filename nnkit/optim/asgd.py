"""ASGD: gradient descent that also keeps the average of the weights."""

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

__all__ = ["ASGD"]

Array = NDArray[Any]


class ASGD(Optimizer):
    """Averaged stochastic gradient descent; the averages are ``state[p]["ax"]``.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-2
        Learning rate at the start.
    lambd : float, default 1e-4
        Each step multiplies the parameters by 1 - lambd * eta; it makes eta fall too.
    alpha : float, default 0.75
        Power with which eta falls.
    t0 : float, default 1e6
        The step after which averaging begins.
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
    With gradient g, parameter p, eta = lr and mu = 1 at first, in step t::

        p = (1 - lambd * eta) * p - eta * g
        ax = ax + mu * (p - ax)
        eta = lr / (1 + lambd * lr * t)^alpha
        mu = 1 / max(1, t - t0)

    eta is calculated at the end of a step, so a changed learning rate holds from the step after
    the next.

    References
    ----------
    B. T. Polyak, A. B. Juditsky, "Acceleration of Stochastic Approximation by Averaging", SIAM
    Journal on Control and Optimization 30, 1992.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([2.0])
    >>> optimizer = ASGD([p], lr=0.5, lambd=0, t0=0)
    >>> for gradient in (2.0, -2.0):
    ...     p.grad = [gradient]
    ...     optimizer.step()
    >>> p.item(), optimizer.state[p]["ax"].item()
    (2.0, 2.0)
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                lambd=lambd,
                alpha=alpha,
                t0=t0,
                weight_decay=weight_decay,
                maximize=maximize,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        for what, example in (("lambd", 1e-4), ("alpha", 0.75), ("t0", 1e6)):
            check_number(group[what], "ASGD", what, example=example)
        check_number(group["weight_decay"], "ASGD", "weight_decay", example=1e-4)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the average; the first step puts the parameter into it."""
        return {"step": 0, "eta": float(group["lr"]), "mu": 1.0, "ax": np.zeros_like(value)}

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        eta, mu, lr, dtype = state["eta"], state["mu"], float(group["lr"]), value.dtype
        t = state["step"] = state["step"] + 1
        grad = with_decay(value, grad, group, a, b)
        np.multiply(grad, number(eta, dtype), out=b)
        value *= number(1 - group["lambd"] * eta, dtype)
        value -= b
        if mu == 1:
            np.copyto(state["ax"], value)
        else:
            move_towards(state["ax"], value, mu, b)
        state["eta"] = lr / (1 + group["lambd"] * lr * t) ** group["alpha"]
        state["mu"] = 1 / max(1, t - group["t0"])
