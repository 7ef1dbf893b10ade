"""HIPS autograd: NumPy with gradients. It has no convolution worth the name (n/a there)."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from benchmarks.engines import NotAvailableError, Program, formulas
from benchmarks.engines.updates import updater
from benchmarks.workloads import Data, Workload


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    if workload.kind in ("lenet", "convnet"):
        raise NotAvailableError("no convolution of images")
    if workload.kind in ("hessian", "jacobian"):
        return matrix(workload, data)
    if workload.kind in ("mlp", "lstm", "gpt"):
        return training(workload, data)
    return gradient(workload, data)


def loss_of(workload: Workload, data: Data) -> Any:
    """Return the loss as a function of the parameters."""
    x, y, sizes = data["x"], data["y"], workload.sizes
    rows = np.arange(y.size)
    if workload.kind == "mlp":
        return lambda p: formulas.mlp(anp, p, x, y, sizes["activation"], sizes["loss"], rows)
    if workload.kind == "gpt":
        mask = np.triu(np.full((sizes["context"],) * 2, -np.inf, np.float32), 1)
        return lambda p: formulas.gpt(anp, p, x, y, sizes, mask, rows)
    return lambda p: lstm(p, x, y, rows)


def lstm(p: Any, x: Any, y: Any, rows: Any) -> Any:
    H = p["lstm.weight_hh_l0"].shape[1]
    h = c = np.zeros((x.shape[1], H), np.float32)
    bias = p["lstm.bias_ih_l0"] + p["lstm.bias_hh_l0"]
    projected = anp.matmul(p["embedding.weight"][x], p["lstm.weight_ih_l0"].T) + bias
    states = []
    for t in range(len(x)):
        h, c = formulas.lstm_step(anp, projected[t], h, c, p["lstm.weight_hh_l0"], H)
        states.append(h)
    logits = anp.matmul(anp.concatenate(states), p["head.weight"].T) + p["head.bias"]
    return formulas.cross_entropy(anp, logits, y.reshape(-1), rows)


def training(workload: Workload, data: Data) -> Program:
    params = {name: value.copy() for name, value in data["params"].items()}
    f, update = autograd.value_and_grad(loss_of(workload, data)), updater(workload)

    def step() -> Any:
        value, grads = f(params)
        update(params, grads)
        return value

    return Program(step, lambda: f(params))


def gradient(workload: Workload, data: Data) -> Program:
    if workload.kind == "logistic":
        f = lambda w: formulas.logistic(anp, w, data["x"], data["y"])
    elif workload.kind == "chain":
        f = lambda x: formulas.chain(anp, x, workload.sizes["pairs"])
    else:
        f = lambda x: formulas.expression(anp, x)
    x, f = data.get("w", data["x"]), autograd.value_and_grad(f)

    def first() -> Any:
        value, found = f(x)
        return float(value), {"gradient": found}

    return Program(lambda: f(x), first, lambda result: float(result[0]))


def matrix(workload: Workload, data: Data) -> Program:
    if workload.kind == "hessian":
        f = autograd.hessian(lambda x: formulas.rosenbrock(anp, x))
    else:
        f = autograd.jacobian(lambda x: formulas.squashed(anp, x, data["A"]))

    def first() -> Any:
        found = f(data["x"])
        return float(found.sum()), {workload.kind: found}

    return Program(lambda: f(data["x"]), first, lambda result: float(result.sum()))
