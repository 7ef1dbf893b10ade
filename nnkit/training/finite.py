"""Where numbers stopped being finite: found before the weights are touched, and named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core import Tensor, no_grad
from autograd_core.dispatch import raw
from autograd_core.errors import NonFiniteError
from autograd_core.taped import gradient_of
from nnkit.module import Module
from nnkit.random import stream

__all__ = ["NonFiniteError", "explain_gradient", "explain_loss", "gradients_are_finite"]


def gradients_are_finite(parameters: list[Tensor]) -> bool:
    """Whether all gradients are finite, by one dot product each."""
    total = 0.0
    for p in parameters:
        if (grad := gradient_of(p)) is not None:
            g = raw(grad)
            total += float(np.vdot(g, g).real)
    if math.isfinite(total):
        return True
    # The squares of large finite numbers overflow as well.
    return all(g is None or is_finite(raw(g)) for g in map(gradient_of, parameters))


def is_finite(x: Any) -> bool:
    """Whether all numbers of an array are finite."""
    return bool(np.isfinite(x).all())


def explain_loss(model: Module, value: float, x: Any, lr: float, where: str = "") -> NonFiniteError:
    """Make the error for a loss that is not finite; it names the first layer that was not.

    `where` says in which batch.
    """
    text = (
        f"the loss became {value}{where}. {culprit(model, x)} The weights are those of the step "
        f"before. "
    )
    return NonFiniteError(text + remedy(lr))


def remedy(lr: float) -> str:
    """Say what usually helps."""
    return (
        f"Usual remedies: a smaller learning rate (it is {lr:g}), inputs scaled to about -1 to 1."
    )


def culprit(model: Module, x: Any) -> str:
    """Find out what was not finite first."""
    rows = np.asarray(raw(x))
    if rows.dtype.kind == "f" and not is_finite(rows):
        bad = np.flatnonzero(~np.isfinite(rows.reshape(len(rows), -1)).all(axis=1))
        return f"The batch itself holds NaN or infinite numbers, in its rows {bad[:5].tolist()}."
    for name, p in model.named_parameters():
        if not is_finite(raw(p)):
            return f"The parameter {name!r} was not finite before this step."
    try:
        path, layer, largest = first_bad_layer(model, x)
    except Exception:  # the model cannot be run again with this batch; the loss is what we know
        return ""
    if layer is None:
        return "All layers gave finite numbers; it happened in the loss function."
    return (
        f"The first layer whose output was not finite is {path or 'the model itself'} "
        f"({type(layer).__name__}); the largest number it received was {largest:.3g}."
    )


def first_bad_layer(model: Module, x: Any) -> tuple[str, Module | None, float]:
    """Run the model once more, watching the output of every layer."""
    found: list[tuple[Module, float]] = []

    def watch(module: Module, args: tuple[Any, ...], output: Any) -> None:
        output = raw(output)
        if not found and isinstance(output, np.ndarray) and not is_finite(output):
            sizes = [np.abs(raw(a)).max() for a in args if np.size(raw(a))]
            found.append((module, float(max(sizes, default=math.nan))))

    rng = stream("dropout").bit_generator
    state = rng.state
    handles = [module.register_forward_hook(watch) for module in model.modules()]
    try:
        with no_grad(), np.errstate(all="ignore"):
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        rng.state = state
    if not found:
        return "", None, math.nan
    module, largest = found[0]
    path = next(path for path, part in model.named_modules() if part is module)
    return path, module, largest


def explain_gradient(model: Module, lr: float, where: str = "") -> NonFiniteError:
    """Make the error for gradients that are not finite; the backward pass starts at the end."""
    bad = [
        name
        for name, p in model.named_parameters()
        if (g := gradient_of(p)) is not None and not is_finite(raw(g))
    ]
    named = f"that of {bad[-1]!r}" if bad else "those of parameters outside the model"
    more = f", and {len(bad) - 1} more after it" if len(bad) > 1 else ""
    return NonFiniteError(
        f"the loss is finite, but gradients are not{where}: first {named}{more} (the backward pass "
        f"goes from the last layer to the first). The weights are those of the step before. A "
        f"function with an infinite slope is a usual cause (sqrt or log near 0), or else a too "
        f"large learning rate (it is {lr:g})."
    )
