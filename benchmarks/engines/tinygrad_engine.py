"""tinygrad: the step captured by TinyJit; its CPU device needs clang."""

from __future__ import annotations

import shutil
from typing import Any

from benchmarks.engines import NotAvailableError, Program
from benchmarks.workloads import Data, Workload

if not shutil.which("clang"):
    raise ImportError("tinygrad's CPU device needs clang, and there is none")

from tinygrad import Context, Tensor, TinyJit
from tinygrad.nn.optim import SGD, Adam, AdamW


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    if workload.sizes.get("pairs", 0) > 100:
        raise NotAvailableError("compiles for minutes")
    if workload.kind in ("mlp", "lenet"):
        return training(workload, data)
    if workload.kind in ("expression", "chain", "logistic"):
        return gradient(workload, data)
    raise NotAvailableError("not written for it")


def output(p: Any, x: Any, workload: Workload) -> Any:
    if workload.kind == "lenet":
        for i in ("0", "3"):
            x = x.conv2d(p[f"{i}.weight"], p[f"{i}.bias"]).relu().max_pool2d((2, 2))
        x = (x.flatten(1) @ p["7.weight"].T + p["7.bias"]).relu()
        return x @ p["9.weight"].T + p["9.bias"]
    names = list(p)
    for i in range(0, len(names), 2):
        x = x @ p[names[i]].T + p[names[i + 1]]
        if i < len(names) - 2:
            x = x.tanh() if workload.sizes["activation"] == "tanh" else x.relu()
    return x


def training(workload: Workload, data: Data) -> Program:
    params = {name: Tensor(value) for name, value in data["params"].items()}
    x, y = Tensor(data["x"]), Tensor(data["y"])
    name, settings = workload.optimizer
    settings = {{"weight_decay": "weight_decay"}.get(k, k): v for k, v in settings.items()}
    kind = {"sgd": SGD, "adam": Adam, "adamw": AdamW}[name]
    optimizer = kind(list(params.values()), **settings)

    def loss() -> Any:
        out = output(params, x, workload)
        if workload.sizes.get("loss") == "mse":
            return ((out - y) ** 2).mean()
        return out.sparse_categorical_crossentropy(y)

    def backward() -> Any:
        value = loss()
        for p, gradient in zip(params.values(), value.gradient(*params.values()), strict=True):
            p.grad = gradient
        return value

    @TinyJit
    def step() -> Any:
        with Context(TRAINING=1):
            value = backward()
            return value.realize(*optimizer.schedule_step())

    def first() -> Any:
        value = backward()
        return value.item(), {name: p.grad.numpy() for name, p in params.items()}

    return Program(step, first, lambda value: value.item())


def gradient(workload: Workload, data: Data) -> Program:
    x = Tensor(data.get("w", data["x"]))
    X, signs = (Tensor(data[name]) for name in ("x", "y")) if "w" in data else (None, None)

    def value_of() -> Any:
        if workload.kind == "logistic":
            return (1 + (-signs * (X @ x)).exp()).log().mean()
        if workload.kind == "chain":
            y = x
            for _ in range(workload.sizes["pairs"]):
                y = y * 0.99999
                y = y + 1
            return y.sum()
        return (x.tanh() * (-(x**2)).exp() + (1 + x**2).log()).sum()

    @TinyJit
    def step() -> Any:
        value = value_of()
        (slope,) = value.gradient(x)
        return value.realize(slope), slope

    def first() -> Any:
        value = value_of()
        return value.item(), {"gradient": value.gradient(x)[0].numpy()}

    return Program(step, first, lambda result: result[0].item())
