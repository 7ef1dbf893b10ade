"""The functions with which NumPy makes an array of what there is: `array`, `asarray`, `require`.

These take Tensors, and nested lists with Tensors in them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import Layered, raw
from ..kernels import astype
from .lists import holds_tensor, stacked

__all__ = [
    "array",
    "asanyarray",
    "asarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "require",
]


def array(object: Any, dtype: Any = None, **options: Any) -> Any:
    """Make an array; a Tensor, if there are Tensors in a nested list.

    Parameters
    ----------
    object : array_like, or nested lists of Tensors, arrays and numbers
    dtype : dtype, optional
    **options
        As for `numpy.array`: copy, order, subok, ndmin, like.

    Raises
    ------
    ShapeError
        If the parts of a list have different shapes.

    Examples
    --------
    >>> from autograd_core import grad
    >>> import autograd_core.numpy as np
    >>> grad(lambda x: np.sum(np.array([x, [x * x, 3.0]][1])))(2.0)
    np.float64(4.0)
    """
    if not holds_tensor(object):
        return np.array(object, dtype=dtype, **options)
    x = as_tensor(object, dtype)
    if x is object and options.get("copy", True):
        x = np.copy(x)
    missing = options.get("ndmin", 0) - x.ndim
    return np.reshape(x, (1,) * missing + x.shape) if missing > 0 else x


def as_tensor(x: Any, dtype: Any = None) -> Any:
    """Return a Tensor itself, or the Tensor that a list makes."""
    x = x if isinstance(x, Layered) else stacked(x)
    return x if dtype is None or x.dtype == dtype else astype(x, dtype)


def asarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Any:
    """Return `a` as an array; a Tensor itself, and a list of Tensors as one Tensor.

    Parameters and errors are those of `array`.

    Examples
    --------
    >>> from autograd_core import tensor
    >>> import autograd_core.numpy as np
    >>> np.asarray([tensor(1.0), 2.0])
    Tensor([1., 2.])
    """
    if holds_tensor(a):
        return as_tensor(a, dtype)
    return np.asarray(a, dtype, order, **options)


asanyarray = asarray


def ascontiguousarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """Return `a` in C order and with an axis; Tensors have no order.

    Parameters
    ----------
    a : array_like or Tensor
    dtype : dtype, optional
    **options
        As for `numpy.ascontiguousarray`.

    Returns
    -------
    ndarray or Tensor

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.ascontiguousarray(3.0)
    array([3.])
    """
    if holds_tensor(a):
        return np.atleast_1d(as_tensor(a, dtype))
    return np.ascontiguousarray(a, dtype, **options)


def asfortranarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """Return `a` in Fortran order and with an axis; Tensors have no order.

    Parameters
    ----------
    a : array_like or Tensor
    dtype : dtype, optional
    **options
        As for `numpy.asfortranarray`.

    Returns
    -------
    ndarray or Tensor

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.asfortranarray([[1, 2], [3, 4]]).flags.f_contiguous
    True
    """
    return (
        ascontiguousarray(a, dtype) if holds_tensor(a) else np.asfortranarray(a, dtype, **options)
    )


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """Return `a` as an array without infinities and NaN, or raise ValueError.

    Parameters
    ----------
    a : array_like or Tensor
    dtype : dtype, optional
    order : str, optional
        Of arrays; Tensors have none.

    Returns
    -------
    ndarray or Tensor

    Raises
    ------
    ValueError
        If a number is NaN or infinite.

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.asarray_chkfinite([1.0, 2.0])
    array([1., 2.])
    """
    if not holds_tensor(a):
        return np.asarray_chkfinite(a, dtype, order)
    x = as_tensor(a, dtype)
    np.asarray_chkfinite(raw(x))
    return x


def require(a: Any, dtype: Any = None, requirements: Any = None, **options: Any) -> Any:
    """Return `a` as an array with certain flags; Tensors meet all of them.

    Parameters
    ----------
    a : array_like or Tensor
    dtype : dtype, optional
    requirements : str or list of str, optional
        As for `numpy.require`.
    **options
        Likewise.

    Returns
    -------
    ndarray or Tensor

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.require([1, 2], requirements="C")
    array([1, 2])
    """
    if holds_tensor(a):
        return as_tensor(a, dtype)
    return np.require(a, dtype, requirements, **options)
