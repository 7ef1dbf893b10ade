"""Optimizers: they change parameters in place, along their gradients."""

from nnkit.optim.adadelta import Adadelta
from nnkit.optim.adafactor import Adafactor
from nnkit.optim.adagrad import Adagrad
from nnkit.optim.adam import Adam, AdamW
from nnkit.optim.adamax import Adamax
from nnkit.optim.asgd import ASGD
from nnkit.optim.lion import Lion
from nnkit.optim.muon import Muon
from nnkit.optim.nadam import NAdam
from nnkit.optim.optimizer import Optimizer
from nnkit.optim.radam import RAdam
from nnkit.optim.rmsprop import RMSprop
from nnkit.optim.rprop import Rprop
from nnkit.optim.sgd import SGD

__all__ = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
]
