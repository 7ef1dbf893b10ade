"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.optim.lr_scheduler.arguments import check_optimizer
from nnkit.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nnkit.optim.lr_scheduler.rates import rates_of
from nnkit.optim.lr_scheduler.scheduler import LRScheduler
from nnkit.optim.optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


class Composed(LRScheduler):
    """What both have in common: the schedules, and their state inside of one's own."""

    _schedulers: list[LRScheduler]

    def _adopt(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        name = type(self).__name__
        if not isinstance(schedulers, (list, tuple)) or not schedulers:
            raise ArgumentError(
                f"{name} is made of a list of schedules, at least one; got {describe(schedulers)}."
            )
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise DtypeError(f"{name}: number {i} is no schedule, but {describe(scheduler)}.")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ArgumentError(
                    f"{name}: number {i} is a ReduceLROnPlateau, whose step() needs the loss. Call "
                    f"it on its own, after that of the others."
                )
            if scheduler.optimizer is not (optimizer or schedulers[0].optimizer):
                raise ArgumentError(f"{name}: number {i} is the schedule of another optimizer.")
        self._schedulers = list(schedulers)
        self.optimizer = check_optimizer(optimizer or schedulers[0].optimizer, name)
        self._settings = tuple({key for s in schedulers for key in s._settings})

    def _note(self) -> None:
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is needed to go on, the state of the parts included."""
        own = super().state_dict()
        own.pop("_settings")
        return own | {"_schedulers": [s.state_dict() for s in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called, with the learning rates of that moment."""
        own = self._schedulers
        parts = state_dict.get("_schedulers", ()) if isinstance(state_dict, Mapping) else ()
        if len(parts) != len(own) and isinstance(state_dict, Mapping):
            raise ArgumentError(
                f"{type(self).__name__}.load_state_dict: it is made of {len(own)} schedules, that "
                f"in the state dict of {len(parts)}."
            )
        for scheduler, state in zip(own, parts):
            scheduler.load_state_dict(state)
        super().load_state_dict(state_dict)
        self._schedulers = own


class SequentialLR(Composed):
    """One schedule after the other.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
    milestones : list of int
        The epochs at which the second, third ... schedule begins: one less than schedules.
    last_epoch : int, default -1
        See `LRScheduler`.

    Raises
    ------
    ArgumentError
        If the milestones do not fit, or a schedule belongs to another optimizer.

    See Also
    --------
    WarmupCosineLR : warm-up and cosine in one call.

    Examples
    --------
    >>> import nnkit as nn
    >>> from nnkit.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> parts = [ConstantLR(optimizer, factor=0.5, total_iters=2), ExponentialLR(optimizer, 0.5)]
    >>> SequentialLR(optimizer, parts, milestones=[2]).preview(5)
    [0.5, 0.5, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        self._adopt(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ArgumentError(
                f"SequentialLR: {len(schedulers)} schedules need {len(schedulers) - 1} milestones "
                f"(where the second begins, and so on); got {list(milestones)}."
            )
        self._milestones = list(milestones)
        self._step_count = 1
        self.last_epoch = last_epoch + 1
        groups = optimizer.param_groups
        with rates_of(optimizer).plan(groups):
            for group in groups:
                group["lr"] = group["initial_lr"]
        # Each schedule has taken its first step when it was made; only one has to, again.
        for leaf in leaves(self):
            leaf.last_epoch -= 1
        self._schedulers[bisect_right(self._milestones, 0)]._begin()
        self._note()

    def _begin(self) -> None:
        self.last_epoch = 0
        self._schedulers[bisect_right(self._milestones, 0)]._begin()
        self._note()

    def _advance(self) -> None:
        self._step_count += 1
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            self._schedulers[i]._restart()
        else:
            self._schedulers[i]._advance()
        self._note()

    def _restart(self) -> None:
        self.last_epoch = 0
        self._schedulers[bisect_right(self._milestones, 0)]._restart()
        self._note()


class ChainedScheduler(Composed):
    """All schedules at once: each goes on from the rate that the one before has set.

    Parameters
    ----------
    schedulers : list of LRScheduler
        In this order. Those that calculate the rate anew (`LambdaLR`, `OneCycleLR` ...) go first.
    optimizer : Optimizer, optional
        Default: that of the first schedule.

    Raises
    ------
    ArgumentError
        If a schedule belongs to another optimizer.

    Examples
    --------
    >>> import nnkit as nn
    >>> from nnkit.optim.lr_scheduler import ConstantLR, ExponentialLR
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> parts = [ConstantLR(optimizer, factor=0.5, total_iters=2), ExponentialLR(optimizer, 0.5)]
    >>> ChainedScheduler(parts).preview(4)
    [0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        self._adopt(schedulers, optimizer)
        self._step_count = 1
        self._note()

    def _begin(self) -> None:
        for scheduler in self._schedulers:
            scheduler._begin()
        self._note()

    def _advance(self) -> None:
        self._step_count += 1
        for scheduler in self._schedulers:
            scheduler._advance()
        self._note()

    def _restart(self) -> None:
        for scheduler in self._schedulers:
            scheduler._restart()
        self._note()


def leaves(scheduler: LRScheduler) -> list[LRScheduler]:
    """List the schedules that are not made of others."""
    if isinstance(scheduler, Composed):
        return [leaf for part in scheduler._schedulers for leaf in leaves(part)]
    return [scheduler]
