"""Schedules that go up and down, and move the momentum the other way: cyclic and one-cycle."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from autograd_core.errors import ArgumentError
from nnkit.optim.checks import check_number
from nnkit.optim.lr_scheduler.arguments import (
    check_count,
    check_optimizer,
    kept_of,
    one_for_each_group,
    restore,
)
from nnkit.optim.lr_scheduler.rates import rates_of
from nnkit.optim.lr_scheduler.scheduler import LRScheduler
from nnkit.optim.optimizer import Optimizer

__all__ = ["CyclicLR", "OneCycleLR"]

Many = float | list[float]


class MomentumCycle(LRScheduler):
    """What both have in common: the momentum, or the first beta, falls while the rate rises."""

    _settings = ("lr", "momentum", "betas")

    def _begin_momentum(
        self, optimizer: Optimizer, base: Many, most: Many, last_epoch: int
    ) -> None:
        name = type(self).__name__
        if not {"momentum", "betas"} & set(optimizer.defaults):
            raise ArgumentError(
                f"{name}: cycle_momentum=True, but {type(optimizer).__name__} has neither momentum "
                f"nor betas. Write cycle_momentum=False."
            )
        self.use_beta1 = "betas" in optimizer.defaults
        self.base_momentums = one_for_each_group(base, optimizer, name, "base_momentum")
        self.max_momentums = one_for_each_group(most, optimizer, name, "max_momentum")
        if last_epoch == -1:
            for group, low, high in zip(
                optimizer.param_groups, self.base_momentums, self.max_momentums
            ):
                group["max_momentum"], group["base_momentum"] = high, low
            self._write_momenta(optimizer, self.max_momentums)

    def _write_momenta(self, optimizer: Optimizer, momenta: list[float]) -> None:
        for group, momentum in zip(optimizer.param_groups, momenta):
            if self.use_beta1:
                group["betas"] = (momentum, *group["betas"][1:])
            else:
                group["momentum"] = momentum


class CyclicLR(MomentumCycle):
    """The learning rate goes up and down between two rates, in lines; for every batch.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr : float, or list of float (one for each group)
        The lowest rate; it replaces that of the optimizer.
    max_lr : float, or list of float
        The highest rate of the first cycle.
    step_size_up : int, default 2000
        Steps up.
    step_size_down : int, optional
        Steps down; as many as up if left out.
    mode : {"triangular", "triangular2", "exp_range"}, default "triangular"
        Cycles of equal height, of half the height of the one before, or of height gamma^step.
    gamma : float, default 1.0
        For "exp_range".
    scale_fn : callable, optional
        A function for the height, instead of `mode`.
    scale_mode : {"cycle", "iterations"}, default "cycle"
        Whether `scale_fn` is called with the number of the cycle (1, 2, ...) or of the step.
    cycle_momentum : bool, default True
        Let the momentum fall from `max_momentum` to `base_momentum` while the rate rises.
    base_momentum, max_momentum : float, or list of float, default 0.8 and 0.9
    last_epoch : int, default -1
        See `LRScheduler`.

    Raises
    ------
    ArgumentError
        If a setting is out of range, or the optimizer has no momentum to cycle.

    References
    ----------
    L. N. Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017.

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], momentum=0.9)
    >>> CyclicLR(optimizer, base_lr=0.25, max_lr=0.75, step_size_up=2).preview(5)
    [0.25, 0.5, 0.75, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Many,
        max_lr: Many,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: Many = 0.8,
        max_momentum: Many = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer, "CyclicLR")
        base_lrs = one_for_each_group(base_lr, optimizer, "CyclicLR", "base_lr")
        self.max_lrs = one_for_each_group(max_lr, optimizer, "CyclicLR", "max_lr")
        check_count(step_size_up, "CyclicLR", "step_size_up")
        down = step_size_up if step_size_down is None else step_size_down
        check_count(down, "CyclicLR", "step_size_down")
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ArgumentError(
                f'CyclicLR: mode is "triangular", "triangular2" or "exp_range"; got {mode!r}.'
            )
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        by_mode = "iterations" if mode == "exp_range" else "cycle"
        self.scale_mode = scale_mode if scale_fn is not None else by_mode
        if last_epoch == -1:
            with rates_of(optimizer).plan(optimizer.param_groups):
                for group, lr in zip(optimizer.param_groups, base_lrs):
                    group["lr"] = lr
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        self._lowest = base_lrs
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """Return the height of cycle (or step) x."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 0.5 ** (x - 1)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1 + self.last_epoch / self.total_size - cycle
        up = self.step_ratio
        height = x / up if x <= up else (x - 1) / (up - 1)
        height *= self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            pairs = zip(self.base_momentums, self.max_momentums)
            momenta = [high - (high - low) * height for low, high in pairs]
            self._write_momenta(self.optimizer, momenta)
        return [low + (high - low) * height for low, high in zip(self._lowest, self.max_lrs)]

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is needed to go on."""
        own = super().state_dict()
        own.pop("_lowest")
        f = self._scale_fn_custom
        return own | {"_scale_fn_custom": None if f is None else kept_of(f)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called, with the rates and momenta of that moment."""
        f = self._scale_fn_custom
        super().load_state_dict(state_dict)
        restore(f, self._scale_fn_custom)
        self._scale_fn_custom, self._lowest = f, self.base_lrs


class OneCycleLR(MomentumCycle):
    """One cycle over the whole training: up, and down to next to nothing; call it every batch.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or list of float (one for each group)
        The highest rate.
    total_steps : int, optional
        Length of the cycle; or it is ``epochs * steps_per_epoch``.
    epochs, steps_per_epoch : int, optional
    pct_start : float, default 0.3
        Share of the cycle in which the rate rises.
    anneal_strategy : {"cos", "linear"}, default "cos"
        Along half a cosine, or a straight line.
    cycle_momentum : bool, default True
        Let the momentum fall from `max_momentum` to `base_momentum` while the rate rises.
    base_momentum, max_momentum : float, or list of float, default 0.85 and 0.95
    div_factor : float, default 25.0
        The first rate is ``max_lr / div_factor``.
    final_div_factor : float, default 1e4
        The last rate is the first one divided by this.
    three_phase : bool, default False
        Down to the first rate in as many steps as up, and then to the last.
    last_epoch : int, default -1
        See `LRScheduler`.

    Raises
    ------
    ArgumentError
        If a setting is out of range, the optimizer has no momentum to cycle, or the cycle is over.

    References
    ----------
    L. N. Smith, N. Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates", 2018.

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.Adam([nn.Parameter([1.0])])
    >>> schedule = OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> [round(lr, 3) for lr in schedule.preview(10)]
    [0.04, 0.52, 1.0, 0.95, 0.812, 0.611, 0.389, 0.188, 0.05, 0.0]
    """

    _extras = ("base_momentums", "max_momentums")

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Many,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Many = 0.85,
        max_momentum: Many = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer, "OneCycleLR")
        self.total_steps = steps_in_all(total_steps, epochs, steps_per_epoch)
        check_number(pct_start, "OneCycleLR", "pct_start", 0, 1 + 1e-12, example=0.3)
        if anneal_strategy not in ("cos", "linear"):
            raise ArgumentError(
                f'OneCycleLR: anneal_strategy is "cos" or "linear"; got {anneal_strategy!r}.'
            )
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = phases(self.total_steps, pct_start, three_phase)
        highest = one_for_each_group(max_lr, optimizer, "OneCycleLR", "max_lr")
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, highest):
                group["initial_lr"], group["max_lr"] = lr / div_factor, lr
                group["min_lr"] = lr / div_factor / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        t, start = self.last_epoch, 0.0
        if t > self.total_steps:
            raise ArgumentError(
                f"OneCycleLR: the cycle of {self.total_steps} steps is over, this is step {t}. "
                f"Give total_steps=(batches in an epoch) * epochs, and call step() once a batch."
            )
        for phase in self._schedule_phases:
            if t <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        share = (t - start) / (phase["end_step"] - start)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            ends = [(g[phase["start_momentum"]], g[phase["end_momentum"]]) for g in groups]
            self._write_momenta(self.optimizer, [self._between(*end, share) for end in ends])
        return [self._between(g[phase["start_lr"]], g[phase["end_lr"]], share) for g in groups]

    def _between(self, start: float, end: float, share: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2 * (math.cos(math.pi * share) + 1)


def steps_in_all(total: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """Return the length of the cycle."""
    if total is None and epochs is not None and steps_per_epoch is not None:
        check_count(epochs, "OneCycleLR", "epochs")
        check_count(steps_per_epoch, "OneCycleLR", "steps_per_epoch")
        return epochs * steps_per_epoch
    if total is None:
        raise ArgumentError(
            "OneCycleLR needs its length: total_steps, or both epochs and steps_per_epoch."
        )
    check_count(total, "OneCycleLR", "total_steps")
    return total


def phases(total: int, rising: float, three: bool) -> list[dict[str, Any]]:
    """Return where the phases end, and which entries of a group they lead from and to."""
    ends = [("initial", "max"), ("max", "min")]
    steps: list[float] = [rising * total - 1, total - 1]
    if three:
        ends = [("initial", "max"), ("max", "initial"), ("initial", "min")]
        steps = [rising * total - 1, 2 * rising * total - 2, total - 1]
    momentum = {"initial": "max_momentum", "max": "base_momentum", "min": "max_momentum"}
    return [
        {
            "end_step": step,
            "start_lr": f"{start}_lr",
            "end_lr": f"{end}_lr",
            "start_momentum": momentum[start],
            "end_momentum": momentum[end],
        }
        for step, (start, end) in zip(steps, ends)
    ]
