"""Single layers, forward and backward, against PyTorch's.

Engines take turns in one process on one thread, so that a busy machine slows both alike; the
figures are ratios of the medians of CPU time: below 1 nnkit is faster.

What was tried and is not here: Phi by 1 / (1 + exp(-u)) instead of tanh keeps the digits of small
probabilities, but needs two more terms of the polynomial (a quarter more time); depthwise
convolution as products with banded matrices multiplies 18 times as much; groups merged to 32 or 64
channels are slower than to 16, as are blocks of 16384 elements than of 65536 in the norms.
"""

# ruff: noqa: E402 (the number of threads must be set before NumPy is imported)
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import statistics
import sys
import time

import numpy as np

import nnkit as nn

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

rng = np.random.default_rng(0)

LAYERS = {
    "GELU, 64 x 1024": (lambda m: m.GELU(), (64, 1024)),
    "GELU, 2048 x 1024": (lambda m: m.GELU(), (2048, 1024)),
    "GELU tanh, 2048 x 1024": (lambda m: m.GELU(approximate="tanh"), (2048, 1024)),
    "SiLU, 2048 x 1024": (lambda m: m.SiLU(), (2048, 1024)),
    "LayerNorm, 2048 x 256": (lambda m: m.LayerNorm(256), (2048, 256)),
    "GroupNorm 8 of 32, 16 x 16": (lambda m: m.GroupNorm(8, 32), (32, 32, 16, 16)),
    "GroupNorm 8 of 64, 32 x 32": (lambda m: m.GroupNorm(8, 64), (16, 64, 32, 32)),
    "InstanceNorm of 32, 16 x 16": (lambda m: m.InstanceNorm2d(32, affine=True), (32, 32, 16, 16)),
    "BatchNorm of 64, 32 x 32": (lambda m: m.BatchNorm2d(64), (16, 64, 32, 32)),
    "Conv depthwise of 32, 16 x 16": (
        lambda m: m.Conv2d(32, 32, 3, padding=1, groups=32),
        (32, 32, 16, 16),
    ),
    "Conv depthwise of 64, 32 x 32": (
        lambda m: m.Conv2d(64, 64, 3, padding=1, groups=64),
        (16, 64, 32, 32),
    ),
    "Conv 4 groups of 64, 16 x 16": (
        lambda m: m.Conv2d(64, 64, 3, padding=1, groups=4),
        (32, 64, 16, 16),
    ),
    "Conv and BatchNorm of 32, 16 x 16": (
        lambda m: m.Sequential(m.Conv2d(32, 32, 3, padding=1), m.BatchNorm2d(32), m.ReLU()),
        (32, 32, 16, 16),
    ),
    "LSTM 64 steps, batch 32, 64 to 128": (lambda m: m.LSTM(64, 128), (64, 32, 64)),
    "GRU 64 steps, batch 32, 64 to 128": (lambda m: m.GRU(64, 128), (64, 32, 64)),
}


def ratio(mine, theirs, seconds):
    """CPU time of one against the other, taking turns."""
    times = {mine: [], theirs: []}
    mine(), theirs()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[mine]) < 5:
        for f, found in times.items():
            start = time.process_time()
            f()
            found.append(time.process_time() - start)
    return statistics.median(times[mine]) / statistics.median(times[theirs])


def passes(tensor, layer, x, g):
    """Return a function that runs a layer forward and backward."""

    def run():
        for p in layer.parameters():
            p.grad = None
        leaf = tensor(x)
        leaf.requires_grad_()
        y = layer(leaf)
        y = y[0] if isinstance(y, tuple) else y
        y.backward(g)

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure")
    parser.add_argument("--only", default="", help="layers whose name contains this")
    settings = parser.parse_args()
    if torch is None:
        sys.exit("PyTorch is not installed; there is nothing to compare with.")
    for name, (make, shape) in LAYERS.items():
        if settings.only not in name:
            continue
        x = rng.standard_normal(shape).astype(np.float32)
        mine, theirs = make(nn), make(torch.nn)
        mine.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
        y = mine(x)
        g = rng.standard_normal(y[0].shape if isinstance(y, tuple) else y.shape).astype(np.float32)
        pair = (
            passes(nn.tensor, mine, x, nn.tensor(g)),
            passes(torch.tensor, theirs, x, torch.tensor(g)),
        )
        print(f"{name:40} {ratio(*pair, settings.seconds):6.2f}", flush=True)


if __name__ == "__main__":
    main()
