"""The look of our pictures: sizes, colours and matplotlib settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 9.6  # inches; at 100 dots per inch what a notebook column shows
CURVES = ("#2f74d0", "#c7622c", "#1f9463", "#8d56c9", "#c43e78")
TEXT, MUTED, GRID, MARK = "#2b2b30", "#70737c", "#e8e9ee", "#b0662a"
GOOD, FAIR, BAD, NONE, TRACK = "#1f9463", "#d98a1c", "#d33c3c", "#cdcdd2", "#f4f5f7"

# For matplotlib.rc_context: a person's own settings stay as they are.
STYLE: dict[Any, Any] = {
    "font.size": 8.5,
    "font.family": "sans-serif",
    "text.color": TEXT,
    "axes.edgecolor": "#c9ccd4",
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "legend.frameon": False,
}


LONGEST = 28  # characters of a layer's name


def shortened(name: str) -> str:
    """Leave the beginning of a long name away: the end of a path tells more."""
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes at a place given in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((left / across, bottom / up, width / across, height / up))
