"""The mathematics: one file for each family of NumPy functions, one row for each function."""

from . import constants, contractions, elementwise, indexing, reductions, shaping, sorting

__all__ = [
    "constants",
    "contractions",
    "elementwise",
    "indexing",
    "reductions",
    "shaping",
    "sorting",
]
