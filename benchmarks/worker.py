"""The process of one engine: it reads a command a line, and answers with a line of JSON.

    python -m benchmarks.worker ENGINE THREADS [TREE]

TREE is a folder whose nnkit is measured in place of this one (for comparisons of two versions).
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.metadata
import json
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines import ENGINES, NotAvailableError, Program
from benchmarks.workloads import WORKLOADS, data_of

STEPS = 3  # whose losses are compared


def status(field: str) -> float:
    """Return a field of the process's status in MB; 0 where the system does not tell."""
    told = Path("/proc/self/status")
    lines = told.read_text().splitlines() if told.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), 0.0)


def forget_the_peak() -> None:
    """Give free memory back, and let the peak start from here."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
    except (OSError, AttributeError):
        pass  # not Linux: peaks are those of the process


class Worker:
    """What the commands do."""

    def __init__(self, engine: str, threads: int) -> None:
        began = time.perf_counter()
        self.module = importlib.import_module(f"benchmarks.engines.{ENGINES[engine].module}")
        if hasattr(self.module, "threads"):
            self.module.threads(threads)
        self.program: Program | None = None
        self.hello = {
            "import": time.perf_counter() - began,
            "version": version_of(ENGINES[engine].package),
            "numpy": np.__version__,
            "kernel": blas_kernel(),
        }

    def build(self, name: str, reduced: bool, file: str) -> dict[str, Any]:
        """Check the program, then make it anew for the clock; `file` receives the gradients."""
        workload = WORKLOADS[name].reduced() if reduced else WORKLOADS[name]
        self.program = None
        loss, gradients = self.module.make(workload, data_of(workload)).first()
        np.savez(file, **{key: np.asarray(value) for key, value in gradients.items()})
        del gradients
        forget_the_peak()
        before = status("VmRSS")
        program = self.module.make(workload, data_of(workload))
        began = time.perf_counter()
        losses = [program.read(program.step())]
        first = time.perf_counter() - began
        losses += [program.read(program.step()) for _ in range(STEPS - 1)]
        peak = max(status("VmHWM") - before, 0.0)
        self.program = program
        return {"loss": float(loss), "losses": losses, "first": first, "memory": peak}

    def batch(self, seconds: float) -> dict[str, Any]:
        """Do as many steps as take about so many seconds of CPU."""
        if not hasattr(self.program, "steps"):
            self.program.steps = self._count(seconds)
        step, read, times = self.program.step, self.program.read, range(self.program.steps)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in times:
            result = step()
        read(result)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return {"cpu": cpu / len(times), "wall": wall / len(times)}

    def _count(self, seconds: float) -> int:
        steps = 1
        while True:
            began = time.process_time()
            for _ in range(steps):
                result = self.program.step()
            self.program.read(result)
            took = time.process_time() - began
            if took > seconds / 4 or steps >= 1 << 20:
                return max(1, round(steps * seconds / max(took, 1e-9)))
            steps *= 2

    def drop(self) -> dict[str, Any]:
        self.program = None
        gc.collect()
        return {}


def version_of(package: str) -> str:
    """Return the version of a distribution, or of a package that is only a folder."""
    own = getattr(sys.modules.get(package), "__version__", None)
    return own or importlib.metadata.version(package)


def blas_kernel() -> str:
    """Say which kernels NumPy's BLAS has chosen, if threadpoolctl is there to ask."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    found = {f"{i.get('internal_api')} {i.get('architecture', '')}" for i in threadpool_info()}
    return ", ".join(sorted(text.strip() for text in found if "blas" in text)) or "unknown"


def main() -> None:
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever an engine prints goes to the errors
    engine, threads = sys.argv[1], int(sys.argv[2])
    if len(sys.argv) > 3:
        sys.path.insert(0, sys.argv[3])
    if threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        worker = Worker(engine, threads)
    except ImportError as error:
        answers.write(json.dumps({"missing": str(error)}) + "\n")
        return
    answers.write(json.dumps(worker.hello) + "\n")
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(worker, command.pop("do"))(**command)
        except NotAvailableError as reason:
            answer = {"na": str(reason)}
        except Exception as error:  # an engine may fail in any way; the others go on
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
