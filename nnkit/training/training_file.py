"""The file of a training: everything it takes to go on exactly, as safetensors with JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core.errors import ArgumentError
from nnkit import io
from nnkit._version import __version__
from nnkit.training.history import History
from nnkit.training.position import Position
from nnkit.training.tables import StrPath
from nnkit.training.trees import from_flat, to_flat

if TYPE_CHECKING:
    from nnkit.training.trainer import Trainer

__all__ = ["load_training", "save_training"]

FORMAT = "nnkit.training/1"
PART = "training"


def save_training(trainer: Trainer, path: StrPath) -> None:
    """Write the file.

    The weights have the names ``model.<path>``, the rest ``training.<...>``; the metadata hold what
    is not an array.
    """
    position = trainer._frozen_position()
    tree = {
        "optimizer": trainer.optimizer.state_dict(),
        "scheduler": trainer._schedule.scheduler and trainer._schedule.scheduler.state_dict(),
        "position": position.state_dict(),
        "last": position.last,
        "history": trainer.history.state_dict(),
        "splits": trainer._split_orders,
        "columns": trainer._columns.state_dict(),
    }
    text, arrays = to_flat(tree, PART)
    about = {
        "format": FORMAT,
        "version": __version__,
        "model": type(trainer.model).__name__,
        "optimizer": type(trainer.optimizer).__name__,
        "scheduler": type(trainer._schedule.scheduler).__name__,
        "dtype": str(trainer._dtype),
    }
    weights = {f"model.{k}": v for k, v in trainer.model.state_dict().items()}
    io.save(arrays | weights, path, metadata={"about": json.dumps(about), "state": text})


def load_training(trainer: Trainer, path: StrPath) -> None:
    """Read the file into a trainer; if something does not fit, nothing is changed.

    Raises
    ------
    FileError
        If the file is no training.
    ArgumentError, ShapeError
        If it is one of another model, optimizer or scheduler.
    """
    if not Path(path).exists():
        raise FileNotFoundError(
            f"there is no file {str(path)!r} to go on from. A Checkpoint writes 'last.safetensors' "
            f"into its folder, trainer.save(path) any other."
        )
    metadata = io.load_metadata(path)
    if "about" not in metadata or "state" not in metadata:
        raise io.FileError(
            f"{path} holds weights, but no training: it was not written by trainer.save or a "
            f"Checkpoint. model.load_state_dict(nnkit.load(path)) reads weights."
        )
    about = json.loads(metadata["about"])
    check_about(trainer, about, path)
    arrays = io.load(path)
    try:
        tree = from_flat(metadata["state"], arrays)
    except (KeyError, ValueError) as error:
        raise io.FileError(f"{path} is damaged: {error}.") from None
    weights = {k.removeprefix("model."): v for k, v in arrays.items() if k.startswith("model.")}
    history = History()
    history.load_state_dict(tree["history"])
    position = Position.from_state(tree["position"])
    position.last = tree["last"]
    into(trainer, weights, tree)
    if history.last_step:
        trainer.optimizer._has_stepped = True  # or the scheduler warns that it did not
    trainer.history = history
    trainer._position = position
    trainer._split_orders = {int(n): np.array(o) for n, o in tree["splits"].items()}
    trainer._columns.load_state_dict(tree["columns"])


def into(trainer: Trainer, weights: dict[str, Any], tree: dict[str, Any]) -> None:
    """Load the parts that check what they get; put all back if one refuses."""
    scheduler = trainer._schedule.scheduler
    parts: list[tuple[Any, Any]] = [
        (trainer.model, weights),
        (trainer.optimizer, tree["optimizer"]),
    ]
    if scheduler is not None:
        parts.append((scheduler, tree["scheduler"]))
    before = [part.state_dict() for part, _ in parts]
    try:
        for part, state in parts:
            part.load_state_dict(state)
    except BaseException:
        for (part, _), state in zip(parts, before):
            part.load_state_dict(state)
        raise


def check_about(trainer: Trainer, about: dict[str, str], path: StrPath) -> None:
    """Refuse a file of something else."""
    if about["format"] != FORMAT:
        raise io.FileError(
            f"{path} was written by nnkit {about['version']} in the format {about['format']!r}; "
            f"nnkit {__version__} reads {FORMAT!r}."
        )
    own = {
        "model": type(trainer.model).__name__,
        "optimizer": type(trainer.optimizer).__name__,
        "scheduler": type(trainer._schedule.scheduler).__name__,
        "dtype": str(trainer._dtype),
    }
    for what, name in own.items():
        if about[what] != name:
            raise ArgumentError(
                f"{path} is the training of something else: its {what} is {about[what]}, the one "
                f"here {name}. Make the Trainer as it was made when it was saved."
            )
