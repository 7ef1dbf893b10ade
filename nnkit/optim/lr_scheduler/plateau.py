"""ReduceLROnPlateau: less learning rate when the validation loss stops falling, and it says so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from nnkit.optim.checks import check_number
from nnkit.optim.interrupts import Uninterrupted
from nnkit.optim.lr_scheduler.arguments import (
    check_count,
    check_optimizer,
    one_for_each_group,
)
from nnkit.optim.lr_scheduler.rates import rates_of
from nnkit.optim.lr_scheduler.scheduler import LRScheduler
from nnkit.optim.optimizer import Optimizer
from nnkit.optim.recorded import recorded_live

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiply the learning rate by a factor when a measure has not improved for some epochs.

    Parameters
    ----------
    optimizer : Optimizer
    mode : {"min", "max"}, default "min"
        Whether less is better (a loss) or more (an accuracy).
    factor : float, default 0.1
        Less than 1.
    patience : int, default 10
        So many epochs without improvement are allowed; the next one reduces the rate.
    threshold : float, default 1e-4
        What counts as an improvement.
    threshold_mode : {"rel", "abs"}, default "rel"
        Whether `threshold` is a share of the best value, or a difference.
    cooldown : int, default 0
        Epochs after a reduction that do not count.
    min_lr : float, or list of float (one for each group), default 0
        The rate is not reduced below it.
    eps : float, default 1e-8
        A smaller change is not made.
    verbose : bool, default True
        Print a line when the rate is reduced.

    Attributes
    ----------
    best : float
        The best value so far.
    num_bad_epochs : int
        Epochs without improvement.
    changes : list of dict
        What it did: for each reduction epoch, value, best, the old and the new rates.

    Raises
    ------
    ArgumentError
        If a setting is out of range.

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for val_loss in (1.0, 0.9, 0.95, 0.92):
    ...     schedule.step(val_loss)
    epoch 4: no improvement on 0.9 for 2 epochs (now 0.92); learning rate 0.5 -> 0.25
    """

    _extras = ("changes", "verbose")

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
        verbose: bool = True,
    ) -> None:
        name = "ReduceLROnPlateau"
        self.optimizer = check_optimizer(optimizer, name)
        for what, value, known in (
            ("mode", mode, ("min", "max")),
            ("threshold_mode", threshold_mode, ("rel", "abs")),
        ):
            if value not in known:
                raise ArgumentError(f"{name}: {what} is one of {known}; got {value!r}.")
        check_number(factor, name, "factor", 0, 1, example=0.1)
        check_number(threshold, name, "threshold", example=1e-4)
        check_count(patience, name, "patience", 0)
        check_count(cooldown, name, "cooldown", 0)
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.min_lrs = one_for_each_group(min_lr, optimizer, name, "min_lr")
        self.verbose = verbose
        self.last_epoch = self._step_count = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = 0
        self.changes: list[dict[str, Any]] = []
        self._last_lr = [group["lr"] for group in optimizer.param_groups]

    @recorded_live
    def step(self, metrics: Any) -> None:
        """Take note of an epoch's value, and reduce the learning rate if it is time.

        Parameters
        ----------
        metrics : float
            The value: a number, or an array or Tensor of one. NaN is no improvement.
        """
        current = float(np.asarray(raw(metrics)).item())
        with Uninterrupted():
            sentence = self._take(current)
        if sentence and self.verbose:
            print(sentence)

    def _take(self, current: float) -> str:
        self.last_epoch += 1
        if self._is_better(current):
            self.best, self.num_bad_epochs = current, 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        sentence = ""
        if self.num_bad_epochs > self.patience:
            sentence = self._reduce(current)
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]
        return sentence

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs do not count yet."""
        return self.cooldown_counter > 0

    def preview(self, steps: int, group: int = 0) -> list[float]:
        """Refuse: what it does depends on the values that are to come."""
        raise ArgumentError(
            "ReduceLROnPlateau has no preview: what it does depends on the losses to come."
        )

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if math.isinf(self.best):
            return sign * value > -math.inf
        if self.threshold_mode == "rel":
            return sign * value > sign * self.best * (1 + sign * self.threshold)
        return sign * value > sign * self.best + self.threshold

    def _reduce(self, current: float) -> str:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            raise ArgumentError(
                f"ReduceLROnPlateau: the optimizer has {len(groups)} groups now, it had "
                f"{len(self.min_lrs)} when the schedule was made. Make the schedule anew."
            )
        rates = rates_of(self.optimizer)
        rates.notice(groups)
        before = [float(group["lr"]) for group in groups]
        for group, old, least in zip(groups, before, self.min_lrs):
            new = max(old * self.factor, least)
            if old - new > self.eps:
                group["lr"] = new
        rates.accept(groups)
        after = [float(group["lr"]) for group in groups]
        if after == before:
            return ""
        change = {"epoch": self.last_epoch, "value": current, "best": self.best}
        self.changes = [*self.changes, change | {"old_lr": before, "new_lr": after}]
        return self._sentence(current, before, after)

    def _sentence(self, current: float, before: list[float], after: list[float]) -> str:
        epochs = f"{self.num_bad_epochs} epoch{'s' * (self.num_bad_epochs > 1)}"
        pairs = [f"{old:.4g} -> {new:.4g}" for old, new in zip(before, after) if old != new]
        return (
            f"epoch {self.last_epoch}: no improvement on {self.best:.4g} for {epochs} (now "
            f"{current:.4g}); learning rate {', '.join(dict.fromkeys(pairs))}"
        )
