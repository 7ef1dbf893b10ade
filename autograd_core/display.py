"""What a Tensor looks like: `repr`, `format`, and the picture that a notebook shows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dispatch import Layered, raw, trace_of

__all__ = ["Displayed"]

EDGE = 3
"""So many rows and columns are shown at each end of what is too long to be shown whole."""

CELL = "padding: 0 0.6em; text-align: right; font-family: monospace"


def escaped(text: str) -> str:
    """Write text so that HTML shows it."""
    import html  # a notebook has it; others need not wait for its table of characters

    return html.escape(text)


class Displayed:
    """The part of a Tensor that is looked at."""

    __slots__ = ()

    shape: tuple[int, ...]
    dtype: Any
    size: Any
    _trace: Any

    def __repr__(self) -> str:
        facts = "".join(f", {fact}" for fact in facts_of(self))
        return f"Tensor({text_of(raw(self), 'Tensor(')}{facts})"

    def __format__(self, spec: str) -> str:
        """Format the one value; of several, each of them: `f"{x:.3f}"`."""
        if not spec:
            return str(self)
        if self.size == 1:
            return format(self.item(), spec)  # type: ignore[attr-defined]
        formatter: Any = {"all": lambda v: format(v.item(), spec)}
        return np.array2string(np.asarray(raw(self)), separator=", ", formatter=formatter)

    def _repr_html_(self) -> str:
        """Show the ends of each axis as a table (several, for more than two axes as text)."""
        made = [fact for fact in facts_of(self) if not fact.startswith("dtype=")]
        head = " · ".join([type(self).__name__, str(self.shape), str(self.dtype), *made])
        return f"<div><small>{escaped(head)}</small>{picture(raw(self))}</div>"


def facts_of(x: Any) -> list[str]:
    """Say what else there is to know: the dtype, and how the value was made."""
    facts = [] if x.dtype == np.float64 else [f"dtype={x.dtype}"]
    rule = getattr(trace_of(x), "rule", None)
    if rule is not None:
        return [*facts, f"op={rule.name}"]
    if x._trace is not None:
        return [*facts, "requires_grad=True" if hasattr(x._trace, "sink") else "mode=forward"]
    return facts


def text_of(value: Any, prefix: str) -> str:
    """Write the values as NumPy does."""
    if isinstance(value, Layered):  # under vmap
        return repr(value)
    return np.array2string(np.asarray(value), separator=", ", prefix=prefix)


def picture(value: Any) -> str:
    """Show values as a table if they have one or two axes, else as text."""
    if isinstance(value, Layered) or np.ndim(value) not in (1, 2) or np.size(value) == 0:
        return f"<pre>{escaped(text_of(value, ''))}</pre>"
    table = np.atleast_2d(value)
    rows, columns = map(ends, table.shape)
    corner = table[np.ix_(*([i for i in places if i is not None] for places in (rows, columns)))]
    text = np.array2string(corner.ravel(), separator="\n", threshold=corner.size + 1)
    words = iter(text[1:-1].split("\n"))
    cells = [["…" if None in (i, j) else next(words).strip() for j in columns] for i in rows]
    body = "".join("<tr>" + "".join(map(cell, row)) + "</tr>" for row in cells)
    return f"<table>{body}</table>"


def cell(text: str) -> str:
    """Write one cell of a table."""
    return f'<td style="{CELL}">{escaped(text)}</td>'


def ends(n: int) -> list[int | None]:
    """Return the places along an axis that are shown; None stands for those left out."""
    if n <= 2 * EDGE + 2:
        return list(range(n))
    return [*range(EDGE), None, *range(n - EDGE, n)]
