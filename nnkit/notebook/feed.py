"""Feed: what of a run a page does not know yet, as one small message with one binary part."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from nnkit.training.run import Run

__all__ = ["Feed"]


class Feed:
    """Cut the new part out of a run's history, message by message.

    A message names for each column that grew the position at which its points belong, so writing
    it twice does no harm and a reader notices when it missed one. The binary part holds for each
    of them the steps (int32) and then the values (float32), little-endian.
    """

    def __init__(self, run: Run) -> None:
        self.history = run.history
        self.name = run.name
        self.labels = _labels(run.model)
        self._first_step = run.first_step
        self._setup = {
            "name": run.name,
            "lr": run.lr,
            "epochs": run.epochs,
            "first_step": run.first_step,
            "labels": self.labels,
        }
        self._sent: dict[str, int] = {}
        self._events = 0
        self._pace: deque[tuple[float, int]] = deque([(0.0, run.first_step)])
        self.state: dict[str, Any] = {}

    def look(self, run: Run, heard: bool) -> None:
        """Take down how the run stands."""
        seconds, pace = run.seconds, self._pace
        pace.append((seconds, run.step))
        while len(pace) > 2 and seconds - pace[1][0] > 3:
            pace.popleft()
        if not run.running:
            pace = deque([(0.0, run.first_step), (seconds, run.step)])
        passed, steps = seconds - pace[0][0], run.step - pace[0][1]
        rate = steps / passed if passed > 0 and steps else None
        left = (run.total - run.step) / rate if rate and run.total else None
        self.state = {
            "status": run.status,
            "active": run.running,
            "heard": heard,
            "step": run.step,
            "total": run.total,
            "epoch": run.epoch,
            "lr": run.lr,
            "seconds": seconds,
            "rate": rate,
            "left": left,
        }

    def take(self, everything: bool = False) -> tuple[dict[str, Any], list[bytes]]:
        """Return the next message and its binary part; with `everything`, all from the start."""
        names = self.history.names
        fresh = everything or len(names) != len(self._sent)
        if everything:
            self._sent, self._events = {}, 0
        message: dict[str, Any] = {"type": "news", "state": self.state, "series": []}
        if fresh:
            message |= {"setup": self._setup, "names": names}
        parts = []
        with np.errstate(over="ignore"):  # beyond float32 is shown as infinite
            for index, name in enumerate(names):
                column = self.history.column(name)
                length, known = len(column), self._sent.setdefault(name, 0)
                if length == known and self.state["active"]:
                    continue
                # The last point goes out again: its row may have been written over since.
                start = max(known - 1, 0)
                steps, values = column.since(start)
                parts += [steps.astype("<i4").tobytes(), values.astype("<f4").tobytes()]
                message["series"].append((index, start, len(steps)))
                self._sent[name] = start + len(steps)
        message["events_from"] = self._events
        message["events"] = [event._asdict() for event in self.history.events[self._events :]]
        self._events = len(self.history.events)
        return message, [b"".join(parts)]


def _labels(model: Any) -> dict[str, str]:
    """Return what each layer is called in the picture, by its path: path and class."""
    if not hasattr(model, "named_modules"):
        return {}
    return {
        path or type(model).__name__: f"{path} {type(module).__name__}".strip()
        for path, module in model.named_modules()
    }
