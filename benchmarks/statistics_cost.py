"""What statistics of activations and gradients cost the training, in CPU time.

The budget (1 % and 0.75 %) counts what looking takes by its own clock. Here that clock is held
against the truth: a step with a look over a step without, in short turns; and the call in each step
that finds nothing to do is timed alone. From both follows the cost of a whole training.

    python -m benchmarks.statistics_cost
"""

import contextlib
import time
import timeit

import numpy as np

import nnkit as nn

STEPS, ROUNDS = 10, 150
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


@contextlib.contextmanager
def gradients(work, budget):
    """Look at the gradients."""
    flow = nn.GradientFlow(work.model, work.optimizer, budget=budget)
    try:
        yield flow
    finally:
        flow.close()


KINDS = {
    "activations": (lambda work, budget: nn.ActivationStatistics(work.model, budget), 0.01),
    "gradients": (gradients, 0.0075),
}


def fastest(work, context):
    """Return the CPU seconds of a step in the fastest turn so far, and the clock's part of it."""
    with context() as looking:
        return work.train() / STEPS, looking and looking._budget._spent / STEPS


def idle_seconds():
    """Return what the hooks cost in a step that is not looked at."""
    model = nn.Identity()
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.1)
    plain = shortest(lambda: model(1))
    with nn.ActivationStatistics(model) as looking:
        looking._budget._next = 1 << 60
        hooked = shortest(lambda: model(1))
    flow = nn.GradientFlow(model, optimizer)
    flow._budget._next = 1 << 60
    pair = shortest(
        lambda: [hook(optimizer, (), {}) for hook in (flow._look_before, flow._look_after)]
    )
    return {"activations": hooked - plain, "gradients": pair}


def shortest(f):
    """Return the seconds of the fastest of many calls."""
    return min(timeit.repeat(f, number=2000, repeat=30)) / 2000


def main():
    """Print the cost of each kind, as a share of the training time."""
    idle = idle_seconds()
    for name, size in SIZES.items():
        work = Work(*size)
        work.train()
        turns = {"plain": contextlib.nullcontext}
        for kind, (make, _) in KINDS.items():
            turns[kind] = lambda make=make, work=work: make(work, 1.0)  # looks at every step
        best = {}
        for _ in range(ROUNDS):
            for turn, context in turns.items():
                best[turn] = min(best.get(turn, (1.0, 0.0)), fastest(work, context))
        plain = best["plain"][0]
        print(f"{name}: a step takes {plain * 1e6:.0f} us")
        for kind, (_, budget) in KINDS.items():
            (seconds, clock), none = best[kind], idle[kind]
            look = seconds - plain
            share = budget * (look - none) / clock + none / plain
            print(
                f"  {kind:<12} a look {look * 1e6:.0f} us (by its clock {clock * 1e6:.0f}), a step "
                f"without {none * 1e6:.1f} us: {share:.1%} of the training"
            )


if __name__ == "__main__":
    main()
