"""Random networks, trained compiled and as they are: the same weights to the bit, however the
recording is laid out. `make nightly` trains 1,000.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
import nnkit.functional as F
from autograd_core import Compiled, blocks, chains, checkpoint, layout, script
from autograd_core import compiled as compiled_module
from tests.amounts import amount

NETWORKS = amount("NETWORKS", 40, 1_000)
ACTIVATIONS = [F.relu, F.gelu, np.tanh, F.silu, F.elu]


def halves(x: Any) -> tuple[Any, Any]:
    n = x.shape[1] // 2
    return x[:, :n], x[:, n:]


def gated(x: Any, layer: Any, _n: int) -> Any:
    a, b = halves(layer(x))
    return a * F.sigmoid(b) + x


def attended(x: Any, layer: Any, _n: int) -> Any:
    return layer(x[None], x[None], x[None])[0][0]


def swapped(x: Any, _layer: Any, _n: int) -> Any:
    a, b = halves(x)
    return np.concatenate([-b, a], axis=1)


# what a step does with x (rows, width), its layer and a number
STEPS: dict[str, Callable[[Any, Any, int], Any]] = {
    "linear": lambda x, layer, _n: layer(x),
    "norm": lambda x, layer, _n: layer(x),
    "drop": lambda x, layer, _n: layer(x),
    "residual": lambda x, layer, _n: x + F.relu(layer(x)),
    "again": lambda x, layer, _n: checkpoint(lambda t: np.tanh(layer(t)))(x),
    "gate": gated,
    "attention": attended,
    "swap": swapped,
    "activation": lambda x, _layer, n: ACTIVATIONS[n](x),
    "shift": lambda x, _layer, _n: np.concatenate([x[:, 1:] * 2, x[:, :1]], axis=1),
    "softmax": lambda x, _layer, _n: F.softmax(x, dim=1) * x,
    "centre": lambda x, _layer, _n: (x - x.mean(axis=1, keepdims=True)) * 1.0 + 0.0,
    "scale": lambda x, _layer, _n: x / np.sqrt(1e-3 + (x * x).sum()) * 3,
    "where": lambda x, _layer, _n: np.where(x > 0, x, 0.1 * x),
    "sums": lambda x, _layer, _n: np.cumsum(x, axis=0) * 0.3,
}
LAYERS: dict[str, Callable[[int, int], nn.Module]] = {
    "linear": lambda d, _n: nn.Linear(d, d),
    "residual": lambda d, _n: nn.Linear(d, d),
    "again": lambda d, _n: nn.Linear(d, d),
    "gate": lambda d, _n: nn.Linear(d, 2 * d),
    "norm": lambda d, n: nn.LayerNorm(d) if n % 2 else nn.BatchNorm1d(d),
    "drop": lambda _d, _n: nn.Dropout(0.3),
    "attention": lambda d, _n: nn.MultiheadAttention(d, 2, batch_first=True),
}
OPTIMIZERS: list[Callable[[Any], Any]] = [
    lambda p: nn.optim.SGD(p, lr=0.05),
    lambda p: nn.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    lambda p: nn.optim.Adam(p, lr=0.01),
    lambda p: nn.optim.AdamW(p, lr=0.01),
    lambda p: nn.optim.RMSprop(p, lr=0.01),
]


class Network(nn.Module):
    """Some steps, one after the other, and a head."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        self.width = int(rng.choice([6, 8, 12]))
        names = [str(name) for name in rng.choice(list(STEPS), rng.integers(3, 9))]
        self.steps = [(name, int(rng.integers(5))) for name in names]
        made = [LAYERS.get(name, lambda *_: nn.Identity())(self.width, n) for name, n in self.steps]
        self.layers, self.head = nn.ModuleList(made), nn.Linear(self.width, 3)

    def forward(self, x: Any) -> Any:
        for (name, n), layer in zip(self.steps, self.layers, strict=True):
            x = STEPS[name](x, layer, n)
        return self.head(x)


def trained(seed: int, compiled: bool) -> tuple[list, Network]:
    """Return losses, weights and statistics after some steps with batches of two sizes."""
    nn.seed(seed)
    model = Network(seed)
    optimizer = OPTIMIZERS[seed % len(OPTIMIZERS)](model.parameters())
    adds_up = seed % 4 == 3
    rng = np.random.default_rng(seed)

    def step(x: Any, y: Any) -> Any:
        if not adds_up:
            optimizer.zero_grad()
        out = model(x)
        loss = F.cross_entropy(out, y) + 0.1 * (out**2).mean()
        loss.backward()
        if seed % 5 == 1:
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        if not adds_up:
            optimizer.step()
        return loss

    run = Compiled(step, exact=True) if compiled else step
    found = []
    for i in range(9):
        x = rng.normal(size=(7 if i % 4 else 5, model.width)).astype(np.float32)
        found.append(run(x, rng.integers(0, 3, len(x))).item())
        if adds_up and i % 2:
            optimizer.step()
            optimizer.zero_grad()
        if i == 6 and seed % 2:
            model.eval()
    found += [p.detach().numpy().copy() for p in model.parameters()]
    return found + [np.array(b) for b in model.buffers()], model


@pytest.mark.parametrize("how", ["as they are", "in gaps and parts", "in blocks"])
@pytest.mark.parametrize("seeds", np.array_split(np.arange(NETWORKS), 4), ids=lambda s: f"{s[0]}-")
def test_random_networks(how: str, seeds: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    if how != "as they are":
        monkeypatch.setattr(layout, "SMALL", 0)
        monkeypatch.setattr(script, "PART", 9)
        monkeypatch.setattr(compiled_module, "SHARE", -1)
        monkeypatch.setattr(compiled_module, "COMPARED", -1)  # recorded twice
    if how == "in blocks":
        monkeypatch.setattr(chains, "LEAST", 1)
        monkeypatch.setattr(blocks, "BLOCK", 11)
    for seed in map(int, seeds):
        with warnings.catch_warnings():  # gradients that are added up over batches of two sizes
            warnings.filterwarnings("ignore", ".*is another one at each call")
            got, model = trained(seed, True)
        wanted, _ = trained(seed, False)
        for a, b in zip(got, wanted, strict=True):
            assert np.array_equal(a, b, equal_nan=True), (seed, model.steps)
