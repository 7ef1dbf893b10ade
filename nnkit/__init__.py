"""nnkit: a small neural-net toolkit whose training you can watch and steer in JupyterLab.

    import nnkit as nn

Names are those of torch.nn; arrays are NumPy's.
"""

from typing import TYPE_CHECKING, Any

from autograd_core import (
    CompileWarning,
    Tensor,
    compile,
    enable_grad,
    inference,
    inference_mode,
    no_grad,
    set_grad_enabled,
    tensor,
)
from nnkit import (
    data,
    functional,
    init,
    inspection,
    io,
    layers,
    losses,
    metrics,
    models,
    optim,
    random,
    training,
    utils,
)
from nnkit._version import __version__
from nnkit.absent import teller
from nnkit.inspection import count_parameters, freeze, summary, unfreeze
from nnkit.io import load, save
from nnkit.layers import *  # noqa: F403  (each layer has one list to be in: theirs)
from nnkit.losses import *  # noqa: F403
from nnkit.module import Module, Parameter
from nnkit.parameter import Buffer, UninitializedParameter
from nnkit.random import seed
from nnkit.training import (
    ActivationStatistics,
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    GradientFlow,
    History,
    JSONLinesLogger,
    KeepBest,
    TensorBoardLogger,
    Trainer,
    live,
    lr_find,
)

__all__ = [
    # tensors
    "Tensor",
    "CompileWarning",
    "compile",
    "enable_grad",
    "inference",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
    "tensor",
    # modules
    "Buffer",
    "Module",
    "Parameter",
    "UninitializedParameter",
    *layers.__all__,
    *losses.__all__,
    # looking at models
    "count_parameters",
    "freeze",
    "summary",
    "unfreeze",
    # training
    "ActivationStatistics",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "GradientFlow",
    "History",
    "JSONLinesLogger",
    "KeepBest",
    "TensorBoardLogger",
    "Trainer",
    "live",
    "lr_find",
    # files and randomness
    "load",
    "save",
    "seed",
    # rooms
    "data",
    "functional",
    "init",
    "inspection",
    "io",
    "metrics",
    "models",
    "optim",
    "random",
    "training",
    "utils",
    "__version__",
]

if not TYPE_CHECKING:  # type checkers see the names that are there
    __getattr__ = teller(__name__)


def load_ipython_extension(ip: Any) -> None:
    """Do what ``%load_ext nnkit`` asks for: the magic ``%nnkit`` and the live view."""
    from nnkit import notebook

    notebook.load_ipython_extension(ip)


def unload_ipython_extension(ip: Any) -> None:
    """Take back what loading did."""
    from nnkit import notebook

    notebook.unload_ipython_extension(ip)
