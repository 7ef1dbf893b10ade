"""nnkit: a small neural-net toolkit whose training you can watch and steer in JupyterLab."""

from nnkit import functional, init, random
from nnkit._version import __version__
from nnkit.layers import *  # noqa: F403
from nnkit.losses import *  # noqa: F403
from nnkit.module import Module, Parameter
from nnkit.random import seed
