"""Loop: one call of `fit`, from the batch on at which the training stands to the last epoch."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError
from autograd_core.taped import gradient_of
from nnkit.training.batches import split_batch
from nnkit.training.buffers import BuffersBefore
from nnkit.training.callbacks import Callbacks
from nnkit.training.checks import restored_modes, tensors_of
from nnkit.training.generators import Generators
from nnkit.training.interrupts import Interrupts
from nnkit.training.passes import Pass, length_of
from nnkit.training.position import Position
from nnkit.training.preparation import Prepared
from nnkit.training.progress import progress_bar
from nnkit.training.run import Run

if TYPE_CHECKING:
    from nnkit.training.trainer import Trainer

__all__ = ["Loop"]


class Loop:
    """Everything between the first and the last step of a call of `fit`.

    A step, and the end of an epoch, happen as a whole: interrupts wait for a check, which is made
    between them. So whenever the loop is left, the position says exactly where, and another one can
    go on from there.
    """

    def __init__(
        self,
        trainer: Trainer,
        data: Prepared,
        epochs: int,
        callbacks: list[Any],
        resume: bool,
        interrupts: Interrupts,
    ) -> None:
        self.trainer = trainer
        self.data = data
        self._buffers = BuffersBefore(trainer.model)
        self.epochs = epochs
        self.callbacks = Callbacks(callbacks, trainer)
        self.generators = Generators(trainer.model, data.train)
        self.interrupts = interrupts
        self._resume = resume
        if resume and not has_begun(trainer._position):
            raise ArgumentError(
                "fit: resume=True goes on where the last call ended, but there was none. Give the "
                "path of a checkpoint, resume='last.safetensors', or leave it out."
            )

    def go(self, name: str | None, progress: bool | None) -> None:
        """Train."""
        trainer = self.trainer
        position = trainer._position if self._resume else Position()
        self.run = Run(
            model=trainer.model,
            optimizer=trainer.optimizer,
            epochs=self.epochs,
            history=trainer.history,
            total=self._steps_left(position),
            name=name,
        )
        # What is not finite is found by looking at the loss and the gradients; NumPy's warnings
        # would only say it again, less clearly.
        with restored_modes(trainer.model), np.errstate(all="ignore"):
            try:
                with self.run:
                    self.run.epoch, self.run.poll = position.epoch, self.interrupts.check
                    self._begin(position)
                    progress_bar(self.run, progress)
                    self._all_epochs()
            finally:
                self._end()

    def _steps_left(self, position: Position) -> int | None:
        length = length_of(self.data.train)
        if length is None:
            return None
        return max((self.epochs - position.epoch) * length - position.batch, 1)

    def _begin(self, position: Position) -> None:
        trainer = self.trainer
        trainer._loop, trainer._position = self, position
        if not self._resume:
            trainer._meters.reset()
            self.callbacks.tell("on_train_begin", {})
            return
        if position.last is not None:
            trainer.model.load_state_dict(position.last)
            position.last = None
        if position.group:
            for i, p in enumerate(tensors_of(trainer.optimizer)):
                p.grad = position.gradients.get(i)
        self.callbacks.tell("on_train_begin", {})
        self.callbacks.load(position.callbacks)
        trainer._meters.reset()
        if position.meters:
            trainer._meters.load_state_dict(position.meters)
        self.generators.set_states(position.generators)

    def _all_epochs(self) -> None:
        position, first = self.trainer._position, True
        while position.epoch < self.epochs:
            if not first or not position.batch:
                self.trainer._meters.reset()
                self.callbacks.tell("on_epoch_begin", position.epoch, {})
            first = False
            self.trainer.model.train()
            if not self._one_pass() or not self._close_epoch():
                return

    def _one_pass(self) -> bool:
        """Take all steps of a pass that are left; return False if the training was stopped."""
        position, run, tell = self.trainer._position, self.run, self.callbacks.tell
        check = self.interrupts.check
        check()
        for batch in run(Pass(self.data.train, position, self.generators)):
            index = position.batch
            tell("on_batch_begin", index, {})
            record = self._as_a_whole(self._step, batch)
            run.log(**record)
            tell("on_batch_end", index, record)
            check()
        if run.stopped:
            return False
        if position.group:  # what is left over at the end of a pass
            self._as_a_whole(self.trainer._update)
        return True

    def _step(self, batch: Any) -> dict[str, float]:
        x, y, weight = split_batch(batch, "fit")
        return self.trainer._step(x, y, self.data.weight_of(y, weight))

    def _as_a_whole(self, action: Callable[..., Any], *args: Any) -> Any:
        """Do something; if it fails, nothing of it is left."""
        self._buffers.remember()
        try:
            return action(*args)
        except BaseException:
            self._buffers.put_back()
            position = self.trainer._position
            position.group, position.group_count = 0, 0.0  # gradients may be added up in part
            raise

    def _close_epoch(self) -> bool:
        """Validate, and look at the numbers of the epoch; return False if it was the last."""
        trainer, position = self.trainer, self.trainer._position
        if not position.batch:
            raise ArgumentError("fit: the loader gave no batches; there is nothing to learn from.")
        position.pending = self.generators.states()
        scores = trainer._scores(self.data.validation, "validation_data", self.interrupts)
        logs = {"loss": position.loss_sum / position.loss_count if position.loss_count else 0.0}
        logs |= trainer._meters.epoch()
        validation = {f"val_{k}": float(v) for k, v in scores.items() if np.ndim(v) == 0}
        if validation and self.run.step > self.run.first_step:
            self.run.log(**validation)
        elif validation:  # taken up again after the last step of the pass
            trainer.history.log(trainer.history.last_step, **validation)
        logs |= validation | {"lr": trainer._lr}
        trainer.history.log_epoch(**logs)
        trainer._schedule.after_epoch(logs)
        # What is told now is told of a position between two epochs.
        epoch = position.epoch
        position.next_epoch()
        self.callbacks.tell("on_epoch_end", epoch, logs)
        self.interrupts.check()
        return not self.run.stopped

    def freeze(self) -> Position:
        """Return the position with all that a file must hold, as it is at this moment."""
        trainer = self.trainer
        position = trainer._position
        position.generators = position.pending or self.generators.states()
        position.callbacks = self.callbacks.states()
        position.meters = deepcopy(trainer._meters.state_dict())
        position.gradients = {}
        if position.group:
            for i, p in enumerate(tensors_of(trainer.optimizer)):
                if (g := gradient_of(p)) is not None:
                    position.gradients[i] = np.array(raw(g))
        return position

    def _end(self) -> None:
        """Put the best weights in their place, and tell that the training is over."""
        trainer = self.trainer
        if trainer._loop is not self:  # it had not begun
            return
        position = self.freeze()
        best = [c.best_weights() for c in self.callbacks.callbacks if hasattr(c, "best_weights")]
        weights = next((w for w in best if w is not None), None)
        if weights is not None:
            position.last = trainer.model.state_dict()
            trainer.model.load_state_dict(weights)
        trainer._loop = None
        self.callbacks.tell_all("on_train_end", {})


def has_begun(position: Position) -> bool:
    """Whether there is a training to go on with."""
    return bool(position.epoch or position.batch or position.generators)
