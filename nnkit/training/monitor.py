"""Best: what was the best value so far of something that is watched, and the weights it had."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, describe

__all__ = ["Best", "check_mode", "check_monitor", "mode_of", "monitored"]

MORE_IS_BETTER = ("acc", "auc", "f1", "precision", "recall", "r2", "top", "score", "iou", "dice")
LESS_IS_BETTER = ("loss", "error", "mae", "mse", "rmse", "perplexity")


def check_mode(mode: Any, what: str) -> None:
    """Refuse what is no mode."""
    if mode not in ("auto", "min", "max"):
        raise ArgumentError(f"{what}: mode is 'auto', 'min' or 'max'; got {mode!r}.")


def check_monitor(monitor: Any, what: str) -> None:
    """Refuse what is no name of a value."""
    if not isinstance(monitor, str) or not monitor:
        raise ArgumentError(
            f"{what}: monitor is the name of a value, for example 'val_loss'; got "
            f"{describe(monitor)}."
        )


def mode_of(monitor: str, mode: str, what: str) -> str:
    """Return "min" or "max"; with "auto", from the name of what is watched."""
    if mode != "auto":
        return mode
    name = monitor.removeprefix("val_").lower()
    if any(word in name for word in LESS_IS_BETTER):
        return "min"
    if any(word in name for word in MORE_IS_BETTER):
        return "max"
    raise ArgumentError(
        f"{what}: whether more or less of {monitor!r} is better cannot be told from its name; say "
        f"mode='min' or mode='max'."
    )


def monitored(logs: Mapping[str, float], monitor: str, what: str) -> float:
    """Return the value that is watched; say what there is if it is not there."""
    if monitor not in logs:
        hint = (
            " Values of validation need validation_data or validation_split."
            if monitor.startswith("val_") and not any(k.startswith("val_") for k in logs)
            else ""
        )
        raise ArgumentError(
            f"{what} watches {monitor!r}, but an epoch gave only {', '.join(logs)}.{hint}"
        )
    return float(logs[monitor])


class Best:
    """The best value so far, when it was, and if wanted the weights of that moment.

    Parameters
    ----------
    mode : {"min", "max"}
    min_delta : float, default 0.0
        What is not more than so much better is no improvement.

    Examples
    --------
    >>> best = Best("min", min_delta=0.1)
    >>> [best.look(value, epoch) for epoch, value in enumerate([1.0, 0.95, 0.8])]
    [True, False, True]
    >>> best.value, best.epoch
    (0.8, 2)
    """

    def __init__(self, mode: str, min_delta: float = 0.0) -> None:
        self.mode, self.min_delta = mode, min_delta
        self.value = math.inf if mode == "min" else -math.inf
        self.epoch: int | None = None
        self.weights: dict[str, NDArray[Any]] | None = None

    def look(self, value: float, epoch: int, model: Any = None) -> bool:
        """Take note of a value; return whether it is the best so far (NaN never is)."""
        gain = self.value - value if self.mode == "min" else value - self.value
        if not gain > self.min_delta:
            return False
        if model is not None:  # first, so that an error leaves the old ones whole
            self.weights = model.state_dict()
        self.value, self.epoch = value, epoch
        return True

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is needed to go on."""
        return {
            "mode": self.mode,
            "value": self.value,
            "epoch": self.epoch,
            "weights": self.weights,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called."""
        self.mode, self.value, self.epoch = state["mode"], state["value"], state["epoch"]
        weights = state["weights"]
        self.weights = weights and {k: np.array(raw(v)) for k, v in weights.items()}
