"""SWALR: the way of the learning rate to the one at which weights are averaged."""

from __future__ import annotations

import math

from autograd_core.errors import ArgumentError
from nnkit.optim.lr_scheduler.arguments import check_count, one_for_each_group
from nnkit.optim.lr_scheduler.scheduler import LRScheduler
from nnkit.optim.optimizer import Optimizer

__all__ = ["SWALR"]


class SWALR(LRScheduler):
    """The learning rate goes to a fixed one, at which weights are averaged.

    Parameters
    ----------
    optimizer : Optimizer
    swa_lr : float, or list of float (one for each group)
        The rate at the end.
    anneal_epochs : int, default 10
        Epochs until then.
    anneal_strategy : {"cos", "linear"}, default "cos"
    last_epoch : int, default -1
        See `LRScheduler`.

    Raises
    ------
    ArgumentError
        If a setting is out of range.

    References
    ----------
    P. Izmailov et al., "Averaging Weights Leads to Wider Optima and Better Generalization", UAI
    2018.

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear").preview(4)
    [1.0, 0.75, 0.5, 0.5]
    """

    _settings = ("lr", "swa_lr")

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f'SWALR: anneal_strategy is "cos" or "linear"; got {anneal_strategy!r}.'
            )
        check_count(anneal_epochs, "SWALR", "anneal_epochs", 0)
        self.anneal_epochs, self._anneal_strategy = anneal_epochs, anneal_strategy
        rates = one_for_each_group(swa_lr, optimizer, "SWALR", "swa_lr")
        for group, rate in zip(optimizer.param_groups, rates):
            group["swa_lr"] = rate
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates, one for each group."""
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates

    def _share(self, step: int) -> float:
        """Return how much of the way is gone."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t
