"""nnkit as it comes: its public names, used as a user uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_core
import nnkit as nn
from autograd_core import hessian, jacobian, value_and_grad
from benchmarks.engines import Program, formulas, modules
from benchmarks.workloads import Data, Workload

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


def as_it_is(step: Any) -> Any:
    """Leave a step as it is."""
    return step


def make(workload: Workload, data: Data, wrap: Wrap = as_it_is) -> Program:
    """Return the program; `wrap` is what is done to the function of a step."""
    if workload.kind in FUNCTIONS:
        return FUNCTIONS[workload.kind](workload, data, wrap)
    return training(workload, data, wrap)


def training(workload: Workload, data: Data, wrap: Wrap) -> Program:
    model = modules.network(nn, workload)
    model.load_state_dict(data["params"], strict=False)  # BatchNorm's statistics are not in it
    loss = modules.loss_of(nn, workload)
    step = wrap(modules.training_step(nn, nn.optim, workload, model))
    x, y = data["x"], data["y"]

    def first() -> tuple[float, dict[str, np.ndarray]]:
        value = loss(model, x, y)
        value.backward()
        found = {name: np.array(p.grad.numpy()) for name, p in model.named_parameters()}
        model.zero_grad()
        return float(value.item()), found

    return Program(lambda: step(x, y), first, lambda value: float(value.item()))


def differentiated(f: Callable[..., Any], *args: Any) -> Program:
    """Return the program that calculates value and gradient."""

    def first() -> tuple[float, dict[str, np.ndarray]]:
        value, gradient = f(*args)
        return float(value), {"gradient": np.asarray(gradient)}

    return Program(lambda: f(*args), first, lambda result: float(result[0]))


def matrix(f: Callable[..., Any], name: str, *args: Any) -> Program:
    """Return the program that calculates a matrix of derivatives."""

    def first() -> tuple[float, dict[str, np.ndarray]]:
        found = np.asarray(f(*args))
        return float(found.sum()), {name: found}

    return Program(lambda: f(*args), first, lambda result: float(np.sum(result)))


def expression(workload: Workload, data: Data, wrap: Wrap) -> Program:
    return differentiated(wrap(value_and_grad(lambda x: formulas.expression(np, x))), data["x"])


def chain(workload: Workload, data: Data, wrap: Wrap) -> Program:
    pairs = workload.sizes["pairs"]
    return differentiated(wrap(value_and_grad(lambda x: formulas.chain(np, x, pairs))), data["x"])


def logistic(workload: Workload, data: Data, wrap: Wrap) -> Program:
    f = wrap(value_and_grad(lambda w, x, y: formulas.logistic(np, w, x, y)))
    # as a user says that the data stay as they are; without it, each use compares them. A recording
    # does not save them.
    settled = getattr(autograd_core, "read_only", np.asarray) if wrap is as_it_is else np.asarray
    return differentiated(f, data["w"], settled(data["x"]), settled(data["y"]))


def rosenbrock_hessian(workload: Workload, data: Data, wrap: Wrap) -> Program:
    return matrix(wrap(hessian(lambda x: formulas.rosenbrock(np, x))), "hessian", data["x"])


def squashed_jacobian(workload: Workload, data: Data, wrap: Wrap) -> Program:
    f = wrap(jacobian(lambda x, A: formulas.squashed(np, x, A)))
    return matrix(f, "jacobian", data["x"], data["A"])


FUNCTIONS = {
    "expression": expression,
    "chain": chain,
    "logistic": logistic,
    "hessian": rosenbrock_hessian,
    "jacobian": squashed_jacobian,
}
