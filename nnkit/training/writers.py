"""Writers: the numbers of a training, row by row while it goes on: CSV, JSON lines, TensorBoard."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from autograd_core.errors import ArgumentError
from nnkit.training.callbacks import Callback
from nnkit.training.tables import StrPath, json_line

__all__ = ["CSVLogger", "JSONLinesLogger", "TensorBoardLogger"]


class Writer(Callback):
    """What loggers to a file share: the file, whose numbers it takes, and going on.

    A training that goes on keeps the rows up to the moment from which it does, and drops those that
    came after it.
    """

    heading = 0
    """Lines before the rows."""

    def __init__(self, path: StrPath, by: str = "epoch", append: bool = False) -> None:
        if by not in ("epoch", "step"):
            raise ArgumentError(
                f"{type(self).__name__}: by is 'epoch' or 'step', whose numbers are written; got "
                f"{by!r}."
            )
        self.path = Path(path)
        self.by, self.append = by, append
        self._file: TextIO | None = None
        self._kept: list[str] = []

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Open the file; what is in it is looked at, in case it is gone on with."""
        self.path = self.path.absolute()  # the working directory may change meanwhile
        old = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        self._old = old.splitlines(keepends=True)
        self._begin(self._old if self.append else [])

    def _begin(self, kept: list[str]) -> None:
        """Write the file anew, with the lines that stay."""
        if self._file is not None:
            self._file.close()
        self._kept, self._rows = kept, max(len(kept) - self.heading, 0)
        self._file = self.path.open("w", newline="", encoding="utf-8")
        self._file.writelines(kept)
        self._file.flush()

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Write the numbers of a step."""
        if self.by == "step":
            self._put({"step": self.trainer.history.last_step, **logs})

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Write the numbers of an epoch, and let them reach the disk."""
        if self.by == "epoch":
            self._put({"epoch": epoch, **logs})
        if self._file is not None:
            self._file.flush()

    def on_train_end(self, logs: dict[str, float]) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, row: dict[str, Any]) -> None:
        self._write(row)
        self._rows += 1

    def _write(self, row: dict[str, Any]) -> None:
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Return how many rows there are."""
        return {"rows": self._rows}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Keep so many rows of the file that was there, and go on after them."""
        self._begin(self._old[: state["rows"] + self.heading])


class CSVLogger(Writer):
    """Write the numbers of each epoch, or step, as a row of a CSV file.

    The columns are those of the first row.

    Parameters
    ----------
    path : str or path
    by : {"epoch", "step"}, default "epoch"
        Whose numbers are written.
    append : bool, default False
        Go on with a file that is there, instead of writing it anew.

    Raises
    ------
    ArgumentError
        If `by` is none of these.
    OSError
        When training begins, if the file cannot be written.

    Examples
    --------
    >>> import os, pathlib, tempfile
    >>> import numpy as np
    >>> import nnkit as nn
    >>> path = os.path.join(tempfile.mkdtemp(), "log.csv")
    >>> model = nn.Linear(1, 1)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.optim.SGD(model, lr=0.1))
    >>> X = np.ones((4, 1))
    >>> history = trainer.fit(X, X, epochs=2, callbacks=CSVLogger(path))
    >>> pathlib.Path(path).read_text().splitlines()[0]
    'epoch,loss,lr'
    """

    heading = 1
    _writer: csv.DictWriter[str] | None = None

    def _begin(self, kept: list[str]) -> None:
        super()._begin(kept)
        names = next(csv.reader(kept), None)
        self._writer = self._make(names) if names else None

    def _make(self, names: list[str]) -> csv.DictWriter[str]:
        assert self._file is not None
        return csv.DictWriter(
            self._file, names, restval="", extrasaction="ignore", lineterminator="\n"
        )

    def _write(self, row: dict[str, Any]) -> None:
        if self._writer is None:
            self._writer = self._make(list(row))
            self._writer.writeheader()
        self._writer.writerow(row)


class JSONLinesLogger(Writer):
    """Write the numbers of each epoch, or step, as a line of JSON.

    NaN and infinite numbers become texts, for which JSON has no numbers.

    Parameters
    ----------
    path : str or path
    by : {"epoch", "step"}, default "epoch"
        Whose numbers are written.
    append : bool, default False
        Go on with a file that is there, instead of writing it anew.

    Raises
    ------
    ArgumentError
        If `by` is none of these.
    OSError
        When training begins, if the file cannot be written.

    Examples
    --------
    >>> import json, os, pathlib, tempfile
    >>> import numpy as np
    >>> import nnkit as nn
    >>> path = os.path.join(tempfile.mkdtemp(), "log.jsonl")
    >>> model = nn.Linear(1, 1)
    >>> trainer = nn.Trainer(model, nn.MSELoss(), nn.optim.SGD(model, lr=0.1))
    >>> X = np.ones((4, 1))
    >>> history = trainer.fit(X, X, epochs=2, callbacks=JSONLinesLogger(path))
    >>> [sorted(json.loads(line)) for line in pathlib.Path(path).read_text().splitlines()]
    [['epoch', 'loss', 'lr'], ['epoch', 'loss', 'lr']]
    """

    def _write(self, row: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json_line(row))


class TensorBoardLogger(Callback):
    """Write the numbers for TensorBoard, with the package tensorboardX.

    Parameters
    ----------
    log_dir : str or path, default "runs"
        The folder that ``tensorboard --logdir`` is given.
    by_step : bool, default True
        Write those of each step, too, under ``step/``; those of epochs are under ``epoch/``.

    Raises
    ------
    ImportError
        If tensorboardX is not installed.

    Examples
    --------
    >>> import nnkit as nn
    >>> trainer.fit(X, y, callbacks=nn.TensorBoardLogger("runs/first"))  # doctest: +SKIP
    """

    def __init__(self, log_dir: StrPath = "runs", by_step: bool = True) -> None:
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            raise ImportError(
                "TensorBoardLogger needs the package tensorboardX: pip install "
                "'nnkit[tensorboard]'. CSVLogger and JSONLinesLogger need nothing."
            ) from None
        self.log_dir, self.by_step = str(log_dir), by_step
        self._new_writer = SummaryWriter
        self._writer: Any = None

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Open the files."""
        self._writer = self._new_writer(self.log_dir)

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Write the numbers of a step."""
        if self.by_step:
            self._put("step", logs, self.trainer.history.last_step)

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Write the numbers of an epoch."""
        self._put("epoch", logs, epoch)
        self._writer.flush()

    def on_train_end(self, logs: dict[str, float]) -> None:
        """Close the files."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _put(self, group: str, logs: dict[str, float], at: int) -> None:
        for name, value in logs.items():
            self._writer.add_scalar(f"{group}/{name}", value, at)
