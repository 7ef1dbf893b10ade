"""Pictures with matplotlib, which is imported only when one is drawn."""

from nnkit.plot.activation_statistics import activation_statistics
from nnkit.plot.confusion import confusion_figure
from nnkit.plot.history import history_figure, history_png
from nnkit.plot.range_test import range_test_figure

__all__ = [
    "activation_statistics",
    "confusion_figure",
    "history_figure",
    "history_png",
    "range_test_figure",
]
