"""The optimisers for libraries that have none, written plainly over a dict of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import Workload


def updater(workload: Workload) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    """Return the function of (parameters, gradients) that changes the parameters in place."""
    name, settings = workload.optimizer
    lr, state, count = settings["lr"], {}, [0]

    def sgd(params: dict[str, Any], grads: dict[str, Any]) -> None:
        for key, p in params.items():
            p -= lr * grads[key]

    def momentum(params: dict[str, Any], grads: dict[str, Any]) -> None:
        for key, p in params.items():
            v = state.get(key)
            state[key] = v = (
                grads[key].copy() if v is None else settings["momentum"] * v + grads[key]
            )
            p -= lr * v

    def adam(params: dict[str, Any], grads: dict[str, Any]) -> None:
        count[0] += 1
        t = count[0]
        for key, p in params.items():
            g = grads[key]
            m, v = state.get(key) or (np.zeros_like(g), np.zeros_like(g))
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            state[key] = m, v
            if name == "adamw":
                p *= 1 - lr * settings["weight_decay"]
            p -= lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    if name == "sgd":
        return momentum if "momentum" in settings else sgd
    return adam
