"""Engines in processes of their own, and what they are asked."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.engines import ENGINES

ROOT = Path(__file__).resolve().parent.parent


def environment(threads: int) -> dict[str, str]:
    """Return the variables that set the number of threads for every library."""
    found = dict(os.environ)
    # Set together they choose a kernel that slows a current NumPy down; the library knows better.
    for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        found.pop(variable, None)
    for variable in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM"):
        found[f"{variable}_NUM_THREADS"] = str(threads)
    multi = "true" if threads > 1 else "false"
    found["XLA_FLAGS"] = (
        f"--xla_cpu_multi_thread_eigen={multi} intra_op_parallelism_threads={threads}"
    )
    found["JAX_PLATFORMS"] = "cpu"
    found["PYTHONWARNINGS"] = "ignore"
    found["PYTHONPATH"] = ""
    return found


class Process:
    """An engine that waits for commands; `error` says why there is none."""

    def __init__(
        self, engine: str, threads: int = 1, python: str = sys.executable, tree: Path | None = None
    ) -> None:
        self.engine, self.label = engine, engine
        self.args = [python, "-m", "benchmarks.worker", engine, str(threads)]
        self.args += [str(tree)] if tree else []
        self.threads = threads
        self.error: str | None = None
        self.start()

    def start(self) -> None:
        """Start it and read what it says of itself."""
        self.process = subprocess.Popen(
            self.args,
            cwd=ROOT,
            env=environment(self.threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.hello = self._answer(120.0)
        self.error = self.hello.get("missing") or self.hello.get("error")

    def ask(self, do: str, timeout: float = 60.0, **command: Any) -> dict[str, Any]:
        """Send a command and wait for the answer; an engine that dies or hangs is started anew."""
        self.process.stdin.write(json.dumps({"do": do} | command) + "\n")
        self.process.stdin.flush()
        answer = self._answer(timeout)
        if "gone" in answer:
            self.stop()
            self.start()
        return answer

    def _answer(self, timeout: float) -> dict[str, Any]:
        ready, _, _ = select.select([self.process.stdout], [], [], timeout)
        if not ready:
            return {"na": f"took more than {timeout:.0f} s", "gone": True}
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        return {"error": f"the process ended with code {self.process.wait()}", "gone": True}

    def stop(self) -> None:
        """End the process that was started here."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def started(
    names: list[str], threads: int, peers: str, python: str = sys.executable
) -> tuple[list[Process], dict[str, str]]:
    """Start engines; return those that run, and why others do not."""
    running, missing = [], {}
    for name in names:
        process = Process(name, threads, peers if ENGINES[name].peer else python)
        if process.error:
            missing[name] = process.error
            process.stop()
        else:
            running.append(process)
    return running, missing
