"""`python -m benchmarks`: measure, print, and write RESULTS.md; `make bench` calls it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import compare, imports, machine, operations, report, runner
from benchmarks.engines import ENGINES
from benchmarks.processes import ROOT, environment, started
from benchmarks.workloads import WORKLOADS

RESULTS = ROOT / "benchmarks" / "results.json"
TWO_THREADS = [
    "W1", "W2", "W2b", "W3", "W4", "W4b", "W5", "W6", "W7:1e4", "W7:1e6", "W7:1e7", "W9:big"
]  # fmt: skip


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.split(":")[0])
    parser.add_argument("--quick", action="store_true", help="under a minute; writes nothing")
    parser.add_argument("--peers", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--engines", default=",".join(ENGINES), help="names with commas between")
    parser.add_argument(
        "--workloads", default="", help="names with commas between, also W10, growth, operations"
    )
    parser.add_argument("--threads", default="1,2", help="1, 2 or 1,2")
    parser.add_argument("--rounds", type=int, help="batches of each engine")
    parser.add_argument("--seconds", type=float, help="CPU time of a batch")
    parser.add_argument("--base", help="compare nnkit with a commit instead")
    parser.add_argument(
        "--write", action="store_true", help="write RESULTS.md from a partial run, too"
    )
    parser.add_argument("--report", action="store_true", help="write RESULTS.md from results.json")
    args = parser.parse_args(argv)
    args.engines = chosen(parser, args.engines, ENGINES)
    everything = [*WORKLOADS, "W10", "growth", "operations"]
    whole = not args.quick and not args.workloads and args.engines == list(ENGINES)
    args.write = args.write or whole  # a look at a few rows is not a result
    args.workloads = chosen(parser, args.workloads, everything) if args.workloads else everything
    return args


def chosen(parser: argparse.ArgumentParser, text: str, known: Any) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in known:
            parser.error(f"there is no {name!r}; there are {', '.join(known)}")
    return names


def plan_of(args: argparse.Namespace) -> runner.Plan:
    plan = runner.QUICK if args.quick else runner.Plan()
    given = {"rounds": args.rounds, "seconds": args.seconds}
    return replace(plan, **{key: value for key, value in given.items() if value})


def measured(args: argparse.Namespace) -> dict[str, Any]:
    """Return all that was measured."""
    engines, names = args.engines, [name for name in args.workloads if name in WORKLOADS]
    if args.quick:
        engines = [name for name in engines if ENGINES[name].quick]
        names = [name for name in names if WORKLOADS[name].quick]
    results: dict[str, Any] = {"rows": {}, "missing": {}}
    for threads in [1] if args.quick else map(int, args.threads.split(",")):
        processes, missing = started(engines, threads, args.peers)
        results["missing"] |= missing
        results["machine"] = machine.described(processes)
        for line in results["machine"].items():
            print("{}: {}".format(*line))
        of_threads = names if threads == 1 else [name for name in names if name in TWO_THREADS]
        try:
            rows = runner.measure(
                processes, of_threads, plan_of(args), lambda text: print(text, flush=True)
            )
        finally:
            for process in processes:
                process.stop()
        results["rows"][str(threads)] = rows
    for name, why in results["missing"].items():
        print(f"not measured: {name} ({why})")
    if "W10" in args.workloads:
        small = [name for name in engines if not (args.quick and ENGINES[name].peer)]
        results["imports"] = imports.measured(1 if args.quick else 7, small, args.peers)
        print(report.imports(results["imports"]))
    if "growth" in args.workloads and not args.quick:
        command = [sys.executable, "-m", "benchmarks.growth"]
        out = subprocess.check_output(command, cwd=ROOT, env=environment(1), text=True)
        results["growth"] = json.loads(out)
    if "operations" in args.workloads and not args.quick:
        if found := operations.compared_with(args.peers):
            results["operations"] = found
        else:
            print(f"not measured: operations ({args.peers} has no autograd)")
    return results


def merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Put new rows in place of old ones; a row is always replaced as a whole."""
    rows = {threads: dict(found) for threads, found in old.get("rows", {}).items()}
    for threads, found in new["rows"].items():
        rows.setdefault(threads, {}).update(found)
    both = old | new | {"rows": rows}
    if new.get("machine") and old.get("machine"):
        before = [v for v in old["machine"]["versions"].split(", ") if v]
        now = [v for v in new["machine"]["versions"].split(", ") if v]
        known = {v.split()[0]: v for v in (*before, *now)}  # of engines not measured now, too
        both["machine"] = new["machine"] | {"versions": ", ".join(known.values())}
    return both


def without_batches(results: dict[str, Any]) -> dict[str, Any]:
    """Leave out the time of each batch, which nobody reads."""
    for found in results["rows"].values():
        for row in found.values():
            for cell in row.values():
                cell.pop("batches", None)
    return results


def write(results: dict[str, Any], file: Path = RESULTS) -> None:
    """Write results.json and RESULTS.md; rows that were not measured now stay."""
    old = json.loads(file.read_text()) if file.exists() else {}
    results = without_batches(merged(old, results))
    file.write_text(json.dumps(results, indent=1) + "\n")
    file.with_name("RESULTS.md").write_text(report.document(results), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; return the exit code."""
    args = arguments(argv)
    if args.report:
        write({"rows": {}})
        return 0
    if args.base:
        names = [name for name in args.workloads if name in WORKLOADS]
        changes = compare.compared(args.base, names, plan_of(args))
        worse = compare.slower(changes)
        print(f"{len(worse)} of {len(changes)} got slower by more than 10 %.")
        return 1 if worse else 0
    results = measured(args)
    if args.write:
        write(results)
    rows = [row for found in results["rows"].values() for row in found.values()]
    wrong = sum(cell.get("wrong", False) for row in rows for cell in row.values())
    if wrong:
        print(f"{wrong} results differ from the limit's: marked !! above.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
