"""The mathematics: one file for each family of NumPy functions, one row for each function."""

from . import (
    batching,
    complex,
    constants,
    contractions,
    elementwise,
    indexing,
    parts,
    reductions,
    selective,
    shaping,
    sorting,
    special,
    views,
)

__all__ = [
    "batching",
    "complex",
    "constants",
    "contractions",
    "elementwise",
    "indexing",
    "parts",
    "reductions",
    "selective",
    "shaping",
    "sorting",
    "special",
    "views",
]
