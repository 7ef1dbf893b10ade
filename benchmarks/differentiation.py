"""What differentiating small NumPy programs costs, side by side with HIPS autograd and PyTorch.

Each row is one program, written for each engine in its own words; the gradients are compared
first. The engines take turns in one process on one thread, so that a busy machine slows all alike.
A turn is a batch of calls that takes about 20 ms: in a loop, as in training, and not each with the
caches that another engine has left. The figure is the median CPU time of a call, and the ratio to
it. Engines that are not installed are named.
"""

# ruff: noqa: E402 (the number of threads must be set before NumPy is imported)
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import statistics
import time

import numpy as np

import autograd_core as ac

try:
    import autograd
    import autograd.numpy as anp
except ImportError:
    autograd = None
try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None


def chain(links):
    """A chain of small operations, forward and backward; time per operation."""
    x = np.linspace(-1, 1, 10)

    def steps(y):
        for _ in range(links):
            y = y * 0.5
            y = y + 1.0
        return y

    return programs(lambda v, np_: np_.sum(steps(v)), x, lambda v: steps(v).sum()), 2 * links


def expression(size):
    """sum(tanh(x) * exp(-x**2) + log1p(x**2)) and its gradient, float32."""
    x = np.random.default_rng(0).standard_normal(size).astype(np.float32)
    return programs(
        lambda v, np_: np_.sum(np_.tanh(v) * np_.exp(-(v**2)) + np_.log1p(v**2)),
        x,
        lambda v: (torch.tanh(v) * torch.exp(-(v**2)) + torch.log1p(v**2)).sum(),
    ), 1


def logistic(rows, columns):
    """The gradient of a logistic regression."""
    rng = np.random.default_rng(0)
    X, w = rng.standard_normal((rows, columns)), 0.1 * rng.standard_normal(columns)
    y = np.where(X @ w > 0, 1.0, -1.0)

    Xt, yt = (torch.tensor(X), torch.tensor(y)) if torch else (None, None)

    def of_torch(v):
        return torch.log1p(torch.exp(-yt * (Xt @ v))).mean()

    return programs(lambda v, np_: np_.mean(np_.log1p(np_.exp(-y * np_.dot(X, v)))), w, of_torch), 1


def rosenbrock_hessian(size):
    """The Hessian of a Rosenbrock function."""
    x = np.linspace(-1, 1, size)

    def f(v, np_):
        return np_.sum(100.0 * (v[1:] - v[:-1] ** 2) ** 2 + (1.0 - v[:-1]) ** 2)

    found = {"nnkit": lambda: ac.hessian(lambda v: f(v, np))(x)}
    if autograd:
        found["autograd"] = lambda: autograd.hessian(lambda v: f(v, anp))(x)
    if torch:
        t = torch.tensor(x)
        found["torch"] = lambda: torch.func.hessian(lambda v: f(v, torch))(t).numpy()
    return found, 1


def jacobian(size):
    """The Jacobian of x -> tanh(A x)."""
    A = np.random.default_rng(0).standard_normal((size, size)) / size
    x = np.linspace(-1, 1, size)
    found = {"nnkit": lambda: ac.jacobian(lambda v: np.tanh(A @ v))(x)}
    if autograd:
        found["autograd"] = lambda: autograd.jacobian(lambda v: anp.tanh(anp.dot(A, v)))(x)
    if torch:
        At, xt = torch.tensor(A), torch.tensor(x)
        found["torch"] = lambda: torch.func.jacrev(lambda v: torch.tanh(At @ v))(xt).numpy()
    return found, 1


def programs(f, x, of_torch):
    """Say how each engine takes the gradient of a function of one array."""
    found = {"nnkit": lambda: ac.grad(lambda v: f(v, np))(x)}
    if autograd:
        found["autograd"] = lambda: autograd.grad(lambda v: f(v, anp))(x)
    if torch:

        def backward():
            t = torch.tensor(x, requires_grad=True)
            of_torch(t).backward()
            return t.grad.numpy()

        found["torch"] = backward
    return found


ROWS = {
    "chain of 100 operations": lambda: chain(50),
    "chain of 10,000 operations": lambda: chain(5_000),
    "expression, 1e4 numbers": lambda: expression(10_000),
    "expression, 1e6 numbers": lambda: expression(1_000_000),
    "logistic regression 1,000 x 20": lambda: logistic(1_000, 20),
    "logistic regression 100,000 x 100": lambda: logistic(100_000, 100),
    "Hessian, 50-d Rosenbrock": lambda: rosenbrock_hessian(50),
    "Jacobian, 100 -> 100": lambda: jacobian(100),
}


TURN = 0.02
"""Seconds that a batch of calls takes at least."""


def batch_time(run, calls):
    """Return the CPU time of a call, one of a batch."""
    start = time.process_time()
    for _ in range(calls):
        run()
    return (time.process_time() - start) / calls


def measure(found, seconds):
    """Return the median CPU time of a call for each engine, taking turns."""
    calls = {name: 1 + int(TURN / max(batch_time(run, 3), 1e-6)) for name, run in found.items()}
    times = {name: [] for name in found}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["nnkit"]) < 5:
        for name, run in found.items():
            times[name].append(batch_time(run, calls[name]))
    return {name: statistics.median(t) for name, t in times.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="time for each row")
    args = parser.parse_args()
    missing = [n for n, m in (("autograd", autograd), ("torch", torch)) if m is None]
    print(f"one thread, CPU time; not installed: {', '.join(missing) or 'nothing'}")
    print(f"{'':36}{'nnkit':>12}{'/ autograd':>12}{'/ torch':>12}")
    for label, make in ROWS.items():
        found, operations = make()
        results = {name: run() for name, run in found.items()}  # also warms up
        for name, value in results.items():
            np.testing.assert_allclose(value, results["nnkit"], rtol=2e-3, atol=1e-5, err_msg=name)
        times = measure(found, args.seconds)
        ours = times["nnkit"]
        unit = f"{ours / operations * 1e6:9.2f} us"
        peers = [times.get(name) for name in ("autograd", "torch")]
        ratios = [f"{ours / peer:12.2f}" if peer else f"{'-':>12}" for peer in peers]
        print(f"{label:36}{unit:>12}{''.join(ratios)}")


if __name__ == "__main__":
    main()
