"""How good the suggestions of the learning-rate range test are, on small models and real training.

For each task a grid of learning rates is trained for some epochs. A suggestion has lost 0 if
training with it ends with the loss of the best rate of the grid, and 1 if nothing was gained.

    python -m benchmarks.learning_rates
"""

import itertools

import numpy as np
from sklearn.datasets import load_digits

import nnkit as nn

GRID = np.geomspace(1e-4, 3, 14)
EPOCHS, SEEDS = 8, 3


def tasks():
    """Yield name, inputs, targets, a function that makes the model, and the loss."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (512, 2))
    diagonals = (X[:, 0] * X[:, 1] > 0).astype(int)
    ce, images = nn.CrossEntropyLoss(), load_digits()
    pixels = images.data / 16

    def mlp(*sizes, act=nn.ReLU, norm=False):
        layers = []
        for n, m in itertools.pairwise(sizes[:-1]):
            layers += [nn.Linear(n, m), *([nn.BatchNorm1d(m)] if norm else []), act()]
        return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))

    def cnn():
        pool = nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10)
        return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), *pool)

    for width in (32, 256):
        yield f"xor {width}", X, diagonals, lambda w=width: mlp(2, w, 2, act=nn.Tanh), ce
    for width in (32, 128):
        x = X[:, :1]
        yield f"sine {width}", x, np.sin(5 * x), lambda w=width: mlp(1, w, w, 1), nn.MSELoss()
    yield "digits", pixels, images.target, lambda: mlp(64, 64, 10), ce
    yield "digits, norm", pixels, images.target, lambda: mlp(64, 64, 10, norm=True), ce
    yield "digits, conv", pixels.reshape(-1, 1, 8, 8), images.target, cnn, ce


OPTIMIZERS = {
    "SGD": lambda model, lr: nn.optim.SGD(model, lr=lr),
    "SGD, momentum": lambda model, lr: nn.optim.SGD(model, lr=lr, momentum=0.9),
    "Adam": lambda model, lr: nn.optim.Adam(model, lr=lr),
}


def final_loss(X, y, make, loss, optimizer, lr):
    """Return the loss at the end of a training, infinite if it fails."""
    nn.seed(0)
    model = make()
    try:
        history = nn.Trainer(model, loss, optimizer(model, lr)).fit(X, y, epochs=EPOCHS)
    except FloatingPointError:
        return np.inf
    return history["loss"][-16:].mean()


def main():
    """Print what each rule lost."""
    lost = {}
    for name, *task in tasks():
        for kind, optimizer in OPTIMIZERS.items():
            reached = np.array([final_loss(*task, optimizer, lr) for lr in GRID])
            start = final_loss(*task, optimizer, 1e-9)
            X, y, make, loss = task
            line = []
            for seed in range(SEEDS):
                nn.seed(seed)
                model = make()
                test = nn.lr_find(model, loss, optimizer(model, 0.1), X, y)
                for rule, lr in test.suggestions.items():
                    found = np.interp(np.log(lr or GRID[0]), np.log(GRID), reached)
                    share = min((found - reached.min()) / (start - reached.min()), 2)
                    lost.setdefault(rule, []).append(share)
                line.append(f"{test.suggestion or 0:.2g}")
            best = GRID[reached.argmin()]
            print(f"{name:<14}{kind:<15}best {best:<8.2g}suggested {', '.join(line)}", flush=True)
    for rule, shares in lost.items():
        print(f"{rule:<9} lost {np.mean(shares):.2f} on average, {np.median(shares):.2f} median")


if __name__ == "__main__":
    main()
