"""Evaluator: what a model says to data, and how good that is."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import no_grad
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from nnkit.data import DataLoader
from nnkit.module import Module
from nnkit.training.batches import (
    as_arrays,
    as_batches,
    is_arrays,
    join_outputs,
    plain_output,
    split_batch,
)
from nnkit.training.checks import check_count, restored_modes
from nnkit.training.criterion import Criterion, may_stretch
from nnkit.training.frames import Columns, is_frame
from nnkit.training.interrupts import Interrupts
from nnkit.training.meters import Meters
from nnkit.training.preparation import weighted_dataset
from nnkit.training.weights import as_weights

__all__ = ["Evaluator"]

Array = NDArray[Any]


class Evaluator:
    """The half of a Trainer that learns nothing."""

    model: Module
    _meters: Meters
    _criterion: Criterion
    _columns: Columns

    def evaluate(
        self, X: Any, y: Any = None, *, sample_weight: Any = None, batch_size: int = 512
    ) -> dict[str, Any]:
        """Return loss and metrics of data, without learning from them.

        They are those of all rows, whatever the batch size. With a loss of nnkit and metrics that
        add up batch by batch (objects with `update` and `compute`), only one batch at a time is in
        memory; functions of your own are given the outputs of all rows at once.

        Parameters
        ----------
        X : array_like, data frame, dataset or DataLoader
        y : array_like, or name of a column, optional
            Left out where X gives the targets.
        sample_weight : array_like, shape (N,), optional
            What each row counts, in the loss and in metrics that take weights.
        batch_size : int, default 512
            Rows that go through the model at once.

        Returns
        -------
        dict of str to float
            "loss", and the metrics by their names. A metric may also give an array.

        Raises
        ------
        ArgumentError, ShapeError, DtypeError
            If the data do not fit together or to the model.
        """
        check_count("batch_size", batch_size)
        if is_frame(X) or is_arrays(X):
            arrays = self._arrays(X, y, "evaluate")
            if sample_weight is not None:
                what = "evaluate: sample_weight"
                sample_weight = as_weights(sample_weight, len(arrays[0]), what)
            X = weighted_dataset(arrays, sample_weight)
        elif y is not None or sample_weight is not None:
            raise ArgumentError(
                "evaluate: a dataset or loader gives targets and weights itself; leave out y and "
                "sample_weight."
            )
        return self._scores(as_batches(X, batch_size, False, 1, "evaluate"), "evaluate")

    def predict(self, X: Any, *, batch_size: int = 512) -> Any:
        """Return the outputs of the model, in evaluation mode.

        Parameters
        ----------
        X : array_like, data frame, dataset or DataLoader
            Inputs. Targets that a dataset or loader gives besides are ignored, and so are columns
            of a frame that were no inputs in `fit`.
        batch_size : int, default 512
            Rows that go through the model at once.

        Returns
        -------
        ndarray, shape (N, ...)
            Or a tuple of them, where the model returns a tuple.

        Raises
        ------
        ArgumentError, ShapeError, DtypeError
            If the data do not fit to the model.
        """
        check_count("batch_size", batch_size)
        if is_frame(X):
            X = self._columns.inputs(X, "predict")
        if is_arrays(X):
            (X,) = as_arrays(X, None, self._dtype, "predict")
            batches: Iterable[Any] = DataLoader(X, batch_size)
        else:
            batches = as_batches(X, batch_size, False, 1, "predict")
        with closing(self._evaluated(batches, None)) as rows:
            return join_outputs([self._output(x) for x, _, _ in rows])

    def _scores(
        self, batches: Any, what: str, interrupts: Interrupts | None = None
    ) -> dict[str, Any]:
        """Return loss and metrics of the batches of a loader; none for None."""
        if batches is None:
            return {}
        criterion = self._criterion
        meters = self._meters.fresh()
        gathers = not (criterion.adds_up and meters.exact)
        total = count = 0.0
        parts: list[tuple[Any, Array, Array | None]] = []
        with closing(self._evaluated(batches, what, interrupts)) as rows:
            for x, y, weight in rows:
                output, target = self._output(x), np.asarray(raw(y))
                meters.update(output, target, weight)
                if gathers:
                    parts.append((output, target, weight))
                    continue
                share = criterion.count(target, weight)
                if share:
                    total += share * self._loss_value(output, target, weight)
                    count += share
        if gathers:
            output, target, weight = joined(parts)
            values = {"loss": self._loss_value(output, target, weight)}
            found = meters.whole(output, target)
        elif not count:
            raise ArgumentError(f"{what}: no row counts: all weights are 0, or all are ignored.")
        else:
            values, found = {"loss": total if criterion.is_sum else total / count}, {}
        return values | meters.ordered(meters.computed() | found)

    def _loss_value(self, output: Array, target: Array, weight: Array | None) -> float:
        with no_grad(), np.errstate(all="ignore"):
            return float(self._criterion(output, target, weight).item())

    def _evaluated(
        self, batches: Any, what: str | None, interrupts: Interrupts | None = None
    ) -> Generator[tuple[Any, Any, Any], None, None]:
        """Yield inputs, targets and weights, with the model in evaluation mode.

        `what` is None where targets are not needed.
        """
        empty = True
        # An interrupt in the middle of a batch could leave the modes as they are now.
        with (
            nullcontext(interrupts) if interrupts else Interrupts() as waiting,
            restored_modes(self.model),
        ):
            self.model.eval()
            for batch in batches:
                empty = False
                if what is None:
                    yield (batch[0] if isinstance(batch, (tuple, list)) else batch), None, None
                else:
                    yield split_batch(batch, what)
                waiting.check()
        if empty:
            raise ArgumentError("the loader gave no batches; there is nothing to evaluate.")

    def _output(self, x: Any) -> Any:
        with no_grad(), np.errstate(all="ignore"):
            return plain_output(self.model(x), type(self.model).__name__)

    def _arrays(self, X: Any, y: Any, what: str) -> tuple[Array, ...]:
        """Check inputs and targets, and bring them to the dtype of the model."""
        if y is None:
            call = "fit(frame, 'column')" if is_frame(X) else f"{what}(X, y)"
            more = " An autoencoder learns its input: fit(X, X)." if what == "fit" else ""
            raise ArgumentError(f"{what}: y is missing; write {call}.{more}")
        if is_frame(X):
            X, y = self._columns.pair(X, y, what)
        elif not isinstance(y, np.ndarray):
            y = self._columns.target_values(y, what)
        return as_arrays(X, y, self._dtype, what)

    def _rehearse(self, X: Array, y: Array) -> None:
        """Run two rows, so that what does not fit is told before a run is opened."""
        with restored_modes(self.model):
            self.model.eval()
            output = self._output(X[:2])
        check = getattr(self._criterion.loss, "check_targets", None)
        if check is not None:
            check(output, y)
        elif may_stretch(output, y[:2]) and not self._criterion.adds_up:
            with restored_modes(self.model), no_grad():
                self.model.eval()
                self._criterion.refuse_stretching(self._output(X[:8]), y[:8])

    @property
    def _dtype(self) -> np.dtype[Any]:
        return next(self.model.parameters()).dtype


def joined(
    parts: list[tuple[Any, Array, Array | None]],
) -> tuple[Any, Array, Array | None]:
    """Put outputs, targets and weights of all batches together."""
    weights = [w for _, _, w in parts if w is not None]
    return (
        join_outputs([o for o, _, _ in parts]),
        np.concatenate([t for _, t, _ in parts]),
        np.concatenate(weights) if weights else None,
    )
