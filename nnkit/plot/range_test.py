"""The picture of a learning-rate range test: losses over learning rates, suggestions marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nnkit.plot.figure import new_figure
from nnkit.plot.style import CURVES, MUTED, STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nnkit.training.range_test import RangeTest

__all__ = ["range_test_figure"]

WIDTH, HEIGHT = 5.6, 2.9  # inches


def range_test_figure(test: RangeTest) -> Figure:
    """Draw a range test: the losses as dots, smoothed as a line, and the suggestions.

    Parameters
    ----------
    test : RangeTest
        What `lr_find` returned.

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
    >>> from nnkit.training.range_test import RangeTest
    >>> test = RangeTest([0.1, 0.2, 0.4], [3.0, 2.0, 5.0], "valley", "finished")
    >>> range_test_figure(test).axes[0].get_xscale()
    'log'
    """
    figure = new_figure("a range test", HEIGHT, WIDTH)
    import matplotlib

    with matplotlib.rc_context(STYLE):
        axes = figure.add_axes((0.1, 0.17, 0.87, 0.72))
        axes.plot(test.lrs, test.losses, ".", color=CURVES[0], alpha=0.35, markersize=4)
        axes.plot(test.lrs, test.smoothed, color=CURVES[0], linewidth=1.6)
        axes.set_xscale("log")
        axes.set_xlabel("learning rate")
        axes.set_title("loss", loc="left", fontsize=9, fontweight="bold")
        if len(test.losses):
            # A loss that runs away would press the rest to the floor.
            low, high = float(test.losses.min()), float(np.quantile(test.losses[:10], 0.9))
            room = max(high - low, 1e-12)
            top = min(float(test.losses.max()), high + 0.6 * room)
            axes.set_ylim(low - 0.06 * room, top + 0.06 * room)
        for place, (name, lr) in enumerate(test.suggestions.items()):
            if lr is not None:
                chosen = name == test.rule
                color = CURVES[1] if chosen else MUTED
                axes.axvline(
                    lr,
                    color=color,
                    linewidth=1.6 if chosen else 0.9,
                    linestyle="-" if chosen else ":",
                )
                axes.annotate(
                    f"{name} {lr:.2g}",
                    (lr, 1),
                    xycoords=("data", "axes fraction"),
                    xytext=(-3, -4 - 11 * place),
                    textcoords="offset points",
                    ha="right",
                    va="top",
                    fontsize=8,
                    color=color,
                    fontweight="bold" if chosen else "normal",
                )
    return figure
