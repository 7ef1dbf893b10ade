"""GradientFlow: how much gradient reaches each layer, and how far each update moves its weights.

It hooks itself to the optimizer, so it sees `fit` and a person's own loop alike, and looks only
at as many steps as a given share of the training time allows.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from nnkit.training.budget import Budget
from nnkit.training.history import History

__all__ = ["GradientFlow"]

# Below this the squares of float32 numbers are lost (or above it have overflowed), and float64 is
# worth its price.
SAFE_SQUARES = (1e-30, 1e37)


class GradientFlow:
    """Gradient norm, update-to-weight ratio and dead fraction of every layer, sampled while a
    model trains.

    A layer is a module that owns parameters directly; it is named by its path in the model. It
    looks from the moment it is made until `close()`; it is a context and a callback, too:
    ``fit(..., callbacks=[nn.GradientFlow(model, optimizer)])``.

    Parameters
    ----------
    model : Module
        Anything with ``named_parameters()``.
    optimizer : Optimizer
        Anything with ``register_step_pre_hook`` and ``register_step_post_hook``.
    budget : float, default 0.0075
        Share of the training time (CPU time of the training thread) that sampling may take. The
        steps 1, 2, 4, 8, ... are always looked at.
    record : callable, optional
        Called with the dict of values after each sampled step. By default they are kept in
        `history`.

    Attributes
    ----------
    latest : dict of str to float
        The newest sample: ``"grad/<layer>"`` the Euclidean norm of the gradient,
        ``"ratio/<layer>"`` ``||w_new - w_old|| / ||w_old||``, ``"dead/<layer>"`` the share of
        gradient entries that are exactly 0. A layer without gradient has no entry, one whose
        weights are all 0 has no ratio.
    history : History
        All samples by step, if there is no `record`.

    Notes
    -----
    A ratio near 1e-3 is the usual sign of a well chosen learning rate: far below it a layer
    hardly learns, far above it its weights are thrown about (Karpathy, CS231n lecture notes,
    "Neural networks 3", ratio of weights and updates).

    Examples
    --------
    >>> import nnkit as nn
    >>> model = nn.Linear(2, 1)
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    >>> flow = GradientFlow(model, optimizer)
    >>> model(np.ones((1, 2))).sum().backward()
    >>> optimizer.step()
    >>> sorted(name.split("/")[0] for name in flow.latest)
    ['dead', 'grad', 'ratio']
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        budget: float = 0.0075,
        record: Callable[[Mapping[str, float]], object] | None = None,
    ) -> None:
        self.latest: dict[str, float] = {}
        self.history = History()
        self._layers = _layers(model)
        self._budget = Budget(budget, "GradientFlow")
        self._record = record
        self._broken = False
        self._before: list[tuple[str, list[Any], list[NDArray[Any]]]] | None = None
        self._hooks: tuple[Any, ...] = (
            optimizer.register_step_pre_hook(self._look_before),
            optimizer.register_step_post_hook(self._look_after),
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """The paths of the layers, in the order of the model."""
        return tuple(self._layers)

    @property
    def samples(self) -> int:
        """Steps looked at."""
        return self._budget.samples

    def close(self) -> None:
        """Take the hooks off the optimizer again."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = ()
        self._before = None
        self._record = None  # it may lead back to us through the run

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def on_train_end(self, _logs: Any = None) -> None:
        """End: for a Trainer, which calls this."""
        self.close()

    def _look_before(self, _optimizer: Any, _args: Any, _kwargs: Any) -> None:
        if self._budget.begin_step() and not self._broken:
            self._look(self._before_update)

    def _look_after(self, _optimizer: Any, _args: Any, _kwargs: Any) -> None:
        if self._before is not None:
            self._look(self._after_update)

    def _look(self, part: Callable[[], None]) -> None:
        """Do one part of a look; an error in it ends the looking only."""
        try:
            self._budget.measured(part)
        except Exception as error:
            self._broken, self._before = True, None
            warnings.warn(
                f"Gradient flow is no longer measured: {type(error).__name__}: {error}",
                stacklevel=4,
            )

    def _before_update(self) -> None:
        self.latest, self._before = {}, []
        for layer, parameters in self._layers.items():
            live = [p for p in parameters if p.grad is not None]
            if live:
                self._measure_gradients(layer, [_array(p.grad) for p in live])
                self._before.append((layer, live, [_array(p).copy() for p in live]))

    def _after_update(self) -> None:
        for layer, parameters, before in self._before or ():
            self._measure_update(layer, parameters, before)
        self._before = None
        if self._record is not None:
            self._record(self.latest)
        else:
            self.history.log(self._budget.steps, **self.latest)
        self._budget.end_look()

    def _measure_gradients(self, layer: str, gradients: list[NDArray[Any]]) -> None:
        size = sum(g.size for g in gradients)
        alive = sum(int(np.count_nonzero(g)) for g in gradients)
        self.latest[f"grad/{layer}"] = norm(gradients)
        self.latest[f"dead/{layer}"] = 1 - alive / max(size, 1)

    def _measure_update(
        self, layer: str, parameters: list[Any], before: list[NDArray[Any]]
    ) -> None:
        size = norm(before)
        if size > 0:
            # The copies are ours: the difference goes into them and needs no further memory.
            for old, parameter in zip(before, parameters, strict=True):
                np.subtract(_array(parameter), old, out=old)
            self.latest[f"ratio/{layer}"] = norm(before) / size


def norm(arrays: list[NDArray[Any]]) -> float:
    """Return the Euclidean norm of all entries of `arrays` together."""
    total = sum(float(np.vdot(a, a).real) for a in arrays)
    if not SAFE_SQUARES[0] < total < SAFE_SQUARES[1]:
        wide = [a.astype(np.result_type(a, np.float64)) for a in arrays]
        total = sum(float(np.vdot(a, a).real) for a in wide)
    return math.sqrt(total)


def _layers(model: Any) -> dict[str, list[Any]]:
    layers: dict[str, list[Any]] = {}
    for name, parameter in model.named_parameters():
        path = name.rpartition(".")[0] or type(model).__name__
        layers.setdefault(path, []).append(parameter)
    return layers


def _array(value: Any) -> NDArray[Any]:
    array = raw(value)  # not .detach(): an array that is handed out is watched from then on
    return array if isinstance(array, np.ndarray) else array.detach().numpy()
