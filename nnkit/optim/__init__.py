"""Optimizers: they change parameters in place, along their gradients."""

from nnkit.optim import lr_scheduler, swa_utils
from nnkit.optim.adadelta import Adadelta
from nnkit.optim.adafactor import Adafactor
from nnkit.optim.adagrad import Adagrad
from nnkit.optim.adam import Adam, AdamW
from nnkit.optim.adamax import Adamax
from nnkit.optim.asgd import ASGD
from nnkit.optim.lbfgs import LBFGS
from nnkit.optim.lion import Lion
from nnkit.optim.muon import Muon
from nnkit.optim.nadam import NAdam
from nnkit.optim.optimizer import Optimizer
from nnkit.optim.radam import RAdam
from nnkit.optim.rmsprop import RMSprop
from nnkit.optim.rprop import Rprop
from nnkit.optim.sgd import SGD
from nnkit.optim.swa_utils import EMA

__all__ = [
    "ASGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "EMA",
    "LBFGS",
    "Lion",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SGD",
    "lr_scheduler",
    "swa_utils",
]
