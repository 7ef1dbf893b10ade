"""Pictures with matplotlib, which is imported only when one is drawn."""

from nnkit.plot.confusion import confusion_figure
from nnkit.plot.history import history_figure, history_png

__all__ = ["confusion_figure", "history_figure", "history_png"]
