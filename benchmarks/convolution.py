"""Training steps of convolutional networks, and convolutions alone, against PyTorch's.

Engines take turns in one process on one thread, so that a busy machine slows both alike; the
figures are ratios of the medians of CPU time: below 1 nnkit is faster.
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
from nnkit.functional import correlation
from nnkit.functional.windows import geometry

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

rng = np.random.default_rng(0)


def digits(m):
    """A small network for images of 28 x 28."""
    return m.Sequential(
        m.Conv2d(1, 16, 5), m.ReLU(), m.MaxPool2d(2),
        m.Conv2d(16, 32, 5), m.ReLU(), m.MaxPool2d(2),
        m.Flatten(), m.Linear(512, 10),
    )  # fmt: skip


def objects(m):
    """A network with batch norm for coloured images of 32 x 32."""
    layers = []
    for c, o in ((3, 32), (32, 64), (64, 64)):
        layers += [m.Conv2d(c, o, 3, padding=1), m.BatchNorm2d(o), m.ReLU(), m.MaxPool2d(2)]
    return m.Sequential(*layers, m.Flatten(), m.Linear(1024, 10))


def step_of(lib, optim, model, x, y):
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    loss_fn = lib.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss_fn(model(x), y).backward()
        optimizer.step()

    return step


def training(make, shape):
    """One step of both engines from the same weights."""
    x, y = rng.standard_normal(shape).astype(np.float32), rng.integers(0, 10, shape[0])
    mine, theirs = make(nn), make(torch.nn)
    mine.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    peer = step_of(torch.nn, torch.optim, theirs, torch.tensor(x), torch.tensor(y))
    return step_of(nn, nn.optim, mine, x, y), peer


def convolutions(n, c, o, kernel, size, padding, stride, groups):
    """Forward, input gradient and weight gradient of one convolution, in both engines."""
    x = rng.standard_normal((n, size, size, c)).astype(np.float32).transpose(0, 3, 1, 2)
    w = rng.standard_normal((o, c // groups, kernel, kernel)).astype(np.float32)
    pair = ((padding, padding),) * 2
    at = geometry("conv", (size,) * 2, (kernel,) * 2, (stride,) * 2, pair, (1, 1), groups)
    y = correlation.convolved(x, w, at=at)
    tx, tw, ty = (torch.tensor(np.ascontiguousarray(v)) for v in (x, w, y))
    twos = ([stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups)

    def backward(*mask):
        return torch.ops.aten.convolution_backward(ty, tx, tw, [o], *twos, mask)

    return {
        "forward": (
            lambda: correlation.convolved(x, w, at=at),
            lambda: torch.conv2d(tx, tw, None, stride, padding, 1, groups),
        ),
        "input gradient": (
            lambda: correlation.transposed(y, w, at=at),
            lambda: backward(True, False, False),
        ),
        "weight gradient": (
            lambda: correlation.matched(x, y, at=at),
            lambda: backward(False, True, False),
        ),
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


STEPS = {
    "digits, batch 64": (digits, (64, 1, 28, 28)),
    "objects with batch norm, batch 64": (objects, (64, 3, 32, 32)),
}
SHAPES = [
    (64, 16, 32, 5, 12, 0, 1, 1),
    (64, 3, 32, 3, 32, 1, 1, 1),
    (64, 32, 64, 3, 16, 1, 1, 1),
    (32, 16, 32, 3, 32, 1, 2, 1),
    (32, 32, 64, 1, 16, 0, 1, 1),
    (32, 32, 32, 3, 16, 1, 1, 32),
    (32, 64, 64, 3, 16, 1, 1, 16),
    (32, 32, 64, 3, 16, 1, 1, 32),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    seconds = parser.parse_args().seconds
    if torch is None:
        sys.exit("PyTorch is not installed; there is nothing to compare with.")
    for name, (make, shape) in STEPS.items():
        print(f"training step, {name:40} {ratio(*training(make, shape), seconds):6.2f}")
    for shape in SHAPES:
        text = "batch {}, {} to {} channels, kernel {}, size {}, padding {}, stride {}, groups {}"
        print(text.format(*shape))
        for name, pair in convolutions(*shape).items():
            print(f"    {name:51} {ratio(*pair, seconds / 2):6.2f}")


if __name__ == "__main__":
    main()
