"""Chains from 1,000 to 1,000,000 operations: time and memory for each operation.

Forward, backward and the freeing of the graph together. The lengths take turns, and the figure is
the smallest CPU time of each; the ratio is to that of the shortest chain. It is taken with and
without Python's cycle collector, which finds nothing to free, but goes through a large graph
several times while it grows. Memory is what the process occupies when the graph (of 0-d arrays) is
complete, divided by the number of operations.
"""

# ruff: noqa: E402 (the number of threads must be set before NumPy is imported)
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import gc
import time
from pathlib import Path

from autograd_core import tensor

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)


def occupied():
    """Return the bytes of memory that the process occupies; 0 where the system does not tell."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if told.exists() else 0


def chain(operations, collect):
    """Return the CPU time of a chain for each operation, and the memory."""
    gc.collect()
    if not collect:
        gc.disable()
    before = occupied()
    start = time.process_time()
    x = tensor(1.0, requires_grad=True)
    y = x
    for _ in range(operations // 2):
        y = y * 0.5
        y = y + 1.0
    took = time.process_time() - start
    full = occupied()
    start = time.process_time()
    y.backward()
    del y
    took += time.process_time() - start
    gc.enable()
    return took / operations, (full - before) / operations


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="time for all rows")
    args = parser.parse_args()
    keys = [(n, collect) for n in LENGTHS for collect in (True, False)]
    found = {key: [] for key in keys}
    end = time.perf_counter() + args.seconds
    while time.perf_counter() < end or not found[keys[-1]]:
        for n, collect in keys:
            found[n, collect] += [chain(n, collect) for _ in range(max(1, 100_000 // n))]
    print(f"{'one thread':32}{'us / op':>9}{'ratio':>7}{'without collector':>20}{'ratio':>7}")
    first = [min(found[LENGTHS[0], collect])[0] for collect in (True, False)]
    for n in LENGTHS:
        (with_it, size), (without, _) = min(found[n, True]), min(found[n, False])
        memory = f"{size:8.0f} bytes / op" if n > 10_000 and size else ""
        print(
            f"chain of {n:>9,} operations   {with_it * 1e6:9.2f}{with_it / first[0]:7.2f}"
            f"{without * 1e6:20.2f}{without / first[1]:7.2f}{memory}"
        )


if __name__ == "__main__":
    main()
