"""JAX: the whole step under jit, with its buffers donated."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.engines import NotAvailableError, Program, formulas
from benchmarks.workloads import Data, Workload


def make(workload: Workload, data: Data) -> Program:
    """Return the program."""
    if workload.sizes.get("pairs", 0) > 1_000:
        raise NotAvailableError("compiles for minutes")
    if workload.kind in ("hessian", "jacobian"):
        return matrix(workload, data)
    if workload.optimizer:
        return training(workload, data)
    return gradient(workload, data)


# --- models ---------------------------------------------------------------------------------------


def loss_of(workload: Workload, data: Data) -> Any:
    """Return the loss as a function of parameters, x and y."""
    sizes = workload.sizes
    rows = jnp.arange(data["y"].size)
    if workload.kind == "mlp":
        return lambda p, x, y: formulas.mlp(jnp, p, x, y, sizes["activation"], sizes["loss"], rows)
    if workload.kind == "gpt":
        mask = np.triu(np.full((sizes["context"],) * 2, -np.inf, np.float32), 1)
        return lambda p, x, y: formulas.gpt(jnp, p, x, y, sizes, mask, rows)
    model = {"lstm": lstm, "lenet": lenet, "convnet": convnet}[workload.kind]
    return lambda p, x, y: formulas.cross_entropy(jnp, model(p, x), y.reshape(-1), rows)


def lstm(p: Any, x: Any) -> Any:
    H = p["lstm.weight_hh_l0"].shape[1]
    bias = p["lstm.bias_ih_l0"] + p["lstm.bias_hh_l0"]
    projected = jnp.matmul(p["embedding.weight"][x], p["lstm.weight_ih_l0"].T) + bias

    def step(state: Any, given: Any) -> Any:
        state = formulas.lstm_step(jnp, given, *state, p["lstm.weight_hh_l0"], H)
        return state, state[0]

    zeros = jnp.zeros((x.shape[1], H), jnp.float32)
    states = lax.scan(step, (zeros, zeros), projected)[1]
    return jnp.matmul(states.reshape(-1, H), p["head.weight"].T) + p["head.bias"]


def convolution(x: Any, w: Any, padding: int = 0) -> Any:
    """Channels last, which is XLA's faster layout on the CPU."""
    return lax.conv_general_dilated(
        x, w.transpose(2, 3, 1, 0), (1, 1), [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip


def pooled(x: Any) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def flat(x: Any) -> Any:
    """Flatten in PyTorch's order: channels first."""
    return x.transpose(0, 3, 1, 2).reshape(len(x), -1)


def lenet(p: Any, x: Any) -> Any:
    h = x.transpose(0, 2, 3, 1)
    for i in ("0", "3"):
        h = pooled(jnp.maximum(convolution(h, p[f"{i}.weight"]) + p[f"{i}.bias"], 0))
    h = jnp.maximum(flat(h) @ p["7.weight"].T + p["7.bias"], 0)
    return h @ p["9.weight"].T + p["9.bias"]


def convnet(p: Any, x: Any) -> Any:
    h = x.transpose(0, 2, 3, 1)
    for i in (0, 4, 8):
        h = convolution(h, p[f"{i}.weight"], padding=1)
        mean = h.mean((0, 1, 2))
        variance = ((h - mean) ** 2).mean((0, 1, 2))
        h = (h - mean) * lax.rsqrt(variance + 1e-5) * p[f"{i + 1}.weight"] + p[f"{i + 1}.bias"]
        h = pooled(jnp.maximum(h, 0))
    return flat(h) @ p["13.weight"].T + p["13.bias"]


# --- steps ----------------------------------------------------------------------------------------


def updated(workload: Workload, params: Any, grads: Any, state: Any) -> tuple[Any, Any]:
    """Return new parameters and new state of the optimiser."""
    name, settings = workload.optimizer
    lr, tree = settings["lr"], jax.tree.map
    if name == "sgd":
        if "momentum" in settings:
            grads = state = tree(lambda v, g: settings["momentum"] * v + g, state, grads)
        return tree(lambda p, g: p - lr * g, params, grads), state
    m, v, t = state
    t = t + 1
    m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
    v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
    decay = 1 - lr * settings.get("weight_decay", 0.0)
    a, b = 1 - 0.9**t, 1 - 0.999**t
    new = tree(lambda p, m, v: p * decay - lr * (m / a) / (jnp.sqrt(v / b) + 1e-8), params, m, v)
    return new, (m, v, t)


def training(workload: Workload, data: Data) -> Program:
    params = {name: jnp.array(value) for name, value in data["params"].items()}
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = zeros
    if workload.optimizer[0] != "sgd":
        state = (zeros, jax.tree.map(jnp.zeros_like, params), jnp.float32(0))
    x, y = jnp.array(data["x"]), jnp.array(data["y"])
    f = jax.value_and_grad(loss_of(workload, data))

    @partial(jax.jit, donate_argnums=(0, 1))
    def train(params: Any, state: Any, x: Any, y: Any) -> Any:
        value, grads = f(params, x, y)
        return value, *updated(workload, params, grads, state)

    def step() -> Any:
        nonlocal params, state
        value, params, state = train(params, state, x, y)
        return value

    return Program(step, lambda: jax.jit(f)(params, x, y))


def gradient(workload: Workload, data: Data) -> Program:
    if workload.kind == "logistic":
        args = [jnp.array(data[name]) for name in ("w", "x", "y")]
        f = lambda w, x, y: formulas.logistic(jnp, w, x, y)
    else:
        args = [jnp.array(data["x"])]
        pairs = workload.sizes.get("pairs", 0)
        f = lambda x: formulas.chain(jnp, x, pairs) if pairs else formulas.expression(jnp, x)
    f = jax.jit(jax.value_and_grad(f))

    def first() -> Any:
        value, found = f(*args)
        return float(value), {"gradient": found}

    return Program(lambda: f(*args), first, lambda result: float(jax.block_until_ready(result)[0]))


def matrix(workload: Workload, data: Data) -> Program:
    if workload.kind == "hessian":
        f = jax.hessian(lambda x: formulas.rosenbrock(jnp, x))
        args = [jnp.array(data["x"])]
    else:
        f = jax.jacrev(lambda x, A: formulas.squashed(jnp, x, A))
        args = [jnp.array(data["x"]), jnp.array(data["A"])]
    f = jax.jit(f)

    def first() -> Any:
        found = np.asarray(f(*args))
        return float(found.sum()), {workload.kind: found}

    return Program(lambda: f(*args), first, lambda result: float(np.asarray(result).sum()))
