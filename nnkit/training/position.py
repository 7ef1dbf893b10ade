"""Position: where a training stands, between two batches of a pass, with all that it takes to go on
from there exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Position"]


@dataclass
class Position:
    """Where a training stands.

    Attributes
    ----------
    epoch : int
        Passes that are complete, with their validation.
    batch : int
        Batches of the present pass that are done.
    began : dict or None
        The states of the generators when the pass began: with them its order is drawn again.
    pending : dict or None
        Their states before something that is under way (a batch that was read but not used, a
        validation), if it may have drawn from them.
    group : int
        Batches whose gradients are added up for the next update.
    group_count : float
        What these count for together.
    loss_sum, loss_count : float
        For the mean loss of the pass.
    generators : dict
        The states of the generators, at a stand-still.
    gradients : dict of int and ndarray
        What is added up so far, by the number of the parameter, at a stand-still.
    callbacks : list of (name, state)
        Their memories, at a stand-still.
    meters : dict
        What the metrics added up in the present pass, at a stand-still.
    last : dict or None
        The weights to go on with, where the model has the best ones meanwhile.
    """

    epoch: int = 0
    batch: int = 0
    began: dict[str, Any] | None = None
    pending: dict[str, Any] | None = None
    group: int = 0
    group_count: float = 0.0
    loss_sum: float = 0.0
    loss_count: float = 0.0
    generators: dict[str, Any] = field(default_factory=dict)
    gradients: dict[int, NDArray[Any]] = field(default_factory=dict)
    callbacks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    meters: dict[str, Any] = field(default_factory=dict)
    last: dict[str, NDArray[Any]] | None = None

    def done(self, loss: float, count: float) -> None:
        """Count a batch."""
        self.batch += 1
        self.pending = None
        self.loss_sum += loss * count
        self.loss_count += count

    def next_epoch(self) -> None:
        """Stand at the beginning of the next pass."""
        self.epoch += 1
        self.batch = 0
        self.began = self.pending = None
        self.loss_sum = self.loss_count = 0.0

    def state_dict(self) -> dict[str, Any]:
        """Return everything, for a file; `last` is stored apart."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "last"}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Position:
        """Make the position that a file tells of."""
        known = {f.name for f in fields(cls)}
        position = cls(**{k: v for k, v in state.items() if k in known})
        position.gradients = {i: np.array(g) for i, g in position.gradients.items()}
        return position
