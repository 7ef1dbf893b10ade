"""Schedules: they set the learning rate of an optimizer as time goes by.

    >>> import nnkit as nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.8)
    >>> schedule = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule.preview(4)
    [0.8, 0.4, 0.2, 0.1]

Call ``schedule.step()`` after ``optimizer.step()``: once an epoch, or once a batch if the schedule
counts batches (as `CyclicLR`, `OneCycleLR` and `WarmupCosineLR` usually do). What happens when a
person changes a learning rate in between is said in `LRScheduler`.
"""

from nnkit.optim.lr_scheduler.composed import ChainedScheduler, SequentialLR
from nnkit.optim.lr_scheduler.cosine import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    WarmupCosineLR,
)
from nnkit.optim.lr_scheduler.cycles import CyclicLR, OneCycleLR
from nnkit.optim.lr_scheduler.decays import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from nnkit.optim.lr_scheduler.plateau import ReduceLROnPlateau
from nnkit.optim.lr_scheduler.scheduler import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
    "WarmupCosineLR",
]
