"""Meters: the metrics of a Trainer, batch by batch and over a whole pass."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnkit.training.history import as_number

__all__ = ["Meters", "is_streaming"]

Array = NDArray[Any]


def is_streaming(metric: Any) -> bool:
    """Whether a metric adds batches up itself: it has `reset`, `update` and `compute`."""
    return all(hasattr(metric, name) for name in ("reset", "update", "compute"))


class Meters:
    """All metrics of a Trainer.

    A metric is either a function ``f(output, target)``, or an object with ``reset()``,
    ``update(output, target, weight)`` and ``compute()``. Of a function, the value of a pass is the
    mean of those of its batches, by their numbers of rows.

    Parameters
    ----------
    metrics : dict of names and metrics
    """

    def __init__(self, metrics: Mapping[str, Any]) -> None:
        self._streaming = {k: m for k, m in metrics.items() if is_streaming(m)}
        self._functions = {k: m for k, m in metrics.items() if k not in self._streaming}
        self._order = list(metrics)
        self._sums = dict.fromkeys(self._functions, 0.0)
        self._rows = 0

    def fresh(self) -> Meters:
        """Return meters of the same metrics that have seen nothing."""
        metrics = {k: deepcopy(m) for k, m in self._streaming.items()} | self._functions
        fresh = Meters({name: metrics[name] for name in self._order})
        fresh.reset()
        return fresh

    @property
    def exact(self) -> bool:
        """Whether the values of a pass do not depend on how it is cut into batches."""
        return not self._functions

    def reset(self) -> None:
        """Begin a pass."""
        for metric in self._streaming.values():
            metric.reset()
        self._sums = dict.fromkeys(self._functions, 0.0)
        self._rows = 0

    def update(self, output: Array, target: Array, weight: Array | None) -> None:
        """Add a batch to the metrics that add up themselves."""
        for metric in self._streaming.values():
            metric.update(output, target, weight)

    def step(self, output: Array, target: Array, weight: Array | None) -> dict[str, float]:
        """Add a batch; return the values of this batch alone that are single numbers."""
        record: dict[str, float] = {}
        for name, function in self._functions.items():
            value = record[name] = as_number(name, function(output, target))
            self._sums[name] += value * len(target)
        self._rows += len(target)
        if weight is not None and not weight.any():  # no row has no value
            self.update(output, target, weight)
            return record
        for name, metric in self._streaming.items():
            if not (getattr(metric, "per_batch", True) and callable(metric)):
                metric.update(output, target, weight)
                continue
            if hasattr(metric, "step"):
                value = metric.step(output, target, weight)
            else:
                metric.update(output, target, weight)
                value = metric(output, target, weight)
            if np.ndim(value) == 0:
                record[name] = float(value)
        return record

    def whole(self, output: Array, target: Array) -> dict[str, Any]:
        """Return the values of the functions for all rows at once."""
        return {name: function(output, target) for name, function in self._functions.items()}

    def computed(self) -> dict[str, Any]:
        """Return the values of the metrics that add up themselves."""
        return {name: metric.compute() for name, metric in self._streaming.items()}

    def ordered(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values in the order of the metrics."""
        return {name: values[name] for name in self._order if name in values}

    def epoch(self) -> dict[str, float]:
        """Return the values of the pass that are single numbers."""
        if not self._rows and not self._streaming:
            return {}
        values = self.computed() | {k: s / max(self._rows, 1) for k, s in self._sums.items()}
        return {k: float(v) for k, v in self.ordered(values).items() if np.ndim(v) == 0}

    def state_dict(self) -> dict[str, Any]:
        """Return what was added up so far."""
        return {
            "sums": dict(self._sums),
            "rows": self._rows,
            "streaming": {k: state_of(m) for k, m in self._streaming.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called."""
        self._rows = state["rows"]
        self._sums |= {k: v for k, v in state["sums"].items() if k in self._sums}
        for name, values in state["streaming"].items():
            if name in self._streaming:
                vars(self._streaming[name]).update(values)


def state_of(metric: Any) -> dict[str, Any]:
    """Return the attributes of a metric that a file can hold."""
    return {k: v for k, v in vars(metric).items() if can_be_stored(v)}


def can_be_stored(x: Any) -> bool:
    """Whether something is an array, a number, a text, or a list or dict of them."""
    if isinstance(x, Mapping):
        return all(can_be_stored(v) for v in x.values())
    if isinstance(x, (list, tuple)):
        return all(can_be_stored(v) for v in x)
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "fiub"
    return x is None or isinstance(x, (bool, int, float, str, np.number))
