"""PyTorch with torch.compile: loss, gradients and update are compiled; needs a C++ compiler."""

from __future__ import annotations

import shutil

import torch

from benchmarks.engines import NotAvailableError, Program, torch_eager
from benchmarks.engines.torch_eager import threads
from benchmarks.workloads import Data, Workload

__all__ = ["make", "threads"]

if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
    raise ImportError("torch.compile needs a C++ compiler, and there is none")


def make(workload: Workload, data: Data) -> Program:
    """Return the program of torch_eager, compiled."""
    if workload.kind == "lstm":
        raise NotAvailableError("unrolls the sequence and compiles for minutes")
    if workload.sizes.get("pairs", 0) > 100:
        raise NotAvailableError("compiles for minutes")
    if workload.kind in ("hessian", "jacobian"):
        raise NotAvailableError("does not compile torch.func's transforms of this size in time")
    return torch_eager.make(workload, data, torch.compile)
