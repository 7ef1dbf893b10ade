"""What statistics of activations and gradients cost the training: CPU time of a loop with them over
one without, in turns.

Allowed is what the budget says (1 % and 0.75 %), and the hook on the model in each step.

    python -m benchmarks.statistics_cost
"""

import contextlib
import statistics
import time

import numpy as np

import nnkit as nn

STEPS, ROUNDS = 1000, 9
SIZES = {"64-64-10, 32 rows": (64, 1, 32), "256-256-256-10, 128 rows": (256, 2, 128)}


class Work:
    """A small network and its training step."""

    def __init__(self, width, depth, rows):
        nn.seed(0)
        rng = np.random.default_rng(0)
        self.x = rng.standard_normal((rows, 64)).astype(np.float32)
        self.y = rng.integers(0, 10, rows)
        layers = [nn.Linear(64, width), nn.Tanh()]
        for _ in range(depth - 1):
            layers += [nn.Linear(width, width), nn.ReLU()]
        self.model = nn.Sequential(*layers, nn.Linear(width, 10))
        self.loss_of = nn.CrossEntropyLoss()
        self.optimizer = nn.optim.Adam(self.model.parameters(), lr=1e-3)

    def train(self):
        """Return the CPU seconds of some steps."""
        began = time.thread_time()
        for _ in range(STEPS):
            self.optimizer.zero_grad()
            self.loss_of(self.model(self.x), self.y).backward()
            self.optimizer.step()
        return time.thread_time() - began


def ways(work):
    """Return what is measured: a context for each loop, opened once and gone on with."""
    flow = None

    @contextlib.contextmanager
    def gradients():
        nonlocal flow
        flow = nn.GradientFlow(work.model, work.optimizer)
        try:
            yield
        finally:
            flow.close()

    activations = nn.ActivationStatistics(work.model)
    hook = work.model.register_forward_pre_hook
    return {
        "nothing": contextlib.nullcontext,
        "activations": lambda: activations,
        "gradients": gradients,
        "an empty hook": lambda: hook(lambda module, args: None),
    }


def main():
    """Print the cost of each kind, as a share of the training time."""
    for name, size in SIZES.items():
        work = Work(*size)
        work.train()
        kinds = ways(work)
        seconds = {kind: [] for kind in kinds}
        for _ in range(ROUNDS):
            for kind, context in kinds.items():
                with context():
                    seconds[kind].append(work.train())
        plain = min(seconds["nothing"])
        print(f"{name}: a step takes {plain / STEPS * 1e6:.0f} us")
        for kind, times in seconds.items():
            ratios = [t / p for t, p in zip(times, seconds["nothing"], strict=True)]
            print(
                f"  {kind:<14} {min(times) / plain - 1:+7.2%} of the fastest loops, "
                f"{statistics.median(ratios) - 1:+7.2%} in the median of the pairs"
            )


if __name__ == "__main__":
    main()
