"""Trainer: fit, evaluate and predict for any module, on plain arrays, data frames and loaders."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.compiled import Compiled
from autograd_core.dispatch import raw
from autograd_core.errors import GraphError
from nnkit.module import Module
from nnkit.optim import Optimizer
from nnkit.optim.lr_scheduler import LRScheduler
from nnkit.training.batches import plain_output
from nnkit.training.callbacks import as_callbacks
from nnkit.training.checks import (
    check_count,
    check_parts,
    named_metrics,
    tensors_of,
)
from nnkit.training.criterion import Criterion
from nnkit.training.early_stopping import KeepBest
from nnkit.training.evaluation import Evaluator
from nnkit.training.finite import explain_gradient, explain_loss, gradients_are_finite
from nnkit.training.frames import Columns
from nnkit.training.gradient_pass import GradientPass, pass_of
from nnkit.training.gradients import GradientSettings
from nnkit.training.history import History
from nnkit.training.interrupts import Interrupts
from nnkit.training.loop import Loop
from nnkit.training.meters import Meters
from nnkit.training.position import Position
from nnkit.training.preparation import prepare, split_order
from nnkit.training.range_test import RangeTest, lr_find_of
from nnkit.training.schedule import Schedule
from nnkit.training.tables import StrPath
from nnkit.training.training_file import load_training, save_training

__all__ = ["Trainer"]

Array = NDArray[Any]
Metric = Callable[[Array, Array], float]


class Trainer(Evaluator):
    """Train, evaluate and use a model.

    Parameters
    ----------
    model : Module
    loss : callable
        ``loss(output, target)`` gives one number, for example `CrossEntropyLoss()`. `output` is
        what the model returns: a Tensor, or a tuple of them.
    optimizer : Optimizer
        Made with the parameters of the model.
    metrics : list of str or metric, or dict of names and metrics, optional
        What to calculate besides the loss: ``["accuracy"]``, functions ``f(output, target)`` of
        plain arrays that return a number, objects with ``reset()``, ``update(output, target,
        weight)`` and ``compute()``, or ``{"name": metric}``.
    scheduler : LRScheduler, optional
        Made with this optimizer; the Trainer calls its `step`.
    scheduler_interval : {"epoch", "step"}, optional
        When. By default after each update for `OneCycleLR`, `CyclicLR` and `WarmupCosineLR`, after
        each epoch for all others.
    monitor : str, optional
        What `ReduceLROnPlateau` and ``keep_best=True`` watch. By default ``val_loss``, or ``loss``
        where nothing is validated.
    clip_norm : float, optional
        Scale the gradients down where the norm of all of them together is larger.
    clip_value : float, optional
        Clip each number of the gradients to this size, instead.
    compile : bool, default True
        Replay recorded steps (see `nnkit.compile`): the same numbers to the bit, in less time. What
        cannot be recorded runs as it is, and a `CompileWarning` says why. With hooks on layers, a
        debugger or a profiler, steps run as they are.
    accumulate : int, default 1
        Add up the gradients of so many batches for one update. It is that of one batch with all
        their rows (but for layers that look at the batch, as BatchNorm); at the end of an epoch,
        of those that are left.

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
        *,
        scheduler: LRScheduler | None = None,
        scheduler_interval: str | None = None,
        monitor: str | None = None,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        accumulate: int = 1,
        compile: bool = True,
    ) -> None:
        check_parts(model, loss, optimizer)
        self.compile = compile
        self.model = model
        self.optimizer = optimizer
        self.metrics = named_metrics(metrics or {})
        self.monitor = monitor
        self.loss = loss
        self.history = History()
        self._schedule = Schedule(scheduler, scheduler_interval, monitor, optimizer)
        self._gradients = GradientSettings(clip_norm, clip_value, accumulate)
        self._meters = Meters(self.metrics)
        self._position = Position()
        self._loop: Loop | None = None
        self._pass: GradientPass | None = None
        self._split_orders: dict[int, Array] = {}
        self._columns = Columns()

    @property
    def loss(self) -> Callable[[Any, Any], Any]:
        """The loss function."""
        return self._criterion.loss

    @loss.setter
    def loss(self, loss: Callable[[Any, Any], Any]) -> None:
        self._criterion = Criterion(loss)

    @property
    def compiled(self) -> Compiled | None:
        """What replays the steps of `fit`, with `source` and `report()`; None if nothing does."""
        return None if self._pass is None else self._pass.compiled

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
        stratify: bool = False,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        callbacks: Any = None,
        keep_best: bool | str = False,
        resume: bool | StrPath = False,
        progress: bool | None = None,
        name: str | None = None,
    ) -> History:
        """Train the model.

        Arrays are looked at first: rows that are not finite, labels that are no class, and (by
        running two rows) whether they fit the model.

        An interrupt (Ctrl-C, Jupyter's stop button) ends the training after the present step and
        keeps weights and history; a second one does not wait. The next call trains on from there;
        with ``resume=True`` exactly as if there had been no interrupt.

        Parameters
        ----------
        X : array_like, data frame, dataset or DataLoader
            Inputs, shape (N, ...); or what gives batches ``(inputs, targets)``, or ``(inputs,
            targets, weights)``.
        y : array_like, or name of a column, optional
            Targets, N rows. Left out where X gives them. Text becomes class numbers in the order
            of the alphabet.
        epochs : int, default 1
            Passes through the data; with `resume`, those that were done before included.
        batch_size : int, default 32
            Rows in a step.
        validation_data : (X, y), (X, y, sample_weight), or DataLoader, optional
            Evaluated after each epoch; recorded as ``val_loss`` and so on.
        validation_split : float, default 0.0
            Share of the rows, drawn at random, that is kept for validation instead, with their
            sample weights. Later calls with as many rows keep the same ones.
        stratify : bool, default False
            Keep of each class of y the same share.
        shuffle : bool, default True
            A new order of the rows in each epoch.
        class_weight : dict, array_like of shape (C,), or "balanced", optional
            What the rows of a class count in training, for example ``{1: 10.0}``; "balanced" lets
            all classes count the same in total. Validation measures the data as they are.
        sample_weight : array_like, shape (N,), optional
            What each row counts: the loss is ``sum(w * loss) / sum(w)``. Metrics that take weights
            are weighted, too.
        callbacks : callback or list of them, optional
            Each a `Callback`, a dict of moments and functions, or a function
            ``f(epoch, logs)`` that is called after each epoch.
        keep_best : bool or str, default False
            Have the weights of the best epoch back at the end, however the training ends; a name
            such as ``"val_accuracy"`` says what is best.
        resume : bool or path, default False
            True goes on where the last call ended, to the number; a path where the file was
            written by `save` or a `Checkpoint`. Give the same data, settings and callbacks. If
            `epochs` are done already, nothing is left to do. (Not exact: datasets that draw random
            numbers in the worker threads of a loader, or from generators that are not found among
            the attributes of model, loader and dataset.)
        progress : bool, optional
            A progress bar (with tqdm). By default where somebody sees it, and no live panel shows
            the training.
        name : str, optional
            A title for the live view.

        Returns
        -------
        History
            One row for each step; ``history.epochs`` has the numbers of whole epochs.

        Raises
        ------
        NonFiniteError
            If the loss or a gradient is NaN or infinite. The weights are those before that step.
        ArgumentError, ShapeError, DtypeError
            If the data do not fit together or to the model.
        """
        check_count("epochs", epochs)
        check_count("batch_size", batch_size)
        if self._loop is not None:
            raise GraphError("fit was called while this Trainer trains; write a second Trainer.")
        listed = as_callbacks(callbacks)
        with Interrupts() as interrupts:
            if resume is not False and resume is not True:
                self.load(resume)
            data = prepare(
                self,
                X,
                y,
                epochs=epochs,
                batch_size=batch_size,
                validation_data=validation_data,
                validation_split=validation_split,
                stratify=stratify,
                shuffle=shuffle,
                class_weight=class_weight,
                sample_weight=sample_weight,
            )
            if keep_best:
                watched = self.monitor or ("loss" if data.validation is None else "val_loss")
                listed.append(KeepBest(watched if keep_best is True else keep_best))
            loop = Loop(self, data, int(epochs), listed, resume is not False, interrupts)
            loop.go(name, progress)
        return self.history

    def lr_find(self, X: Any, y: Any = None, **settings: Any) -> RangeTest:
        """Find a good learning rate for `fit`: `nnkit.lr_find` with the parts of this Trainer.

        Parameters
        ----------
        X, y
            As for `fit`.
        **settings
            Those of `nnkit.lr_find`; and ``class_weight``, ``sample_weight`` as for `fit`.

        Returns
        -------
        RangeTest
            Its ``suggestion`` is the learning rate; a notebook shows it as a picture.
        """
        return lr_find_of(self, X, y, **settings)

    def stop(self) -> None:
        """End the training after the present step; for callbacks, and other threads.

        Raises
        ------
        GraphError
            If no training is going on.
        """
        if self._loop is None:
            raise GraphError("Trainer.stop ends a training that is going on, and there is none.")
        self._loop.run.controls.stop()

    def _step(self, x: Any, y: Any, weight: Array | None = None) -> dict[str, float]:
        """Take one step; return what is to be recorded."""
        position, several = self._position, self._gradients.accumulate > 1
        parameters = tensors_of(self.optimizer)
        before = [p.grad for p in parameters] if position.group else []
        count = self._criterion.count(y, weight)
        parts = self.model, self._criterion, parameters, several, bool(self.metrics), self.compile
        self._pass = pass_of(self._pass, *parts)
        loss, output = self._pass(x, y, count, weight)
        value = float(loss.item())
        if not math.isfinite(value):
            raise explain_loss(self.model, value, x, self._lr, self._where)
        if several:
            self._gradients.add(parameters, before)
        position.group += 1
        position.group_count += count
        if position.group >= self._gradients.accumulate:
            self._update()
        position.done(value, count)
        record = {"loss": value}
        if self.metrics:
            plain = plain_output(output, "the model")
            record |= self._meters.step(plain, np.asarray(raw(y)), weight)
        return record

    def _update(self) -> None:
        """Update the parameters with the gradients of one or several batches."""
        position, parameters = self._position, tensors_of(self.optimizer)
        if self._gradients.accumulate > 1 and not self._criterion.is_sum and position.group_count:
            self._gradients.divide(parameters, position.group_count)
        if not gradients_are_finite(parameters):
            raise explain_gradient(self.model, self._lr, self._where)
        self._gradients.clip(parameters)
        self.optimizer.step()
        position.group, position.group_count = 0, 0.0
        self._schedule.after_update()

    @property
    def _lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def _where(self) -> str:
        """The batch that is under way, for errors."""
        if self._loop is None:
            return ""
        position = self._position
        return f" in batch {position.batch} of epoch {position.epoch} (both counted from 0)"

    # --- files ------------------------------------------------------------------------------------

    def save(self, path: StrPath) -> None:
        """Write everything it takes to go on exactly to a safetensors file; also during a training.

        Weights, buffers, optimizer, scheduler, the states of all random generators, the place in
        the epoch, gradients that are added up, history, and the memories of callbacks.

        Parameters
        ----------
        path : str or path
            Usually ending in ``.safetensors``.

        Raises
        ------
        DtypeError
            If a callback's memory is not made of arrays, numbers, texts, lists and dicts.
        OSError
            If the file cannot be written; one that was there is kept.
        """
        save_training(self, path)

    def load(self, path: StrPath) -> None:
        """Take over what `save` wrote; ``fit(..., resume=True)`` goes on from there.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        FileError
            If the file holds no training.
        ArgumentError, ShapeError
            If it is one of another model, optimizer or scheduler. Nothing is changed then.
        """
        if self._loop is not None:
            raise GraphError("Trainer.load was called during a training; stop() it first.")
        load_training(self, path)

    def _frozen_position(self) -> Position:
        return self._position if self._loop is None else self._loop.freeze()

    def _split_order(self, n: int, share: float, labels: Array | None) -> Array:
        """Keep rows for validation; the same ones in every call, or training would see them."""
        fresh = None if n in self._split_orders else split_order(n, share, labels)
        return self._split_orders.setdefault(n, fresh)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        names = ", ".join(self.metrics) or "none"
        return (
            f"Trainer({type(self.model).__name__}, {getattr(self.loss, '__name__', self.loss)!s}, "
            f"{type(self.optimizer).__name__}, metrics: {names})"
        )
