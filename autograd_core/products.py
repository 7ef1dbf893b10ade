"""Products with Jacobians and Hessians that are never formed, as functions of a vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .argnums import unary
from .gradients import grad
from .jacobians import jacobian
from .operators import jvp, vjp

__all__ = [
    "hessian_tensor_product",
    "hessian_vector_product",
    "hvp",
    "linearize",
    "make_ggnvp",
    "make_hvp",
    "make_jvp",
    "make_vjp",
    "tensor_jacobian_product",
    "vector_jacobian_product",
]

Function = Callable[..., Any]


@unary
def make_vjp(f: Function, x: Any) -> Any:
    """Return a function that gives (pull, value) of `fun`; `pull(g)` is g^T J.

    Parameters
    ----------
    fun : callable
        Returns an array.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives (pull, value).

    Examples
    --------
    >>> import numpy as np
    >>> pull, value = make_vjp(np.sin)(0.0)
    >>> pull(2.0)
    np.float64(2.0)
    """
    y, pull = vjp(f, x)
    return lambda g: pull(g)[0], y


@unary
def make_jvp(f: Function, x: Any) -> Any:
    """Return a function that gives push; `push(t)` is (value, J t).

    Parameters
    ----------
    fun : callable
        Returns an array.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives push, a function of the tangent t.

    Examples
    --------
    >>> import numpy as np
    >>> make_jvp(np.sin)(0.0)(2.0)
    (np.float64(0.0), np.float64(2.0))
    """
    return lambda t: jvp(f, (x,), (t,))


@unary
def make_hvp(f: Function, x: Any) -> Any:
    """Return a function that gives (product, gradient) of a scalar function; `product(v)` is H v.

    Reverse mode over reverse mode, whose forward part is done once for many vectors. See `hvp`
    for a single product in forward over reverse mode.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives (product, gradient).

    Examples
    --------
    >>> import numpy as np
    >>> product, gradient = make_hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    >>> product(np.array([1.0, 0.0]))
    array([6., 0.])
    """
    gradient, pull = vjp(lambda v: grad.of(f, v), x)  # type: ignore[attr-defined]
    return lambda v: pull(v)[0], gradient


def hvp(f: Function, primals: tuple, tangents: tuple) -> Any:
    """Return the gradient of a scalar function and the product of its Hessian with a vector.

    Forward over reverse mode: about twice the cost of a gradient.

    Parameters
    ----------
    f : callable
        Returns one real number.
    primals, tangents : tuple
        The arguments, and a vector like each of them.

    Returns
    -------
    gradient, product : tuples like `primals`

    Examples
    --------
    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 0.0]),))
    ((array([ 3., 12.]),), (array([6., 0.]),))
    """
    numbers = tuple(range(len(primals)))
    return jvp(lambda *xs: grad(f, numbers)(*xs), primals, tangents)


def hessian_tensor_product(fun: Function, argnum: int = 0) -> Function:
    """Return a function of the arguments of `fun` and a tensor v, last, that gives H v.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnum : int, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun` and then v; gives H v, of the shape of v.

    Examples
    --------
    >>> import numpy as np
    >>> hessian_tensor_product(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """

    def product(*args_and_v: Any, **kwargs: Any) -> Any:
        *args, v = args_and_v
        return make_hvp(fun, argnum)(*args, **kwargs)[0](v)

    return product


def tensor_jacobian_product(fun: Function, argnum: int = 0) -> Function:
    """Return a function of the arguments of `fun` and a tensor v, last, that gives v J.

    v is summed with the first axes of the result of `fun`, as many as it has.

    Parameters
    ----------
    fun : callable
        Returns an array.
    argnum : int, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun` and then v; gives v J.

    Examples
    --------
    >>> import numpy as np
    >>> tensor_jacobian_product(np.sin)(np.zeros(2), np.array([1.0, 2.0]))
    array([1., 2.])
    """

    def product(*args_and_v: Any, **kwargs: Any) -> Any:
        *args, v = args_and_v

        def summed(*xs: Any, **kw: Any) -> Any:
            return np.tensordot(v, fun(*xs, **kw), axes=np.ndim(v))

        return jacobian(summed, argnum)(*args, **kwargs)

    return product


hessian_vector_product = hessian_tensor_product
vector_jacobian_product = tensor_jacobian_product


def half_square(x: Any) -> Any:
    """Half the sum of squares: the loss of least squares."""
    return 0.5 * np.sum(x**2, axis=-1)


def make_ggnvp(f: Function, g: Function = half_square, f_argnum: int = 0) -> Function:
    """Return a function that gives `product(v)` with the generalised Gauss-Newton matrix.

    For a loss g(f(x)) it is J^T H_g J v, with the Jacobian J of f and the Hessian of g: the
    Hessian without the curvature of f (Schraudolph 2002).

    Parameters
    ----------
    f : callable
        The model.
    g : callable, default half the sum of squares
        The loss of the model's output.
    f_argnum : int, default 0
        Which argument of `f` to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `f`; gives product, a function of v.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> make_ggnvp(lambda x: A @ x)(np.zeros(2))(np.array([1.0, 0.0]))  # A^T A v
    array([10., 14.])
    """

    @unary
    def ggnvp(f: Function, x: Any) -> Any:
        y, pull = vjp(f, x)
        h_product, _ = make_hvp.of(g, y)  # type: ignore[attr-defined]
        return lambda v: pull(h_product(jvp(f, (x,), (v,))[1]))[0]

    return ggnvp(f, f_argnum)


def linearize(f: Function, *primals: Any) -> tuple[Any, Function]:
    """Evaluate a function once, and return its value and its derivative as a linear function.

    Parameters
    ----------
    f : callable
    *primals : array_like or nested containers of arrays

    Returns
    -------
    y : the value of `f(*primals)`
    push : callable
        `push(*tangents)` gives J times the tangents, like `y`, without evaluating `f` again.

    Notes
    -----
    The pullback g -> g^T J is linear, and its transpose is J; it is recorded once (Townsend 2017,
    "A new trick for calculating Jacobian vector products").

    Examples
    --------
    >>> import numpy as np
    >>> y, push = linearize(np.sin, 0.0)
    >>> push(2.0)
    np.float64(2.0)
    """
    y, pull = vjp(f, *primals)
    zeros = np.zeros(np.shape(y), getattr(y, "dtype", float))
    _, transposed = vjp(lambda g: pull(g), zeros)
    return y, lambda *tangents: transposed(tangents)[0]
