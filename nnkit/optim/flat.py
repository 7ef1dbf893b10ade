"""Many parameters updated as one vector: for optimizers that treat each number by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.holders import is_shared
from autograd_core.inplace import mark_all_written
from autograd_core.memory import LINE, aligned, reserve
from nnkit.optim.interrupts import Uninterrupted

__all__ = ["FlatGroup", "elementwise", "flatten"]

Array = NDArray[Any]
BLOCK = 1 << 16  # numbers; value, gradient and state of so many stay in the cache


LARGE = 1 << 17  # numbers; a smaller parameter stays in the cache as a whole


def elementwise(update: Callable[..., Any]) -> Callable[..., Any]:
    """Say of an `update` that each number is treated by itself, so that vectors may be joined."""
    update.elementwise = True  # type: ignore[attr-defined]
    return update


def goes_in_blocks(optimizer: Any, value: Array) -> bool:
    """Whether a parameter is so large that each pass over it would wait for memory."""
    if value.size < LARGE or not value.flags.c_contiguous:
        return False
    return hasattr(type(optimizer).update, "elementwise")


def update_in_blocks(
    optimizer: Any, value: Array, grad: Array, state: dict[str, Any], group: dict[str, Any]
) -> None:
    """Update one large parameter, to the same bits, in blocks that stay in the cache."""
    whole = {k: v for k, v in state.items() if isinstance(v, np.ndarray)}
    if not all(v.size == value.size and v.flags.c_contiguous for v in whole.values()):
        return optimizer.update(value, grad, state, group)
    arrays = {k: v.reshape(-1) for k, v in whole.items()}
    flat, g = value.reshape(-1), grad.reshape(-1)
    numbers = {k: v for k, v in state.items() if k not in arrays}
    added: dict[str, list[Array]] = {}
    own: dict[str, Any] = {}
    for i in range(0, len(flat), BLOCK):
        at = slice(i, i + BLOCK)
        own = {k: v[at] for k, v in arrays.items()} | numbers
        optimizer.update(flat[at], g[at], own, group)
        for key in own.keys() - state.keys():  # a setting was switched on meanwhile
            added.setdefault(key, []).append(own[key])
    for key in state.keys() - own.keys():
        del state[key]
    for key in own.keys() - arrays.keys():
        parts = added.get(key, [])
        is_array = bool(parts) and isinstance(parts[0], np.ndarray)
        state[key] = np.concatenate(parts).reshape(value.shape) if is_array else own[key]


class Flat:
    """The memory of some parameters, one after the other."""

    def __init__(self, params: list[Tensor]) -> None:
        self.params = params
        sizes = [p.size for p in params]
        ends = np.cumsum(sizes).tolist()
        self.places = [slice(end - n, end) for n, end in zip(sizes, ends, strict=True)]
        self.vector = aligned(ends[-1], params[0].dtype)
        self.memory = self.vector if self.vector.base is None else self.vector.base
        for p, view in zip(params, self.views(self.vector), strict=True):
            view[...] = p._value
            p._value = view

    def views(self, vector: Array) -> list[Array]:
        """Return the parts of a vector in the shapes of the parameters."""
        return [vector[at].reshape(p.shape) for p, at in zip(self.params, self.places, strict=True)]

    def is_current(self) -> bool:
        """Whether the parameters still live here."""
        memory = self.memory
        for p in self.params:  # noqa: SIM110 (a loop takes half the time)
            if p._value.base is not memory:
                return False
        return True


def flatten(optimizer: Any) -> None:
    """Move the parameters of each group into one vector, where nobody else holds their memory."""
    if not hasattr(type(optimizer).update, "elementwise"):
        return
    flats = [flat for flat in optimizer._flats if flat.is_current()]
    owned = {id(p) for flat in flats for p in flat.params}
    for group in optimizer.param_groups:
        params = [p for p in group["params"] if p.requires_grad]
        if len(params) < 2 or any(id(p) in owned for p in params):
            continue
        dtype = params[0].dtype
        if dtype.kind == "f" and all(p.dtype == dtype and is_movable(p, optimizer) for p in params):
            flats.append(Flat(params))
    optimizer._flats, optimizer._together = flats, None


def is_movable(p: Tensor, optimizer: Any) -> bool:
    """Whether a parameter's memory may become another one without anybody noticing."""
    value, sink = p._value, p._trace.sink
    if type(value) is not np.ndarray or not value.flags.c_contiguous or p._alias is not None:
        return False
    if sink is not None and sink.print is not None:
        return False
    flats = [*optimizer._flats, *(t.flat for t in optimizer._together or () if t.flat is not None)]
    ours = any(value.base is flat.memory for flat in flats)
    del value
    return ours or not is_shared(p)


class FlatGroup:
    """Updates a `Flat` in blocks, and keeps the state of each parameter as views."""

    def __init__(self, optimizer: Any, group: dict[str, Any], flat: Flat) -> None:
        self.optimizer, self.group, self.flat = optimizer, group, flat
        self.gradient = reserve(flat.vector.nbytes).view(flat.vector.dtype)
        self.gradients = flat.views(self.gradient)
        size = len(flat.vector)
        count = max(1, math.ceil(size / BLOCK))
        step = math.ceil(size / count / LINE) * LINE  # so that each begins on a line of the cache
        self.blocks = [slice(i, min(i + step, size)) for i in range(0, size, step)]
        self.parts = [(flat.vector[b], self.gradient[b]) for b in self.blocks]
        self.states: list[dict[str, Any]] = []

    def adopt_state(self) -> bool:
        """See the states of all parameters as one; False if they do not go together."""
        state = self.optimizer.state
        if not all(p in state for p in self.flat.params):
            return False
        self.owner = state
        self.states = [state[p] for p in self.flat.params]
        first = self.states[0]
        if any(s.keys() != first.keys() for s in self.states):
            return False
        self.arrays: dict[str, Array] = {}
        self.numbers: list[str] = []
        self.watched: list[tuple[dict[str, Any], str, Any]] = []
        for key, example in first.items():
            items = [s[key] for s in self.states]
            if isinstance(example, np.ndarray) and example.shape == self.flat.params[0].shape:
                if any(
                    v.shape != p.shape or v.dtype != example.dtype
                    for v, p in zip(items, self.flat.params, strict=True)
                ):
                    return False
                self._join(key, example.dtype, items)
            elif isinstance(example, (bool, int, float)) and all(v == example for v in items):
                self.numbers.append(key)
            else:
                return False
        self.of_blocks = [{k: v[b] for k, v in self.arrays.items()} for b in self.blocks]
        return True

    def _join(self, key: str, dtype: Any, items: list[Array]) -> None:
        vector = self.arrays[key] = aligned(len(self.flat.vector), dtype)
        for s, view, old in zip(self.states, self.flat.views(vector), items, strict=True):
            view[...] = old
            s[key] = view
            self.watched.append((s, key, view))

    def is_ready(self) -> bool:
        """Whether the state is what it was left as; it is adopted again if not."""
        if not self.states or self.owner is not self.optimizer.state:
            return self.adopt_state()
        for s, key, view in self.watched:
            if s.get(key) is not view:
                return self.adopt_state()
        for key in self.numbers:
            n = self.states[0].get(key)
            for s in self.states:
                if s.get(key) != n:  # some of them had a step of their own
                    return self.adopt_state()
        return True

    def update(self) -> None:
        """Update all parameters; the gradients are in `gradient`."""
        optimizer, group, states = self.optimizer, self.group, self.states
        first, numbers = states[0], self.numbers
        given = {k: first[k] for k in numbers}
        size = len(self.arrays) + len(numbers)
        for (value, gradient), own in zip(self.parts, self.of_blocks, strict=True):
            if numbers:
                own.update(given)
            optimizer.update(value, gradient, own, group)
        if len(own) != size:  # a setting was switched on or off, and what is kept is other now
            self._take_over(own)
        elif numbers:
            for s in states:
                for k in numbers:
                    s[k] = own[k]
        mark_all_written(self.flat.params)

    def _take_over(self, example: dict[str, Any]) -> None:
        """Give the parameters what the update has put into the states of the blocks."""
        for s in self.states:
            for key in [k for k in s if k not in example]:
                del s[key]
        for key, value in example.items():
            if isinstance(value, np.ndarray):
                if key not in self.arrays:
                    joined = np.concatenate([own[key] for own in self.of_blocks])
                    for s, view in zip(self.states, self.flat.views(joined), strict=True):
                        s[key] = view.copy()
            else:
                for s in self.states:
                    s[key] = value
        self.states = []


def run(groups: list[FlatGroup]) -> None:
    """Update all groups; an interrupt waits until all are."""
    with Uninterrupted():
        for group in groups:
            group.update()
