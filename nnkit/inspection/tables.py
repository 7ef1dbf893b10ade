"""The table of a summary, as text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd_core.errors import ArgumentError

if TYPE_CHECKING:
    from nnkit.inspection.summary import LayerCall, LayerRow, Summary

__all__ = ["COLUMNS", "as_html", "as_text", "check_columns"]

MOST_SHAPES = 3  # of a layer that is called with several


class Line(NamedTuple):
    """A row that is shown: a layer, with what is hidden below it added up."""

    row: LayerRow
    parameters: int
    trainable: int
    buffers: int


def check_columns(columns: Any) -> None:
    """Refuse names that are no column."""
    if columns is None:
        return
    for name in [columns] if isinstance(columns, str) else columns:
        if name not in COLUMNS or isinstance(columns, str):
            near = get_close_matches(str(name), COLUMNS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ArgumentError(
                f"summary: columns is a list of {', '.join(map(repr, COLUMNS))}; got "
                f"{columns!r}.{hint}"
            )


# --- what stands in the cells ---------------------------------------------------------------------


def shown(shape: Any) -> str:
    """Write the shapes of an input or output."""
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{key}: {shown(part)}" for key, part in shape.items()) + "}"
    if isinstance(shape, list) or (
        isinstance(shape, tuple) and not all(isinstance(n, int) for n in shape)
    ):
        inner = ", ".join(map(shown, shape))
        return f"[{inner}]" if isinstance(shape, list) else f"({inner})"
    return str(shape)


def of_calls(line: Line, one: Callable[[LayerCall], Any]) -> str:
    """Write the different shapes of all calls."""
    if not line.row.calls:
        return "-" if line.row.container or line.row.shared is not None else "not called"
    different = list(dict.fromkeys(shown(one(call)) for call in line.row.calls))
    more = [f"{len(different) - MOST_SHAPES} more"] if len(different) > MOST_SHAPES else []
    return " | ".join([*different[:MOST_SHAPES], *more])


def learns(line: Line) -> str:
    """Say whether the parameters learn."""
    if not line.parameters:
        return "-"
    if not line.trainable:
        return "frozen"
    return "yes" if line.trainable == line.parameters else "partly"


class Column(NamedTuple):
    """A column: its title, what stands in it, and whether that is a number."""

    title: str
    cell: Callable[[Line], str]
    number: bool = False


COLUMNS = {
    "input": Column("Input", lambda line: of_calls(line, lambda call: call.input)),
    "output": Column("Output", lambda line: of_calls(line, lambda call: call.output)),
    "parameters": Column("Parameters", lambda line: count(line.parameters), number=True),
    "trainable": Column("Trainable", learns),
    "buffers": Column("Buffers", lambda line: count(line.buffers), number=True),
}


def count(n: int) -> str:
    """Write a number of parameters."""
    return f"{n:,}" if n else "-"


def size(n: int) -> str:
    """Write an amount of memory in decimal units."""
    number = float(n)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5 or unit == "GB":
            break
        number /= 1000
    digits = 0 if unit == "B" or number >= 9.95 else 1
    return f"{number:.{digits}f} {unit}"


def name_of(line: Line) -> str:
    """Write the path of a layer, and how often it was called if that is more than once."""
    calls = len(line.row.calls)
    return f"{line.row.path} ({calls} calls)".strip() if calls > 1 else line.row.path


# --- lines, columns, totals -----------------------------------------------------------------------


def lines_of(summary: Summary, depth: int | None) -> Iterator[Line]:
    """Yield what is shown; what lies deeper is added to the line above it."""
    deepest = max(row.depth for row in summary.rows) if depth is None else depth
    for row in summary.rows:
        if row.depth <= deepest:
            below = [row]
            if row.depth == deepest:
                start = f"{row.path}." if row.path else ""
                below += [r for r in summary.rows if r is not row and r.path.startswith(start)]
            yield Line(
                row,
                sum(r.parameters for r in below),
                sum(r.trainable for r in below),
                sum(r.buffers for r in below),
            )


def columns_of(summary: Summary, chosen: Any) -> list[Column]:
    """Return the columns to be shown."""
    if chosen is None:
        names = ["input", "output"] if summary.ran else []
        names += ["parameters", "trainable"] + (["buffers"] if summary.buffers else [])
        chosen = names
    first = [Column("Layer", name_of), Column("Type", lambda line: line.row.type)]
    return [*first, *(COLUMNS[name] for name in chosen)]


def totals(summary: Summary) -> list[str]:
    """Return the lines below the table."""
    parts = f"{summary.trainable:,} trainable, {summary.frozen:,} frozen"
    found = [f"Parameters: {summary.parameters:,} ({parts})"]
    if summary.buffers:
        found.append(f"Buffers: {summary.buffers:,}")
    memory = [("parameters", summary.parameter_bytes), ("buffers", summary.buffer_bytes)]
    if summary.ran:
        memory += [("input", summary.input_bytes), ("activations", summary.activation_bytes)]
    named = [f"{what} {size(n)}" for what, n in memory if n or what != "buffers"]
    found.append(f"Memory: {', '.join(named)}")
    shared = [f"{row.path} ({row.shared})" for row in summary.rows if row.shared]
    if shared:
        found.append(f"Used again, and counted once: {', '.join(shared)}")
    return found


def as_text(summary: Summary, depth: int | None, chosen: Any) -> str:
    """Write the table with spaces, in ASCII."""
    columns = columns_of(summary, chosen)
    table = [[c.title for c in columns]]
    table += [[c.cell(line) for c in columns] for line in lines_of(summary, depth)]
    widths = [max(map(len, column)) for column in zip(*table)]
    written = [
        "  ".join(
            f"{text:>{width}}" if c.number else f"{text:<{width}}"
            for c, text, width in zip(columns, row, widths)
        ).rstrip()
        for row in table
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([written[0], rule, *written[1:], rule, *totals(summary)])


CELL = "text-align: {}; padding: 0.15em 0.9em 0.15em 0; white-space: nowrap"


def as_html(summary: Summary, depth: int | None, chosen: Any) -> str:
    """Write the table in HTML; everything that comes from the model is escaped."""
    columns = columns_of(summary, chosen)
    styles = [CELL.format("right" if c.number else "left") for c in columns]
    head = "".join(
        f'<th style="{style}">{html.escape(c.title)}</th>' for c, style in zip(columns, styles)
    )
    body = ""
    for line in lines_of(summary, depth):
        pale = ' style="opacity: 0.6"' if learns(line) == "frozen" else ""
        cells = "".join(
            f'<td style="{style}">{html.escape(c.cell(line))}</td>'
            for c, style in zip(columns, styles)
        )
        body += f"<tr{pale}>{cells}</tr>"
    below = "<br>".join(map(html.escape, totals(summary)))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{below}</p>"
