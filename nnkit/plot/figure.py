"""Figures: making one in our style, and turning one into a PNG file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from nnkit.plot.style import STYLE, WIDTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["as_png", "as_small_png", "new_figure"]

DPI = 150  # of the file: sharp on dense screens too


def new_figure(what: str, height: float, width: float = WIDTH) -> Figure:
    """Make a figure of its own, not known to pyplot; size in inches."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"To draw {what}, install matplotlib: pip install matplotlib") from error
    with matplotlib.rc_context(STYLE):
        return Figure(figsize=(width, height), dpi=100)


def as_small_png(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """Return a PNG file as `as_png`, in the 256 colours that our pictures do with.

    It is about a third as large, and so is the notebook that it is kept in; nothing visible goes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    stream = io.BytesIO()
    image.quantize(256, Image.Quantize.MAXCOVERAGE).save(stream, "png")
    return stream.getvalue(), {"width": round(figure.get_size_inches()[0] * 100)}


def as_png(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """Return a PNG file, and the width in CSS pixels to show it at, as IPython takes them."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue(), {"width": round(figure.get_size_inches()[0] * 100)}
