"""What the figures depend on: processor, versions, and the loops NumPy has for it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.processes import ROOT, Process


def processor() -> str:
    """Return the name of the processor."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def loops() -> str:
    """Say which of NumPy's vector loops this machine has."""
    from numpy._core._multiarray_umath import __cpu_features__ as features

    fast = features.get("AVX512_SKX") or features.get("X86_V4")
    names = [
        n for n in ("X86_V4", "AVX512_SKX", "X86_V3", "AVX2", "NEON", "SVE") if features.get(n)
    ]
    text = ", ".join(names) or "baseline only"
    if fast:
        return f"{text}: with AVX-512, float32 exp, tanh and log are vectorised"
    return f"{text}: without AVX-512, float32 exp, tanh and log are several times slower"


def commit() -> str:
    """Name the last commit that changed what is measured; "unknown" outside of a git checkout."""
    command = ["git", "log", "-1", "--format=%h", "--", "nnkit", "autograd_core"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def described(processes: list[Process]) -> dict[str, str]:
    """Return what RESULTS.md says of the machine."""
    versions = {p.engine: p.hello["version"] for p in processes}
    kernels = sorted({p.hello["kernel"] for p in processes if "unknown" not in p.hello["kernel"]})
    return {
        "processor": f"{processor()}, {cores()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {sys.version.split()[0]}",
        "NumPy's loops": f"{loops()} (NumPy {np.__version__})",
        "NumPy's BLAS": "; ".join(kernels) or "unknown (threadpoolctl is not installed)",
        "nnkit": f"commit {commit()}",
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }
