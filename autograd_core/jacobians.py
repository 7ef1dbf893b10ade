"""Matrices of derivatives, with the whole identity pushed through in one vectorised pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .argnums import unary
from .batch import over_rows
from .errors import ShapeError
from .gradients import grad
from .operators import differentiate, jvp
from .trees import flatten, tree_map

__all__ = ["hessian", "jacfwd", "jacobian", "jacrev"]

Function = Callable[..., Any]


def basis_like(x: Any) -> np.ndarray:
    """Return all unit arrays of the shape of x, stacked along a new first axis."""
    shape = np.shape(x)
    n = math.prod(shape)
    return np.eye(n, dtype=getattr(x, "dtype", float)).reshape((n, *shape))


def one_array(y: Any, f: Function) -> Any:
    """Refuse a function with several outputs, whose Jacobian would have no one shape."""
    if not hasattr(y, "shape") and not isinstance(y, (int, float, complex)):
        raise ShapeError(
            f"jacobian needs a function that returns one array; {getattr(f, '__name__', f)} "
            f"returned {type(y).__name__}. Take one output: lambda x: f(x)[0]."
        )
    return y


@unary
def jacrev(f: Function, x: Any) -> Any:
    """Return a function that gives the Jacobian of `fun` in reverse mode.

    One vectorised backward pass, whose cost grows with the number of outputs.

    Parameters
    ----------
    fun : callable
        Returns one array.
    argnum : int or tuple of ints, default 0

    Returns
    -------
    callable
        Gives an array of shape `output.shape + input.shape`; like the argument if that is a
        container.

    Examples
    --------
    >>> import numpy as np
    >>> jacrev(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    y, pull, _ = differentiate(f, (x,), verb="jacobian")
    shape = np.shape(one_array(y, f))
    if math.prod(shape):
        rows = over_rows(lambda g: pull(g)[0], basis_like(y))
    else:  # no rows, of the right dtype
        rows = tree_map(lambda r: np.ravel(r)[:0], pull(y)[0])
    return tree_map(lambda r, v: np.reshape(r, shape + np.shape(v)), rows, x)


@unary
def jacfwd(f: Function, x: Any) -> Any:
    """Return a function that gives the Jacobian of `fun` in forward mode.

    One vectorised forward pass, whose cost grows with the number of inputs; the argument must
    be one array.

    Parameters
    ----------
    fun : callable
        Returns an array.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives an array of shape ``output.shape + input.shape``.

    Examples
    --------
    >>> import numpy as np
    >>> jacfwd(lambda x: np.array([1.0, 10.0]) * x)(2.0)
    array([ 1., 10.])
    """
    x = np.float64(x) if isinstance(x, float) else x
    columns = over_rows(lambda t: one_array(jvp(f, (x,), (t,))[1], f), basis_like(x), -1)
    return np.reshape(columns, (*np.shape(columns)[:-1], *np.shape(x)))


@unary
def jacobian(f: Function, x: Any) -> Any:
    """Return a function that gives the Jacobian of `fun`, of shape `output.shape + input.shape`.

    Reverse mode, all rows at once; see `jacfwd` for functions with more outputs than inputs.

    Parameters
    ----------
    fun : callable
        Returns an array.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives an array of shape ``output.shape + input.shape``.

    Examples
    --------
    >>> import numpy as np
    >>> jacobian(np.sin)(np.zeros(2))
    array([[1., 0.],
           [0., 1.]])
    """
    return jacrev.of(f, x)  # type: ignore[attr-defined]


@unary
def hessian(f: Function, x: Any) -> Any:
    """Return a function that gives the second derivatives of a scalar function.

    Forward mode over reverse mode for one array; for containers, reverse over reverse.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives an array of shape ``x.shape + x.shape``.

    Examples
    --------
    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
    array([[4., 2.],
           [2., 0.]])
    """

    def gradient(v: Any) -> Any:
        return grad.of(f, v)  # type: ignore[attr-defined]

    if (len(flatten(x)[0]) == 1 and hasattr(x, "shape")) or isinstance(x, float):
        return jacfwd.of(gradient, x)  # type: ignore[attr-defined]
    return tree_map(lambda leaf: leaf, jacrev.of(gradient, x))  # type: ignore[attr-defined]
