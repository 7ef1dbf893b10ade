"""The workloads: names, sizes, optimisers, and data with fixed seeds, the same for all engines.

Parameters have the names and layouts of a PyTorch state dict; an engine may arrange them as it
likes. Learning rates are small, so that thousands of timed steps on one batch stay in the regime of
the first ones: nothing dies, nothing becomes a denormal number.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SGD = ("sgd", {"lr": 1e-2})
MOMENTUM = ("sgd", {"lr": 1e-3, "momentum": 0.9})
ADAM = ("adam", {"lr": 1e-4})
ADAMW = ("adamw", {"lr": 1e-4, "weight_decay": 0.01})


@dataclass(frozen=True)
class Workload:
    """One thing to measure.

    `kind` says which program it is, `sizes` how large, `small` the sizes of the tests. `tolerance`
    is how far losses and gradients of two engines may be apart, `quick` whether a quick run has it.
    """

    name: str
    title: str
    kind: str
    sizes: dict[str, Any]
    small: dict[str, Any] = field(default_factory=dict)
    optimizer: tuple[str, dict[str, float]] | None = None
    quick: bool = True
    tolerance: float = 1e-3

    def reduced(self) -> Workload:
        """Return it at the size of the tests."""
        return Workload(**{**self.__dict__, "sizes": self.sizes | self.small})


def mlp(name: str, title: str, widths: tuple[int, ...], batch: int, optimizer: Any, **more: Any):
    """Describe a multilayer perceptron."""
    sizes = {"widths": widths, "batch": batch, "activation": "relu", "loss": "cross_entropy"}
    return Workload(name, title, "mlp", sizes | more.pop("sizes", {}), optimizer=optimizer, **more)


WIDE = {"widths": (32, 48, 40, 10), "batch": 16}
WORKLOADS = {
    w.name: w
    for w in [
        mlp(
            "W1", "tiny MLP, SGD", (2, 16, 16, 1), 32, SGD,
            sizes={"activation": "tanh", "loss": "mse"},
        ),
        mlp("W2", "MNIST MLP, momentum", (784, 256, 128, 10), 64, MOMENTUM, small=WIDE),
        mlp("W2b", "MNIST MLP, Adam", (784, 256, 128, 10), 64, ADAM, small=WIDE),
        mlp(
            "W3", "wide MLP, SGD", (1024, 2048, 2048, 1000), 256, SGD, small=WIDE, quick=False,
            tolerance=1e-2,  # one of a million ReLUs, at 0, is 0.3 % of the first gradient
        ),
        Workload(
            "W4", "LeNet, momentum", "lenet", {"batch": 64, "size": 28}, {"batch": 6}, MOMENTUM
        ),
        Workload(
            "W4b", "3 conv + BatchNorm, momentum", "convnet", {"batch": 64, "size": 32},
            {"batch": 4, "size": 16}, MOMENTUM,
        ),
        Workload(
            "W5", "char LSTM, Adam", "lstm",
            {"vocabulary": 64, "width": 64, "hidden": 128, "steps": 64, "batch": 32},
            {"hidden": 16, "steps": 8, "batch": 3}, ADAM,
        ),
        Workload(
            "W6", "tiny GPT, AdamW", "gpt",
            {"vocabulary": 64, "width": 64, "heads": 4, "layers": 2, "context": 64, "batch": 16},
            {"context": 8, "batch": 2}, ADAMW,
        ),
        *(
            Workload(
                f"W7:1e{e}", f"expression, {10**e:,} elements", "expression", {"size": 10**e},
                {"size": min(10**e, 70_000)}, quick=e < 7,
            )
            for e in (2, 4, 6, 7)
        ),
        *(
            Workload(
                f"W8:{n}", f"chain of {n:,} pairs", "chain", {"pairs": n, "size": 10},
                {"pairs": min(n, 50)}, quick=n in (10, 1_000),
                tolerance=1e-3 if n < 10_000 else 5e-2,  # float32 rounds 200,000 times
            )
            for n in (10, 100, 1_000, 10_000, 100_000)
        ),
        Workload(
            "W9:small", "logistic regression 1,000 x 20", "logistic", {"rows": 1_000, "columns": 20}
        ),
        Workload(
            "W9:big", "logistic regression 100,000 x 100", "logistic",
            {"rows": 100_000, "columns": 100}, {"rows": 500},
        ),
        Workload("W9:hessian", "Hessian, 50-d Rosenbrock", "hessian", {"size": 50}),
        Workload("W9:jacobian", "Jacobian, 100 -> 100", "jacobian", {"size": 100}),
    ]
}  # fmt: skip
KINDS = {w.kind for w in WORKLOADS.values()}


# --- data -----------------------------------------------------------------------------------------

Data = dict[str, Any]


def data_of(workload: Workload) -> Data:
    """Return the inputs `x`, `y` and the initial parameters `params` of a workload."""
    return MAKERS[workload.kind](np.random.default_rng(0), **workload.sizes)


def uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
    """Draw weights as PyTorch's layers do."""
    bound = fan_in**-0.5
    return rng.uniform(-bound, bound, shape).astype(np.float32)


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)


def dense(rng: np.random.Generator, name: str, inputs: int, outputs: int) -> Data:
    """Return the two parameters of a Linear layer."""
    return {
        f"{name}.weight": uniform(rng, (outputs, inputs), inputs),
        f"{name}.bias": uniform(rng, (outputs,), inputs),
    }


def mlp_data(rng, widths, batch, activation, loss) -> Data:
    params = {}
    for i, (a, b) in enumerate(itertools.pairwise(widths)):
        params |= dense(rng, str(2 * i), a, b)
    x = normal(rng, batch, widths[0])
    y = normal(rng, batch, 1) if loss == "mse" else rng.integers(0, widths[-1], batch)
    return {"x": x, "y": y, "params": params}


def convolution(rng, name: str, inputs: int, outputs: int, kernel: int, bias: bool) -> Data:
    fan_in = inputs * kernel**2
    found = {f"{name}.weight": uniform(rng, (outputs, inputs, kernel, kernel), fan_in)}
    return found | ({f"{name}.bias": uniform(rng, (outputs,), fan_in)} if bias else {})


def lenet_data(rng, batch, size) -> Data:
    params = convolution(rng, "0", 1, 16, 5, bias=True)
    params |= convolution(rng, "3", 16, 32, 5, bias=True)
    inside = (((size - 4) // 2 - 4) // 2) ** 2 * 32
    params |= dense(rng, "7", inside, 128) | dense(rng, "9", 128, 10)
    return {
        "x": normal(rng, batch, 1, size, size),
        "y": rng.integers(0, 10, batch),
        "params": params,
    }


def convnet_data(rng, batch, size) -> Data:
    params = {}
    for i, (c, o) in enumerate(((3, 32), (32, 64), (64, 64))):
        params |= convolution(rng, f"{4 * i}", c, o, 3, bias=False)
        signs = np.where(np.arange(o) % 8 == 0, -1, 1)  # no engine may assume them positive
        params[f"{4 * i + 1}.weight"] = (signs * rng.uniform(0.5, 1.5, o)).astype(np.float32)
        params[f"{4 * i + 1}.bias"] = rng.uniform(-0.5, 0.5, o).astype(np.float32)
    params |= dense(rng, "13", (size // 8) ** 2 * 64, 10)
    return {
        "x": normal(rng, batch, 3, size, size),
        "y": rng.integers(0, 10, batch),
        "params": params,
    }


def lstm_data(rng, vocabulary, width, hidden, steps, batch) -> Data:
    params = {"embedding.weight": normal(rng, vocabulary, width)}
    for name, shape in {
        "lstm.weight_ih_l0": (4 * hidden, width),
        "lstm.weight_hh_l0": (4 * hidden, hidden),
        "lstm.bias_ih_l0": (4 * hidden,),
        "lstm.bias_hh_l0": (4 * hidden,),
    }.items():
        params[name] = uniform(rng, shape, hidden)
    params |= dense(rng, "head", hidden, vocabulary)
    text = rng.integers(0, vocabulary, (steps + 1, batch))
    return {"x": text[:-1].copy(), "y": text[1:].copy(), "params": params}


def gpt_data(rng, vocabulary, width, heads, layers, context, batch) -> Data:
    del heads
    d = width

    def norm(name: str) -> Data:
        return {
            f"{name}.weight": rng.uniform(0.5, 1.5, d).astype(np.float32),
            f"{name}.bias": rng.uniform(-0.5, 0.5, d).astype(np.float32),
        }

    params = {"token.weight": normal(rng, vocabulary, d), "place.weight": normal(rng, context, d)}
    for i in range(layers):
        params |= norm(f"blocks.{i}.norm1") | dense(rng, f"blocks.{i}.qkv", d, 3 * d)
        params |= dense(rng, f"blocks.{i}.out", d, d) | norm(f"blocks.{i}.norm2")
        params |= dense(rng, f"blocks.{i}.up", d, 4 * d) | dense(rng, f"blocks.{i}.down", 4 * d, d)
    params |= norm("norm") | dense(rng, "head", d, vocabulary)
    text = rng.integers(0, vocabulary, (batch, context + 1))
    return {"x": text[:, :-1].copy(), "y": text[:, 1:].copy(), "params": params}


def expression_data(rng, size) -> Data:
    return {"x": normal(rng, size)}


def chain_data(rng, pairs, size) -> Data:
    del rng, pairs
    return {"x": np.linspace(-1, 1, size, dtype=np.float32)}


def logistic_data(rng, rows, columns) -> Data:
    x, w = normal(rng, rows, columns), 0.1 * normal(rng, columns)
    signs = np.where(x @ w + 0.1 * normal(rng, rows) > 0, 1.0, -1.0).astype(np.float32)
    return {"x": x, "y": signs, "w": w}


def hessian_data(rng, size) -> Data:
    del rng
    return {"x": np.linspace(-1, 1, size, dtype=np.float32)}


def jacobian_data(rng, size) -> Data:
    return {
        "A": normal(rng, size, size) / np.float32(size**0.5),
        "x": np.linspace(-1, 1, size, dtype=np.float32),
    }


MAKERS: dict[str, Callable[..., Data]] = {
    "mlp": mlp_data,
    "lenet": lenet_data,
    "convnet": convnet_data,
    "lstm": lstm_data,
    "gpt": gpt_data,
    "expression": expression_data,
    "chain": chain_data,
    "logistic": logistic_data,
    "hessian": hessian_data,
    "jacobian": jacobian_data,
}
