"""Functions that are refused on a differentiated path, each with the reason and what to use."""

import numpy as np

from ..table import refuse

IN_PLACE = "it writes into an array that it is given. Use the result of an expression: "
refuse(
    "it writes into an array that it is given, and np.full_like(a, x) is written with it. Use "
    "np.broadcast_to(x, a.shape) in place of np.full_like(a, x); np.where(where, src, x) or "
    "x[...] = src in place of np.copyto",
    np.copyto,
)
refuse(IN_PLACE + "x = np.where(mask, values, x), or x[mask] = values", np.putmask, np.place)
refuse(IN_PLACE + "x[np.unravel_index(ind, x.shape)] = v", np.put)
refuse(
    IN_PLACE + "x[np.arange(len(x))[:, None], indices] = values (here for the last of two axes)",
    np.put_along_axis,
)
refuse(
    IN_PLACE + "x = np.where(np.eye(*x.shape, dtype=bool), val, x), or x[np.diag_indices_from(x)] "
    "= val",
    np.fill_diagonal,
)

refuse(
    "counts jump where a number crosses an edge. Count x.detach(); if it is the weights that are "
    "differentiated, use np.bincount(np.digitize(x, edges) - 1, weights)",
    np.histogram,
    np.histogram2d,
    np.histogramdd,
)
refuse(
    "the number of edges depends on the values. Use np.linspace(np.min(x), np.max(x), bins + 1)",
    np.histogram_bin_edges,
)
