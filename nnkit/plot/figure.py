"""Figures: making one in our style, and turning one into a PNG file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from nnkit.plot.style import WIDTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["as_png", "new_figure"]

DPI = 150  # of the file: sharp on dense screens too


def new_figure(what: str, height: float, width: float = WIDTH) -> Figure:
    """Make a figure of its own, not known to pyplot; size in inches."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"To draw {what}, install matplotlib: pip install matplotlib") from error
    return Figure(figsize=(width, height), dpi=100)


def as_png(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """Return a PNG file, and the width in CSS pixels to show it at, as IPython takes them."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue(), {"width": round(figure.get_size_inches()[0] * 100)}
