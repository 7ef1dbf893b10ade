"""The picture of gradient flow: each layer's norm over time, last norm, update and dead share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnkit.plot.style import BAD, FAIR, GOOD, MUTED, NONE, TEXT, TRACK, WIDTH, add_axes, shortened
from nnkit.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SPLIT = 5.3  # inches: the heat map ends here, the columns of now begin a little later
MANY = 22  # layers; with more, names are thinned out and numbers left away


def flow_height(layers: int) -> float:
    """Return the height in inches of the picture of so many layers."""
    return 0.24 * layers if layers <= 12 else min(4.4, 2.9 + 0.06 * (layers - 12))


def draw_gradient_flow(
    figure: Figure, history: History, layers: list[str], labels: Mapping[str, str], bottom: float
) -> None:
    """Draw the heat map and the three columns of the last values beside it."""
    height = flow_height(len(layers))
    names = [shortened(labels.get(layer, layer)) for layer in layers]
    left = 0.15 + 0.065 * max(map(len, names))
    heat = add_axes(figure, left, bottom, SPLIT - left, height)
    decades = heat_map(heat, history, layers, "grad", "gradient norm")
    color_key(add_axes(figure, SPLIT - 1.0, bottom + height + 0.09, 0.6, 0.09), decades)
    stride = -(-len(layers) // MANY)
    heat.set_yticks(range(0, len(layers), stride), names[::stride])
    heat.tick_params(axis="y", colors=TEXT)
    width = (WIDTH - SPLIT - 0.1) / 3
    for place, kind in enumerate(("grad", "ratio", "dead")):
        axes = add_axes(figure, SPLIT + 0.2 + place * width, bottom, width - 0.6, height)
        known = [f"{kind}/{layer}" in history for layer in layers]
        values = [
            history.last(f"{kind}/{layer}") if here else np.nan
            for layer, here in zip(layers, known, strict=True)
        ]
        _column(axes, kind, np.array(values), decades)


def heat_map(
    axes: Axes, history: History, layers: list[str], kind: str, title: str
) -> tuple[float, float]:
    """Draw log10 of the layers' sizes over the steps and return the range of the colours."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba

    series = [history.series(f"{kind}/{layer}") for layer in layers]
    first = min(steps[0] for steps, _ in series)
    last = max(first + 1, *(steps[-1] for steps, _ in series))
    grid = np.linspace(first, last, 400)
    norms = np.empty((len(layers), len(grid)))
    absent = np.zeros_like(norms, dtype=bool)
    for row, none, (steps, values) in zip(norms, absent, series, strict=True):
        position = np.searchsorted(steps, grid, side="right") - 1
        none[:] = position < 0
        row[:] = values[np.maximum(position, 0)]
    decades = _decades(norms)
    colors = colormaps["viridis"](_share(norms, decades))
    colors[norms == 0] = to_rgba(NONE)
    colors[~np.isfinite(norms)] = to_rgba(BAD)
    colors[absent] = 0
    extent = (float(first), float(last), len(layers) - 0.5, -0.5)
    axes.imshow(colors, aspect="auto", interpolation="nearest", extent=extent)
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.hlines(np.arange(1, len(layers)) - 0.5, *extent[:2], color="white", linewidth=1.2)
    axes.locator_params(axis="x", nbins=6)
    return decades


def _decades(norms: NDArray[np.float64]) -> tuple[float, float]:
    """Return the lowest and highest power of ten of all norms, at least two apart."""
    usable = norms[(norms > 0) & np.isfinite(norms)]
    if not usable.size:
        return -3.0, 0.0
    low, high = float(np.log10(usable.min())), float(np.log10(usable.max()))
    room = max(0.0, 2 - (high - low)) / 2
    return low - room, high + room


def _share(norms: NDArray[np.float64], decades: tuple[float, float]) -> NDArray[Any]:
    """Return where between the two powers of ten each norm lies, from 0 to 1."""
    low, high = decades
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip((np.log10(norms) - low) / (high - low), 0, 1)


def color_key(axes: Axes, decades: tuple[float, float]) -> None:
    """Say which sizes the two ends of the colours stand for."""
    axes.imshow(np.linspace(0, 1, 60)[None], aspect="auto", cmap="viridis")
    axes.set_axis_off()
    low, high = (f"{10**power:.0e}".replace("e-0", "e-").replace("e+0", "e") for power in decades)
    style: dict[str, Any] = {
        "va": "center",
        "fontsize": 7,
        "color": MUTED,
        "transform": axes.transAxes,
    }
    axes.text(-0.08, 0.4, low, ha="right", **style)
    axes.text(1.08, 0.4, high, ha="left", **style)


def _column(
    axes: Axes, kind: str, values: NDArray[np.float64], decades: tuple[float, float]
) -> None:
    """Draw the last value of each layer: a bar, or for the ratio a dot near or far from 1e-3."""
    rows = np.arange(len(values))
    draw = {"grad": _norms, "ratio": _ratios, "dead": shares}[kind]
    title, texts = draw(axes, rows, values, decades)
    frame_column(axes, title, texts)


def frame_column(axes: Axes, title: str, texts: list[str]) -> None:
    """Write title and values beside what was drawn for each layer."""
    count = len(texts)
    axes.set(ylim=(count - 0.5, -0.5), xticks=[], yticks=[], facecolor=TRACK)
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold")
    axes.spines[:].set_visible(False)
    if count > MANY:
        return
    for row, text in enumerate(texts):
        axes.annotate(
            text.replace("nan", "–").replace("e-0", "e-").replace("e+0", "e"),
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
        )


Column = tuple[str, list[str]]


def _norms(axes: Axes, rows: Any, values: Any, decades: tuple[float, float]) -> Column:
    from matplotlib import colormaps

    share = np.nan_to_num(_share(values, decades))
    axes.barh(rows, np.maximum(share, 0.02), 0.42, color=colormaps["viridis"](share))
    axes.set_xlim(0, 1)
    return "last norm", [f"{value:.2g}" for value in values]


def _ratios(axes: Axes, rows: Any, values: Any, _decades: tuple[float, float]) -> Column:
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.clip(np.log10(values), -6, 0)
    # Small ratios are what a run that has converged ends with; large ones wreck the weights.
    color = np.select([np.abs(power + 3) <= 1, power > -1], [GOOD, BAD], FAIR)
    axes.axvspan(-4, -2, color=GOOD, alpha=0.13, linewidth=0)
    axes.axvline(-3, color=GOOD, linewidth=1)
    axes.scatter(power, rows, s=20, color=color, zorder=3)
    axes.set_xlim(-6, 0)
    return "update / weight", [f"{value:.0e}" for value in values]


def shares(axes: Axes, rows: Any, values: Any, _decades: Any = None) -> Column:
    """Draw shares, those that are bad in red, and return title and values."""
    color = np.select([values > 0.9, values > 0.5], [BAD, FAIR], MUTED)
    axes.barh(rows, np.nan_to_num(values), 0.42, color=color)
    axes.set_xlim(0, 1)
    return "dead", [f"{value:.0%}".replace("nan%", "nan") for value in values]
