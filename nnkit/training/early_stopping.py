"""EarlyStopping and KeepBest: end when nothing gets better, and have the best weights back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd_core.errors import ArgumentError
from nnkit.module import Module
from nnkit.training.callbacks import Callback
from nnkit.training.monitor import Best, check_mode, check_monitor, mode_of, monitored

__all__ = ["EarlyStopping", "KeepBest"]


class KeepBest(Callback):
    """Have the weights of the best epoch back at the end, however the training ends.

    ``fit(keep_best="val_loss")`` is the short form.

    Parameters
    ----------
    monitor : str, default "val_loss"
        What is watched.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more is better; "auto" sees it in the name, as in ``val_accuracy``.

    Attributes
    ----------
    best : float or None
        The best value.
    best_epoch : int or None
        The epoch it had, counted from 0.

    Raises
    ------
    ArgumentError
        If `mode` is none of these; when training, if there is no value of that name.

    Examples
    --------
    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.Linear(1, 1, bias=False)
    >>> optimizer = nn.optim.SGD(model, lr=1.2)  # too large: it diverges
    >>> trainer = nn.Trainer(model, nn.MSELoss(), optimizer)
    >>> X = np.ones((4, 1))
    >>> best = KeepBest("loss")
    >>> history = trainer.fit(X, X, epochs=3, callbacks=best)
    >>> best.best_epoch
    0
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto") -> None:
        what = type(self).__name__
        check_monitor(monitor, what)
        check_mode(mode, what)
        self.monitor = monitor
        self.mode = mode_of(monitor, mode, what)
        self._best = Best(self.mode)

    @property
    def best(self) -> float | None:
        """The best value so far, None before the first."""
        return None if self._best.epoch is None else self._best.value

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the best value, counted from 0."""
        return self._best.epoch

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Forget an earlier training."""
        self._best = Best(self.mode)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Copy the weights if they are the best so far."""
        value = monitored(logs, self.monitor, type(self).__name__)
        self._best.look(value, epoch, self.model)

    def best_weights(self) -> dict[str, Any] | None:
        """Return what the model is to have at the end of the training."""
        return self._best.weights

    def state_dict(self) -> dict[str, Any]:
        """Return the best value and its weights."""
        return {"best": self._best.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called."""
        self._best.load_state_dict(state["best"])


class EarlyStopping(Callback):
    """End the training when a value has not become better for some epochs.

    Parameters
    ----------
    monitor : str, default "val_loss"
        What is watched.
    min_delta : float, default 0.0
        What is not more than so much better is no improvement.
    patience : int, default 3
        So many epochs without improvement end the training.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more is better; "auto" sees it in the name, as in ``val_accuracy``.
    restore_best : bool, default True
        Have the weights of the best epoch back, however the training ends: stopped by this or by a
        person, interrupted, failed or finished. (Keras restores them only if it stops itself.)

    Attributes
    ----------
    best : float or None
        The best value.
    best_epoch, stopped_epoch : int or None
        Counted from 0.

    Raises
    ------
    ArgumentError
        If a setting is out of range; when training, if there is no value of that name.

    Examples
    --------
    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.Linear(1, 1)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.optim.SGD(model, lr=0.1))
    >>> X = np.linspace(-1, 1, 8)[:, None]
    >>> stopper = EarlyStopping("loss", min_delta=1e-3, patience=2)
    >>> history = trainer.fit(X, 2 * X, epochs=1000, callbacks=[stopper])
    >>> stopper.stopped_epoch - stopper.best_epoch
    2

    In a loop of your own:

    >>> stopper = EarlyStopping(patience=2)
    >>> for val_loss in (1.0, 0.5, 0.6, 0.7, 0.8):
    ...     if stopper.update(val_loss, model):
    ...         break
    >>> val_loss, stopper.best
    (0.7, 0.5)
    >>> stopper.restore(model)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 3,
        mode: str = "auto",
        restore_best: bool = True,
    ) -> None:
        what = "EarlyStopping"
        check_monitor(monitor, what)
        check_mode(mode, what)
        if isinstance(patience, bool) or not isinstance(patience, int) or patience < 0:
            raise ArgumentError(f"{what}: patience is a whole number >= 0; got {patience!r}.")
        if not (isinstance(min_delta, (int, float)) and 0 <= min_delta < float("inf")):
            raise ArgumentError(f"{what}: min_delta is a number >= 0; got {min_delta!r}.")
        self.monitor, self.min_delta, self.patience = monitor, float(min_delta), patience
        self.mode = mode_of(monitor, mode, what)
        self.restore_best = restore_best
        self._begin()

    def _begin(self) -> None:
        self._best = Best(self.mode, self.min_delta)
        self._epoch = self.wait = 0
        self.stopped_epoch: int | None = None

    @property
    def best(self) -> float | None:
        """The best value so far, None before the first."""
        return None if self._best.epoch is None else self._best.value

    @property
    def best_epoch(self) -> int | None:
        """The epoch of the best value, counted from 0."""
        return self._best.epoch

    def update(self, value: float, model: Module | None = None) -> bool:
        """Take note of an epoch's value; return whether it is time to stop.

        Parameters
        ----------
        value : float
            NaN is no improvement.
        model : Module, optional
            Its weights are copied when they are the best so far.
        """
        if self._best.look(float(value), self._epoch, model):
            self.wait = 0
        else:
            self.wait += 1
        self._epoch += 1
        return self.wait > 0 and self.wait >= self.patience

    def restore(self, model: Module) -> None:
        """Give a model the weights of the best epoch, if there was one."""
        if self._best.weights is not None:
            model.load_state_dict(self._best.weights)

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Forget an earlier training."""
        self._begin()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Look at the value of the epoch."""
        value = monitored(logs, self.monitor, "EarlyStopping")
        self._epoch = epoch
        if self.update(value, self.model if self.restore_best else None):
            self.stopped_epoch = epoch
            self.trainer.stop()

    def best_weights(self) -> dict[str, Any] | None:
        """Return what the model is to have at the end of the training."""
        return self._best.weights if self.restore_best else None

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, its weights, and for how long there was none better."""
        return {"best": self._best.state_dict(), "wait": self.wait, "epoch": self._epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called."""
        self._best.load_state_dict(state["best"])
        self.wait, self._epoch = state["wait"], state["epoch"]
