"""Muon: for matrices; the momentum is made nearly orthogonal, so that all directions learn."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.module import Module
from nnkit.optim.checks import check_number
from nnkit.optim.formulas import move_towards, number
from nnkit.optim.optimizer import Group, Optimizer, State

__all__ = ["Muon"]

Array = NDArray[Any]


class Muon(Optimizer):
    """Muon, for the weight matrices of hidden layers; all else is given to another optimizer.

    Parameters
    ----------
    params : iterable of Parameter of shape (rows, columns), or iterable of dict (groups)
    lr : float, default 1e-3
        Learning rate.
    weight_decay : float, default 0.1
        Each step multiplies the parameters by 1 - lr * weight_decay.
    momentum : float, default 0.95
        What is kept of the running mean of the gradient in each step.
    nesterov : bool, default True
        Look ahead along the momentum.
    ns_coefficients : (float, float, float), default (3.4445, -4.775, 2.0315)
        Coefficients a, b, c of the Newton-Schulz iteration.
    eps : float, default 1e-7
        The least norm that is divided by.
    ns_steps : int, default 5
        Steps of the Newton-Schulz iteration, less than 100.
    adjust_lr_fn : {"original", "match_rms_adamw"}, optional
        How the learning rate depends on the shape: ``sqrt(max(1, rows / columns))`` times (the
        default), or ``0.2 * sqrt(max(rows, columns))`` times, with which the learning rate and
        decay of AdamW fit.

    Raises
    ------
    ArgumentError
        If a parameter is no matrix, a setting is out of range, or the list is empty.

    Notes
    -----
    With gradient g and parameter p; X is wide, a tall one is transposed::

        m = momentum * m + (1 - momentum) * g
        X = g + momentum * (m - g)  if nesterov  else  m
        X = X / |X|, then ns_steps times:  A = X X^T,  X = a X + (b A + c A A) X
        p = p - lr * weight_decay * p - lr * adjustment * X

    As in PyTorch the iteration is rounded to the 8 bits of bfloat16 after each product; products
    are summed in float32.

    References
    ----------
    K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024. J. Liu et
    al., "Muon is Scalable for LLM Training", arXiv 2502.16982, 2025 (match_rms_adamw).

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    >>> matrices = [p for p in model.parameters() if p.ndim == 2]
    >>> others = [p for p in model.parameters() if p.ndim != 2]
    >>> optimizers = [Muon(matrices, lr=0.02), nn.optim.AdamW(others, lr=3e-4)]
    >>> model(np.ones((3, 4))).sum().backward()
    >>> for optimizer in optimizers:
    ...     optimizer.step()
    """

    scratches = 2

    def __init__(
        self,
        params: Iterable[Any] | Module,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            dict(
                lr=lr,
                weight_decay=weight_decay,
                momentum=momentum,
                nesterov=nesterov,
                ns_coefficients=ns_coefficients,
                eps=eps,
                ns_steps=ns_steps,
                adjust_lr_fn=adjust_lr_fn,
            ),
        )

    def check(self, group: Group) -> None:
        """Refuse settings out of range, and parameters that are no real matrices."""
        wrong = [p for p in group["params"] if p.ndim != 2 or p.dtype.kind == "c"]
        if wrong:
            raise ArgumentError(
                f"Muon is for real matrices; {len(wrong)} of {len(group['params'])} parameters "
                f"are none, the first has shape {wrong[0].shape} and dtype {wrong[0].dtype}. Give "
                f"it [p for p in model.parameters() if p.ndim == 2], and the others to AdamW."
            )
        check_number(group["momentum"], "Muon", "momentum", example=0.95)
        check_number(group["weight_decay"], "Muon", "weight_decay", example=0.1)
        check_number(group["eps"], "Muon", "eps", example=1e-7)
        check_number(group["ns_steps"], "Muon", "ns_steps", 0, 100, example=5)
        if len(group["ns_coefficients"]) != 3:
            raise ArgumentError(
                f"Muon: ns_coefficients are three numbers; got {group['ns_coefficients']!r}."
            )
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ArgumentError(
                'Muon: adjust_lr_fn is "original", "match_rms_adamw" or None; got '
                f"{group['adjust_lr_fn']!r}."
            )

    def new_state(self, value: Array, group: Group) -> State:
        """Start the running mean at 0."""
        self._work(value)
        return {"momentum_buffer": np.zeros_like(value)}

    def update(self, value: Array, grad: Array, state: State, group: Group) -> None:
        """Update one parameter."""
        a, b = self.scratch(value, 0), self.scratch(value, 1)
        buffer, momentum, lr = state["momentum_buffer"], group["momentum"], float(group["lr"])
        move_towards(buffer, grad, 1 - momentum, b)
        direction = buffer
        if group["nesterov"]:
            np.copyto(a, grad)
            move_towards(a, buffer, momentum, b)
            direction = a
        x = self._orthogonalized(direction, group)
        value *= number(1 - lr * group["weight_decay"], value.dtype)
        np.multiply(x, number(lr * adjustment(value.shape, group), value.dtype), out=b)
        value -= b

    def _work(self, value: Array) -> list[Array]:
        floats = [self.scratch(value, i, np.float32) for i in range(2, 6)]
        return [*floats, self.scratch(value, 0, np.uint32)]

    def _orthogonalized(self, direction: Array, group: Group) -> Array:
        """Apply the Newton-Schulz iteration to a matrix."""
        tall = direction.shape[0] > direction.shape[1]
        wide = direction.T if tall else direction
        n, m = wide.shape
        *work, bits = (array.reshape(-1) for array in self._work(direction))
        x, y = (array.reshape(n, m) for array in work[:2])
        gram, power = (array[: n * n].reshape(n, n) for array in work[2:])
        a, b, c = (np.float32(factor) for factor in group["ns_coefficients"])
        np.copyto(x, wide, casting="same_kind")
        round_to_bfloat16(x, bits)
        norm = np.sqrt(np.vdot(x, x)).reshape(1)
        round_to_bfloat16(norm, bits)
        x /= max(norm[0], np.float32(group["eps"]))
        round_to_bfloat16(x, bits)
        for _ in range(group["ns_steps"]):
            np.matmul(x, x.T, out=gram)
            round_to_bfloat16(gram, bits)
            np.matmul(gram, gram, out=power)
            power *= c
            gram *= b
            power += gram
            round_to_bfloat16(power, bits)
            np.matmul(power, x, out=y)
            x *= a
            y += x
            round_to_bfloat16(y, bits)
            x, y = y, x
        return x.T if tall else x


def adjustment(shape: tuple[int, ...], group: Group) -> float:
    """Return the factor of the learning rate for a matrix of this shape."""
    rows, columns = shape
    if group["adjust_lr_fn"] == "match_rms_adamw":
        return 0.2 * math.sqrt(max(rows, columns))
    return math.sqrt(max(1, rows / columns))


def round_to_bfloat16(x: Array, bits: Array) -> None:
    """Round float32 numbers to 8 bits, ties to even; `bits` is used."""
    u, carry = x.view(np.uint32), bits[: x.size].reshape(x.shape)
    np.right_shift(u, 16, out=carry)
    carry &= np.uint32(1)
    carry += np.uint32(0x7FFF)
    u += carry
    u &= np.uint32(0xFFFF0000)
