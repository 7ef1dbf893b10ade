"""Figures as output: a matplotlib figure that a cell returns is shown, with or without pyplot."""

from __future__ import annotations

from typing import Any

from nnkit.plot.figure import as_png

FIGURE = "matplotlib.figure.Figure"


def show_figures(ip: Any) -> None:
    """Have figures shown as PNG, unless the notebook shows them already."""
    formatter = ip.display_formatter.formatters["image/png"]
    try:
        formatter.lookup_by_type(FIGURE)
    except KeyError:
        formatter.for_type_by_name(*FIGURE.rsplit(".", 1), as_png)


def forget_figures(ip: Any) -> None:
    """Take our way of showing figures back."""
    formatter = ip.display_formatter.formatters["image/png"]
    try:
        ours = formatter.lookup_by_type(FIGURE) is as_png
    except KeyError:
        return
    if ours:
        formatter.pop(FIGURE)
