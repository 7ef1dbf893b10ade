"""NumPy's whole namespace, for code written for the package `autograd`, and for what NumPy's own
functions cannot do with Tensors: `import autograd_core.numpy as np`.

Plain `import numpy as np` differentiates, too. Here, in addition, `array`, `full`, `arange`, `r_`
and their like take Tensors, and each function takes a list of Tensors where it takes an array.

    np.array([t, [u, 3.0]])      a Tensor
    np.sum([t, u])               a Tensor
"""

from typing import TYPE_CHECKING

import numpy

from . import building, converting, grids
from .lists import door

__version__ = numpy.__version__
"""The version of NumPy."""

if TYPE_CHECKING:
    from numpy import *  # noqa: F403
else:
    globals().update(door(numpy))
    for module in (building, converting, grids):  # they replace what NumPy has under these names
        globals().update({name: getattr(module, name) for name in module.__all__})
    from numpy import dtypes as dtypes, emath as emath, exceptions as exceptions  # noqa: I001
    from numpy import polynomial as polynomial

    for name in ("__array_api_version__", "__array_namespace_info__"):  # the array API standard
        if hasattr(numpy, name):
            globals()[name] = getattr(numpy, name)
    from . import fft as fft
    from . import linalg as linalg
    from . import random as random

    __all__ = sorted({"__version__", "make_diagonal", "row_stack", *numpy.__all__} & set(globals()))
    del building, converting, grids, module, name
