"""Rprop: steps that grow while the gradient keeps its sign and shrink where it changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.module import Module
from nnkit.optim.flat import elementwise
from nnkit.optim.formulas import number
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["Rprop"]

Array = NDArray[Any]


class Rprop(Optimizer):
    """Resilient backpropagation, for gradients of the whole data set (not of batches).

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-2
        Length of the first step of each number. A later change has no effect.
    etas : (float, float), default (0.5, 1.2)
        Factors of the step where the gradient changed its sign, and where it did not.
    step_sizes : (float, float), default (1e-6, 50)
        The shortest and the longest step.
    maximize : bool, default False
        Go up instead of down.

    Raises
    ------
    ArgumentError
        If a setting is out of range, or the list is empty.

    Notes
    -----
    With gradient g, parameter p, for each number::

        s = min(s * etas[1], step_sizes[1])           if g * g_before > 0
        s = max(s * etas[0], step_sizes[0]), g = 0    if g * g_before < 0
        p = p - s * sign(g)

    References
    ----------
    M. Riedmiller, H. Braun, "A Direct Adaptive Method for Faster Backpropagation Learning: The
    RPROP Algorithm", ICNN 1993.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter([3.0])
    >>> optimizer = Rprop([p], lr=0.5)
    >>> for _ in range(2):
    ...     p.grad = [1.0]
    ...     optimizer.step()
    >>> round(3 - p.item(), 4)  # 0.5 + 0.5 * 1.2
    1.1
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes, maximize=maximize))

    def check(self, group: Group) -> None:
        """Refuse settings out of range."""
        etas, sizes = group["etas"], group["step_sizes"]
        if not (is_pair(etas) and 0 < etas[0] < 1 < etas[1] < np.inf):
            raise ArgumentError(
                "Rprop: etas are a factor between 0 and 1 and one above 1, for example "
                f"(0.5, 1.2); got {etas!r}."
            )
        if not (is_pair(sizes) and 0 <= sizes[0] <= sizes[1]):
            raise ArgumentError(
                "Rprop: step_sizes are the shortest and the longest step, for example "
                f"(1e-6, 50); got {sizes!r}."
            )

    def new_state(self, value: Array, group: Group) -> State:
        """Start with steps of length lr."""
        self.scratch(value, 0, bool)
        return {
            "step": 0,
            "prev": np.zeros_like(value),
            "step_size": np.full_like(value, group["lr"]),
        }

    @elementwise
    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b, mask = self.scratch(value, 0), self.scratch(value, 1), self.scratch(value, 0, bool)
        size, dtype = state["step_size"], value.dtype
        shrink, grow = (number(eta, dtype) for eta in group["etas"])
        state["step"] += 1
        if group["maximize"]:
            np.negative(grad, out=a)
        else:
            np.copyto(a, grad)
        np.multiply(a, state["prev"], out=b)
        np.multiply(size, grow, out=size, where=np.greater(b, 0, out=mask))
        np.multiply(size, shrink, out=size, where=np.less(b, 0, out=mask))
        np.clip(size, *group["step_sizes"], out=size)
        np.copyto(a, 0, where=mask)
        np.copyto(state["prev"], a)
        np.sign(a, out=a)
        a *= size
        value -= a


def is_pair(x: Any) -> bool:
    """Whether a setting is two numbers."""
    return (
        isinstance(x, (tuple, list))
        and len(x) == 2
        and all(isinstance(n, (int, float, np.number)) for n in x)
    )
