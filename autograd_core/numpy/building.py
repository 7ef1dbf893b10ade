"""The functions with which NumPy makes arrays, and which do not ask their arguments what they are:
`full`, `arange`, `fromiter` and their like. These take Tensors.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..dispatch import Layered, raw, strip
from ..errors import ArgumentError, ShapeError
from ..kernels import astype
from .converting import array, as_tensor
from .lists import holds_tensor, stacked

__all__ = [
    "arange",
    "fromiter",
    "full",
    "full_like",
    "isscalar",
    "make_diagonal",
    "row_stack",
    "vectorize",
    "where",
]


def fromiter(iter: Iterable[Any], dtype: Any, count: int = -1, **options: Any) -> Any:
    """Make an array of what an iterable yields, numbers or Tensors.

    Parameters
    ----------
    iter : iterable of numbers or Tensors
    dtype : dtype
    count : int, default -1
        How many to take; -1: all.
    **options
        As for `numpy.fromiter`.

    Returns
    -------
    ndarray or Tensor

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.fromiter((k * k for k in range(3)), float)
    array([0., 1., 4.])
    """
    items = list(iter if count < 0 else itertools.islice(iter, count))
    if holds_tensor(items):
        return as_tensor(items, dtype)
    return np.fromiter(items, dtype, count, **options)


def full(shape: Any, fill_value: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
    """Make an array with one value everywhere, which may be a Tensor.

    Parameters
    ----------
    shape : int or tuple of int
    fill_value : array_like
        A number, or an array that is broadcast to the shape.
    dtype : dtype, optional
    *args, **options
        As for `numpy.full`.

    Returns
    -------
    ndarray or Tensor

    Examples
    --------
    >>> from autograd_core import grad
    >>> import autograd_core.numpy as np
    >>> grad(lambda x: np.sum(np.full(3, x)))(2.0)
    np.float64(3.0)
    """
    if holds_tensor(fill_value):
        x = as_tensor(fill_value, dtype)
        return np.copy(np.broadcast_to(x, tuple(np.atleast_1d(shape).tolist())))
    return np.full(shape, fill_value, dtype, *args, **options)


def full_like(a: Any, fill_value: Any, dtype: Any = None, *args: Any, **options: Any) -> Any:
    """Make an array like `a` with one value everywhere, which may be a Tensor.

    Parameters
    ----------
    a : array_like or Tensor
    fill_value : array_like or Tensor
    dtype : dtype, optional
        That of `a` by default.
    *args, **options
        As for `numpy.full_like`.

    Returns
    -------
    ndarray or Tensor

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.full_like([1.0, 2.0], 3.0)
    array([3., 3.])
    """
    if holds_tensor(a) or holds_tensor(fill_value):
        x = as_tensor(a) if holds_tensor(a) else np.asarray(a)
        shape = options.get("shape")
        return full(x.shape if shape is None else shape, fill_value, dtype or x.dtype)
    return np.full_like(a, fill_value, dtype, *args, **options)


def arange(*args: Any, dtype: Any = None, **options: Any) -> Any:
    """Return start, start + step, ...; start and step may be Tensors.

    Parameters
    ----------
    start, stop, step : number
        As for `numpy.arange`. How many numbers there are does not change with a small step, so
        the gradient with respect to `stop` is zero.
    dtype : dtype, optional

    Examples
    --------
    >>> from autograd_core import grad
    >>> import autograd_core.numpy as np
    >>> grad(lambda step: np.sum(np.arange(0.0, 1.0, step)))(0.3)  # 0, step, 2 step, 3 step
    np.float64(6.0)
    """
    given = dict(zip(("start", "stop", "step"), args, strict=False))
    given |= {k: options.pop(k) for k in ("start", "stop", "step") if k in options}
    if not holds_tensor(list(given.values())):
        return np.arange(*args, dtype=dtype, **{k: given[k] for k in list(given)[len(args) :]})
    if given.get("stop") is None:
        given = given | {"start": 0, "stop": given["start"]}
    start, stop, step = given["start"], given["stop"], given.get("step")
    step = 1 if step is None else step
    plain = np.arange(*strip((start, stop, step)), dtype=dtype)
    x = start + step * np.arange(len(plain))
    return x if x.dtype == plain.dtype else astype(x, plain.dtype)


def make_diagonal(D: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Put the last axis of D on the diagonals of matrices in two new last axes.

    The counterpart of `numpy.diagonal` in the package `autograd`, which takes these values only:
    offset 0, axis1 -1 and axis2 -2.

    Parameters
    ----------
    D : array_like or Tensor, shape (..., n)
    offset, axis1, axis2 : int
        0, -1 and -2.

    Returns
    -------
    ndarray or Tensor, shape (..., n, n)

    Raises
    ------
    ArgumentError
        If they are others.

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.make_diagonal(np.array([1.0, 2.0]), axis1=-1, axis2=-2)
    array([[1., 0.],
           [0., 2.]])
    """
    if (offset, axis1, axis2) != (0, -1, -2):
        raise ArgumentError("make_diagonal takes offset=0, axis1=-1, axis2=-2 only")
    return np.expand_dims(D, -1) * np.eye(np.shape(D)[-1], dtype=D.dtype)


def isscalar(element: Any) -> bool:
    """Whether something is a number; a Tensor is one if what it holds is.

    Parameters
    ----------
    element : object

    Returns
    -------
    bool

    Examples
    --------
    >>> from autograd_core import tensor
    >>> import autograd_core.numpy as np
    >>> np.isscalar(3.0), np.isscalar([3.0])
    (True, False)
    """
    return bool(np.isscalar(raw(element)))


def row_stack(tup: Any, **options: Any) -> Any:
    """Stack rows, as `vstack`.

    Parameters
    ----------
    tup : sequence of array_like or Tensor
    **options
        As for `numpy.vstack`.

    Returns
    -------
    ndarray or Tensor

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.row_stack([[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]])
    """
    return np.vstack([stacked(x) if isinstance(x, (list, tuple)) else x for x in tup], **options)


def where(condition: Any, *args: Any, **options: Any) -> Any:
    """Choose by a condition, as `numpy.where`; from Python numbers and lists, Python numbers.

    Examples
    --------
    >>> import autograd_core.numpy as np
    >>> np.where([True, False], [1, 2], [3, 4])
    [1, 4]
    """
    operands = (condition, *args, *options.values())
    operands = tuple(
        stacked(x) if type(x) in (list, tuple) and holds_tensor(x) else x for x in operands
    )
    y = np.where(*operands)
    known = len(operands) == 1 or any(map(holds_array, operands))
    return y if known or not isinstance(y, np.ndarray) else y.tolist()


def holds_array(x: Any) -> bool:
    """Whether something is an array or a Tensor, or a list with one in it."""
    if isinstance(x, (list, tuple)):
        return any(map(holds_array, x))
    return isinstance(x, (Layered, np.ndarray, np.generic))


class vectorize(np.vectorize):  # noqa: N801 (NumPy's name)
    """Call a function for each element, as `numpy.vectorize`; the elements may be Tensors.

    Examples
    --------
    >>> from autograd_core import grad
    >>> import autograd_core.numpy as np
    >>> relu = np.vectorize(lambda x: x if x > 0 else 0.0 * x)
    >>> grad(lambda x: np.sum(relu(x)))(np.array([-1.0, 2.0]))
    array([0., 1.])
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function for each element."""
        if not holds_tensor(args):
            return super().__call__(*args, **kwargs)
        if kwargs or self.excluded or self.signature is not None:
            raise ArgumentError(
                "vectorize of a function of Tensors takes positional arguments only, without "
                "signature= and excluded="
            )
        xs = np.broadcast_arrays(
            *(as_tensor(x) if holds_tensor(x) else np.asarray(x) for x in args)
        )
        shape = xs[0].shape
        if 0 in shape:
            raise ShapeError(f"vectorize cannot call a function for the elements of shape {shape}")
        values = [self.pyfunc(*(x[i] for x in xs)) for i in np.ndindex(shape)]
        if isinstance(values[0], tuple):
            return tuple(together(column, shape) for column in zip(*values, strict=True))
        return together(values, shape)


def together(values: Any, shape: tuple[int, ...]) -> Any:
    """Make an array of values for each element."""
    return np.reshape(array(list(values)), shape)
