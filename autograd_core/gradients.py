"""Gradients of scalar functions, and the other derivatives that have the shape of the argument."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .argnums import unary
from .dispatch import trace_of
from .errors import DtypeError, ShapeError, describe
from .graph import Node, new_level
from .operators import NUMBERS, Pullback, as_scalar, differentiate, jvp, name, pullback_of
from .reverse import backward
from .tensor import Tensor
from .trees import tree_map

__all__ = [
    "deriv",
    "elementwise_grad",
    "grad",
    "grad_and_aux",
    "grad_named",
    "holomorphic_grad",
    "multigrad_dict",
    "value_and_grad",
]

Function = Callable[..., Any]


def ones_like(y: Any) -> Any:
    """Return ones in the form of a result."""
    if hasattr(y, "shape"):
        return np.ones(y.shape, y.dtype) if y.shape else y.dtype.type(1)
    return tree_map(lambda v: np.ones(np.shape(v), getattr(v, "dtype", float)), y)


@unary
def value_and_grad(f: Function, x: Any, *, has_aux: bool = False) -> Any:
    """Return a function that gives the value and the gradient of `fun`, a scalar function.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate; a tuple gives a tuple of gradients.
    has_aux : bool, default False
        `fun` returns (value, aux); the result is ((value, aux), gradient).

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives (value, gradient).

    Raises
    ------
    ShapeError
        If `fun` returns more than one number.
    DtypeError
        If the argument holds integers, or the value is complex.

    Examples
    --------
    >>> value_and_grad(lambda x: x**3)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """
    if type(x) is np.ndarray and x.dtype.kind in "fc" and not has_aux:
        return value_and_grad_of_array(f, x)
    y, pull, aux = differentiate(f, (x,), has_aux=has_aux, verb="grad")
    return scalar_and_grad(f, y, pull, aux, has_aux)


def value_and_grad_of_array(f: Function, x: np.ndarray) -> Any:
    """Do it for one array the short way: what a call costs counts where the function is small."""
    level = new_level()
    leaf = Node(level, x)
    y = f(Tensor(x, leaf))
    node = trace_of(y) if type(y) is Tensor else None
    if not isinstance(node, Node) or node.level != level or not is_real_number(y._value):
        y, pull, _ = pullback_of(y, f, level, [leaf], tuple)
        return scalar_and_grad(f, y, pull, None, False)
    g: Any = None
    for found, c, _ in backward([(node, ones_like(y._value))], retain=False):
        if found is leaf:
            g = c
    y = as_scalar(y._value)
    return y, np.zeros(x.shape, x.dtype)[()] if g is None else as_scalar(g)


def is_real_number(y: Any) -> bool:
    """Whether y is one floating point number, with or without axes."""
    return hasattr(y, "dtype") and y.dtype.kind == "f" and y.size == 1


def scalar_and_grad(f: Function, y: Any, pull: Pullback, aux: Any, has_aux: bool) -> Any:
    """Return the value of a scalar function and its gradient."""
    if not is_real_number(y):
        check_scalar(y, f)
    (g,) = pull.walk([ones_like(y)])
    return ((y, aux), g) if has_aux else (y, g)


def check_scalar(y: Any, f: Function) -> None:
    """Refuse to take the gradient of anything but one real number."""
    if not isinstance(y, NUMBERS) or np.size(y) != 1:
        raise ShapeError(
            f"grad needs a function that returns one number; {name(f)} returned {describe(y)}. "
            f"Use jacobian, elementwise_grad or vjp, or reduce it: lambda x: np.sum(f(x))."
        )
    if np.iscomplexobj(y):
        raise DtypeError(
            f"grad needs a real value; {name(f)} returned {describe(y)}. Differentiate its real "
            f"part or its absolute value, or use holomorphic_grad."
        )
    if (y.dtype if hasattr(y, "dtype") else np.result_type(y)).kind in "iub":
        raise DtypeError(
            f"grad needs a floating point value; {name(f)} returned {describe(y)}, which does not "
            f"change with a small step"
        )


@unary
def grad(f: Function, x: Any, *, has_aux: bool = False) -> Any:
    """Return a function that gives the gradient of `fun`, a scalar function.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate; a tuple gives a tuple of gradients.
    has_aux : bool, default False
        `fun` returns (value, aux); the result is (gradient, aux).

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives the gradient, like the argument in shape and form.

    Raises
    ------
    ShapeError
        If `fun` returns more than one number.
    DtypeError
        If the argument holds integers, or the value is complex.

    Notes
    -----
    For a complex argument the gradient is du/dx - i du/dy (as HIPS autograd and JAX have it).

    Examples
    --------
    >>> import numpy as np
    >>> grad(np.tanh)(0.0)
    np.float64(1.0)
    >>> grad(grad(np.sin))(np.pi / 2)
    np.float64(-1.0)
    >>> grad(lambda x, y: x * y**2, argnum="y")(3.0, 2.0)
    np.float64(12.0)
    """
    y, g = value_and_grad.of(f, x, has_aux=has_aux)  # type: ignore[attr-defined]
    return (g, y[1]) if has_aux else g


def grad_and_aux(fun: Function, argnum: Any = 0) -> Function:
    """Return a function that gives the gradient of `fun`, and what else it returned.

    Parameters
    ----------
    fun : callable
        Returns a pair: one real number, and anything else.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives (gradient, aux).

    Examples
    --------
    >>> grad_and_aux(lambda x: (x**2, "squared"))(3.0)
    (np.float64(6.0), 'squared')
    """
    return grad(fun, argnum, has_aux=True)


def grad_named(fun: Function, argname: str) -> Function:
    """Return a function that gives the gradient of `fun` with respect to a named argument.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argname : str
        The name of the argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives the gradient.

    Examples
    --------
    >>> grad_named(lambda x, y: x * y, "y")(3.0, 2.0)
    np.float64(3.0)
    """
    return grad(fun, argname)


def multigrad_dict(fun: Function) -> Function:
    """Return a function that gives the gradients of all arguments, in a dict by name.

    Arguments that are left out are differentiated at their defaults; `*args` is a tuple.

    Parameters
    ----------
    fun : callable
        Returns one real number.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives a dict with the gradient of each, by its name.

    Examples
    --------
    >>> multigrad_dict(lambda x, y: x * y**2)(3.0, 2.0)
    {'x': np.float64(4.0), 'y': np.float64(12.0)}
    """
    signature = inspect.signature(fun)

    def gradients(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()

        def of_dict(values: dict) -> Any:
            bound.arguments.update(values)
            return fun(*bound.args, **bound.kwargs)

        of_dict.__name__ = name(fun)
        return grad.of(of_dict, dict(bound.arguments))  # type: ignore[attr-defined]

    return gradients


@unary
def elementwise_grad(f: Function, x: Any) -> Any:
    """Return a function that gives df_i/dx_i of a function that works element by element.

    In general it gives the sum of the rows of the Jacobian, in one backward pass.

    Parameters
    ----------
    fun : callable
        Returns real numbers; each depends on the number in its own place only.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives an array of the shape of the argument.

    Raises
    ------
    DtypeError
        If the result is complex.

    Examples
    --------
    >>> import numpy as np
    >>> elementwise_grad(np.square)(np.array([1.0, 2.0]))
    array([2., 4.])
    """
    y, pull, _ = differentiate(f, (x,), verb="elementwise_grad")
    if np.iscomplexobj(y):
        raise DtypeError(f"elementwise_grad needs a real result; {name(f)} gave {describe(y)}")
    return pull(ones_like(y))[0]


@unary
def holomorphic_grad(f: Function, x: Any) -> Any:
    """Return a function that gives the complex derivative of a holomorphic scalar function.

    Parameters
    ----------
    fun : callable
        Returns one complex number, and is differentiable as a complex function.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives the complex derivative.

    Raises
    ------
    DtypeError
        If the argument is not complex.

    Examples
    --------
    >>> holomorphic_grad(lambda z: z**2)(1.0 + 2.0j)
    np.complex128(2+4j)
    """
    if not np.iscomplexobj(x):
        raise DtypeError(f"holomorphic_grad needs a complex argument, got {describe(x)}")
    y, pull, _ = differentiate(f, (x,), verb="holomorphic_grad")
    return pull(ones_like(y))[0]


@unary
def deriv(f: Function, x: Any) -> Any:
    """Return a function that gives the derivative along ones, in forward mode.

    For a function of one number it is the derivative, at the shape of the result.

    Parameters
    ----------
    fun : callable
        Returns an array.
    argnum : int, str or tuple of these, default 0
        Which argument to differentiate.

    Returns
    -------
    callable
        Takes the arguments of `fun`; gives an array of the shape of its result.

    Examples
    --------
    >>> import numpy as np
    >>> deriv(lambda x: np.array([1.0, 2.0]) * x)(3.0)
    array([1., 2.])
    """
    return jvp(f, (x,), (ones_like(x),))[1]
