"""Schedules along a cosine: once, after a warm-up, or again and again."""

from __future__ import annotations

import math
from typing import Any

from autograd_core.errors import ArgumentError
from nnkit.optim.checks import check_number
from nnkit.optim.lr_scheduler.arguments import check_count, check_factor
from nnkit.optim.lr_scheduler.scheduler import LRScheduler
from nnkit.optim.optimizer import Optimizer
from nnkit.optim.recorded import recorded_live

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "WarmupCosineLR"]


def half_wave(base: float, least: float, share: float) -> float:
    """Return the value at a share of the way from `base` down to `least`."""
    return least + (base - least) * (1 + math.cos(math.pi * share)) / 2


class CosineAnnealingLR(LRScheduler):
    """The learning rate falls along half a cosine; stepped further it rises again.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        Epochs from the first rate to the least.
    eta_min : float, default 0.0
        The least rate.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * epoch / T_max)) / 2``

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017
    (equation 5, without the restarts).

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> [round(lr, 3) for lr in CosineAnnealingLR(optimizer, T_max=4).preview(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        check_number(T_max, "CosineAnnealingLR", "T_max", 0, open_low=True, example=100)
        check_number(eta_min, "CosineAnnealingLR", "eta_min", example=1e-5)
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        if self._is_initial:
            return self._times(1)
        groups, t, T = self.optimizer.param_groups, self.last_epoch, self.T_max
        if (t - 1 - T) % (2 * T) == 0:  # the cosine was -1: there is nothing to multiply
            rise = (1 - math.cos(math.pi / T)) / 2
            return [
                group["lr"] + (base - self.eta_min) * rise
                for base, group in zip(self.base_lrs, groups)
            ]
        ratio = (1 + math.cos(math.pi * t / T)) / (1 + math.cos(math.pi * (t - 1) / T))
        return [ratio * (group["lr"] - self.eta_min) + self.eta_min for group in groups]

    def _first_lr(self) -> list[float]:
        return self.base_lrs


class WarmupCosineLR(LRScheduler):
    """A linear warm-up, then half a cosine down to the end, and the least rate ever after.

    Parameters
    ----------
    optimizer : Optimizer
    warmup_steps : int
        Steps until the full rate; 0 for none.
    total_steps : int
        Steps until the least rate, those of the warm-up included.
    eta_min : float, default 0.0
        The least rate.
    start_factor : float, default 0.01
        What the rate is multiplied by at the very first; above 0 and at most 1.
    last_epoch : int, default -1
        See `LRScheduler`.

    Raises
    ------
    ArgumentError
        If a setting is out of range, or the warm-up does not end before the total.

    Notes
    -----
    In step t, with w = warmup_steps and T = total_steps::

        lr = base_lr * (start_factor + (1 - start_factor) * t / w)                       t < w
        lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * (t - w) / (T - w))) / 2       t <= T

    These are the numbers of ``SequentialLR([LinearLR(...), CosineAnnealingLR(...)], [w])``.

    References
    ----------
    P. Goyal et al., "Accurate, Large Minibatch SGD", 2017 (the warm-up). I. Loshchilov, F. Hutter,
    "SGDR", ICLR 2017 (the cosine).

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.AdamW([nn.Parameter([1.0])], lr=1.0)
    >>> schedule = WarmupCosineLR(optimizer, warmup_steps=2, total_steps=6, start_factor=0.1)
    >>> [round(lr, 3) for lr in schedule.preview(8)]
    [0.1, 0.55, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        warmup_steps: int,
        total_steps: int,
        eta_min: float = 0.0,
        start_factor: float = 0.01,
        last_epoch: int = -1,
    ) -> None:
        name = "WarmupCosineLR"
        check_count(warmup_steps, name, "warmup_steps", 0)
        check_count(total_steps, name, "total_steps")
        if warmup_steps >= total_steps:
            raise ArgumentError(
                f"{name}: total_steps counts the warm-up too, so it must be more than "
                f"warmup_steps={warmup_steps}; got {total_steps}."
            )
        check_number(eta_min, name, "eta_min", example=1e-5)
        check_factor(start_factor, name, "start_factor", least_open=True)
        self.warmup_steps, self.total_steps = warmup_steps, total_steps
        self.eta_min, self.start_factor = eta_min, start_factor
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        t, warmup = self.last_epoch, self.warmup_steps
        if t < warmup:
            factor = self.start_factor + (1 - self.start_factor) * t / warmup
            return [base * factor for base in self.base_lrs]
        share = min(1.0, (t - warmup) / (self.total_steps - warmup))
        return [half_wave(base, self.eta_min, share) for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """The learning rate falls along half a cosine and starts again, after ever longer times.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        Epochs until the first restart.
    T_mult : int, default 1
        How many times longer it takes until each next one.
    eta_min : float, default 0.0
        The least rate.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2``, T_cur epochs after a
    restart, T_i epochs before the next.

    References
    ----------
    I. Loshchilov, F. Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017.

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    >>> [round(lr, 3) for lr in CosineAnnealingWarmRestarts(optimizer, T_0=2).preview(5)]
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        check_count(T_0, "CosineAnnealingWarmRestarts", "T_0")
        check_count(T_mult, "CosineAnnealingWarmRestarts", "T_mult")
        check_number(eta_min, "CosineAnnealingWarmRestarts", "eta_min", example=1e-5)
        self.T_0 = self.T_i = T_0
        self.T_mult, self.eta_min = T_mult, eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for the present T_cur, one for each group."""
        return [half_wave(base, self.eta_min, self.T_cur / self.T_i) for base in self.base_lrs]

    @recorded_live
    def step(self, epoch: Any = None) -> None:
        """Go on by one epoch, or to a given one, which may be fractional.

        Parameters
        ----------
        epoch : float, optional
            For a change after each batch: ``schedule.step(epoch + i / n_batches)``.
        """
        if epoch is None:
            super().step()
            return
        check_number(epoch, "CosineAnnealingWarmRestarts.step", "epoch", example=1.5)
        self.T_i, self.T_cur = self.T_0, epoch
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        self.last_epoch = math.floor(epoch)
        self._write(self.get_lr)

    def _advance(self) -> None:
        if self.last_epoch >= 0:
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self.T_cur, self.T_i = 0, self.T_0
        super()._advance()

    def _restart(self) -> None:
        self.T_cur, self.T_i = 0, self.T_0
        super()._restart()
