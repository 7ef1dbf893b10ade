"""What `compile` records of an optimizer's step: one call, carried out live, with its settings."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.anomaly import watchers
from autograd_core.dispatch import raw
from autograd_core.lent import Lent
from autograd_core.live import live
from autograd_core.trace import recorder
from nnkit.optim.flat import FlatGroup, run

__all__ = ["StepCall", "recorded_live", "recorded_step"]


class StepCall:
    """Calls `optimizer.step()` with gradients that are arrays of the recording."""

    def __init__(self, optimizer: Any, params: list[Tensor]) -> None:
        self.optimizer, self.params = optimizer, params
        self.__name__ = f"{type(optimizer).__name__}_step"
        self.__module__ = __name__
        self._wrapped: dict[int, Tensor] = {}
        self.flats: list[FlatGroup] = []
        self.places: list[np.ndarray] = []
        self.kind: type[Tensor] = Lent  # what hooks meet

    def __call__(self, *grads: np.ndarray) -> None:
        """Step with these gradients; without any, with those that are written where they belong."""
        if self.flats and not self._step_flat(grads):
            self.flats = []
        if not self.flats:
            self._step(grads or self.places)

    def arrange(self) -> list[np.ndarray] | None:
        """Return where gradients are to be written, if parameters can be updated together."""
        optimizer = self.optimizer
        places: dict[int, np.ndarray] = {}
        self.flats = []
        self._wrapped.clear()  # the gradients of the recorded step
        optimizer._scratch.forget()
        for group in optimizer.param_groups:
            own = [p for p in group["params"] if any(p is q for q in self.params)]
            flat = next((f for f in optimizer._flats if same(f.params, own)), None)
            if own and (flat is None or not flat.is_current()):
                self.flats = []
                return None
            if flat is not None:
                joined = FlatGroup(optimizer, group, flat)
                self.flats.append(joined)
                places.update(zip(map(id, flat.params), joined.gradients, strict=True))
        self.places = [places[id(p)] for p in self.params]
        return self.places

    def _step_flat(self, grads: tuple) -> bool:
        """Update the parameters as vectors; False if something is not as it was."""
        optimizer = self.optimizer
        if optimizer._pre_hooks or optimizer._post_hooks:
            return False
        if len(optimizer.param_groups) < len(self.flats):
            return False
        for joined in self.flats:
            if not joined.is_ready():
                return False
            optimizer.check_rate(joined.group)
        for g, place in zip(grads, self.places if grads else (), strict=True):
            if g is not place:
                place[...] = g
        run(self.flats)
        optimizer._has_stepped = True
        return True

    def _step(self, grads: Sequence) -> None:
        """Put the gradients where the optimizer looks for them, and let it step."""
        wrapped, given = self._wrapped, []
        for p, g in zip(self.params, grads, strict=True):
            sink: Any = p._trace.sink
            if sink.grad is None or sink.grad._value is not g:
                known = wrapped.get(id(g))
                if known is None or known._value is not g:
                    if len(wrapped) > 2 * len(self.params):
                        wrapped.clear()
                    known = wrapped[id(g)] = self.kind(np.asarray(g))
                sink.grad = known
            given.append((sink, sink.grad))
        self.optimizer.step()
        for sink, grad in given:
            if sink.grad is not grad:  # somebody looked, and may have changed it
                if sink.grad is not None:
                    grad._value[...] = raw(sink.grad)
                sink.grad = grad


def same(a: list, b: list) -> bool:
    """Whether two lists hold the same objects."""
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


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
    call = StepCall(optimizer, params)
    call.kind = Tensor  # the gradients of the recorded step itself are not written again
    r.record(call, tuple(map(raw, before)), {}, arrays)
    call.kind = Lent
    if r.calls:
        r.calls[-1].keeps = True
    for p, grad in zip(params, before, strict=True):
        p._trace.sink.grad = grad
    return True
