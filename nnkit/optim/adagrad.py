"""Adagrad: a step length for each number that shrinks with all gradients it has seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.module import Module
from nnkit.optim.checks import check_number
from nnkit.optim.flat import elementwise
from nnkit.optim.formulas import number, with_decay
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["Adagrad"]

Array = NDArray[Any]


class Adagrad(Optimizer):
    """Adagrad.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-2
        Learning rate.
    lr_decay : float, default 0
        How fast the learning rate falls: in step t it is ``lr / (1 + (t - 1) * lr_decay)``.
    weight_decay : float, default 0
        Factor of the parameter that is added to its gradient.
    initial_accumulator_value : float, default 0
        What the sum of squares starts with.
    eps : float, default 1e-10
        Added to the denominator.
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

        s = s + g^2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization", JMLR 12, 2011.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> p.grad = [100.0]
    >>> Adagrad([p], lr=0.5).step()
    >>> p.item()
    2.5
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                lr_decay=lr_decay,
                eps=eps,
                weight_decay=weight_decay,
                initial_accumulator_value=initial_accumulator_value,
                maximize=maximize,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        for what in ("lr_decay", "weight_decay", "initial_accumulator_value", "eps"):
            check_number(group[what], "Adagrad", what, example=1e-4)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the sum of squares."""
        return {"step": 0, "sum": np.full_like(value, group["initial_accumulator_value"])}

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        t = state["step"] = state["step"] + 1
        grad = with_decay(value, grad, group, a, b)
        state["sum"] += np.multiply(grad, grad, out=b)
        np.sqrt(state["sum"], out=b)
        b += number(group["eps"], value.dtype)
        np.divide(grad, b, out=b)
        b *= number(group["lr"] / (1 + (t - 1) * group["lr_decay"]), value.dtype)
        value -= b
