"""Schedule: when a Trainer calls its learning rate scheduler, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.optim import Optimizer
from nnkit.optim.lr_scheduler import (
    CyclicLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    WarmupCosineLR,
)
from nnkit.training.monitor import monitored

__all__ = ["Schedule"]

COUNT_BATCHES = (CyclicLR, OneCycleLR, WarmupCosineLR)


class Schedule:
    """A scheduler that is called after each epoch or after each update.

    Parameters
    ----------
    scheduler : LRScheduler or None
    interval : {"epoch", "step"} or None
        None stands for "step" if the scheduler counts batches (`OneCycleLR`, `CyclicLR`,
        `WarmupCosineLR`, or a composition of such), else for "epoch".
    monitor : str or None
        What `ReduceLROnPlateau` watches; None for ``val_loss``, or ``loss`` without validation.
    optimizer : Optimizer
        The one that it must belong to.
    """

    def __init__(
        self,
        scheduler: LRScheduler | None,
        interval: str | None,
        monitor: str | None,
        optimizer: Optimizer,
    ) -> None:
        self.scheduler: Any = scheduler
        self.monitor = monitor
        if interval not in (None, "epoch", "step"):
            raise ArgumentError(
                f"Trainer: scheduler_interval is 'epoch' or 'step'; got {interval!r}."
            )
        if scheduler is None:
            if interval is not None:
                raise ArgumentError("Trainer: scheduler_interval was given, but no scheduler.")
            return
        if not isinstance(scheduler, LRScheduler):
            raise DtypeError(
                f"Trainer: scheduler must be one of optim.lr_scheduler, got {describe(scheduler)}: "
                f"scheduler=optim.lr_scheduler.StepLR(optimizer, 10)."
            )
        name = type(scheduler).__name__
        if scheduler.optimizer is not optimizer:
            raise ArgumentError(
                f"Trainer: the {name} belongs to another optimizer than the Trainer has. Make it "
                f"with the one you give here."
            )
        self.by_value = isinstance(scheduler, ReduceLROnPlateau)
        if self.by_value and interval == "step":
            raise ArgumentError(
                f"Trainer: {name} looks at the value of an epoch; leave out scheduler_interval."
            )
        self.interval = interval or ("step" if counts_batches(scheduler) else "epoch")

    def after_update(self) -> None:
        """Go on if the schedule counts updates."""
        if self.scheduler is not None and self.interval == "step":
            self.scheduler.step()

    def after_epoch(self, logs: Mapping[str, float]) -> None:
        """Go on if the schedule counts epochs."""
        if self.scheduler is None or self.interval == "step":
            return
        if self.by_value:
            name = self.monitor or ("val_loss" if "val_loss" in logs else "loss")
            self.scheduler.step(monitored(logs, name, "ReduceLROnPlateau"))
        else:
            self.scheduler.step()


def counts_batches(scheduler: Any) -> bool:
    """Whether a scheduler, or a part of it, is made for batches."""
    parts = getattr(scheduler, "_schedulers", ())
    return isinstance(scheduler, COUNT_BATCHES) or any(map(counts_batches, parts))
