"""ActivationStatistics: what comes out of each layer while a model trains - size, spread, what is
dead or saturated.

It hooks itself to the model, so it sees `fit` and a person's own loop alike, and looks only at as
many steps as a given share of the training time allows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from autograd_core.dispatch import raw
from autograd_core.errors import DtypeError, describe
from nnkit.hooks import RemovableHandle
from nnkit.layers import (
    Hardsigmoid,
    Hardtanh,
    ReLU6,
    Sigmoid,
    Softsign,
    Tanh,
)
from nnkit.module import Module
from nnkit.training.budget import Budget
from nnkit.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ActivationStatistics"]

Array = NDArray[Any]


class ActivationStatistics:
    """Mean, standard deviation, dead and saturated share of the output of every layer, sampled
    while a model trains.

    Use it as a context around a loop, or as a callback: ``fit(..., callbacks=[statistics])``. A
    layer is a module without parts; it is named by its path. Only calls of the model in training
    mode count as steps.

    Parameters
    ----------
    model : Module
    budget : float, default 0.01
        Share of the training time (CPU time of the training thread) that sampling may take. The
        steps 1, 2, 4, 8, ... are always looked at.
    record : callable, optional
        Called with the dict of values after each sampled step.

    Attributes
    ----------
    latest : dict of str to float
        The newest sample. ``"mean/<layer>"`` and ``"std/<layer>"`` over all numbers of the output;
        ``"dead/<layer>"`` the share of its units that are 0 for every row of the batch; and for
        layers with a bounded output (Tanh, Sigmoid, Softsign, Hardtanh, ReLU6, Hardsigmoid)
        ``"saturated/<layer>"``, the share of its numbers at which the slope is below 5 % of the
        steepest. Of a layer that gives several arrays the first counts, of one that is called
        several times the last call.
    history : History
        All samples, by step.
    samples : int
        Steps looked at.

    Raises
    ------
    ArgumentError
        If `budget` is out of range.
    DtypeError
        If `model` is no Module.

    Notes
    -----
    Between layers the standard deviation should neither shrink nor grow much, and saturated units
    hardly learn: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
    feedforward neural networks" (AISTATS 2010), section 3.

    What it costs: the budget, counted by a clock inside; about 0.6 us in each step; and what that
    clock does not see. Together 1.2 to 1.6 % of the training with the default budget
    (`benchmarks/statistics_cost.py`).

    Examples
    --------
    >>> import nnkit as nn
    >>> nn.seed(0)
    >>> model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    >>> with nn.ActivationStatistics(model) as statistics:
    ...     y = model(np.ones((4, 2)))
    >>> statistics.layers
    ('0', '1', '2')
    >>> statistics.latest["dead/1"]
    0.5
    """

    def __init__(
        self,
        model: Module,
        budget: float = 0.01,
        record: Callable[[Mapping[str, float]], object] | None = None,
    ) -> None:
        if not isinstance(model, Module):
            hint = f" Write {model.__name__}()." if isinstance(model, type) else ""
            raise DtypeError(
                f"ActivationStatistics: model must be a Module, got {describe(model)}.{hint}"
            )
        self.latest: dict[str, float] = {}
        self.history = History()
        self._model = model
        self._layers = {
            path or type(module).__name__: module
            for path, module in model.named_modules()
            if not any(True for _ in module.children())
        }
        self._budget = Budget(budget, "ActivationStatistics")
        self._record = record
        self._root: RemovableHandle | None = None
        self._looking: list[RemovableHandle] = []

    @property
    def layers(self) -> tuple[str, ...]:
        """The paths of the layers, in the order of the model."""
        return tuple(self._layers)

    @property
    def samples(self) -> int:
        """Steps looked at."""
        return self._budget.samples

    def plot(self) -> Figure:
        """Draw the statistics with matplotlib.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        from nnkit.plot.activation_statistics import activation_statistics

        return activation_statistics(self.history, self._labels())

    def _labels(self) -> dict[str, str]:
        return {
            path: f"{path} {type(module).__name__}" if self._model is not module else path
            for path, module in self._layers.items()
        }

    def _repr_png_(self) -> Any:
        from nnkit.plot.figure import as_small_png

        try:
            return as_small_png(self.plot())
        except ImportError:  # without matplotlib the text is all there is
            return None

    def __repr__(self) -> str:
        return f"ActivationStatistics({len(self._layers)} layers)"

    # --- beginning and end ------------------------------------------------------------------------

    def open(self) -> Self:
        """Begin to look; what was seen before is kept, and steps are counted on."""
        if self._root is None:
            self._budget.resume()
            self._root = self._model.register_forward_pre_hook(self._begin)
        return self

    def close(self) -> None:
        """Take all hooks off the model again."""
        if self._root is not None:
            self._root.remove()
            self._root = None
            self._budget.pause()
        self._stop_looking()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def on_train_begin(self, _logs: Any = None) -> None:
        """Begin to look: for a Trainer, which calls this."""
        self.open()

    def on_train_end(self, _logs: Any = None) -> None:
        """End: for a Trainer, which calls this."""
        self.close()

    # --- looking ----------------------------------------------------------------------------------

    def _begin(self, module: Module, _args: Any) -> None:
        if module.training and self._budget.begin_step():
            self._budget.measured(self._start_looking)

    def _start_looking(self) -> None:
        self._stop_looking()
        self.latest = {}
        for path, layer in self._layers.items():
            self._looking.append(layer.register_forward_hook(self._look_at(path, layer)))
        end = self._model.register_forward_hook(self._end, always_call=True)
        self._looking.append(end)

    def _stop_looking(self) -> None:
        for handle in self._looking:
            handle.remove()
        self._looking = []

    def _look_at(self, path: str, layer: Module) -> Callable[[Module, Any, Any], None]:
        slope = next((rule for kind, rule in SLOPES.items() if isinstance(layer, kind)), None)

        def look(module: Module, _args: Any, output: Any) -> None:
            self._guarded(lambda: self._measure(path, module, first_array(output), slope))

        return look

    def _measure(self, path: str, module: Module, y: Array | None, slope: Any) -> None:
        if y is None or not y.size:
            return
        with np.errstate(all="ignore"):
            mean = float(y.mean(dtype=np.float64))
            around = (y - y.dtype.type(mean)).ravel("K")
            self.latest[f"mean/{path}"] = mean
            self.latest[f"std/{path}"] = float(np.sqrt(np.vdot(around, around) / y.size))
            self.latest[f"dead/{path}"] = dead_share(y)
            if slope is not None:
                flat = np.count_nonzero(slope(y, module) < 0.05)
                self.latest[f"saturated/{path}"] = float(flat / y.size)

    def _end(self, _module: Module, _args: Any, _output: Any) -> None:
        self._guarded(self._finish)

    def _finish(self) -> None:
        self._stop_looking()
        self.history.log(self._budget.steps, **self.latest)
        if self._record is not None:
            self._record(self.latest)
        self._budget.end_look()

    def _guarded(self, part: Callable[[], None]) -> None:
        """Do a part of a look; an error in it ends the looking only."""
        try:
            self._budget.measured(part)
        except Exception as error:
            self.close()
            warnings.warn(
                f"Activation statistics are no longer measured: {type(error).__name__}: {error}",
                stacklevel=4,
            )


def first_array(output: Any) -> Array | None:
    """Return the first array of floating point numbers in an output."""
    if isinstance(output, (tuple, list)):
        return next((a for a in map(first_array, output) if a is not None), None)
    if isinstance(output, Mapping):
        return first_array(list(output.values()))
    array = raw(output)
    return array if isinstance(array, np.ndarray) and array.dtype.kind == "f" else None


def dead_share(y: Array) -> float:
    """Return the share of the units that are 0 for every row."""
    if np.count_nonzero(y) == y.size:
        return 0.0
    alive = y.any(axis=0) if y.ndim else y != 0
    return 1 - float(np.count_nonzero(alive)) / max(alive.size, 1)


# The slope of a bounded function as a share of the steepest, from its output.
SLOPES: dict[type[Module], Callable[[Array, Any], Array]] = {
    Tanh: lambda y, _layer: 1 - y * y,
    Sigmoid: lambda y, _layer: 4 * y * (1 - y),
    Softsign: lambda y, _layer: (1 - abs(y)) ** 2,
    Hardsigmoid: lambda y, _layer: (y > 0) & (y < 1),
    Hardtanh: lambda y, layer: (y > layer.min_val) & (y < layer.max_val),
    ReLU6: lambda y, _layer: (y > 0) & (y < 6),
}
