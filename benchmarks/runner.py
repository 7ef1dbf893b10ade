"""Measuring: engines take turns, batch by batch; losses and gradients are compared first."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engines import LIMIT
from benchmarks.processes import Process
from benchmarks.workloads import WORKLOADS

PAUSE = 0.15  # seconds: the BLAS threads of the engine before spin on for a while
LONGER = 8  # times a batch with two threads: both begin on one core, and are moved apart late
Row = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """How long to measure: seconds of a batch, turns, and how long building may take."""

    seconds: float = 0.12
    rounds: int = 9
    patience: float = 90.0
    reduced: bool = False


QUICK = Plan(seconds=0.01, rounds=3, patience=20.0)


def measure(
    processes: list[Process], names: Iterable[str], plan: Plan, say: Callable[[str], None] = print
) -> dict[str, Row]:
    """Return the row of each workload: what each engine gave."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            row = found[name] = built(processes, name, plan, Path(folder))
            take_turns([p for p in processes if "loss" in row[p.label]], row, plan)
            for process in processes:
                process.ask("drop")
            say(in_one_line(name, row, processes[0].threads))
    return found


def built(processes: list[Process], name: str, plan: Plan, folder: Path) -> Row:
    """Build a workload in each engine, and hold its losses and gradients against the first's."""
    row: Row = {}
    reference: Any = None
    for process in processes:
        file = folder / f"{process.label}.npz"
        answer = process.ask(
            "build", plan.patience, name=name, reduced=plan.reduced, file=str(file)
        )
        row[process.label] = answer
        if "loss" not in answer:
            continue
        with np.load(file) as arrays:
            gradients = dict(arrays)
        if reference is None:
            reference = answer, gradients
        answer["difference"] = apart = difference(answer, gradients, *reference)
        if not apart <= WORKLOADS[name].tolerance:
            answer["wrong"] = True
    return row


def difference(
    answer: dict[str, Any], gradients: dict[str, np.ndarray], reference: dict[str, Any], wanted: Any
) -> float:
    """Return how far losses (relative) and gradients (relative to their norms) are apart."""
    pairs = zip([answer["loss"], *answer["losses"]], [reference["loss"], *reference["losses"]])
    found = [abs(a - b) / max(abs(b), 1e-6) for a, b in pairs]
    if gradients.keys() != wanted.keys():
        return float("inf")
    for key, right in wanted.items():
        right, got = right.astype(np.float64), gradients[key].astype(np.float64)
        if got.shape != right.shape:
            return float("inf")
        found.append(float(np.linalg.norm(got - right) / max(np.linalg.norm(right), 1e-12)))
    return float("nan") if any(np.isnan(found)) else max(found)


def take_turns(processes: list[Process], row: Row, plan: Plan) -> None:
    """Run batches A B C A B C ...; write times and spread into the row."""
    batches: dict[str, list[dict[str, Any]]] = {p.label: [] for p in processes}
    for turn in range(plan.rounds + 1):
        for process in processes:
            if turn > 3 and batches[process.label] and batches[process.label][-1]["wall"] > 1:
                continue  # a step of over a second: three of them are enough
            if process.threads > 1:
                time.sleep(PAUSE)
            seconds = plan.seconds * (LONGER if process.threads > 1 else 1)
            answer = process.ask("batch", plan.patience + 60.0, seconds=seconds)
            if "cpu" in answer:
                batches[process.label].append(answer)
    for process in processes:
        taken = batches[process.label][1:]  # the first turn counts steps and warms up
        if taken:
            one = process.threads == 1
            row[process.label] |= summary([b["cpu" if one else "wall"] for b in taken], one)
        else:
            row[process.label]["error"] = "no batch came to an end"


def summary(times: list[float], one_thread: bool) -> dict[str, Any]:
    """Return the time of a step: the median; of wall times with threads, the smallest.

    CPU time hardly sees what else the machine does. Wall time only grows by it, and a second
    thread waits for a core that others use, so of these the smallest is the least disturbed.
    """
    low, _, high = quartiles(times)
    middle = statistics.median(times)
    return {
        "time": middle if one_thread else min(times),
        "spread": (high - low) / middle if middle else 0.0,
        "batches": times,
    }


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Return the three quartiles of a list of any length."""
    if len(values) < 2:
        return (values[0],) * 3
    first, second, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, second, third


def ratio(row: Row, engine: str, to: str = LIMIT) -> float | None:
    """Return the time of an engine in units of another's; None where one is missing."""
    mine, other = row.get(engine, {}).get("time"), row.get(to, {}).get("time")
    return mine / other if mine is not None and other else None


def best_of(row: Row, engines: Iterable[str]) -> str | None:
    """Return the fastest of some engines whose numbers are right; None if there is none."""
    timed = [e for e in engines if row.get(e, {}).get("time") and not row[e].get("wrong")]
    return min(timed, key=lambda e: row[e]["time"], default=None)


def in_one_line(name: str, row: Row, threads: int) -> str:
    """Say what came out."""
    limit = row.get(LIMIT, {}).get("time")
    scale = f"{limit * 1e3:9.4g} ms" if limit else ""
    cells = []
    for engine, found in row.items():
        if engine == LIMIT and limit:
            continue
        value = ratio(row, engine) or (found.get("time", 0.0) * 1e3 or None)
        text = "n/a" if value is None else f"{value:.3g}"
        marks = ("~" if found.get("spread", 0) > 0.25 else "") + (
            "!!" if found.get("wrong") else ""
        )
        cells.append(f"{engine} {text}{marks}" + (" ERROR" if "error" in found else ""))
    return f"{name:12}{threads} thread{'s'[: threads - 1]} {scale}  " + "  ".join(cells)
