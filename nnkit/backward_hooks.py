"""The backward pass of one call of a module: its hooks see the gradients of outputs and inputs.

The arguments and the outputs go through an identity each, whose backward pass calls the hooks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core import Function
from autograd_core.dispatch import Layered, is_traced, raw
from autograd_core.errors import ArgumentError, ShapeError, describe

if TYPE_CHECKING:
    from nnkit.module import Module

__all__ = ["Backward"]

Grads = tuple[Any, ...]


class Through(Function):
    """The identity, whose backward pass calls a function with the gradients that come by."""

    @staticmethod
    def forward(ctx: Any, passing: Callable[[Grads], Grads], *xs: Any) -> Any:
        """Return the same values; copies, since a result must not share memory with an operand."""
        ctx.passing = passing
        return tuple(np.array(x) for x in xs)

    @staticmethod
    def backward(ctx: Any, *gs: Any) -> tuple[Any, ...]:
        """Hand on what the function makes of the gradients."""
        traced = any(isinstance(g, Layered) for g in gs)
        given = tuple(g if isinstance(g, Layered) else Layered.result(g, None) for g in gs)
        left = ctx.passing(given)
        return (None, *(left if traced else (raw(g) for g in left)))

    @staticmethod
    def jvp(_ctx: Any, _passing: Any, *ts: Any) -> Any:
        """Hand the tangents on; there is no backward pass to be looked at."""
        return ts


class Backward:
    """One call of a module, with the gradients of its outputs on their way to its inputs."""

    def __init__(
        self,
        module: Module,
        before: Sequence[Callable[..., Any]],
        after: Sequence[Callable[..., Any]],
    ) -> None:
        self.module, self.before, self.after = module, before, after
        self.inputs: tuple[int, ...] = ()  # places of those that have a gradient
        self.outputs: tuple[int, ...] = ()
        self.count = 0  # of the inputs
        self.size = 0  # of the outputs
        self.grad_output: Grads | None = None

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Let the gradients of the arguments come by here."""
        self.count = len(args)
        args, self.inputs = passed_through(args, self.leave)
        return args

    def watch_outputs(self, output: Any) -> Any:
        """Let the gradients of the outputs come by here."""
        if not isinstance(output, (tuple, Layered)):
            warnings.warn(
                f"the backward hooks of {type(self.module).__name__} are not called: its output "
                f"is {describe(output)}, and they need a Tensor or a tuple of Tensors.",
                stacklevel=4,
            )
            return output
        outputs = output if isinstance(output, tuple) else (output,)
        self.size = len(outputs)
        watched, self.outputs = passed_through(outputs, self.enter)
        return watched if isinstance(output, tuple) else watched[0]

    def enter(self, gs: Grads) -> Grads:
        """Gradients arrive at the outputs."""
        grads = packed(gs, self.outputs, self.size)
        for hook in self.before:
            changed = hook(self.module, grads)
            if changed is not None:
                grads = self.checked(changed, grads, "pre-hook", "grad_output")
        self.grad_output = grads if self.inputs else None
        if not self.inputs:  # they will not come by anywhere else
            nothing = (None,) * self.count
            for hook in self.after:
                changed = hook(self.module, nothing, grads)
                if changed is not None and any(g is not None for g in as_tuple(changed)):
                    raise ArgumentError(
                        f"a backward hook of {type(self.module).__name__} returned a gradient, but "
                        f"none of its inputs has one; return None."
                    )
        return tuple(grads[i] for i in self.outputs)

    def leave(self, gs: Grads) -> Grads:
        """Gradients have arrived at the inputs."""
        if self.grad_output is None:  # they came another way than through the outputs
            return gs
        grads = packed(gs, self.inputs, self.count)
        for hook in self.after:
            changed = hook(self.module, grads, self.grad_output)
            if changed is not None:
                grads = self.checked(changed, grads, "hook", "grad_input")
        self.grad_output = None
        return tuple(grads[i] for i in self.inputs)

    def checked(self, changed: Any, old: Grads, kind: str, what: str) -> Grads:
        """Refuse gradients of another number or shape than those they take the place of."""
        changed = as_tuple(changed)
        name = f"a backward {kind} of {type(self.module).__name__}"
        if len(changed) != len(old):
            raise ArgumentError(
                f"{name} must return None or {len(old)} gradients, as {what} has; got "
                f"{len(changed)}."
            )
        for new, g in zip(changed, old, strict=True):
            if g is not None and (new is None or np.shape(new) != g.shape):
                raise ShapeError(
                    f"{name} must return gradients of the shapes that {what} has; for one of "
                    f"shape {g.shape} it gave {describe(new)}."
                )
        return changed


def as_tuple(grads: Any) -> Grads:
    """Return what a hook returned as a tuple."""
    return tuple(grads) if isinstance(grads, (tuple, list)) else (grads,)


def passed_through(values: Any, passing: Callable[[Grads], Grads]) -> tuple[Any, tuple[int, ...]]:
    """Pass the values that are recorded through one operation; return all, and their places."""
    places = tuple(i for i, x in enumerate(values) if isinstance(x, Layered) and is_traced(x))
    if not places:
        return values, ()
    full = list(values)
    for i, x in zip(places, Through.apply(passing, *(full[i] for i in places)), strict=True):
        full[i] = x
    named = hasattr(values, "_fields")
    return (type(values)(*full) if named else tuple(full)), places


def packed(gs: Grads, places: tuple[int, ...], count: int) -> Grads:
    """Put gradients in their places among None."""
    full: list[Any] = [None] * count
    for i, g in zip(places, gs, strict=True):
        full[i] = g
    return tuple(full)
