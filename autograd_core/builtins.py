"""`isinstance` and `type` that see through Tensors, and the containers, as the package `autograd`
has them.

Here lists, tuples and dicts of Tensors need no special classes, so these are Python's own.
"""

from __future__ import annotations

import builtins
from builtins import dict, list, tuple  # noqa: UP029 (to be imported from here)
from typing import Any

import numpy as np

from .batch import Batched
from .dispatch import Layered, raw

__all__ = ["dict", "isinstance", "list", "tuple", "type"]


def isinstance(x: Any, classinfo: Any) -> bool:
    """Whether x, or the value that a Tensor holds, is an instance of a class.

    Parameters
    ----------
    x : object
    classinfo : type or tuple of types

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> grad(lambda x: x * isinstance(x, float))(3.0)
    np.float64(1.0)
    """
    return builtins.isinstance(x, classinfo) or issubclass(type(x), classinfo)


def type(x: Any, *bases_and_dict: Any) -> Any:
    """Return the type of x, or of the value that a Tensor holds; or make a class, as Python's.

    Parameters
    ----------
    x : object
    *bases_and_dict
        Bases and attributes of a new class, as for Python's `type`.

    Returns
    -------
    type

    Examples
    --------
    >>> from autograd_core import tensor
    >>> type(tensor([1.0, 2.0])).__name__
    'ndarray'
    """
    if bases_and_dict:
        return builtins.type(x, *bases_and_dict)
    if builtins.isinstance(x, Batched):
        return np.ndarray
    return type(raw(x)) if builtins.isinstance(x, Layered) else builtins.type(x)
