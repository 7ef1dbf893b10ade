"""Adafactor: Adam's mean squares for matrices from one row and one column of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.module import Module
from nnkit.optim.checks import check_number
from nnkit.optim.formulas import move_towards, number, root_mean_square, with_decay
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["Adafactor"]

Array = NDArray[Any]


class Adafactor(Optimizer):
    """Adafactor: adaptive steps in units of the parameters, with next to no memory.

    Parameters
    ----------
    params : iterable of Parameter, Module, or iterable of dict (groups)
    lr : float, default 1e-2
        The longest step, relative to the parameters; after 1 / lr^2 steps it falls as 1 / sqrt(t).
    beta2_decay : float, default -0.8
        The running mean takes over t^beta2_decay of the square in step t; not above 0.
    eps : (float or None, float), default (None, 1e-3)
        The least root mean square that is divided by (None: that of the dtype's rounding), and the
        least size that a parameter is taken to have.
    d : float, default 1.0
        An update with a larger root mean square is scaled down to it; at least 1.
    weight_decay : float, default 0
        Each step multiplies the parameters by 1 - lr * weight_decay.
    maximize : bool, default False
        Go up instead of down.
    no_decay : str or iterable of str, default ()
        What is not decayed: ``("bias", "norm")``, or patterns of names; see `Optimizer`.

    Raises
    ------
    ArgumentError
        If a parameter is complex, a setting is out of range, or the list is empty.

    Notes
    -----
    With gradient g, parameter p, in step t, for the last two axes::

        r = r + t^beta2_decay * (mean over columns of g^2 - r)
        c = c + t^beta2_decay * (mean over rows of g^2 - c)
        u = g / sqrt(max(r c / max(mean(r), eps1), eps1^2))
        p = p - max(eps2, rms(p)) * min(lr, 1 / sqrt(t)) * u / max(1, rms(u) / d)

    Parameters with less than two axes keep the mean of g^2 itself.

    References
    ----------
    N. Shazeer, M. Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
    ICML 2018; algorithms 4 and 5.

    Examples
    --------
    >>> import nnkit as nn
    >>> p = nn.Parameter(np.ones((300, 200)))
    >>> p.grad = np.ones((300, 200))
    >>> optimizer = Adafactor([p], lr=0.25)
    >>> optimizer.step()
    >>> p.detach()[0, 0].item()
    0.75
    >>> {k: np.shape(v) for k, v in optimizer.state[p].items()}
    {'step': (), 'row_var': (300, 1), 'col_var': (1, 200)}
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
        no_decay: str | Iterable[str] = (),
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                beta2_decay=beta2_decay,
                eps=eps,
                d=d,
                weight_decay=weight_decay,
                maximize=maximize,
            ),
            no_decay,
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range, and complex parameters."""
        if any(p.dtype.kind == "c" for p in group["params"]):
            raise ArgumentError("Adafactor is for real parameters; use Adam for complex ones.")
        eps, decay = group["eps"], group["beta2_decay"]
        if not isinstance(eps, (tuple, list)) or len(eps) != 2:
            raise ArgumentError(
                f"Adafactor: eps are two numbers, for example (1e-30, 1e-3); got {eps!r}."
            )
        if eps[0] is not None:
            check_number(eps[0], "Adafactor", "eps[0]", example=1e-30)
        check_number(eps[1], "Adafactor", "eps[1]", example=1e-3)
        check_number(decay, "Adafactor", "beta2_decay", -math.inf, 1e-300, example=-0.8)
        check_number(group["d"], "Adafactor", "d", 1, example=1.0)
        check_number(group["weight_decay"], "Adafactor", "weight_decay", example=1e-2)

    def new_state(self, value: Array, group: Group) -> State:
        """Start the means of squares at 0."""
        if value.ndim < 2:
            return {"step": 0, "variance": np.zeros_like(value)}
        return {
            "step": 0,
            "row_var": np.zeros_like(value[..., :1]),
            "col_var": np.zeros_like(value[..., :1, :]),
        }

    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        eps1, eps2 = group["eps"]
        eps1 = float(np.finfo(value.dtype).eps) if eps1 is None else eps1
        t = state["step"] = state["step"] + 1
        length = max(eps2, root_mean_square(value)) * min(group["lr"], 1 / math.sqrt(t))
        grad = with_decay(value, grad, group, a, b, decoupled=True)
        np.multiply(grad, grad, out=b)
        self._take_over(b, state, t ** group["beta2_decay"], eps1)
        np.maximum(b, number(eps1 * eps1, value.dtype), out=b)
        np.sqrt(b, out=b)
        np.divide(grad, b, out=b)
        b *= number(length / max(1.0, root_mean_square(b) / group["d"]), value.dtype)
        value -= b

    def _take_over(self, square: Array, state: State, share: float, eps: float) -> None:
        """Move the running means towards the squares; overwrite these with what is known now."""
        if square.ndim < 2:
            move_towards(state["variance"], square, share, square)
            np.copyto(square, state["variance"])
            return
        rows, columns = state["row_var"], state["col_var"]
        for mean, axis in ((rows, -1), (columns, -2)):
            mean += (square.mean(axis=axis, keepdims=True) - mean) * number(share, mean.dtype)
        np.multiply(rows, columns, out=square)
        square /= np.maximum(rows.mean(axis=-2, keepdims=True), number(eps, square.dtype))
