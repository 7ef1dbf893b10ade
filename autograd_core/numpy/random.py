"""Random numbers: the namespace of `numpy.random`. Draws are constants, so for a gradient with
respect to a parameter write `loc + scale * normal(size=n)`.
"""

from typing import TYPE_CHECKING

import numpy.random

globals().update({name: getattr(numpy.random, name) for name in numpy.random.__all__})
if TYPE_CHECKING:
    from numpy.random import *  # noqa: F403

__all__ = numpy.random.__all__
