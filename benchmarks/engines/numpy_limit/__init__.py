"""The limit: each step written by hand in NumPy alone, as fast as we can make it.

Gradients are derived by hand and fused; every buffer, view and constant is made beforehand; all
parameters and all gradients are one vector each, so that an optimiser is a handful of calls. What
paid is said where it is used. Nothing is carried over from one step to the next but the
parameters and the optimiser's state: inputs may be new each time.
"""

from __future__ import annotations

from benchmarks.engines import Program
from benchmarks.workloads import Data, Workload


def make(workload: Workload, data: Data) -> Program:
    """Return the program; the file of its kind is imported now."""
    if workload.kind == "mlp":
        from benchmarks.engines.numpy_limit import mlp as module
    elif workload.kind in ("lenet", "convnet"):
        from benchmarks.engines.numpy_limit import convnets as module
    elif workload.kind == "lstm":
        from benchmarks.engines.numpy_limit import lstm as module
    elif workload.kind == "gpt":
        from benchmarks.engines.numpy_limit import gpt as module
    else:
        from benchmarks.engines.numpy_limit import expressions as module
    return module.make(workload, data)
