"""Linear algebra: the namespace of `numpy.linalg`, whose functions take lists of Tensors, too."""

from typing import TYPE_CHECKING

import numpy.linalg

from .lists import door

globals().update(door(numpy.linalg))
if TYPE_CHECKING:
    from numpy.linalg import *  # noqa: F403

__all__ = numpy.linalg.__all__
