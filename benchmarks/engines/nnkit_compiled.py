"""nnkit with the step compiled; otherwise the same programs as nnkit_eager."""

from __future__ import annotations

from typing import Any

import nnkit as nn
from benchmarks.engines import Program, nnkit_eager
from benchmarks.workloads import Data, Workload

if not hasattr(nn, "compile"):
    raise ImportError("this version of nnkit has no compile")


def make(workload: Workload, data: Data) -> Program:
    """Return the program of nnkit_eager, its step compiled."""
    compiled: list[Any] = []

    def wrap(step: Any) -> Any:
        compiled.append(nn.compile(step))
        return compiled[-1]

    return nnkit_eager.make(workload, data, wrap)
