"""RESULTS.md: what was measured, as tables of ratios."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.aims import AIMS, IMPORT
from benchmarks.engines import ENGINES, LIMIT, OURS
from benchmarks.runner import Row, best_of, ratio
from benchmarks.workloads import WORKLOADS

HERE = Path(__file__).parent
PEERS = [name for name, engine in ENGINES.items() if engine.peer]


def number(x: float | None) -> str:
    """Write a figure with three digits."""
    if x is None:
        return "n/a"
    return f"{x:.0f}" if x >= 100 else f"{x:#.3g}".rstrip(".")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def in_order(rows: dict[str, Row]) -> list[str]:
    return [name for name in WORKLOADS if name in rows]


def engines_in(rows: dict[str, Row]) -> list[str]:
    seen = {engine for row in rows.values() for engine in row}
    return [name for name in ENGINES if name in seen]


def ratio_cell(row: Row, engine: str) -> str:
    """Return a ratio to the limit with its marks."""
    found = row.get(engine, {})
    value = ratio(row, engine)
    if value is None:
        return "failed" if "error" in found else "n/a"
    noisy = max(found["spread"], row[LIMIT]["spread"]) > 0.25
    return number(value) + ("~" if noisy else "") + (" **wrong**" if found.get("wrong") else "")


def to_best_peer(row: Row, engine: str) -> str:
    """Return the ratio of an engine to the best peer, and who that is."""
    best = best_of(row, PEERS)
    value = ratio(row, engine, best) if best else None
    return f"{number(value)} ({best})" if value is not None else "n/a"


def ratios(rows: dict[str, Row]) -> str:
    engines = engines_in(rows)
    others = [e for e in engines if e != LIMIT]
    ours = [e for e in OURS if e in engines]
    head = ["workload", "limit ms", *others, *(f"{e} / best peer" for e in ours)]
    lines = []
    for name in in_order(rows):
        row = rows[name]
        limit = row.get(LIMIT, {}).get("time")
        cells = [f"{name} {WORKLOADS[name].title}", number(limit * 1e3 if limit else None)]
        cells += [ratio_cell(row, e) for e in others]
        lines.append(cells + [to_best_peer(row, e) for e in ours])
    return table(head, lines)


def quantity(rows: dict[str, Row], of: Callable[[dict[str, Any]], float | None]) -> str:
    """Return a table of something else than times."""
    engines = engines_in(rows)
    lines = []
    for name in in_order(rows):
        found = rows[name]
        cells = [number(of(found[e])) if e in found else "n/a" for e in engines]
        lines.append([name, *cells])
    return table(["workload", *engines], lines)


def judged(rows: dict[str, Row], threads: int) -> list[list[str]]:
    """Return each aim, what was measured, and whether that is enough."""
    lines = []
    for (of_threads, engine), aims in AIMS.items():
        for name, aim in aims.items():
            value = ratio(rows.get(name, {}), engine) if of_threads == threads else None
            if value is not None:
                verdict = "reached" if value <= aim else "**missed**"
                lines.append(
                    [
                        name,
                        engine,
                        str(threads),
                        f"<= {aim:g}",
                        ratio_cell(rows[name], engine),
                        verdict,
                    ]
                )
    return lines


def imports(rows: dict[str, dict[str, float]]) -> str:
    base = rows["numpy"]
    lines = []
    for name, found in rows.items():
        over = [f"{found[k] - base[k]:+.0f}" for k in ("cpu", "memory")]
        lines.append([name, *(f"{found[k]:.0f}" for k in ("wall", "cpu", "memory")), *over])
    head = ["import", "wall ms", "CPU ms", "peak MB", "CPU ms over NumPy", "MB over NumPy"]
    text = table(head, lines)
    core = rows.get("autograd_core")
    if core:
        reached = all(core[k] - base[k] <= aim for k, aim in IMPORT.items())
        verdict = "reached" if reached else "**missed**"
        text += "\nautograd_core may take 40 ms (of CPU: wall time carries the load of the "
        text += f"machine) and 10 MB more than NumPy: {verdict}.\n"
    return text


def document(results: dict[str, Any]) -> str:
    """Return RESULTS.md."""
    rows = {int(threads): found for threads, found in results["rows"].items()}
    lines = ["# Results", "", INTRODUCTION, "", "## The machine", ""]
    lines += [f"* {key}: {value}" for key, value in results["machine"].items()]
    lines += [f"* not measured: {name} ({why})" for name, why in results["missing"].items()]
    for threads, found in sorted(rows.items()):
        clock = "CPU time, pinned to one core" if threads == 1 else "wall time, fastest batch"
        lines += ["", f"## Ratio to the limit, {threads} thread{'s' * (threads > 1)} ({clock})", ""]
        lines += [ratios(found)]
    verdicts = [line for threads, found in sorted(rows.items()) for line in judged(found, threads)]
    reached = sum(line[-1] == "reached" for line in verdicts)
    lines += ["## Aims", "", f"{reached} of {len(verdicts)} are reached.", ""]
    lines += [table(["workload", "engine", "threads", "aim", "measured", ""], verdicts)]
    one = rows.get(1, {})
    lines += ["## Peak memory, MB above what the process held before", ""]
    lines += [quantity(one, lambda found: found.get("memory"))]
    lines += ["## First step, seconds (tracing and compiling included)", ""]
    lines += [quantity(one, lambda found: found.get("first"))]
    if "imports" in results:
        lines += ["## W10: import", "", imports(results["imports"])]
    if found := results.get("operations"):
        lines += ["## Each operation by itself, against HIPS autograd", "", OPERATIONS, ""]
        lines += [found["summary"], "", table(found["head"], found["lines"])]
    for title, growth in results.get("growth", {}).items():
        lines += [f"## Growth: {title}", "", table(growth["head"], growth["lines"])]
    lines += [(HERE / "TRIED.md").read_text(encoding="utf-8")]
    return "\n".join(lines).rstrip() + "\n"


OPERATIONS = """\
The gradient (`value_and_grad` of the sum) of each call in the tests' sample table, on arrays of a
few numbers, where nearly all of the time is the engine's; `python -m benchmarks.operations`."""

INTRODUCTION = """\
Written by `make bench`; every figure was measured on the machine below. The *limit* is the same
step written by hand in NumPy (`engines/numpy_limit/`): fused gradients derived by hand,
preallocated buffers, one vector for all parameters. A figure is the time of a step in units of
the limit's: lower is better, below 1 is faster than NumPy by hand. One process for each engine;
batches take turns; `~` marks an interquartile spread above 25 %. All engines' losses and
gradients were compared first (to 1e-3, most agree to 1e-6; W3 to 1 %, where one of a million
ReLUs stands at 0; W8 from 10,000 pairs to 5 %, where float32 rounds 200,000 times). "n/a": the
engine has no such feature, needs minutes to compile it, or was not written down for it (see
`engines/`)."""
