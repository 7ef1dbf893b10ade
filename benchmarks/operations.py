"""Each operation by itself, against HIPS autograd: the time of its gradient on arrays of a few
numbers, where what the engine does around NumPy's work is nearly all.

    python -m benchmarks.operations --peers a-python-that-has-autograd

The calls are those of the sample table of the tests (`tests/ops.py`) that both differentiate, to
one real array; what is measured is `value_and_grad` of the sum of the result.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.processes import ROOT, environment

ROUNDS, CALLS = 3, 8
SLOWEST = 12
SPACES = ("numpy", "numpy.linalg", "numpy.fft", "scipy.special", "scipy.linalg")


def counterpart(f: Callable[..., Any], package: str) -> Any:
    """Return the function by which a package replaces one of NumPy or SciPy; None without one."""
    name = getattr(f, "__name__", "")
    for space in SPACES:
        if getattr(importlib.import_module(space), name, None) is f:
            return getattr(importlib.import_module(f"{package}.{space}"), name, None)
    return None


def gradients(package: str) -> dict[str, Callable[[], Any]]:
    """Return for each sample that the package differentiates a function that does it once."""
    from tests.ops import SAMPLES

    engine, space = importlib.import_module(package), importlib.import_module(f"{package}.numpy")
    found: dict[str, Callable[[], Any]] = {}
    for sample in SAMPLES:
        f, xs = counterpart(sample.f, package), sample.draw()
        if f is None or not xs or any(x.dtype.kind == "c" for x in xs):
            continue
        call = replace(sample, f=f)
        gradient = engine.value_and_grad(lambda xs, call=call: space.sum(call(*xs)))
        try:
            y = sample(*xs)
            if isinstance(y, np.ndarray | np.generic) and y.dtype.kind == "f":
                gradient(xs)
                found[sample.id] = lambda gradient=gradient, xs=xs: gradient(xs)
        except Exception:  # it has no derivative of this: then there is nothing to compare
            continue
    return found


def measured(package: str, rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, float]:
    """Return for each sample the least time of a gradient, in microseconds of CPU time."""
    warnings.simplefilter("ignore")
    times: dict[str, float] = {}
    for _ in range(rounds):
        for name, run in gradients(package).items():
            run()
            began = time.process_time_ns()
            for _ in range(calls):
                run()
            took = (time.process_time_ns() - began) / calls / 1000
            times[name] = min(took, times.get(name, took))
    return times


def compared(ours: dict[str, float], theirs: dict[str, float]) -> dict[str, Any]:
    """Return the table of a report: how the ratios are spread, and where they are largest."""
    both = sorted(((ours[k] / theirs[k], k) for k in ours if k in theirs), reverse=True)
    ratios = [ratio for ratio, _ in both]
    low, middle, high = statistics.quantiles(ratios, n=4)
    slower = sum(ratio > 1 for ratio in ratios)
    summary = (
        f"{len(both)} calls that both differentiate: the quartiles of the ratios are {low:.2f}, "
        f"{middle:.2f} and {high:.2f}; {slower} are above 1. The largest:"
    )
    lines = [[f"`{k}`", f"{ours[k]:.0f}", f"{theirs[k]:.0f}", f"{r:.2f}"] for r, k in both]
    head = ["call", "us", "us in autograd", "ratio"]
    return {"summary": summary, "head": head, "lines": lines[:SLOWEST]}


def compared_with(python: str) -> dict[str, Any] | None:
    """Measure both packages, in turns; None if `python` has no autograd."""
    found: dict[str, dict[str, float]] = {"autograd_core": {}, "autograd": {}}
    for _ in range(ROUNDS):
        for package, times in found.items():
            command = [sys.executable if package == "autograd_core" else python]
            command += ["-m", "benchmarks.operations", "--package", package]
            done = subprocess.run(
                command, cwd=ROOT, env=environment(1), text=True, capture_output=True, check=False
            )
            if done.returncode and package == "autograd":
                return None
            done.check_returncode()
            for name, took in json.loads(done.stdout).items():
                times[name] = min(took, times.get(name, took))
    return compared(found["autograd_core"], found["autograd"])


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.operations")
    parser.add_argument("--package", help="measure this one alone, and print the times")
    parser.add_argument("--peers", default=sys.executable, help="a Python that has autograd")
    args = parser.parse_args()
    if args.package:
        print(json.dumps(measured(args.package)))
        return
    table = compared_with(args.peers)
    if table is None:
        raise SystemExit(f"{args.peers} has no autograd, or not what the samples import")
    print(table["summary"])
    for line in (table["head"], *table["lines"]):
        print(" | ".join(line))


if __name__ == "__main__":
    main()
