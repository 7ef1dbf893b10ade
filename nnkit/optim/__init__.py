"""Optimizers: they change parameters in place, along their gradients."""

from nnkit.optim.adam import Adam, AdamW
from nnkit.optim.optimizer import Optimizer
from nnkit.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
