"""What `compile` records of an optimizer's step: one call, carried out live, with its settings."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.anomaly import watchers
from autograd_core.dispatch import raw
from autograd_core.live import live
from autograd_core.trace import recorder

__all__ = ["StepCall", "recorded_live", "recorded_step"]


class StepCall:
    """Calls `optimizer.step()` with gradients that are arrays of the recording."""

    def __init__(self, optimizer: Any, params: list[Tensor]) -> None:
        self.optimizer, self.params = optimizer, params
        self.__name__ = f"{type(optimizer).__name__}_step"
        self.__module__ = __name__
        self._wrapped: dict[int, Tensor] = {}

    def __call__(self, *grads: np.ndarray) -> None:
        """Put the gradients where the optimizer looks for them, and let it step."""
        wrapped = self._wrapped
        for p, g in zip(self.params, grads, strict=True):
            sink: Any = p._trace.sink
            if sink.grad is None or sink.grad._value is not g:
                known = wrapped.get(id(g))
                if known is None or known._value is not g:
                    if len(wrapped) > 2 * len(self.params):
                        wrapped.clear()
                    known = wrapped[id(g)] = Tensor(np.asarray(g))
                sink.grad = known
        self.optimizer.step()


def recorded_live(method: Any) -> Any:
    """Make a method that changes numbers of its object appear in a recording as a live call."""
    called = live(method, always=True)

    @functools.wraps(method)
    def step(self: Any, *args: Any, **kwargs: Any) -> Any:
        return (called if watchers else method)(self, *args, **kwargs)

    return step


def recorded_step(optimizer: Any) -> bool:
    """Record a step, if a recording goes on; whether it was."""
    r = recorder()
    if r is None:
        return False
    params = [p for group in optimizer.param_groups for p in group["params"]]
    params = [p for p in params if p.grad is not None]
    before = [p.grad for p in params]
    arrays = [raw(p) for p in params]
    r.record(StepCall(optimizer, params), tuple(map(raw, before)), {}, arrays)
    if r.calls:
        r.calls[-1].keeps = True
    for p, grad in zip(params, before, strict=True):
        p._trace.sink.grad = grad
    return True
