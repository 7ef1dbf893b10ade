"""The picture of a confusion matrix: a square for each pair of classes, with its count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_core.errors import ArgumentError, ShapeError
from nnkit.plot.style import STYLE, TEXT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["confusion_figure"]

MOST_NUMBERS = 20  # classes; beyond that the numbers would not be readable


def confusion_figure(matrix: Any, labels: Sequence[str] | None = None) -> Figure:
    """Draw a confusion matrix: rows are the right classes, columns what they were said to be.

    The colour is the share of the rows of a class, so that rare classes show too.

    Parameters
    ----------
    matrix : array, shape (C, C)
        As `nnkit.metrics.confusion_matrix` gives it: counts, or shares.
    labels : sequence of str, optional
        The names of the classes; by default their numbers.

    Returns
    -------
    matplotlib.figure.Figure
        A figure of its own, not known to pyplot.

    Raises
    ------
    ShapeError
        If the matrix is not square.
    ArgumentError
        If there are not as many labels as classes.
    ImportError
        If matplotlib is not installed.

    Examples
    --------
    >>> figure = confusion_figure([[8, 2], [1, 9]], labels=["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['8', '2', '1', '9']
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "To draw a confusion matrix, install matplotlib: pip install matplotlib"
        ) from error
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise ShapeError(
            f"confusion_figure draws a matrix of shape (C, C), got {counts.shape}; "
            f"nnkit.metrics.confusion_matrix(output, target) makes one."
        )
    n = len(counts)
    names = [str(i) for i in range(n)] if labels is None else [str(name) for name in labels]
    if len(names) != n:
        raise ArgumentError(f"confusion_figure: {len(names)} labels for {n} classes.")
    total = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(total == 0, 1, total)
    side = min(9.0, 2.2 + 0.42 * n)
    with matplotlib.rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(side, side), dpi=100, layout="constrained")
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(n), names, rotation=90 if max(map(len, names)) > 2 and n > 6 else 0)
        axes.set_yticks(range(n), names)
        axes.set_xlabel("said to be")
        axes.set_ylabel("right class")
        if n <= MOST_NUMBERS:
            for (i, j), count in np.ndenumerate(counts):
                color = "white" if shares[i, j] > 0.6 else TEXT
                axes.text(j, i, _short(count), ha="center", va="center", color=color, fontsize=7)
    return figure


def _short(count: Any) -> str:
    return str(count) if float(count).is_integer() and abs(count) < 1e5 else f"{float(count):.2g}"
