"""Training: the Trainer, observed runs, and the history they leave."""

from nnkit.training.finite import NonFiniteError
from nnkit.training.gradient_flow import GradientFlow
from nnkit.training.history import Event, History
from nnkit.training.run import Run, live
from nnkit.training.trainer import Trainer

__all__ = ["Event", "GradientFlow", "History", "NonFiniteError", "Run", "Trainer", "live"]
