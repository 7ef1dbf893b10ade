"""Tools around gradients, under the names of the package `autograd`: `flatten`, `const_graph`,
and the modules `flatten`, `optimizers`, `fixed_points` and `tracers`.
"""

from . import fixed_points, optimizers, tracers
from .flatten import flatten
from .tracers import const_graph

__all__ = ["const_graph", "fixed_points", "flatten", "optimizers", "tracers"]
