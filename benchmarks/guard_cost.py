"""What the watch over saved arrays costs: training steps with it and without it, taking turns.

Without it means: nothing is fingerprinted, nothing is compared. Both run in one process on one
thread, in pairs whose order changes, so that a busy machine slows both alike. The figure is the
median of the ratios of CPU time within a pair.
"""

# ruff: noqa: E402 (the number of threads must be set before NumPy is imported)
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import contextlib
import itertools
import statistics
import time
from unittest import mock

import numpy as np

import autograd_core as ac
import nnkit as nn
from autograd_core import graph, reverse


def mlp(batch):
    """A training step of 784-256-128-10 with momentum, float32."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, 784)).astype(np.float32)
    y = rng.integers(0, 10, batch)
    model = nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    optimizer = nn.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    loss_fn = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()

    return step


def plain_mlp(batch):
    """The gradient of the same network in plain NumPy, float64."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((batch, 784)), np.eye(10)[rng.integers(0, 10, batch)]
    sizes = (784, 256, 128, 10)
    weights = [0.05 * rng.standard_normal(s) for s in itertools.pairwise(sizes)]

    def loss(weights):
        z = x
        for w in weights[:-1]:
            z = np.maximum(z @ w, 0.0)
        z = z @ weights[-1]
        return np.mean(np.log(np.sum(np.exp(z), axis=1)) - np.sum(z * y, axis=1))

    gradient = ac.grad(loss)
    return lambda: gradient(weights)


def elementwise(size):
    """The gradient of sum(tanh(x * c) / d) with constants c, d as large as x: the worst case."""
    rng = np.random.default_rng(0)
    x, c, d = (rng.uniform(0.5, 2.0, size) for _ in range(3))
    gradient = ac.grad(lambda v: np.sum(np.tanh(v * c) / d))
    return lambda: gradient(x)


ROWS = {
    "MLP step, batch 64": lambda: mlp(64),
    "MLP step, batch 256": lambda: mlp(256),
    "MLP gradient in plain NumPy, batch 64": lambda: plain_mlp(64),
    "elementwise with constants, 1e2 numbers": lambda: elementwise(100),
    "elementwise with constants, 1e4 numbers": lambda: elementwise(10_000),
    "elementwise with constants, 1e6 numbers": lambda: elementwise(1_000_000),
}


WATCH = ((graph, "fingerprint"), (reverse, "check_saved"), (reverse, "check_operand"))


def nothing(*_):
    """Take the place of the watch."""


@contextlib.contextmanager
def unguarded():
    """Leave the watch out."""
    with contextlib.ExitStack() as stack:
        for module, name in WATCH:
            stack.enter_context(mock.patch.object(module, name, nothing))
        yield


def measure(step, seconds):
    """Return the CPU time of a step with the watch, and the median ratio to one without."""

    def timed(repeats):
        start = time.process_time()
        for _ in range(repeats):
            step()
        return (time.process_time() - start) / repeats

    repeats = max(1, int(0.005 / timed(3)))
    ratios, guarded = [], []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(ratios) < 10:
        if len(ratios) % 2:
            a = timed(repeats)
            with unguarded():
                b = timed(repeats)
        else:
            with unguarded():
                b = timed(repeats)
            a = timed(repeats)
        ratios.append(a / b)
        guarded.append(a)
    return statistics.median(guarded), statistics.median(ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="time for each row")
    args = parser.parse_args()
    print(f"one thread, CPU time{'with the guard':>34}{'/ without':>12}")
    for label, make in ROWS.items():
        guarded, ratio = measure(make(), args.seconds)
        print(f"{label:42}{guarded * 1e6:9.1f} us{ratio:12.3f}")


if __name__ == "__main__":
    main()
