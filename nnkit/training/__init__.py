"""Training: the Trainer, observed runs, and the history they leave."""

from nnkit.training.activation_statistics import ActivationStatistics
from nnkit.training.finite import NonFiniteError
from nnkit.training.gradient_flow import GradientFlow
from nnkit.training.history import Event, History
from nnkit.training.range_test import RangeTest, lr_find
from nnkit.training.run import Run, live
from nnkit.training.trainer import Trainer

__all__ = [
    "ActivationStatistics",
    "Event",
    "GradientFlow",
    "History",
    "NonFiniteError",
    "RangeTest",
    "Run",
    "Trainer",
    "live",
    "lr_find",
]
