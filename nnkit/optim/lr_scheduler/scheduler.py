"""LRScheduler: what all schedules share - counting, writing learning rates, state, preview."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from autograd_core.errors import ArgumentError
from nnkit.optim.interrupts import Uninterrupted
from nnkit.optim.lr_scheduler.arguments import (
    check_count,
    check_optimizer,
    check_state,
    plain,
)
from nnkit.optim.lr_scheduler.rates import rates_of
from nnkit.optim.optimizer import Optimizer
from nnkit.optim.recorded import recorded_live

__all__ = ["LRScheduler"]


class LRScheduler:
    """Base of all schedules: each call of `step` sets the learning rates of the next epoch.

    A subclass says in `get_lr` what they are, from ``self.last_epoch``, ``self.base_lrs`` and the
    present rates in ``self.optimizer.param_groups``.

    Parameters
    ----------
    optimizer : Optimizer
        The one whose ``group["lr"]`` is set.
    last_epoch : int, default -1
        The number of steps that were taken before; -1 starts anew. (`load_state_dict` is the better
        way to go on.)

    Attributes
    ----------
    base_lrs : list of float
        The learning rates of the groups at the start.
    last_epoch : int
        How many steps were taken.

    Raises
    ------
    DtypeError
        If `optimizer` is none.

    Notes
    -----
    **Changing a learning rate by hand** (``group["lr"] = ...``, or the slider of the live panel)
    puts a factor on the whole schedule: halve the rate, and all later rates are half of what they
    would have been. The factor belongs to the group, whichever schedules it has, and is saved with
    them. A factor above 2 is 2 for rates above the one that was set, so a rate that was turned up
    at the end of one cycle does not blow up the next. While the schedule says 0, the changed rate
    lasts until the next step only. A new schedule begins with the rate that it finds.

    A saved schedule brings its learning rates along, so it does not matter whether it is made and
    loaded before or after the optimizer.

    Examples
    --------
    >>> import nnkit as nn
    >>> class Halving(LRScheduler):
    ...     def get_lr(self):
    ...         return [base * 0.5**self.last_epoch for base in self.base_lrs]
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.8)
    >>> schedule = Halving(optimizer)
    >>> schedule.preview(4)
    [0.8, 0.4, 0.2, 0.1]
    """

    _settings: tuple[str, ...] = ("lr",)
    """What is written into the groups, and so saved with the schedule."""

    _extras: tuple[str, ...] = ()
    """What PyTorch's state dict does not have."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(optimizer, type(self).__name__)
        if last_epoch == -1:
            rates_of(optimizer).begin(optimizer.param_groups)
        with rates_of(optimizer).plan(optimizer.param_groups):
            for group in optimizer.param_groups:
                if last_epoch == -1:
                    group.setdefault("initial_lr", group["lr"])
                elif "initial_lr" not in group:
                    raise ArgumentError(
                        f"{type(self).__name__}: last_epoch={last_epoch} goes on with a schedule, "
                        f"but the optimizer never had one. Load its state dict first, or better: "
                        f"make the schedule anew and load its own state dict."
                    )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._begin()

    def _begin(self) -> None:
        self._step_count = 0
        self._is_initial = True
        self._advance()
        self._is_initial = False

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        raise NotImplementedError

    def get_last_lr(self) -> list[float]:
        """Return the learning rates that were set last, one for each group."""
        return self._last_lr

    live_in_recordings = True

    @recorded_live
    def step(self) -> None:
        """Set the learning rates of the next epoch; call it after ``optimizer.step()``."""
        usual = type(self.optimizer).step is Optimizer.step  # another need not keep count
        if self._step_count == 1 and usual and not self.optimizer._has_stepped:
            warnings.warn(
                f"{type(self).__name__}.step() was called before the first optimizer.step(), so "
                f"the first learning rate of the schedule is skipped. Call optimizer.step() first.",
                stacklevel=2,
            )
        with Uninterrupted():
            self._advance()

    def _advance(self) -> None:
        self._step_count += 1
        self.last_epoch += 1
        self._write(self.get_lr)

    def _restart(self) -> None:
        """Begin at epoch 0, in the middle of a sequence of schedules."""
        self.last_epoch = 0
        self._write(self._first_lr)

    def _write(self, get: Callable[[], list[float]]) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise ArgumentError(
                f"{type(self).__name__}: the optimizer has {len(groups)} groups now, it had "
                f"{len(self.base_lrs)} when the schedule was made. Make the schedule anew."
            )
        with rates_of(self.optimizer).plan(groups):
            for group, lr in zip(groups, get(), strict=True):
                group["lr"] = lr
        self._last_lr: list[float] = [group["lr"] for group in groups]

    def _first_lr(self) -> list[float]:
        """Return the rates of epoch 0; for those that else go on from the present ones."""
        return self.get_lr()

    def _times(self, factor: float) -> list[float]:
        """Return the present rates times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def preview(self, steps: int, group: int = 0) -> list[float]:
        """Return the learning rates of the next steps, beginning with the present one.

        Nothing is changed by it, so a schedule can be looked at (or plotted) before training.

        Parameters
        ----------
        steps : int
            How many.
        group : int, default 0
            Number of the parameter group.

        Returns
        -------
        list of float
        """
        check_count(steps, f"{type(self).__name__}.preview", "steps")
        state = deepcopy(self.state_dict())
        found = []
        try:
            for i in range(steps):
                if i:
                    self._advance()
                found.append(float(self.optimizer.param_groups[group]["lr"]))
        finally:
            self.load_state_dict(state)
        return found

    # --- state ------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is needed to go on: numbers, lists and dicts only."""
        rates, groups = rates_of(self.optimizer), self.optimizer.param_groups
        rates.notice(groups)
        own = {key: value for key, value in vars(self).items() if key != "optimizer"}
        own["_rates"] = {
            "rates": rates.state(),
            "groups": [{k: plain(g[k]) for k in self._settings if k in g} for g in groups],
        }
        return own

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called, with the learning rates of that moment.

        Raises
        ------
        ArgumentError
            If it is the state of another kind of schedule, or of other parameter groups.
        """
        state = dict(check_state(self, state_dict))
        notes = state.pop("_rates", None)
        if notes is None:  # made by PyTorch
            lrs = state["_last_lr"]
            notes = {
                "rates": [{"planned": lr, "written": lr} for lr in lrs],
                "groups": [{"lr": lr} for lr in lrs],
            }
        groups = self.optimizer.param_groups
        if len(notes["groups"]) != len(groups):
            raise ArgumentError(
                f"{type(self).__name__}.load_state_dict: the optimizer has {len(groups)} groups, "
                f"the state dict those of {len(notes['groups'])}. Make it as it was made before."
            )
        vars(self).update({key: value for key, value in state.items() if key in vars(self)})
        for group, settings in zip(groups, notes["groups"]):
            group.update(settings)
        rates_of(self.optimizer).load(notes["rates"])
