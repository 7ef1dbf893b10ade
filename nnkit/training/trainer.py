"""Trainer: fit, evaluate and predict for any module, on plain arrays and loaders."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core import no_grad
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError, describe
from nnkit.data import DataLoader, Subset, TensorDataset
from nnkit.module import Module
from nnkit.optim import Optimizer
from nnkit.random import stream
from nnkit.training.batches import (
    as_arrays,
    as_batches,
    is_arrays,
    join_outputs,
    plain_output,
    split_batch,
)
from nnkit.training.checks import (
    check_count,
    check_parts,
    named_metrics,
    restored_modes,
    tensors_of,
)
from nnkit.training.finite import explain_gradient, explain_loss, gradients_are_finite
from nnkit.training.history import History
from nnkit.training.run import Run

__all__ = ["Trainer"]

Array = NDArray[Any]
Metric = Callable[[Array, Array], float]
Data = Iterable[Any]


class Trainer:
    """Train, evaluate and use a model.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(output, target)`` gives one number, for example `CrossEntropyLoss()`. `output` is
        what the model returns: a Tensor, or a tuple of them.
    optimizer : Optimizer
        Made with the parameters of the model.
    metrics : list of str or function, or dict of names and functions, optional
        What to calculate besides the loss: ``["accuracy"]``, functions ``f(output, target)`` of
        plain arrays that return a number, or ``{"name": function}``.

    Attributes
    ----------
    history : History
        Of all calls of `fit`; each goes on where the last one ended.

    Raises
    ------
    DtypeError, ArgumentError
        If an argument is not what it should be.

    Examples
    --------
    >>> import nnkit as nn
    >>> nn.seed(0)
    >>> X = np.linspace(-1, 1, 64).reshape(-1, 1)
    >>> model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
    >>> trainer = Trainer(model, nn.MSELoss(), nn.optim.Adam(model.parameters(), lr=0.01))
    >>> history = trainer.fit(X, X**2, epochs=100, batch_size=16)
    >>> trainer.evaluate(X, X**2)["loss"] < 0.01
    True
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        metrics: Sequence[str | Metric] | Mapping[str, Metric] | None = None,
    ) -> None:
        check_parts(model, loss, optimizer)
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.metrics = named_metrics(metrics or {})
        self.history = History()
        self._split_orders: dict[int, Array] = {}

    # --- training ---------------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        validation_data: Any = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        name: str | None = None,
    ) -> History:
        """Train the model.

        Arrays are looked at first: rows that are not finite, labels that are no class, and (by
        running two rows) whether they fit the model.

        An interrupt (Ctrl-C, Jupyter's stop button) ends the training and keeps weights and
        history; the next call goes on from there.

        Parameters
        ----------
        X : array_like, dataset or DataLoader
            Inputs, shape (N, ...); or what gives batches ``(inputs, targets)``.
        y : array_like, optional
            Targets, N rows. Left out where X gives them.
        epochs : int, default 1
            Passes through the data.
        batch_size : int, default 32
            Rows in a step.
        validation_data : (X, y), or DataLoader, optional
            Evaluated after each epoch; recorded as ``val_loss`` and so on.
        validation_split : float, default 0.0
            Share of the rows, drawn at random, that is kept for validation instead. Later calls
            with as many rows keep the same ones.
        shuffle : bool, default True
            A new order of the rows in each epoch.
        name : str, optional
            A title for the live view.

        Returns
        -------
        History
            One row for each step.

        Raises
        ------
        NonFiniteError
            If the loss or a gradient is NaN or infinite. The weights are those before that step.
        ArgumentError, ShapeError, DtypeError
            If the data do not fit together or to the model.
        """
        check_count("epochs", epochs)
        check_count("batch_size", batch_size)
        train, validation = self._data(
            X, y, epochs, batch_size, validation_data, validation_split, shuffle
        )
        run = Run(
            model=self.model,
            optimizer=self.optimizer,
            epochs=epochs,
            history=self.history,
            name=name,
        )
        # What is not finite is found by looking at the loss and the gradients; NumPy's warnings
        # would only say it again, less clearly.
        with restored_modes(self.model), np.errstate(all="ignore"), run:
            for _ in range(epochs):
                self.model.train()
                for batch in run(train):
                    run.log(**self._step(*split_batch(batch, "fit")))
                if run.stopped:
                    break
                if validation is not None:
                    scores = self.evaluate(validation)
                    run.log(**{f"val_{key}": value for key, value in scores.items()})
        return self.history

    def _step(self, x: Any, y: Any) -> dict[str, float]:
        """Take one step; return what is to be recorded."""
        self.optimizer.zero_grad()
        output = self.model(x)
        loss = self._loss_of(output, y)
        value = float(loss.item())
        if not math.isfinite(value):
            raise explain_loss(self.model, value, x, self._lr)
        loss.backward()
        if not gradients_are_finite(tensors_of(self.optimizer)):
            raise explain_gradient(self.model, self._lr)
        self.optimizer.step()
        record = {"loss": value}
        if self.metrics:
            self._measure(plain_output(output, "the model"), np.asarray(raw(y)), record)
        return record

    @property
    def _lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def _loss_of(self, output: Any, target: Any) -> Any:
        loss = self.loss(output, target)
        if not hasattr(loss, "item") or loss.size != 1:
            raise ShapeError(
                f"the loss must be one number, but {type(self.loss).__name__} gave "
                f"{describe(loss)}. Use reduction='mean', or .mean()."
            )
        return loss

    def _measure(self, output: Array, target: Array, record: dict[str, float]) -> None:
        for key, metric in self.metrics.items():
            record[key] = metric(output, target)

    # --- evaluation and use -----------------------------------------------------------------------

    def evaluate(self, X: Any, y: Any = None, *, batch_size: int = 512) -> dict[str, float]:
        """Return loss and metrics of data, without learning from them.

        They are calculated from the outputs of all rows together, so that they are exact whatever
        the batch size.

        Parameters
        ----------
        X : array_like, dataset or DataLoader
        y : array_like, optional
            Left out where X gives the targets.
        batch_size : int, default 512
            Rows that go through the model at once.

        Returns
        -------
        dict of str to float
            "loss", and the metrics by their names.

        Raises
        ------
        ArgumentError, ShapeError, DtypeError
            If the data do not fit together or to the model.
        """
        check_count("batch_size", batch_size)
        if is_arrays(X):
            X = TensorDataset(*self._arrays(X, y, "evaluate"))
        pairs = [
            (self._output(x), np.asarray(raw(t)))
            for x, t in self._evaluated(as_batches(X, batch_size, False, 1, "evaluate"), "evaluate")
        ]
        output = join_outputs([o for o, _ in pairs])
        target = np.concatenate([t for _, t in pairs])
        with no_grad(), np.errstate(all="ignore"):
            record = {"loss": float(self._loss_of(output, target).item())}
        self._measure(output, target, record)
        return record

    def predict(self, X: Any, *, batch_size: int = 512) -> Any:
        """Return the outputs of the model, in evaluation mode.

        Parameters
        ----------
        X : array_like, dataset or DataLoader
            Inputs. Targets that a dataset or loader gives besides are ignored.
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
        if is_arrays(X):
            (X,) = as_arrays(X, None, self._dtype, "predict")
        batches = as_batches(X, batch_size, False, 1, "predict")
        return join_outputs([self._output(x) for x, _ in self._evaluated(batches, None)])

    def _evaluated(self, batches: Data, what: str | None) -> Iterator[tuple[Any, Any]]:
        """Yield inputs and targets, with the model in evaluation mode and nothing recorded.

        `what` is None where targets are not needed.
        """
        empty = True
        with restored_modes(self.model):
            self.model.eval()
            for batch in batches:
                empty = False
                if what is None:
                    yield (batch[0] if isinstance(batch, (tuple, list)) else batch), None
                else:
                    yield split_batch(batch, what)
        if empty:
            raise ArgumentError("the loader gave no batches; there is nothing to evaluate.")

    def _output(self, x: Any) -> Any:
        with no_grad(), np.errstate(all="ignore"):
            return plain_output(self.model(x), type(self.model).__name__)

    # --- data -------------------------------------------------------------------------------------

    def _data(
        self,
        X: Any,
        y: Any,
        epochs: int,
        batch_size: int,
        validation_data: Any,
        validation_split: float,
        shuffle: bool,
    ) -> tuple[Data, Data | None]:
        """Make loaders for training and validation."""
        if validation_data is not None and validation_split:
            raise ArgumentError("fit: give validation_data or validation_split, not both.")
        if not 0 <= validation_split < 1:
            raise ArgumentError(
                f"fit: validation_split is a share of the rows, from 0 to below 1; got "
                f"{validation_split!r}."
            )
        validation = None if validation_data is None else self._validation(validation_data)
        if not is_arrays(X):
            if y is not None or validation_split:
                raise ArgumentError(
                    "fit: a dataset or loader gives the targets itself, and is not split: leave "
                    "out y and validation_split (data.random_split divides a dataset)."
                )
            return as_batches(X, batch_size, shuffle, epochs, "fit"), validation
        if y is None:
            raise ArgumentError(
                "fit: y is missing; write fit(X, y). An autoencoder learns its input: fit(X, X)."
            )
        arrays = self._arrays(X, y, "fit")
        self._rehearse(*arrays)
        dataset: Any = TensorDataset(*arrays)
        if validation_split:
            dataset, kept = self._split(dataset, validation_split)
            validation = DataLoader(kept, 512)
        return DataLoader(dataset, batch_size, shuffle), validation

    def _arrays(self, X: Any, y: Any, what: str) -> tuple[Array, ...]:
        if y is None:
            raise ArgumentError(f"{what}: y is missing; write {what}(X, y).")
        return as_arrays(X, y, self._dtype, what)

    def _validation(self, data: Any) -> Data:
        if isinstance(data, tuple):
            if len(data) != 2:
                raise ArgumentError(
                    f"fit: validation_data is a pair (X, y), got {len(data)} parts."
                )
            arrays = self._arrays(*data, "validation_data")
            return DataLoader(arrays, 512)
        if is_arrays(data):
            raise ArgumentError("fit: validation_data is a pair (X, y), or a DataLoader.")
        return as_batches(data, 512, False, 2, "validation_data")

    def _split(self, dataset: TensorDataset, share: float) -> tuple[Subset, Subset]:
        """Keep rows for validation; the same ones in every call, or training would see them."""
        n = len(dataset)
        count = round(n * share)
        if not 0 < count < n:
            raise ArgumentError(
                f"fit: validation_split={share} of {n} rows leaves nothing to "
                f"{'train on' if count else 'validate with'}."
            )
        if n not in self._split_orders:
            self._split_orders[n] = stream("shuffle").permutation(n)
        order = self._split_orders[n]
        return Subset(dataset, order[count:]), Subset(dataset, order[:count])

    def _rehearse(self, X: Array, y: Array) -> None:
        """Run two rows, so that what does not fit is told before a run is opened."""
        with restored_modes(self.model):
            self.model.eval()
            output = self._output(X[:2])
        check = getattr(self.loss, "check_targets", None)
        if check is not None:
            check(output, y)

    @property
    def _dtype(self) -> np.dtype[Any]:
        return next(self.model.parameters()).dtype

    def __repr__(self) -> str:
        names = ", ".join(self.metrics) or "none"
        return (
            f"Trainer({type(self.model).__name__}, {getattr(self.loss, '__name__', self.loss)!s}, "
            f"{type(self.optimizer).__name__}, metrics: {names})"
        )
