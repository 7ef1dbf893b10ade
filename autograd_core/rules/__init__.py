"""The mathematics: one file for each family of NumPy functions, one row for each function."""

from . import (
    batching,
    complex,
    constants,
    contractions,
    decompositions,
    elementwise,
    fft,
    indexing,
    linalg,
    norms,
    reductions,
    selective,
    shaping,
    sorting,
    views,
)

__all__ = [
    "batching",
    "complex",
    "constants",
    "contractions",
    "decompositions",
    "elementwise",
    "fft",
    "indexing",
    "linalg",
    "norms",
    "reductions",
    "selective",
    "shaping",
    "sorting",
    "views",
]
