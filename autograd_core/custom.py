"""Functions with derivatives of the user's own, in the manner of JAX: `custom_vjp`, `custom_jvp`;
and `stop_gradient`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .dispatch import Layered, is_traced
from .errors import ArgumentError, describe
from .graph import Node
from .nested import Nested
from .tensor import Tensor
from .trees import tree_map

__all__ = ["custom_jvp", "custom_vjp", "stop_gradient"]

Function = Callable[..., Any]


class Fixed:
    """Arguments that are not differentiated, kept apart from those that are."""

    def __init__(self, values: dict[int, Any]) -> None:
        self.values = values

    def among(self, args: tuple) -> list:
        """Return all arguments in their order."""
        each = iter(args)
        total = len(self.values) + len(args)
        return [self.values[i] if i in self.values else next(each) for i in range(total)]

    def first(self) -> list:
        """Return the fixed arguments alone, in their order."""
        return [self.values[i] for i in sorted(self.values)]


class Customised(Nested):
    """What the two decorators share: the call."""

    def __init__(self, fun: Function, nondiff_argnums: Sequence[int] = ()) -> None:
        super().__init__(getattr(fun, "__name__", "function"))
        functools.update_wrapper(self, fun)
        self.fun, self.nondiff_argnums = fun, tuple(nondiff_argnums)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; keywords are brought into their positions."""
        bound = inspect.signature(self.fun).bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise ArgumentError(
                f"{self.name} has keyword-only arguments ({', '.join(bound.kwargs)}), for which "
                f"its derivative has no place. Make them positional; nondiff_argnums names those "
                f"without a gradient."
            )
        args = bound.args
        fixed = {i % len(args): args[i] for i in self.nondiff_argnums}
        if is_traced(fixed):
            raise ArgumentError(
                f"{self.name} got a Tensor that is being differentiated in one of its "
                f"nondiff_argnums {self.nondiff_argnums}. Take it out of these, and return zeros "
                f"for it."
            )
        moving = tuple(x for i, x in enumerate(args) if i not in fixed)
        return self.run((Fixed(fixed), *moving), {})


class custom_vjp(Customised):  # noqa: N801 (JAX's name)
    """A function with its own derivative in reverse mode, as `jax.custom_vjp`.

    Parameters
    ----------
    fun : callable
        The function. Its arguments and results may be nested containers of arrays.
    nondiff_argnums : sequence of int
        Positions of arguments that are never differentiated (a function, an option).

    Notes
    -----
    Forward mode is the transpose of the reverse mode, so `bwd` must be written in NumPy functions
    that differentiate. Higher derivatives differentiate `fwd` and `bwd`.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import custom_vjp, grad
    >>> @custom_vjp
    ... def clip_gradient(x):
    ...     return x
    >>> clip_gradient.defvjp(lambda x: (x, None), lambda _, g: (np.clip(g, -1, 1),))
    >>> grad(lambda x: 10.0 * clip_gradient(x))(3.0)
    np.float64(1.0)
    """

    fwd: Function | None = None
    bwd: Function
    push = None

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """Give the derivative.

        Parameters
        ----------
        fwd : callable
            Takes all arguments of the function; returns its value and the residuals, anything
            that `bwd` needs.
        bwd : callable
            `bwd(*nondiff_args, residuals, g)` returns a tuple with a cotangent, or None, for each
            differentiated argument.
        """
        self.fwd, self.bwd = fwd, bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, and record it."""
        if self.fwd is None:
            raise ArgumentError(f"{self.name} has no derivative yet: {self.name}.defvjp(fwd, bwd)")
        return super().__call__(*args, **kwargs)

    def evaluate(self, fixed: Fixed, *args: Any) -> tuple[Any, Any]:
        """Call `fwd`."""
        given = self.fwd(*fixed.among(args))  # type: ignore[misc]
        if not isinstance(given, tuple) or len(given) != 2:
            raise ArgumentError(
                f"fwd of {self.name} must return the value and the residuals, two things; got "
                f"{describe(given)}"
            )
        return given

    def pull(self, g: Any, _y: Any, args: tuple, _kw: dict, state: Any, _needs: tuple) -> Any:
        """Call `bwd`, and check how many cotangents it gave."""
        fixed, *moving = args
        given = self.bwd(*fixed.first(), state, g)
        if not isinstance(given, (tuple, list)) or len(given) != len(moving):
            raise ArgumentError(
                f"bwd of {self.name} must return a tuple with a cotangent for each differentiated "
                f"argument, {len(moving)} in all; got {describe(given)}"
            )
        return (None, *given)


class custom_jvp(Customised):  # noqa: N801 (JAX's name)
    """A function with its own derivative in forward mode, as `jax.custom_jvp`.

    Parameters
    ----------
    fun : callable
        The function. Its arguments and results may be nested containers of arrays.
    nondiff_argnums : sequence of int
        Positions of arguments that are never differentiated.

    Notes
    -----
    Reverse mode is the transpose of the forward mode, so the rule must be linear in the tangents.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import custom_jvp, grad
    >>> @custom_jvp
    ... def log1pexp(x):
    ...     return np.log1p(np.exp(x))
    >>> @log1pexp.defjvp
    ... def log1pexp_jvp(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return log1pexp(x), t * (1 - 1 / (1 + np.exp(x)))
    >>> grad(log1pexp)(0.0)
    np.float64(0.5)
    """

    jvp: Function | None = None
    pull = None
    stateless = True

    def defjvp(self, jvp: Function) -> Function:
        """Give the derivative: `jvp(*nondiff_args, primals, tangents)` returns value and tangent.

        The tangent of an argument that does not move is zeros. Usable as a decorator.
        """
        self.jvp = jvp
        return jvp

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, and record it."""
        if self.jvp is None:
            raise ArgumentError(f"{self.name} has no derivative yet: {self.name}.defjvp(jvp)")
        return super().__call__(*args, **kwargs)

    def evaluate(self, fixed: Fixed, *args: Any) -> tuple[Any, Any]:
        """Call the function."""
        return self.fun(*fixed.among(args)), None

    def push(self, ts: tuple, _y: Any, args: tuple, _kw: dict, _state: Any) -> Any:
        """Call the rule, with zeros for what does not move."""
        fixed, *moving = args
        pairs = zip(moving, ts[1:], strict=True)
        tangents = tuple(tree_map(zero, x) if t is None else t for x, t in pairs)
        given = self.jvp(*fixed.first(), tuple(moving), tangents)  # type: ignore[misc]
        if not isinstance(given, tuple) or len(given) != 2:
            raise ArgumentError(
                f"the jvp of {self.name} must return the value and its tangent, two things; got "
                f"{describe(given)}"
            )
        return given[1]


def zero(x: Any) -> Any:
    """Return the tangent of what does not move."""
    return np.zeros(np.shape(x), getattr(x, "dtype", float))


def stop_gradient(x: Any) -> Any:
    """Return the same values as constants: no derivative, of any order or mode, goes through.

    Parameters
    ----------
    x : array_like or nested containers of arrays

    Returns
    -------
    like `x`
        Tensors of the tape (`requires_grad`) are detached; inside `grad`, `jvp` and the other
        operators the values are plain arrays.

    Examples
    --------
    >>> from autograd_core import grad, stop_gradient
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    np.float64(3.0)
    """
    return tree_map(stopped, x)


def stopped(x: Any) -> Any:
    """Take the derivatives from among the layers of a value, and leave those of vmap."""
    if not isinstance(x, Layered):
        return x
    trace, inner = x._trace, stopped(x._value)
    if trace is not None and trace.batched:
        return type(x)(inner, trace)  # type: ignore[call-arg]
    if isinstance(trace, Node):
        inner = trace.hand_out(inner)
    return Tensor(inner) if trace is None or trace.level == 0 else inner
