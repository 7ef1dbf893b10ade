"""Fourier transforms: the namespace of `numpy.fft`, whose functions take lists of Tensors, too."""

from typing import TYPE_CHECKING

import numpy.fft

from .lists import door

globals().update(door(numpy.fft))
if TYPE_CHECKING:
    from numpy.fft import *  # noqa: F403

__all__ = numpy.fft.__all__
