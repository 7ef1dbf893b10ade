"""The buffers of a model (running statistics), as they were before a step that failed."""

from __future__ import annotations

from typing import Any

import numpy as np

from nnkit.module import Module

__all__ = ["BuffersBefore"]


class BuffersBefore:
    """Copies of all buffers that hold fractions, taken before each step and put back if it fails.

    The forward pass of a batch with infinite numbers would leave them in the running statistics
    for ever.

    Parameters
    ----------
    model : Module
    """

    def __init__(self, model: Module) -> None:
        names: list[tuple[Module, str]] = []
        for module in model.modules():
            own = (name for name, _ in module.named_buffers(recurse=False))
            names += [(module, name) for name in own if getattr(module, name).dtype.kind in "fc"]
        # Whole numbers count the steps that were taken; they go along with the others.
        self._names = names and [
            (module, name)
            for module in dict.fromkeys(module for module, _ in names)
            for name, _ in module.named_buffers(recurse=False)
        ]
        self._kept: list[Any] = []

    def remember(self) -> None:
        """Copy the buffers."""
        if self._names:
            self._kept = [getattr(module, name).copy() for module, name in self._names]

    def put_back(self) -> None:
        """Give the buffers the values they had."""
        for (module, name), value in zip(self._names, self._kept):
            np.copyto(getattr(module, name), value)
