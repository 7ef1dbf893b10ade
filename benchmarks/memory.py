"""The most memory that forward and backward of a chain take, side by side with HIPS autograd.

Counted by tracemalloc, to which NumPy reports its arrays, in units of the array that goes through
the chain. What the machinery itself takes is in the figures of both.
"""

# ruff: noqa: E402 (the number of threads must be set before NumPy is imported)
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import gc
import tracemalloc

import numpy as np

import autograd_core as ac

try:
    import autograd
    import autograd.numpy as anp
except ImportError:
    autograd = None

CONSTANT = np.linspace(0.5, 1.5, 100_000)


def repeated(step):
    """Apply a step 20 times, and sum."""

    def program(x, np_):
        for _ in range(20):
            x = step(x, np_)
        return np_.sum(x)

    return program


def mixed(x, np_):
    """A bit of everything."""
    for _ in range(5):
        x = np_.tanh(x * CONSTANT) + x / (1.0 + np_.exp(-x))
    return np_.sum(x)


ROWS = {
    "20 x (y + 1)": repeated(lambda y, _: y + 1.0),
    "20 x (y * 0.5)": repeated(lambda y, _: y * 0.5),
    "20 x (y * constant)": repeated(lambda y, _: y * CONSTANT),
    "20 x (y * y)": repeated(lambda y, _: y * y),
    "20 x tanh(y)": repeated(lambda y, np_: np_.tanh(y)),
    "20 x sin(y)": repeated(lambda y, np_: np_.sin(y)),
    "20 x reshape, transpose": repeated(
        lambda y, np_: np_.reshape(np_.transpose(np_.reshape(y, (100, 1000))), (-1,))
    ),
    "5 x (tanh(y * constant) + y * sigmoid(y))": mixed,
}


def peak(run):
    """Return the most memory that is in use at once, beyond what was before."""
    run()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run()
    most = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return most


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    x = np.linspace(-1.0, 1.0, CONSTANT.size)
    print(f"peak, in arrays of {x.size:,}{'nnkit':>24}{'autograd':>12}{'ratio':>9}")
    for label, program in ROWS.items():
        ours = peak(lambda f=program: ac.grad(lambda v: f(v, np))(x)) / x.nbytes
        theirs = (
            autograd and peak(lambda f=program: autograd.grad(lambda v: f(v, anp))(x)) / x.nbytes
        )
        peer = f"{theirs:12.1f}{ours / theirs:9.2f}" if theirs else f"{'not installed':>21}"
        print(f"{label:42}{ours:9.1f}{peer}")


if __name__ == "__main__":
    main()
