"""PyTorch, eager, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.engines import Program, formulas, modules
from benchmarks.workloads import Data, Workload

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class Namespace:
    """NumPy's names for formulas; only `matmul` and reductions are spelt differently."""

    tanh, exp, log1p, matmul = torch.tanh, torch.exp, torch.log1p, torch.matmul
    sum, mean = torch.sum, torch.mean


def threads(n: int) -> None:
    """Run on `n` threads from now on."""
    torch.set_num_threads(n)


def make(workload: Workload, data: Data, wrap: Wrap = lambda step: step) -> Program:
    """Return the program; `wrap` is what is done to the function that is differentiated."""
    if workload.kind in ("expression", "chain", "logistic"):
        return gradient(workload, data, wrap)
    if workload.kind in ("hessian", "jacobian"):
        return matrix(workload, data, wrap)
    return training(workload, data, wrap)


def training(workload: Workload, data: Data, wrap: Wrap) -> Program:
    model = modules.network(torch.nn, workload)
    params = {name: torch.tensor(value) for name, value in data["params"].items()}
    model.load_state_dict(params, strict=False)  # BatchNorm's statistics are not in it
    x, y = torch.tensor(data["x"]), torch.tensor(data["y"])
    step = modules.training_step(torch.nn, torch.optim, workload, model)
    if wrap is not EAGER:
        step = compiled_step(workload, model, wrap)
    loss = modules.loss_of(torch.nn, workload)

    def first() -> tuple[float, dict[str, np.ndarray]]:
        value = loss(model, x, y)
        value.backward()
        found = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
        model.zero_grad()
        return value.item(), found

    return Program(lambda: step(x, y), first, lambda value: value.item())


def compiled_step(workload: Workload, model: Any, wrap: Wrap) -> Any:
    """Return a step with loss and gradients compiled, and the update compiled apart."""
    loss = wrap(modules.loss_of(torch.nn, workload))
    optimizer = modules.optimizer_of(torch.optim, workload, model)
    update = wrap(optimizer.step)

    def step(x: Any, y: Any) -> Any:
        optimizer.zero_grad()
        value = loss(model, x, y)
        value.backward()
        update()
        return value

    return step


def gradient(workload: Workload, data: Data, wrap: Wrap) -> Program:
    np_ = Namespace
    if workload.kind == "expression":
        f = wrap(lambda x: formulas.expression(np_, x))
    elif workload.kind == "chain":
        f = wrap(lambda x: formulas.chain(np_, x, workload.sizes["pairs"]))
    else:
        X, signs = torch.tensor(data["x"]), torch.tensor(data["y"])
        f = wrap(lambda w: formulas.logistic(np_, w, X, signs))
    x = torch.tensor(data["w"] if "w" in data else data["x"], requires_grad=True)

    def step() -> Any:
        x.grad = None
        value = f(x)
        value.backward()
        return value

    def first() -> tuple[float, dict[str, np.ndarray]]:
        return step().item(), {"gradient": x.grad.numpy().copy()}

    return Program(step, first, lambda value: value.item())


def matrix(workload: Workload, data: Data, wrap: Wrap) -> Program:
    x = torch.tensor(data["x"])
    if workload.kind == "hessian":
        f = torch.func.hessian(lambda v: formulas.rosenbrock(Namespace, v))
    else:
        A = torch.tensor(data["A"])
        f = torch.func.jacrev(lambda v: formulas.squashed(Namespace, v, A))
    f = wrap(f)

    def first() -> tuple[float, dict[str, np.ndarray]]:
        found = f(x).numpy()
        return float(found.sum()), {workload.kind: found}

    return Program(lambda: f(x), first, lambda value: value.sum().item())


EAGER = make.__defaults__[0]
