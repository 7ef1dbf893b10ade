"""Callbacks: what is done at named moments of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from autograd_core.errors import ArgumentError, DtypeError, describe
from nnkit.module import Module

if TYPE_CHECKING:
    from nnkit.training.trainer import Trainer

__all__ = ["MOMENTS", "Callback", "Callbacks", "as_callbacks"]

MOMENTS = {
    "on_train_begin": "logs",
    "on_epoch_begin": "epoch, logs",
    "on_batch_begin": "batch, logs",
    "on_batch_end": "batch, logs",
    "on_epoch_end": "epoch, logs",
    "on_train_end": "logs",
}


class Callback:
    """Something that is done at named moments of a training, under the names of Keras.

    Give functions here, or write a class with methods of these names.

    Parameters
    ----------
    **moments : callable
        ``on_train_begin(logs)``, ``on_epoch_begin(epoch, logs)``, ``on_batch_begin(batch, logs)``,
        ``on_batch_end(batch, logs)``, ``on_epoch_end(epoch, logs)``, ``on_train_end(logs)``.

    Attributes
    ----------
    trainer : Trainer
        The one that calls, during the training.
    model : Module
        Its model.

    Raises
    ------
    ArgumentError
        If there is no moment of a name.
    DtypeError
        If what is to be called cannot be.

    Notes
    -----
    `epoch` and `batch` count from 0, in this call of `fit`. `logs` is a dict of numbers: those of
    the batch, and at the end of an epoch those of the whole epoch (``loss`` is the mean over its
    rows) with the ``val_`` ones and the learning rate ``lr``. ``trainer.stop()`` ends the training
    after the present step. ``on_train_end`` is called however the training ends, with the best
    weights already in their place.

    A callback with a memory gives it in ``state_dict()`` and takes it back in
    ``load_state_dict(state)`` - arrays, numbers, texts, lists and dicts of them - and is then part
    of what a checkpoint remembers.

    Examples
    --------
    >>> import numpy as np
    >>> import nnkit as nn
    >>> model = nn.Linear(1, 1)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.optim.SGD(model, lr=0.1))
    >>> say = nn.Callback(on_epoch_end=lambda epoch, logs: print(epoch, sorted(logs)))
    >>> history = trainer.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=2, callbacks=say)
    0 ['loss', 'lr']
    1 ['loss', 'lr']
    """

    trainer: Trainer
    model: Module

    def __init__(self, **moments: Callable[..., object]) -> None:
        for name, function in moments.items():
            if name not in MOMENTS:
                near = get_close_matches(name, MOMENTS, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise ArgumentError(
                    f"Callback: there is no moment {name!r}; there are {', '.join(MOMENTS)}.{hint}"
                )
            if not callable(function):
                raise DtypeError(
                    f"Callback: {name} must be a function of ({MOMENTS[name]}), got "
                    f"{describe(function)}."
                )
            setattr(self, name, function)

    def on_train_begin(self, logs: dict[str, float]) -> object:
        """Called once, before the first step."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float]) -> object:
        """Called before each pass through the data."""

    def on_batch_begin(self, batch: int, logs: dict[str, float]) -> object:
        """Called before each step."""

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> object:
        """Called after each step, with its numbers."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> object:
        """Called after each pass and its validation, with the numbers of the epoch."""

    def on_train_end(self, logs: dict[str, float]) -> object:
        """Called once, however the training ends."""

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint is to remember."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back what `state_dict()` returned."""


def as_callbacks(callbacks: Any) -> list[Any]:
    """Bring what `fit(callbacks=)` takes to one form.

    A function is called at the end of each epoch; a dict gives functions by their moments.

    Raises
    ------
    DtypeError
        If something is none of these.
    """
    if callbacks is None:
        return []
    if callable(callbacks) or isinstance(callbacks, (Mapping, Callback, str)):
        callbacks = [callbacks]
    if not isinstance(callbacks, Iterable):
        callbacks = [callbacks]
    found: list[Any] = []
    for item in callbacks:
        if isinstance(item, Mapping):
            found.append(Callback(**item))
        elif isinstance(item, type):
            raise DtypeError(f"fit: callbacks got the class {item.__name__}; write brackets, ().")
        elif any(hasattr(item, moment) for moment in MOMENTS):
            found.append(item)
        elif callable(item):
            found.append(Callback(on_epoch_end=item))
        else:
            raise DtypeError(
                f"fit: a callback is a function f(epoch, logs), a dict of moments and functions, "
                f"or an object with a method such as on_epoch_end; got {describe(item)}."
            )
    return found


class Callbacks:
    """All callbacks of one training; a moment that nobody has something to do at costs nothing."""

    def __init__(self, callbacks: list[Any], trainer: Trainer) -> None:
        self.callbacks = callbacks
        for callback in callbacks:
            if isinstance(callback, Callback):
                callback.trainer, callback.model = trainer, trainer.model
        self._moments = {
            moment: [getattr(c, moment) for c in callbacks if has_own(c, moment)]
            for moment in MOMENTS
        }

    def tell(self, moment: str, *args: Any) -> None:
        """Call all that have something to do at a moment, in their order."""
        for function in self._moments[moment]:
            function(*args)

    def tell_all(self, moment: str, *args: Any) -> None:
        """Call all, also if one of them fails; the first error is raised at the end."""
        errors = []
        for function in self._moments[moment]:
            try:
                function(*args)
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def states(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the memories, each with the name of its kind."""
        return [
            (type(c).__name__, state)
            for c in self.callbacks
            if hasattr(c, "state_dict") and (state := c.state_dict())
        ]

    def load(self, states: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Give the memories back: to the first of a kind the first that was kept, and so on."""
        waiting = list(states)
        for callback in self.callbacks:
            for entry in waiting:
                if entry[0] == type(callback).__name__ and hasattr(callback, "load_state_dict"):
                    callback.load_state_dict(entry[1])
                    waiting.remove(entry)
                    break


def has_own(callback: Any, moment: str) -> bool:
    """Whether a callback does something at a moment."""
    function = getattr(callback, moment, None)
    return function is not None and getattr(function, "__func__", None) is not getattr(
        Callback, moment
    )
