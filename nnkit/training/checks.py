"""What a Trainer is given, checked; and the modes of a model's parts, put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import Tensor
from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit import metrics as known_metrics
from nnkit.modes import restored_modes
from nnkit.module import Module
from nnkit.optim import LBFGS, Optimizer

__all__ = ["Metric", "check_count", "check_parts", "named_metrics", "restored_modes", "tensors_of"]

Metric = Callable[[NDArray[Any], NDArray[Any]], float]


def check_parts(model: Any, loss: Any, optimizer: Any) -> None:
    """Refuse what a Trainer cannot work with."""
    if not isinstance(model, Module):
        hint = f" Write {model.__name__}()." if isinstance(model, type) else ""
        raise DtypeError(f"Trainer: model must be a Module, got {describe(model)}.{hint}")
    if not callable(loss) or isinstance(loss, type):
        hint = f" Write {loss.__name__}(), with brackets." if isinstance(loss, type) else ""
        raise DtypeError(
            f"Trainer: loss must be a function of output and target, got {describe(loss)}.{hint}"
        )
    if not isinstance(optimizer, Optimizer):
        raise DtypeError(
            f"Trainer: optimizer must be an Optimizer, got {describe(optimizer)}. Write "
            f"optim.Adam(model.parameters(), lr=1e-3)."
        )
    own = {id(p) for p in model.parameters()}
    if isinstance(optimizer, LBFGS):
        raise ArgumentError(
            "Trainer: L-BFGS calls the loss many times in each step, which a loop over batches "
            "cannot give it. Write optimizer.step(closure) in a loop of your own "
            "(nnkit.optim.LBFGS shows one), or take another optimizer."
        )
    if not any(id(p) in own for p in tensors_of(optimizer)):
        raise ArgumentError(
            f"Trainer: the optimizer holds none of the parameters of this "
            f"{type(model).__name__}, so nothing would be learned. Make it with "
            f"{type(optimizer).__name__}(model.parameters(), ...) of this very model."
        )


def check_count(name: str, value: Any) -> None:
    """Refuse what is no positive whole number."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ArgumentError(f"{name} must be a positive whole number, got {value!r}.")


def named_metrics(metrics: Any) -> dict[str, Metric]:
    """Give each metric a name."""
    if isinstance(metrics, str) or callable(metrics):
        metrics = [metrics]
    pairs = metrics.items() if isinstance(metrics, Mapping) else [(None, m) for m in metrics]
    named: dict[str, Metric] = {}
    for name, metric in pairs:
        if isinstance(metric, str):
            name, metric = name or metric, known_metrics.get(metric)
        if isinstance(metric, type) and issubclass(metric, known_metrics.Metric):
            raise DtypeError(
                f"Trainer: metrics are objects, got the class {metric.__name__}; write "
                f"{metric.__name__}(), with brackets."
            )
        name = str(name or getattr(metric, "name", "") or getattr(metric, "__name__", ""))
        if not callable(metric) or not name.isidentifier() or name in ("loss", *named):
            raise ArgumentError(
                f"Trainer: metrics are names or functions f(output, target), each with a name of "
                f"its own; got {describe(metric)} named {name!r}. Name it yourself: "
                f'{{"name": function}}.'
            )
        named[name] = metric
    return named


def tensors_of(optimizer: Optimizer) -> list[Tensor]:
    """List the parameters that an optimizer changes."""
    return [p for group in optimizer.param_groups for p in group["params"]]
