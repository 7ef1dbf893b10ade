"""The gradients of a batch: forward pass, loss and backward pass, compiled where they can be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from operator import is_
from typing import Any

import numpy as np

from autograd_core import Tensor
from autograd_core.anomaly import levels_to_user
from autograd_core.compiled import Compiled, CompileWarning
from nnkit.module import Module
from nnkit.parameter import clear_grad
from nnkit.training.criterion import Criterion
from nnkit.training.witness import Witness, is_observed

__all__ = ["GradientPass", "pass_of"]


class GradientPass:
    """Calculates the loss of a batch, and puts the gradients of the parameters in their places.

    The first call runs everything as it is and looks for what a recording would not repeat, as
    printing; the others go through `compile`. The update is left to the optimizer, so that a loss
    that is not finite is seen before a weight is touched.

    Parameters
    ----------
    model : Module
    criterion : Criterion
    parameters : list of Tensor
        Those of the optimizer: their gradients are forgotten first.
    scaled : bool
        Whether the loss is multiplied by what the batch counts for.
    shown : bool
        Whether the output of the model is asked for.
    compile : bool
        False runs each step as it is.
    """

    def __init__(
        self,
        model: Module,
        criterion: Criterion,
        parameters: list[Tensor],
        scaled: bool,
        shown: bool,
        compile: bool,
    ) -> None:
        self.compiled: Compiled | None = None
        self.parts = (model, criterion, scaled, shown, compile, *parameters)
        self._model = model
        self._scaled, self._compile = scaled, compile
        self._function = step_of(model, criterion, parameters, scaled, shown)
        self._is_first = True
        self._reason: str | None = None
        self._hooks: list[Any] = []
        self._changes = -1

    def __call__(self, x: Any, y: Any, count: float, weight: Any) -> tuple[Any, Any]:
        """Return the loss of a batch, and the output of the model if it is asked for."""
        batch: tuple[Any, ...] = (x, y)
        if weight is not None:
            batch = (x, y, np.array(count), weight)
        elif self._scaled:
            batch = (x, y, np.array(count))
        if not self._compile or self._reason or self._is_hooked() or is_observed():
            return self._function(*batch)
        if self._is_first:
            return self._look(batch)
        return self._run(batch)

    def _look(self, batch: tuple) -> tuple[Any, Any]:
        """Run a batch as it is, and look for what would not be repeated."""
        with Witness() as witness:
            result = self._function(*batch)
        self._is_first = False
        self._give_up(witness.reason)
        return result

    def _run(self, batch: tuple) -> tuple[Any, Any]:
        """Run what is recorded."""
        if self.compiled is None:
            self.compiled = Compiled(self._function, exact=True)
        result: tuple[Any, Any] = self.compiled(*batch)
        return result

    def _give_up(self, reason: str | None) -> None:
        self._reason = reason
        if reason is not None:
            text = f"fit runs as it is, not compiled: {reason}."
            warnings.warn(text, CompileWarning, stacklevel=levels_to_user())

    def _is_hooked(self) -> bool:
        """Whether a module has hooks, which are to be called in each step."""
        if self._changes != Module.attribute_changes[0]:
            self._changes = Module.attribute_changes[0]
            self._hooks = [m._hooks for m in self._model.modules() if m._hooks is not None]
        return any(self._hooks)


def pass_of(
    known: GradientPass | None,
    model: Module,
    criterion: Criterion,
    parameters: list[Tensor],
    scaled: bool,
    shown: bool,
    compile: bool,
) -> GradientPass:
    """Return the pass that is known, if it is for these very objects; else a new one."""
    parts = (model, criterion, scaled, shown, compile, *parameters)
    if known is not None and len(parts) == len(known.parts) and all(map(is_, parts, known.parts)):
        return known
    return GradientPass(model, criterion, parameters, scaled, shown, compile)


def step_of(
    model: Module, criterion: Criterion, parameters: list[Tensor], scaled: bool, shown: bool
) -> Callable[..., tuple[Any, Any]]:
    """Make the function of a batch that is run, or recorded."""

    def fit(x: Any, y: Any, count: Any = None, weight: Any = None) -> tuple[Any, Any]:
        for p in parameters:
            clear_grad(p, set_to_none=True)
        output = model(x)
        loss = criterion(output, y, weight, count)
        (loss * count.astype(loss.dtype) if scaled else loss).backward()
        return loss, output if shown else None

    return fit
