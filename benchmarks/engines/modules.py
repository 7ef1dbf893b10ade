"""The models as a user writes them, for PyTorch and nnkit alike: `lib` is torch.nn or nnkit."""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks.workloads import Workload


def network(lib: Any, workload: Workload) -> Any:
    """Return the model of a workload, with parameters named as in its data."""
    return {"mlp": mlp, "lenet": lenet, "convnet": convnet, "lstm": lstm, "gpt": gpt}[
        workload.kind
    ](lib, workload.sizes)


def loss_of(lib: Any, workload: Workload) -> Any:
    """Return the loss, as a function of the model, x and y."""
    F = lib.functional
    if workload.sizes.get("loss") == "mse":
        return lambda model, x, y: F.mse_loss(model(x), y)
    if workload.kind in ("lstm", "gpt"):
        flat = workload.sizes["vocabulary"]
        return lambda model, x, y: F.cross_entropy(model(x).reshape(-1, flat), y.reshape(-1))
    return lambda model, x, y: F.cross_entropy(model(x), y)


def optimizer_of(optim: Any, workload: Workload, model: Any) -> Any:
    """Return the optimiser of a workload."""
    name, settings = workload.optimizer
    kind = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}[name]
    return getattr(optim, kind)(model.parameters(), **settings)


def training_step(lib: Any, optim: Any, workload: Workload, model: Any) -> Any:
    """Return the function of x and y that does one step and returns the loss."""
    loss, optimizer = loss_of(lib, workload), optimizer_of(optim, workload, model)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        value = loss(model, x, y)
        value.backward()
        optimizer.step()
        return value

    return step


def mlp(lib: Any, sizes: dict[str, Any]) -> Any:
    layers: list[Any] = []
    widths = sizes["widths"]
    for a, b in itertools.pairwise(widths):
        layers += [lib.Linear(a, b), lib.Tanh() if sizes["activation"] == "tanh" else lib.ReLU()]
    return lib.Sequential(*layers[:-1])


def lenet(lib: Any, sizes: dict[str, Any]) -> Any:
    inside = (((sizes["size"] - 4) // 2 - 4) // 2) ** 2 * 32
    return lib.Sequential(
        lib.Conv2d(1, 16, 5), lib.ReLU(), lib.MaxPool2d(2),
        lib.Conv2d(16, 32, 5), lib.ReLU(), lib.MaxPool2d(2),
        lib.Flatten(), lib.Linear(inside, 128), lib.ReLU(), lib.Linear(128, 10),
    )  # fmt: skip


def convnet(lib: Any, sizes: dict[str, Any]) -> Any:
    layers: list[Any] = []
    for c, o in ((3, 32), (32, 64), (64, 64)):
        layers += [lib.Conv2d(c, o, 3, padding=1, bias=False), lib.BatchNorm2d(o)]
        layers += [lib.ReLU(), lib.MaxPool2d(2)]
    return lib.Sequential(*layers, lib.Flatten(), lib.Linear((sizes["size"] // 8) ** 2 * 64, 10))


def lstm(lib: Any, sizes: dict[str, Any]) -> Any:
    class CharModel(lib.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = lib.Embedding(sizes["vocabulary"], sizes["width"])
            self.lstm = lib.LSTM(sizes["width"], sizes["hidden"])
            self.head = lib.Linear(sizes["hidden"], sizes["vocabulary"])

        def forward(self, x: Any) -> Any:
            return self.head(self.lstm(self.embedding(x))[0])

    return CharModel()


def gpt(lib: Any, sizes: dict[str, Any]) -> Any:
    d, heads = sizes["width"], sizes["heads"]
    attend = lib.functional.scaled_dot_product_attention

    class Block(lib.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = lib.LayerNorm(d), lib.LayerNorm(d)
            self.qkv, self.out = lib.Linear(d, 3 * d), lib.Linear(d, d)
            self.up, self.down = lib.Linear(d, 4 * d), lib.Linear(4 * d, d)
            self.gelu = lib.GELU(approximate="tanh")

        def forward(self, x: Any) -> Any:
            n, places, _ = x.shape
            qkv = self.qkv(self.norm1(x)).reshape(n, places, 3, heads, d // heads)
            q, k, v = (qkv[:, :, i].swapaxes(1, 2) for i in range(3))
            mixed = attend(q, k, v, is_causal=True).swapaxes(1, 2).reshape(n, places, d)
            x = x + self.out(mixed)
            return x + self.down(self.gelu(self.up(self.norm2(x))))

    class TinyGPT(lib.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token = lib.Embedding(sizes["vocabulary"], d)
            self.place = lib.Embedding(sizes["context"], d)
            self.blocks = lib.Sequential(*(Block() for _ in range(sizes["layers"])))
            self.norm, self.head = lib.LayerNorm(d), lib.Linear(d, sizes["vocabulary"])

        def forward(self, x: Any) -> Any:
            return self.head(self.norm(self.blocks(self.token(x) + self.place.weight)))

    return TinyGPT()
