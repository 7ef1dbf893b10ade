"""What a step of `Trainer.fit` takes with its compiled steps, and without, in CPU time.

Two trainers of the same model take turns, so that both see the same machine.

    python -m benchmarks.fit_cost
"""

from __future__ import annotations

import time

import numpy as np

import nnkit as nn

ROUNDS = 9


def tiny():
    """W1: 2-16-16-1, 32 rows."""
    layers = [nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)]
    return nn.Sequential(*layers), nn.MSELoss(), (2,), None, 32, 200


def mnist():
    """W2b: 784-256-128-10, 64 rows."""
    layers = [nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)]
    return nn.Sequential(*layers), nn.CrossEntropyLoss(), (784,), 10, 64, 40


def images():
    """Two convolutions with batch norm on 16x16, 32 images."""
    layers = [nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten()]
    model = nn.Sequential(*layers, nn.Linear(32 * 64, 10))
    return model, nn.CrossEntropyLoss(), (1, 16, 16), 10, 32, 10


def trainer_of(make, compile):
    """Make a trainer and a function that takes one turn; it returns the seconds of a step."""
    nn.seed(0)
    model, loss, shape, classes, rows, steps = make()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows * steps, *shape)).astype(np.float32)
    y = rng.integers(0, classes, len(x)) if classes else np.sin(x[:, :1])
    optimizer = nn.optim.Adam(model.parameters(), lr=1e-3)
    trainer = nn.Trainer(model, loss, optimizer, compile=compile)

    def turn():
        began = time.thread_time()
        trainer.fit(x, y, batch_size=rows, progress=False)
        return (time.thread_time() - began) / steps

    return turn


def main():
    """Print a row for each model."""
    print("model                                       compiled us   as it is us   ratio")
    for make in (tiny, mnist, images):
        turns = [trainer_of(make, compile) for compile in (True, False)]
        for turn in turns:  # the first one records
            turn()
        times = np.array([[turn() for turn in turns] for _ in range(ROUNDS)])
        ratio = np.median(times[:, 0] / times[:, 1])
        compiled, plain = 1e6 * np.median(times, axis=0)
        print(f"{make.__doc__:42s} {compiled:12.0f} {plain:13.0f} {ratio:7.2f}")


if __name__ == "__main__":
    main()
