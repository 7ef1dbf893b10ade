"""Figures as output: a matplotlib figure that a cell returns is shown, with or without pyplot."""

from __future__ import annotations

import io
from typing import Any

FIGURE = "matplotlib.figure.Figure"
DPI = 150


def show_figures(ip: Any) -> None:
    """Have figures shown as PNG, unless the notebook shows them already."""
    formatter = ip.display_formatter.formatters["image/png"]
    try:
        formatter.lookup_by_type(FIGURE)
    except KeyError:
        formatter.for_type_by_name(*FIGURE.rsplit(".", 1), _png)


def forget_figures(ip: Any) -> None:
    """Take our way of showing figures back."""
    formatter = ip.display_formatter.formatters["image/png"]
    try:
        ours = formatter.lookup_by_type(FIGURE) is _png
    except KeyError:
        return
    if ours:
        formatter.pop(FIGURE)


def _png(figure: Any) -> tuple[bytes, dict[str, int]]:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue(), {"width": round(figure.get_size_inches()[0] * 100)}
