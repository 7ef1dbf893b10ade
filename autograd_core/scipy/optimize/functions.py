"""Functions and their derivatives in the form that SciPy's solvers call them: vectors of float64.

Whatever has the form "numbers in, numbers out, and give me the derivatives, too" can be served by
these two classes: SciPy, other optimisers, code of one's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...dispatch import raw
from ...equations import refuse_traced, to_vector
from ...errors import DtypeError, ShapeError, describe
from ...gradients import value_and_grad
from ...jacobians import hessian, jacfwd
from ...operators import jvp, name
from ...trees import flatten, tree_map

__all__ = ["ScalarFunction", "VectorFunction", "one_number", "plain_number", "unknowns"]

Function = Callable[..., Any]


class FlatFunction:
    """What the two classes share: the way between vectors and the form of x."""

    def __init__(self, fun: Function, x0: Any) -> None:
        self.function = fun
        vector, self.unflatten = to_vector(unknowns(x0))
        self.x0 = np.array(vector, dtype=np.float64)

    def plain(self, value: Any) -> np.ndarray:
        """Return an array that SciPy may keep or overwrite."""
        refuse_traced(value, self.function, self.function)
        return np.array(raw(value), dtype=np.float64, order="C")


class VectorFunction(FlatFunction):
    """A function of an unknown x, as `scipy.optimize.root` and `least_squares` want it.

    Parameters
    ----------
    fun : callable
        `fun(x, *args, **kwargs)` returns an array, or nested containers of arrays. It is written
        in NumPy functions that differentiate.
    x0 : array_like or nested containers of arrays
        An x; it says which form `fun` takes. A list of numbers is an array, as for SciPy.

    Attributes
    ----------
    x0 : ndarray of float64, shape (n,)
        The numbers of `x0`, of complex ones the real and the imaginary parts.
    unflatten : callable
        From such a vector to the form and the dtypes of `x0`.

    Raises
    ------
    GraphError
        In a call, if `fun` uses a Tensor that is being differentiated and is not in `args`.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.optimize
    >>> equations = lambda p: [p["a"] ** 2 - 4.0, p["a"] * p["b"] - 1.0]
    >>> f = VectorFunction(equations, {"a": 1.0, "b": 1.0})
    >>> solution = scipy.optimize.root(f.fun, f.x0, jac=f.jac)
    >>> {k: float(v.round(9)) for k, v in f.unflatten(solution.x).items()}
    {'a': 2.0, 'b': 0.5}
    """

    def traced(self, v: Any, args: tuple, kwargs: dict) -> Any:
        """Evaluate at a vector that may be a Tensor; return a vector."""
        return to_vector(self.function(self.unflatten(v), *args, **kwargs))[0]

    def fun(self, v: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        """Return the values as a vector, shape (m,)."""
        return self.plain(self.traced(vector_of(v), args, kwargs))

    def jac(self, v: Any, *args: Any, **kwargs: Any) -> np.ndarray:
        """Return the Jacobian, shape (m, n), from one vectorised pass."""
        return self.plain(jacfwd(lambda v: self.traced(v, args, kwargs))(vector_of(v)))


class ScalarFunction(FlatFunction):
    """A function of an unknown x to be minimised, as `scipy.optimize.minimize` wants it.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)` returns one real number. It is written in NumPy functions that
        differentiate.
    x0 : array_like or nested containers of arrays
        An x; it says which form `fun` takes. A list of numbers is an array, as for SciPy.

    Attributes
    ----------
    x0 : ndarray of float64, shape (n,)
        The numbers of `x0`, of complex ones the real and the imaginary parts.
    unflatten : callable
        From such a vector to the form and the dtypes of `x0`.

    Raises
    ------
    GraphError
        In a call, if `fun` uses a Tensor that is being differentiated and is not in `args`.
    ShapeError
        In a call, if `fun` does not return one number.

    Notes
    -----
    To `minimize` goes either `fun` with `jac`, or `fun_and_jac` with `jac=True`, which evaluates
    once for both; with methods that use second derivatives `hess`, or `hessp` where the Hessian is
    large.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.optimize
    >>> loss = lambda p: np.sum((p["w"] - 1.0) ** 2) + (p["b"] - 2.0) ** 4
    >>> f = ScalarFunction(loss, {"w": np.zeros(2), "b": 0.0})
    >>> result = scipy.optimize.minimize(
    ...     f.fun_and_jac, f.x0, jac=True, hess=f.hess, method="trust-exact"
    ... )
    >>> f.unflatten(result.x)["w"]
    array([1., 1.])
    """

    def at(self, args: tuple) -> Function:
        """Return the function of a vector, that may be a Tensor, for given arguments."""

        def value(v: Any) -> Any:
            return one_number(self.function(self.unflatten(v), *args), self.function)

        return value

    def fun(self, v: Any, *args: Any) -> float:
        """Return the value."""
        return plain_number(self.at(args)(vector_of(v)), self.function)

    def jac(self, v: Any, *args: Any) -> np.ndarray:
        """Return the gradient, shape (n,)."""
        return self.fun_and_jac(v, *args)[1]

    def fun_and_jac(self, v: Any, *args: Any) -> tuple[float, np.ndarray]:
        """Return value and gradient from one evaluation."""
        value, gradient = value_and_grad(self.at(args))(vector_of(v))
        return plain_number(value, self.function), self.plain(gradient)

    def hess(self, v: Any, *args: Any) -> np.ndarray:
        """Return the Hessian, shape (n, n), from one vectorised pass."""
        return self.plain(hessian(self.at(args))(vector_of(v)))

    def hessp(self, v: Any, p: Any, *args: Any) -> np.ndarray:
        """Return the Hessian times p, shape (n,), for about the cost of two gradients."""

        def gradient(v: Any) -> Any:
            return value_and_grad(self.at(args))(v)[1]

        return self.plain(jvp(gradient, (vector_of(v),), (vector_of(p),))[1])


def one_number(value: Any, f: Function) -> Any:
    """Check the value of a function that is minimised, or whose root is sought."""
    if getattr(value, "shape", None) == () and value.dtype.kind == "f":
        return value
    leaves, _ = flatten(value)
    if len(leaves) != 1 or np.size(leaves[0]) != 1:
        raise ShapeError(
            f"{name(f)} must return one number, got {describe(value)}. Reduce it, say by np.sum; "
            f"for several equations use root, for residuals least_squares."
        )
    if np.iscomplexobj(leaves[0]):
        raise DtypeError(f"{name(f)} must return a real number, got {describe(leaves[0])}")
    return np.reshape(leaves[0], ())


def plain_number(value: Any, f: Function) -> float:
    """Return the value of a function as SciPy wants it."""
    refuse_traced(value, f, f)
    return float(raw(one_number(value, f)))


def vector_of(v: Any) -> np.ndarray:
    """Copy a vector of SciPy's, who uses its memory again."""
    return np.array(v, dtype=np.float64)


def unknowns(x0: Any) -> Any:
    """Return a start in its form: floating point arrays, alone or in containers.

    A list of numbers is an array, and one number an array of length 1, as for SciPy.
    """
    x0 = tree_map(raw, x0)
    leaves, _ = flatten(x0)
    is_list = isinstance(x0, (list, tuple)) and not hasattr(x0, "_fields")
    if (is_list and all(np.ndim(x) == 0 for x in leaves)) or (len(leaves) == 1 and x0 is leaves[0]):
        x0 = np.atleast_1d(np.asarray(x0))
    return tree_map(floating, x0)


def floating(x: Any) -> Any:
    """Return a part of the start as floating point numbers."""
    x = np.asarray(x)
    if x.dtype.kind not in "fciub":
        raise DtypeError(
            f"x0 must hold numbers, got {describe(x)}. What is not sought goes into args."
        )
    return x if x.dtype.kind in "fc" else x.astype(np.float64)
