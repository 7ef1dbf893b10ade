"""MyGrad: NumPy-like tensors with a fused softmax cross-entropy and a convolution."""

from __future__ import annotations

from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet import conv_nd, max_pool
from mygrad.nnet.activations import relu
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.engines import NotAvailableError, Program, formulas
from benchmarks.engines.updates import updater
from benchmarks.workloads import Data, Workload


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    if workload.kind in ("mlp", "lenet"):
        return training(workload, data)
    if workload.kind in ("expression", "chain", "logistic"):
        return gradient(workload, data)
    raise NotAvailableError("not written for it" if workload.kind in ("lstm", "gpt", "convnet")
                       else "no such feature")  # fmt: skip


def mlp(p: Any, x: Any, activation: str) -> Any:
    names = list(p)
    for i in range(0, len(names), 2):
        x = mg.matmul(x, p[names[i]].T) + p[names[i + 1]]
        if i < len(names) - 2:
            x = mg.tanh(x) if activation == "tanh" else relu(x)
    return x


def lenet(p: Any, x: Any) -> Any:
    for i in ("0", "3"):
        x = conv_nd(x, p[f"{i}.weight"], stride=1) + p[f"{i}.bias"].reshape(1, -1, 1, 1)
        x = max_pool(relu(x), (2, 2), 2)
    x = relu(mg.matmul(x.reshape(len(x), -1), p["7.weight"].T) + p["7.bias"])
    return mg.matmul(x, p["9.weight"].T) + p["9.bias"]


def training(workload: Workload, data: Data) -> Program:
    params = {name: mg.tensor(value.copy()) for name, value in data["params"].items()}
    x, y, update, sizes = data["x"], data["y"], updater(workload), workload.sizes

    def backward() -> Any:
        out = lenet(params, x) if workload.kind == "lenet" else mlp(params, x, sizes["activation"])
        loss = (
            mg.mean((out - y) ** 2) if sizes.get("loss") == "mse" else softmax_crossentropy(out, y)
        )
        loss.backward()
        return loss

    def step() -> Any:
        loss = backward()
        arrays = {name: p.data for name, p in params.items()}
        update(arrays, {name: p.grad for name, p in params.items()})
        return loss

    def first() -> Any:
        loss = backward()
        return loss.item(), {name: p.grad.copy() for name, p in params.items()}

    return Program(step, first, lambda loss: loss.item())


def gradient(workload: Workload, data: Data) -> Program:
    if workload.kind == "logistic":
        f = lambda w: formulas.logistic(mg, w, data["x"], data["y"])
    elif workload.kind == "chain":
        f = lambda x: formulas.chain(mg, x, workload.sizes["pairs"])
    else:
        f = lambda x: formulas.expression(mg, x)
    x = mg.tensor(data.get("w", data["x"]))

    def step() -> Any:
        value = f(x)
        value.backward()
        return value

    def first() -> Any:
        return step().item(), {"gradient": np.array(x.grad)}

    return Program(step, first, lambda value: value.item())
