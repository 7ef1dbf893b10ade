"""The picture of activation statistics: each layer's spread over time, and its last numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograd_core.errors import ArgumentError
from nnkit.plot.figure import new_figure
from nnkit.plot.gradient_flow import (
    MANY,
    SPLIT,
    color_key,
    flow_height,
    frame_column,
    heat_map,
    shares,
)
from nnkit.plot.style import CURVES, MUTED, STYLE, TEXT, add_axes, shortened
from nnkit.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["activation_statistics"]

BELOW, ABOVE = 0.3, 0.32  # inches
COLUMNS = {"mean": (0.2, 0.9), "dead": (2.0, 0.6), "saturated": (3.15, 0.6)}  # start, width


def activation_statistics(history: History, labels: Mapping[str, str] | None = None) -> Figure:
    """Draw what `ActivationStatistics` recorded.

    At the left the standard deviation of each layer's output over the steps, as colours; beside it
    the last values: mean with one standard deviation around it, dead and saturated share.

    Parameters
    ----------
    history : History
        With columns ``mean/<layer>``, ``std/<layer>``, ``dead/<layer>``, ``saturated/<layer>``.
    labels : mapping of str to str, optional
        What to call a layer, by its path.

    Returns
    -------
    matplotlib.figure.Figure
        A figure of its own, not known to pyplot.

    Raises
    ------
    ArgumentError
        If nothing was recorded.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> history = History()
    >>> history.log(1, **{"mean/0": 0.1, "std/0": 1.0, "dead/0": 0.0})
    >>> [axes.get_title(loc="left") for axes in activation_statistics(history).axes]
    ['standard deviation', '', 'mean ± std', 'dead', 'saturated']
    """
    layers = [name[4:] for name in history.names if name.startswith("std/")]
    if not layers:
        raise ArgumentError(
            "activation_statistics: the history has no columns std/<layer>. Give it the .history "
            "of an ActivationStatistics that has seen the model train."
        )
    height = max(flow_height(len(layers)), 0.4)
    figure = new_figure("activation statistics", BELOW + height + ABOVE)
    import matplotlib

    with matplotlib.rc_context(STYLE):
        names = [shortened((labels or {}).get(layer, layer)) for layer in layers]
        left = 0.2 + 0.07 * max(map(len, names))
        heat = add_axes(figure, left, BELOW, SPLIT - left, height)
        decades = heat_map(heat, history, layers, "std", "standard deviation")
        color_key(add_axes(figure, SPLIT - 1.0, BELOW + height + 0.09, 0.6, 0.09), decades)
        stride = -(-len(layers) // MANY)
        heat.set_yticks(range(0, len(layers), stride), names[::stride])
        heat.tick_params(axis="y", colors=TEXT)
        for kind, (start, width) in COLUMNS.items():
            axes = add_axes(figure, SPLIT + start, BELOW, width, height)
            values = last_values(history, kind, layers)
            if kind == "mean":
                title, texts = means(axes, values, last_values(history, "std", layers))
            else:
                title, texts = kind, shares(axes, np.arange(len(layers)), values)[1]
            frame_column(axes, title, texts)
    return figure


def last_values(history: History, kind: str, layers: list[str]) -> NDArray[np.float64]:
    """Return the newest value of each layer, NaN where there is none."""
    names = [f"{kind}/{layer}" for layer in layers]
    return np.array([history.last(name) if name in history else np.nan for name in names])


def means(axes: Axes, mean: Any, std: Any) -> tuple[str, list[str]]:
    """Draw the means as dots and the standard deviations as lines around them."""
    rows = np.arange(len(mean))
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.hlines(rows, mean - std, mean + std, color=CURVES[0], linewidth=3, alpha=0.35)
    axes.scatter(mean, rows, s=16, color=CURVES[0], zorder=3)
    return "mean ± std", [f"{m:.2g}±{s:.2g}" for m, s in zip(mean, std, strict=True)]
