"""Training: the Trainer, observed runs, callbacks at their moments, and the history they leave."""

from nnkit.training.activation_statistics import ActivationStatistics
from nnkit.training.callbacks import Callback
from nnkit.training.checkpoint import Checkpoint
from nnkit.training.early_stopping import EarlyStopping, KeepBest
from nnkit.training.finite import NonFiniteError
from nnkit.training.gradient_flow import GradientFlow
from nnkit.training.history import Event, History
from nnkit.training.range_test import RangeTest, lr_find
from nnkit.training.run import Run, live
from nnkit.training.trainer import Trainer
from nnkit.training.writers import CSVLogger, JSONLinesLogger, TensorBoardLogger

__all__ = [
    "ActivationStatistics",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "Event",
    "GradientFlow",
    "History",
    "JSONLinesLogger",
    "KeepBest",
    "NonFiniteError",
    "RangeTest",
    "Run",
    "TensorBoardLogger",
    "Trainer",
    "live",
    "lr_find",
]
