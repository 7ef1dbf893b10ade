"""Looking inside a model: its layers, their shapes and parameters, and which of them learn."""

from nnkit.inspection.parameters import count_parameters, freeze, unfreeze
from nnkit.inspection.summary import Summary, summary

__all__ = ["Summary", "count_parameters", "freeze", "summary", "unfreeze"]
