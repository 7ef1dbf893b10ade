"""What `compile` knows of calls with arguments of certain shapes, dtypes and plain values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .lent import at_home, fits
from .memory import give_back
from .reach import Reach
from .replay import Program
from .tensor import Tensor

__all__ = ["Recording"]

SMALL = 1 << 20  # bytes


class Recording:
    """What is known of calls with arguments of certain shapes, dtypes and plain values.

    Parameters
    ----------
    exact : bool
        Keep the order of all summations.
    """

    def __init__(self, exact: bool) -> None:
        self.exact = exact
        self.renewed = 0
        self.replayed = False
        self.calculated = 0  # bytes, of all results
        self.way_in: Callable[..., Any] | None = None  # of calls with `arity` plain arrays
        self.arity = 0
        self.state = "new"  # then "recorded", "ready" or "eager"
        self.reason: str | None = None
        self.program: Program
        self.rebuild: Callable[[Any], Any]
        self.reach: Reach
        self.statics: Any = None
        self.entry: list[tuple[Any, Any]] = []
        self.effects: list[tuple[Any, Any, Any]] = []  # with the array of each gradient
        self.generators: list[Callable[[], np.random.Generator]] = []

    def changed(self) -> str | None:
        """Name what is not as it was when this was recorded; None if all is."""
        for sink, grad in self.entry:
            if sink.grad is not grad and not fits(sink, grad):
                return ".grad"
        for _, grad, place in self.effects:
            if grad is not None and grad._value is not place:
                return ".grad"
        return self.reach.changed()

    def is_given_a_gradient(self, leaves: list) -> bool:
        """Whether an argument is the memory of a gradient that is read, and perhaps added to."""
        arrays = [a for x in leaves if type(a := getattr(x, "_value", x)) is np.ndarray]
        grads = [s.grad._value for s, g in self.entry if g is not None and s.grad is not None]
        return any(np.may_share_memory(a, g) for g in grads for a in arrays)

    def clear_gradients(self) -> None:
        """Let go of gradients that the next call makes anew without a look at them."""
        read = {id(sink) for sink, _ in self.entry}
        for sink, other in (*self.program.effects, *self.program.fresh):
            if id(sink) not in read and other is not None:
                sink.grad = None

    def make_room(self) -> None:
        """Let go of what the calls before the first replay have left in memory."""
        self.replayed = True
        self.clear_gradients()
        if self.program.nbytes > SMALL:
            give_back()

    def replay(self, inputs: list) -> Any:
        """Run the program, and let the gradients be where they belong."""
        program = self.program
        with at_home(self.entry):
            values = program.run(*inputs)
            for sink, grad, _ in self.effects:
                sink.grad = grad
            for sink, i in program.fresh:
                sink.grad = Tensor(values[i])
        return self.rebuild(values)

    def said(self) -> str:
        """Say what became of it."""
        if self.state == "new":
            return "its call raised an error"
        if self.state == "eager":
            return f"runs as it is: {self.reason}"
        text = self.program.summary
        return text if self.state == "ready" else f"{text}; to be compared at the next call"
