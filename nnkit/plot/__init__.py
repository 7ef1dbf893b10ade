"""Pictures with matplotlib, which is imported only when one is drawn."""

from nnkit.plot.history import history_figure, history_png

__all__ = ["history_figure", "history_png"]
