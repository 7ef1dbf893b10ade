"""The engines: a file (or folder) each, with one function ``make(workload, data)`` -> Program.

An engine imports its library on import, so one that is not installed is an ImportError, which the
runner reports.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Gradients = dict[str, np.ndarray]


class NotAvailableError(Exception):
    """An engine cannot run a workload; the message says why."""


@dataclass
class Program:
    """A workload in the words of one engine.

    `step` does one whole step and returns what the engine calls its result. `first` returns loss
    and gradients at the present parameters as NumPy arrays, and changes nothing. `read` waits for
    a result of `step` and makes it a number.
    """

    step: Callable[[], Any]
    first: Callable[[], tuple[float, Gradients]]
    read: Callable[[Any], float] = float


@dataclass(frozen=True)
class Engine:
    """How an engine is called, where it lives, and which distribution its version is taken from."""

    name: str
    module: str
    package: str
    peer: bool = True
    import_name: str | None = None
    quick: bool = True


ENGINES = {
    e.name: e
    for e in [
        Engine("numpy", "numpy_limit", "numpy", peer=False, import_name="numpy"),
        Engine("nnkit", "nnkit_eager", "nnkit", peer=False, import_name="nnkit"),
        Engine("nnkit-compiled", "nnkit_compiled", "nnkit", peer=False),
        Engine("torch", "torch_eager", "torch", import_name="torch"),
        Engine("torch-compile", "torch_compile", "torch", quick=False),
        Engine("jax", "jax_jit", "jax", import_name="jax"),
        Engine("hips", "hips", "autograd", import_name="autograd", quick=False),
        Engine("mygrad", "mygrad_engine", "mygrad", import_name="mygrad", quick=False),
        Engine("tinygrad", "tinygrad_engine", "tinygrad", import_name="tinygrad", quick=False),
    ]
}
LIMIT = "numpy"
OURS = ("nnkit", "nnkit-compiled")
