"""Checkpoint: files of a training, written while it goes on."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograd_core.errors import ArgumentError
from nnkit import io
from nnkit.training.callbacks import Callback
from nnkit.training.monitor import Best, check_mode, check_monitor, mode_of, monitored
from nnkit.training.tables import StrPath

__all__ = ["Checkpoint"]


class Checkpoint(Callback):
    """Write the training to files, from which it goes on exactly: ``fit(..., resume=path)``.

    A file appears as a whole or not at all, so a process that is killed leaves the one before.

    Parameters
    ----------
    folder : str or path
        Where the files go; it is made if it is not there.
    monitor : str, optional
        What is watched for ``best.safetensors``, for example ``"val_loss"``; without it there is
        no such file.
    mode : {"auto", "min", "max"}, default "auto"
        Whether less or more is better; "auto" sees it in the name.
    last : bool, default True
        Write ``last.safetensors`` after each epoch, and when an epoch is left in the middle.
    every : int, optional
        Write also ``epoch-0010.safetensors`` after so many epochs, counted from 1.
    every_steps : int, optional
        Write ``last.safetensors`` also after so many steps, in the middle of an epoch.
    keep : int, default 3
        So many of the files by epochs stay; older ones are removed.

    Attributes
    ----------
    best : float or None
        The best value so far.

    Raises
    ------
    ArgumentError
        If a setting is out of range.
    OSError
        If the folder cannot be made. A file that cannot be written later (a full disk) is warned
        about, once; the training goes on.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> import nnkit as nn
    >>> folder = tempfile.mkdtemp()
    >>> model = nn.Linear(1, 1)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.optim.Adam(model))
    >>> X = np.ones((4, 1))
    >>> history = trainer.fit(X, X, epochs=2, callbacks=nn.Checkpoint(folder, monitor="loss"))
    >>> sorted(os.listdir(folder))
    ['best.safetensors', 'last.safetensors']
    >>> history = trainer.fit(X, X, epochs=5, resume=os.path.join(folder, "last.safetensors"))
    >>> history.epochs["epoch"]
    [0, 1, 2, 3, 4]
    """

    def __init__(
        self,
        folder: StrPath,
        monitor: str | None = None,
        *,
        mode: str = "auto",
        last: bool = True,
        every: int | None = None,
        every_steps: int | None = None,
        keep: int = 3,
    ) -> None:
        what = "Checkpoint"
        check_mode(mode, what)
        if monitor is not None:
            check_monitor(monitor, what)
            mode = mode_of(monitor, mode, what)
        for name, n in (("every", every), ("every_steps", every_steps), ("keep", keep)):
            if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
                raise ArgumentError(f"{what}: {name} is a positive whole number; got {n!r}.")
        self.folder = Path(folder)
        self.monitor, self.mode = monitor, mode
        self.last, self.every, self.every_steps, self.keep = last, every, every_steps, keep
        self._best = Best(mode)
        self._has_warned = False

    @property
    def best(self) -> float | None:
        """The best value so far, None before the first."""
        return None if self._best.epoch is None else self._best.value

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Make the folder, and remove what killed processes left half-written in it."""
        self.folder = self.folder.absolute()  # the working directory may change meanwhile
        self.folder.mkdir(parents=True, exist_ok=True)
        io.sweep(self.folder / "last.safetensors", 0.0)
        io.sweep(self.folder / "best.safetensors", 0.0)
        self._best, self._has_warned = Best(self.mode), False

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Write in the middle of an epoch."""
        if self.every_steps and self.trainer.history.last_step % self.every_steps == 0:
            self._write("last")

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Write what is to be written after this epoch."""
        if self.monitor is not None:
            value = monitored(logs, self.monitor, "Checkpoint")
            if self._best.look(value, epoch):
                self._write("best")
        if self.every and (epoch + 1) % self.every == 0 and self._write(f"epoch-{epoch + 1:04d}"):
            self._remove_old()
        if self.last:
            self._write("last")

    def on_train_end(self, logs: dict[str, float]) -> None:
        """Write where an epoch was left in the middle: stopped, interrupted or failed."""
        if self.last and self.trainer._position.batch:
            self._write("last")

    def _write(self, name: str) -> bool:
        try:
            self.trainer.save(self.folder / f"{name}.safetensors")
        except OSError as error:
            if not self._has_warned:
                self._has_warned = True
                warnings.warn(
                    f"Checkpoint: {name}.safetensors could not be written ({error}). The training "
                    f"goes on; the file before is kept. This is said once.",
                    stacklevel=2,
                )
            return False
        return True

    def _remove_old(self) -> None:
        found = [
            p for p in self.folder.iterdir() if re.fullmatch(r"epoch-\d+\.safetensors", p.name)
        ]
        for old in sorted(found, key=lambda p: int(p.stem[6:]))[: -self.keep]:
            old.unlink(missing_ok=True)

    def state_dict(self) -> dict[str, Any]:
        """Return the best value."""
        return {"best": self._best.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict()` was called."""
        self._best.load_state_dict(state["best"])
