"""Schedules that let the learning rate fall, or rise at first: steps, lines, powers, functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nnkit.optim.checks import check_number
from nnkit.optim.lr_scheduler.arguments import (
    check_count,
    check_factor,
    functions_of,
    kept_of,
    restore,
)
from nnkit.optim.lr_scheduler.scheduler import LRScheduler
from nnkit.optim.optimizer import Optimizer

__all__ = [
    "ConstantLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "StepLR",
]

Functions = Callable[[int], float] | list[Callable[[int], float]]


class LambdaLR(LRScheduler):
    """The first learning rate times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable, or list of callable (one for each group)
        Called with the epoch (0, 1, ...), returns the factor. A callable object, as opposed to a
        function, is saved in the state dict by its attributes.
    last_epoch : int, default -1
        See `LRScheduler`.

    Raises
    ------
    DtypeError, ArgumentError
        If it is not callable, or there is not one for each group.

    Notes
    -----
    ``lr = base_lr * lr_lambda(epoch)``

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch)).preview(2)
    [0.5, 0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Functions, last_epoch: int = -1) -> None:
        self.lr_lambdas = functions_of(lr_lambda, optimizer, type(self).__name__)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        return [base * f(self.last_epoch) for f, base in zip(self.lr_lambdas, self.base_lrs)]

    def state_dict(self) -> dict[str, Any]:
        """Return everything that is needed to go on; of objects their attributes."""
        kept = [kept_of(f) for f in self.lr_lambdas]
        return super().state_dict() | {"lr_lambdas": kept}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called, with the learning rates of that moment."""
        own = self.lr_lambdas
        super().load_state_dict(state_dict)
        for f, saved in zip(own, self.lr_lambdas):
            restore(f, saved)
        self.lr_lambdas = own


class MultiplicativeLR(LambdaLR):
    """The learning rate is multiplied in each epoch by a function of it.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable, or list of callable (one for each group)
        Called with the epoch (1, 2, ...), returns the factor.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = lr * lr_lambda(epoch)``

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> MultiplicativeLR(optimizer, lambda epoch: 0.5).preview(3)
    [0.5, 0.25, 0.125]
    """

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        if self._is_initial:
            return self._times(1)
        groups = self.optimizer.param_groups
        return [group["lr"] * f(self.last_epoch) for f, group in zip(self.lr_lambdas, groups)]


class StepLR(LRScheduler):
    """The learning rate falls by a factor every `step_size` epochs.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
        Epochs between two changes.
    gamma : float, default 0.1
        The factor.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = base_lr * gamma^(epoch // step_size)``

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> StepLR(optimizer, 2, gamma=0.5).preview(5)
    [0.5, 0.5, 0.25, 0.25, 0.125]
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        check_count(step_size, "StepLR", "step_size")
        check_number(gamma, "StepLR", "gamma", example=0.1)
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self._times(self.gamma if due else 1)

    def _first_lr(self) -> list[float]:
        return self.base_lrs


class MultiStepLR(LRScheduler):
    """The learning rate falls by a factor at each of some epochs.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        The epochs; one that is listed twice counts twice.
    gamma : float, default 0.1
        The factor.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = base_lr * gamma^(number of milestones <= epoch)``

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> MultiStepLR(optimizer, [1, 3], gamma=0.5).preview(5)
    [0.5, 0.25, 0.25, 0.125, 0.125]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        check_number(gamma, "MultiStepLR", "gamma", example=0.1)
        self.milestones, self.gamma = Counter(milestones), gamma
        for milestone in self.milestones:
            check_count(milestone, "MultiStepLR", "each of the milestones", 0)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        return self._times(self.gamma ** self.milestones[self.last_epoch])

    def _first_lr(self) -> list[float]:
        return [base * self.gamma ** self.milestones[0] for base in self.base_lrs]

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called, with the learning rates of that moment."""
        super().load_state_dict(state_dict)
        # The keys are strings if the state came through JSON.
        self.milestones = Counter({int(k): int(v) for k, v in self.milestones.items()})


class ConstantLR(LRScheduler):
    """A smaller learning rate for the first epochs.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float, default 1/3
        What the learning rate is multiplied by until `total_iters`; above 0 and at most 1.
    total_iters : int, default 5
        The epoch from which on the full rate holds.
    last_epoch : int, default -1
        See `LRScheduler`.

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> ConstantLR(optimizer, factor=0.5, total_iters=2).preview(4)
    [0.25, 0.25, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        check_factor(factor, "ConstantLR", "factor", least_open=True)
        check_count(total_iters, "ConstantLR", "total_iters", 0)
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        if self.last_epoch == 0:
            return self._times(self.factor)
        return self._times(1 / self.factor if self.last_epoch == self.total_iters else 1)

    def _first_lr(self) -> list[float]:
        return [base * (self.factor if self.total_iters else 1) for base in self.base_lrs]


class LinearLR(LRScheduler):
    """The learning rate goes along a line from one factor to another: a warm-up.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor : float, default 1/3
        What the learning rate is multiplied by at first; above 0 and at most 1.
    end_factor : float, default 1.0
        What it is multiplied by from epoch `total_iters` on; from 0 to 1.
    total_iters : int, default 5
        Length of the line.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = base_lr * (start_factor + (end_factor - start_factor) * min(1, epoch / total_iters))``

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> LinearLR(optimizer, start_factor=0.5, total_iters=2).preview(4)
    [0.25, 0.375, 0.5, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        check_factor(start_factor, "LinearLR", "start_factor", least_open=True)
        check_factor(end_factor, "LinearLR", "end_factor")
        check_count(total_iters, "LinearLR", "total_iters")
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        if self.last_epoch == 0:
            return self._times(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._times(1)
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return self._times(1 + rise / before)

    def _first_lr(self) -> list[float]:
        return [base * self.start_factor for base in self.base_lrs]


class ExponentialLR(LRScheduler):
    """The learning rate falls by a factor in each epoch.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
        The factor.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = base_lr * gamma^epoch``

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> ExponentialLR(optimizer, gamma=0.5).preview(3)
    [0.5, 0.25, 0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        check_number(gamma, "ExponentialLR", "gamma")
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        return self._times(1 if self._is_initial else self.gamma)

    def _first_lr(self) -> list[float]:
        return self.base_lrs


class PolynomialLR(LRScheduler):
    """The learning rate falls to 0 as a power of the time that is left.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int, default 5
        The epoch from which on it is 0.
    power : float, default 1.0
        1 is a straight line.
    last_epoch : int, default -1
        See `LRScheduler`.

    Notes
    -----
    ``lr = base_lr * (1 - min(1, epoch / total_iters))^power``

    Examples
    --------
    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    >>> PolynomialLR(optimizer, total_iters=2).preview(4)
    [0.5, 0.25, 0.0, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        check_count(total_iters, "PolynomialLR", "total_iters")
        check_number(power, "PolynomialLR", "power", example=1.0)
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates for ``self.last_epoch``, one for each group."""
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._times(1)
        left = 1 - self.last_epoch / self.total_iters
        left_before = 1 - (self.last_epoch - 1) / self.total_iters
        return self._times((left / left_before) ** self.power)

    def _first_lr(self) -> list[float]:
        return self.base_lrs
