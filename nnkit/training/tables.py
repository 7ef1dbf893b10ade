"""A history as a table of another kind: a DataFrame, a CSV file, JSON lines."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_core.errors import ArgumentError

if TYPE_CHECKING:
    from nnkit.training.history import History

__all__ = ["StrPath", "frame_of", "json_line", "write_csv", "write_jsonl"]

StrPath = str | os.PathLike[str]


def table_of(history: History, by: str) -> dict[str, list[Any]]:
    """Return the table by steps or by epochs."""
    if by not in ("step", "epoch"):
        raise ArgumentError(f"a history has rows by 'step' or by 'epoch'; got by={by!r}.")
    return history.to_dict() if by == "step" else history.epochs


def frame_of(history: History, by: str) -> Any:
    """Return the table as a pandas DataFrame."""
    try:
        import pandas
    except ImportError:
        raise ImportError(
            "History.to_frame needs the package pandas: pip install pandas. polars takes "
            "polars.DataFrame(history.to_dict())."
        ) from None
    table = table_of(history, by)
    columns = {
        name: cells if name in ("step", "epoch") else [math.nan if v is None else v for v in cells]
        for name, cells in table.items()
    }
    return pandas.DataFrame(columns)


def rows_of(table: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield the rows, with the values they have."""
    for cells in zip(*table.values()):
        yield {name: value for name, value in zip(table, cells) if value is not None}


def write_csv(history: History, path: StrPath, by: str) -> None:
    """Write the table as a CSV file."""
    table = table_of(history, by)
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows_of(table))


def write_jsonl(history: History, path: StrPath, by: str) -> None:
    """Write the table as JSON lines."""
    with Path(path).open("w", encoding="utf-8") as file:
        for row in rows_of(table_of(history, by)):
            file.write(json_line(row))


def json_line(row: dict[str, Any]) -> str:
    """Return a row as a line of JSON that every reader understands."""
    plain = {
        k: str(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()
    }
    return json.dumps(plain, allow_nan=False) + "\n"
