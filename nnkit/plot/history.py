"""The picture of a history: curves, interventions and gradient flow on one light sheet.

It is the still form of the live panel: same layout, same colours, same way of thinning (a faint
band from the lowest to the highest value, a solid line of means).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnkit.plot.figure import as_small_png, new_figure
from nnkit.plot.gradient_flow import draw_gradient_flow, flow_height
from nnkit.plot.style import BAD, CURVES, MARK, STYLE, WIDTH, add_axes
from nnkit.training.history import Event, History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["history_figure", "history_png"]

PER_ROW = 3
CHART = 1.75  # inches
AROUND = 0.58  # inches for title and tick labels of a row
VALIDATION = re.compile(r"^(val|valid|validation|test)[_/]")
TRAINING = re.compile(r"^train(ing)?[_/]")


def history_figure(history: History, labels: Mapping[str, str] | None = None) -> Figure:
    """Draw a history: a chart per quantity, validation dashed, and the gradient flow.

    Parameters
    ----------
    history : History
        What a run recorded.
    labels : mapping of str to str, optional
        What to call a layer, by its path.

    Returns
    -------
    matplotlib.figure.Figure
        A figure of its own, not known to pyplot.

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> history = History()
    >>> for step in range(1, 101):
    ...     history.log(step, loss=1 / step)
    >>> figure = history_figure(history)
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['loss']
    """
    quantities = _quantities(history.names)
    layers = [name[5:] for name in history.names if name.startswith("grad/")]
    rows = max(1, -(-len(quantities) // PER_ROW))
    flow = flow_height(len(layers)) + AROUND if layers else 0.0
    figure = new_figure("a history", rows * (CHART + AROUND) + flow)
    import matplotlib

    with matplotlib.rc_context(STYLE):
        if not quantities:
            figure.text(0.5, 0.5, "nothing was recorded", ha="center", va="center")
        for place, (quantity, names) in enumerate(quantities.items()):
            row, column = divmod(place, PER_ROW)
            in_row = min(PER_ROW, len(quantities) - row * PER_ROW)
            slot = (WIDTH - 0.1) / in_row
            bottom = flow + (rows - row - 1) * (CHART + AROUND) + 0.25
            axes = add_axes(figure, 0.5 + column * slot, bottom, slot - 0.55, CHART)
            _chart(axes, history, quantity, names, place)
        if layers:
            draw_gradient_flow(figure, history, layers, labels or {}, bottom=0.25)
    return figure


def history_png(history: History, labels: Mapping[str, str] | None = None) -> tuple[bytes, int]:
    r"""Return the picture of a history as a PNG file, and the width in CSS pixels to show it at.

    Parameters
    ----------
    history : History
    labels : mapping of str to str, optional
        What to call a layer, by its path.

    Returns
    -------
    png : bytes
    width : int

    Raises
    ------
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> history = History()
    >>> history.log(1, loss=1.0)
    >>> png, width = history_png(history)
    >>> png[:4], width
    (b'\x89PNG', 960)
    """
    png, metadata = as_small_png(history_figure(history, labels))
    return png, metadata["width"]


def _quantities(names: tuple[str, ...]) -> dict[str, list[str]]:
    """Group the curves by the quantity they show."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if not name.startswith(("grad/", "ratio/", "dead/")):
            groups.setdefault(VALIDATION.sub("", TRAINING.sub("", name)), []).append(name)
    return groups


def _chart(axes: Axes, history: History, quantity: str, names: list[str], hue: int) -> None:
    axes.set_title(quantity, loc="left", fontsize=9, fontweight="bold")
    for index, name in enumerate(names):
        color = CURVES[(hue + index // 2) % len(CURVES)]
        _curve(axes, *history.series(name), name, color, bool(VALIDATION.match(name)))
    axes.margins(x=0.01, y=0.12 if history.events else 0.05)
    axes.locator_params(axis="both", nbins=5)
    _interventions(axes, history.events)
    if len(names) > 1:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.02, 0.98),
            ncols=4,
            borderaxespad=0.2,
            columnspacing=1.2,
            fontsize=8,
            handlelength=1.8,
        )


def _curve(
    axes: Axes,
    steps: NDArray[np.int64],
    values: NDArray[np.float64],
    name: str,
    color: str,
    validation: bool,
) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        # Where the value is no finite number, a mark on the lower edge says so.
        bad = steps[~finite]
        axes.vlines(bad, 0, 0.04, color=BAD, linewidth=1.2, transform=axes.get_xaxis_transform())
    steps, values = steps[finite], values[finite]
    x, mean, _, _ = _thin(steps, values, bins=100)
    if len(x) < len(steps):
        fine_x, _, low, high = _thin(steps, values, bins=400)
        axes.fill_between(fine_x, low, high, color=color, alpha=0.18, linewidth=0)
    points = len(steps) <= 40
    axes.plot(
        x,
        mean,
        color=color,
        label=name,
        linewidth=1.5,
        linestyle=(0, (4, 2.2)) if validation else "-",
        marker="o" if points else "",
        markersize=2.6,
    )


def _thin(
    steps: NDArray[np.int64], values: NDArray[np.float64], bins: int
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return mean step, mean, lowest and highest value of up to `bins` equal stretches."""
    if len(steps) <= bins:
        return steps, values, values, values
    edges = np.linspace(steps[0], steps[-1] + 1, bins + 1)
    starts = np.unique(np.searchsorted(steps, edges[:-1]))
    counts = np.diff(np.append(starts, len(steps)))
    return (
        np.add.reduceat(steps, starts) / counts,
        np.add.reduceat(values, starts) / counts,
        np.minimum.reduceat(values, starts),
        np.maximum.reduceat(values, starts),
    )


def _interventions(axes: Axes, events: list[Event]) -> None:
    """Draw a line for every step at which something was done, and its words where there is room."""
    marks: dict[int, list[str]] = {}
    for event in events:
        if event.kind not in ("resume", "step"):
            marks.setdefault(event.step, []).append(_words(event))
    first, last = axes.get_xlim()
    per_character = 0.065 * (last - first) / (axes.bbox.width / axes.figure.dpi)
    free = [first, first]
    for step, words in marks.items():
        axes.axvline(step, color=MARK, linewidth=0.9, linestyle=(0, (2, 2)))
        text = ", ".join(words)
        room = len(text) * per_character
        start = step if step + room < last else step - room
        line = next((k for k, end in enumerate(free) if start >= end), None)
        if line is None:
            continue
        free[line] = start + room
        axes.annotate(
            text,
            (step, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3 if start == step else -3, -2 - 9 * line),
            textcoords="offset points",
            ha="left" if start == step else "right",
            va="top",
            fontsize=7,
            color=MARK,
        )


def _words(event: Event) -> str:
    if event.kind == "lr":
        return f"lr {event.details['old']:.3g} → {event.details['new']:.3g}"
    if event.kind == "failed":
        return f"failed: {event.details['error']}"
    return event.kind
