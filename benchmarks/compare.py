"""`make bench-compare BASE=<commit>`: two versions of nnkit, batch by batch in turns.

The programs are those of this version's `benchmarks/`; only nnkit and autograd_core come from the
other one. The figure of a workload is the median, over turns, of new / base.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.engines import OURS
from benchmarks.processes import ROOT, Process
from benchmarks.runner import Plan, built, take_turns

ALLOWED = 1.10


def change(base: list[float], new: list[float]) -> float:
    """Return how many times longer the new version takes, from batches in pairs."""
    return statistics.median(b / a for a, b in zip(base, new))


def slower(changes: dict[str, float], allowed: float = ALLOWED) -> dict[str, float]:
    """Return what takes longer than allowed."""
    return {name: value for name, value in changes.items() if value > allowed}


def compared(base: str, names: Iterable[str], plan: Plan) -> dict[str, float]:
    """Return the change of each workload and engine against a commit."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "base"
        git("worktree", "add", "--detach", "--quiet", str(tree), base)
        try:
            return changes_against(tree, list(names), plan)
        finally:
            git("worktree", "remove", "--force", str(tree))


def changes_against(tree: Path, names: list[str], plan: Plan) -> dict[str, float]:
    """Return the changes against the nnkit in a folder."""
    found: dict[str, float] = {}
    for engine in OURS:
        pair = [Process(engine, tree=tree), Process(engine)]
        pair[0].label = "base"
        if any(p.error for p in pair):
            print(f"{engine} is not compared: {pair[0].error or pair[1].error}")
        else:
            for name in names:
                value = one(pair, name, plan)
                if value is not None:
                    found[f"{name} {engine}"] = value
                    mark = "  SLOWER" if value > ALLOWED else ""
                    print(f"{name:12} {engine:15} {value:6.2f}{mark}", flush=True)
        for process in pair:
            process.stop()
    return found


def one(pair: list[Process], name: str, plan: Plan) -> float | None:
    """Return the change of one workload; None if one of the two cannot run it."""
    with tempfile.TemporaryDirectory() as folder:
        row: dict[str, Any] = built(pair, name, plan, Path(folder))
    for label, found in row.items():
        if "loss" not in found:
            print(f"{name:12} {label}: {found.get('na') or found.get('error')}")
    if any("loss" not in found for found in row.values()):
        return None
    take_turns(pair, row, plan)
    times = [row[p.label].get("batches") for p in pair]
    return change(*times) if all(times) else None


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)
