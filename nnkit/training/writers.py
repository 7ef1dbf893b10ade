"""Writers: the numbers of a training, row by row while it goes on: CSV, JSON lines, TensorBoard."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, TextIO

from autograd_core.errors import ArgumentError
from nnkit.training.callbacks import Callback
from nnkit.training.tables import StrPath, json_line

__all__ = ["CSVLogger", "JSONLinesLogger", "TensorBoardLogger"]


class Writer(Callback):
    """What a logger to a file shares: the file, and whose numbers it takes."""

    def __init__(self, path: StrPath, by: str = "epoch", append: bool = False) -> None:
        if by not in ("epoch", "step"):
            raise ArgumentError(
                f"{type(self).__name__}: by is 'epoch' or 'step', whose numbers are written; got "
                f"{by!r}."
            )
        self.path = Path(path)
        self.by, self.append = by, append
        self._file: TextIO | None = None

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Open the file."""
        self._file = self.path.open("a" if self.append else "w", newline="", encoding="utf-8")

    def on_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Write the numbers of a step."""
        if self.by == "step":
            self._write({"step": self.trainer.history.last_step, **logs})

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """Write the numbers of an epoch, and let them reach the disk."""
        if self.by == "epoch":
            self._write({"epoch": epoch, **logs})
        if self._file is not None:
            self._file.flush()

    def on_train_end(self, logs: dict[str, float]) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, row: dict[str, Any]) -> None:
        raise NotImplementedError


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

    _writer: csv.DictWriter[str] | None = None

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Open the file; the columns of one that is there already stay."""
        names = None
        if self.append and self.path.exists():
            with self.path.open(newline="", encoding="utf-8") as file:
                names = next(csv.reader(file), None)
        super().on_train_begin(logs)
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
