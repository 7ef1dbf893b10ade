"""Optimizers: they change parameters in place, along their gradients.

    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.Linear(2, 1)
    >>> optimizer = nn.optim.AdamW(model, lr=0.01, no_decay=("bias", "norm"))
    >>> schedule = nn.optim.lr_scheduler.WarmupCosineLR(optimizer, warmup_steps=5, total_steps=50)
    >>> ema = nn.optim.EMA(model, decay=0.9)
    >>> x = np.eye(2, dtype=np.float32)
    >>> for _ in range(50):
    ...     optimizer.zero_grad()
    ...     loss = ((model(x) - 1) ** 2).mean()
    ...     loss.backward()
    ...     norm = nn.utils.clip_grad_norm_(model, max_norm=1.0)
    ...     optimizer.step()
    ...     schedule.step()
    ...     ema.update_parameters(model)
    >>> with ema.swapped_into(model):
    ...     y = model(x)

Names, arguments, defaults and states are those of torch.optim.
"""

from typing import TYPE_CHECKING

from nnkit.absent import teller
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

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)
