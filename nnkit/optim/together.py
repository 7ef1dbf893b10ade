"""Small parameters of a group, updated together: what a call costs is paid once, not for each."""

from __future__ import annotations

from operator import is_
from typing import Any

import numpy as np

from autograd_core import Tensor
from nnkit.optim.flat import Flat, FlatGroup, is_movable

__all__ = ["Together"]

SMALL = 1 << 14  # numbers; of a larger parameter the numbers themselves are what costs


class Together:
    """The small parameters of a group in one vector, once there is a state for each.

    They move there if nobody else holds their memory, and the optimizer treats each number by
    itself; so the numbers are those of single updates, to the bit. In a step in which one of them
    has no gradient, or is not as it was, all are updated one by one.
    """

    def __init__(self, optimizer: Any, group: dict[str, Any]) -> None:
        self.optimizer, self.group = optimizer, group
        self.steps = 0
        self.flat: Flat | None = None
        self.joined: Any = None  # the FlatGroup, while it is used
        self.given: list[Tensor] = []
        self.others: list[Tensor] = []

    def rest(self) -> list[Tensor]:
        """Return the parameters that are to be updated one by one in this step."""
        params: list[Tensor] = self.group["params"]
        if self.joined is not None and not self.is_current(params):
            self.joined = None
        if self.joined is None:
            self.steps += 1
            if self.steps == 1 or self.steps & (self.steps - 1) or not self.join(params):
                return params  # what did not work is not tried in each step
        return self.others if self.collect() else params

    def is_current(self, params: list[Tensor]) -> bool:
        """Whether what was joined lives where it was put, and belongs together."""
        same = len(params) == len(self.given) and all(map(is_, params, self.given))
        return same and self.joined.flat.is_current() and self.joined.is_ready()

    def join(self, params: list[Tensor]) -> bool:
        """Move what is small into one vector; whether there is enough of it."""
        optimizer = self.optimizer
        if not hasattr(type(optimizer).update, "elementwise"):
            return False
        small = [p for p in params if p.requires_grad and p.size <= SMALL and p in optimizer.state]
        small = [p for p in small if p.dtype == small[0].dtype and is_movable(p, optimizer)]
        if len(small) < 2 or small[0].dtype.kind != "f":
            return False
        self.flat = Flat(small)
        joined = FlatGroup(optimizer, self.group, self.flat)
        if not joined.adopt_state():
            return False
        for i in range(optimizer.scratches):
            optimizer.scratch(joined.parts[0][0], i)
        inside = set(map(id, small))
        self.given, self.others = list(params), [p for p in params if id(p) not in inside]
        self.joined = joined
        return True

    def collect(self) -> bool:
        """Bring the gradients together; whether there is one for each."""
        joined = self.joined
        dtype = joined.gradient.dtype
        arrays = []
        for p in joined.flat.params:
            sink: Any = None if p._trace is None else p._trace.sink
            grad = None if sink is None else sink.grad
            g = None if grad is None else grad._value
            if type(g) is not np.ndarray or g.dtype != dtype or not p._value.flags.writeable:
                return False
            arrays.append(g)
        for g, place in zip(arrays, joined.gradients, strict=True):
            place[...] = g
        return True
