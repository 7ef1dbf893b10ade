"""W10: what an import costs, in fresh interpreters that take turns."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.engines import ENGINES
from benchmarks.processes import ROOT, environment

CODE = """\
import json, os, resource, sys, time
wall, cpu = time.perf_counter(), time.process_time()
{statement}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
if os.path.exists("/proc/self/status"):  # ru_maxrss would be that of the parent, too
    lines = open("/proc/self/status").read().split("\\n")
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
else:
    unit = 1 << (20 if sys.platform == "darwin" else 10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(json.dumps([wall, cpu, peak]))"""


def cost(module: str, python: str) -> list[float] | None:
    """Return wall and CPU seconds and peak memory (MB) of an import; None if it fails."""
    statement = f"import {module}" if module else "pass"
    env = environment(1) | {"PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [python, "-c", CODE.format(statement=statement)],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def measured(samples: int, engines: list[str], peers: str) -> dict[str, Any]:
    """Return, for each module, the least wall and CPU milliseconds and the peak in MB."""
    modules = {"": sys.executable, "numpy": sys.executable, "autograd_core": sys.executable}
    for name in engines:
        engine = ENGINES[name]
        if engine.import_name:
            modules[engine.import_name] = peers if engine.peer else sys.executable
    found: dict[str, list[list[float]]] = {module: [] for module in modules}
    for i in range(samples + 1):
        for module, python in modules.items():
            taken = cost(module, python) if i == 0 or found[module] else None
            if taken:
                found[module].append(taken)
    rows = {}
    for module, samples_ in found.items():
        columns = list(zip(*samples_[1:] or samples_))
        if columns:
            wall, cpu, peak = (min(column) for column in columns)
            rows[module or "(nothing)"] = {"wall": wall * 1e3, "cpu": cpu * 1e3, "memory": peak}
    return rows
