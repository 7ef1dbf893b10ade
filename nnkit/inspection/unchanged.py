"""Giving back as it was what is only tried out: weights, buffers, modes, random generators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.inplace import mark_written
from nnkit.module import Module, Parameter
from nnkit.optim.interrupts import Uninterrupted
from nnkit.parameter import UninitializedParameter
from nnkit.random import PURPOSES, stream

__all__ = ["unchanged"]

Array = NDArray[Any]


@contextmanager
def unchanged(model: Module, *others: Any, parameters: Iterable[Any] = ()) -> Iterator[None]:
    """Put everything back at the end, bit for bit, however the block ends.

    That is: values and gradients of the parameters, buffers, training and evaluation modes, the
    random streams, and the Generators that modules hold. Values go back into the same arrays; what
    was not changed is not touched.

    Parameters
    ----------
    model : Module
    *others
        Objects whose Generators are put back, too: loaders, samplers, loss functions.
    parameters : iterable of Parameter
        Further ones, which need not be the model's.
    """
    modes = [(module, module.training) for module in model.modules()]
    all_parameters = {id(p): p for p in (*model.parameters(), *parameters)}
    kept = [
        (p, raw(p).copy(), p.grad)
        for p in all_parameters.values()
        if not isinstance(p, UninitializedParameter)
    ]
    buffers = [
        (module, name, getattr(module, name), np.copy(getattr(module, name)))
        for module in model.modules()
        for name in module._buffers
    ]
    generators = [(rng, rng.bit_generator.state) for rng in all_generators(model, *others)]
    try:
        yield
    finally:
        with Uninterrupted():
            for module, mode in modes:
                if module.training != mode:
                    module.training = mode
            for p, value, grad in kept:
                put_back_parameter(p, value, grad)
            for module, name, array, value in buffers:
                put_back_buffer(module, name, array, value)
            for rng, state in generators:
                rng.bit_generator.state = state


def put_back_parameter(p: Parameter, value: Array, grad: Any) -> None:
    """Write the old values into a parameter, if it has others now."""
    now = raw(p)
    if differs(now, value):
        if (now.shape, now.dtype) == (value.shape, value.dtype):
            now[...] = value
        else:
            p.data = value
        if p.requires_grad:
            mark_written(p)
    if p.grad is not grad:
        p.grad = grad


def put_back_buffer(module: Module, name: str, array: Any, value: Array) -> None:
    """Bind the old array to a buffer's name, with the old values in it."""
    if getattr(module, name) is not array:
        setattr(module, name, array)
    if array is not None and differs(array, value):
        array[...] = value


def differs(a: Array, b: Array) -> bool:
    """Whether two arrays differ in any bit; NaN is equal to NaN, and 0 differs from -0."""
    return a.shape != b.shape or a.dtype != b.dtype or a.tobytes() != b.tobytes()


def all_generators(model: Module, *others: Any) -> list[np.random.Generator]:
    """Find the random streams, and the Generators that modules and other objects hold."""
    found = {id(rng): rng for rng in map(stream, PURPOSES)}
    waiting = [*model.modules(), *others]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        for name, value in getattr(thing, "__dict__", {}).items():
            if isinstance(value, np.random.Generator):
                found[id(value)] = value
            elif name in ("sampler", "batch_sampler", "dataset"):  # of a loader
                waiting.append(value)
    return list(found.values())
