"""Primitives and vector spaces under the names of the package `autograd`, for code written for it.

A primitive is a black box with a derivative that is given afterwards:

    @primitive
    def logsumexp(x): ...

    defvjp(logsumexp, lambda ans, x: lambda g: g * np.exp(x - ans))

The makers are called at backward time, with Tensors where a higher derivative needs them. If only
one mode is defined, the other is its transpose. For new code see `Function` and `custom_vjp`.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from .calling import name_of
from .dispatch import strip
from .forward import Tangent
from .graph import Node
from .primitive import (
    Box,
    Function,
    SparseObject,
    dense,
    operation_of,
    primitive,
    undefined,
)
from .vectors import VSpace, vspace

__all__ = [
    "Box",
    "JVPNode",
    "SparseObject",
    "VJPNode",
    "VSpace",
    "def_linear",
    "defjvp",
    "defjvp_argnum",
    "defjvp_argnums",
    "defvjp",
    "defvjp_argnum",
    "defvjp_argnums",
    "notrace_primitive",
    "primitive",
    "register_notrace",
    "vspace",
]

VJPNode = Node
"""What reverse mode records; the first argument of `register_notrace`."""
JVPNode = Tangent
"""What forward mode carries along; the first argument of `register_notrace`."""


def notrace_primitive(f_raw: Function) -> Function:
    """Make a function that receives plain values and whose result is a constant.

    Parameters
    ----------
    f_raw : callable
        Receives plain arrays in place of Tensors.

    Returns
    -------
    callable

    Examples
    --------
    >>> from autograd_core import grad
    >>> size = notrace_primitive(lambda x: float(x))
    >>> grad(lambda x: x * size(x))(3.0)
    np.float64(3.0)
    """

    @functools.wraps(f_raw, updated=())
    def f_wrapped(*args: Any, **kwargs: Any) -> Any:
        return f_raw(*strip(args), **strip(kwargs))

    return f_wrapped


def register_notrace(trace_type: type, primitive_fun: Function) -> None:
    """Say that the result of a primitive is constant for one kind of derivative.

    Parameters
    ----------
    trace_type : {VJPNode, JVPNode}
        Reverse or forward mode.
    primitive_fun : callable
        Made by `primitive`.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> rounded = primitive(np.round)
    >>> register_notrace(VJPNode, rounded)
    >>> grad(lambda x: x * rounded(x))(2.9)
    np.float64(3.0)
    """
    operation_of(primitive_fun).untraced.add(trace_type)


# --- derivatives ----------------------------------------------------------------------------------


def defvjp_argnums(fun: Function, vjpmaker: Function) -> None:
    """Define the reverse mode for all arguments together.

    `vjpmaker(argnums, ans, args, kwargs)` returns a function of the cotangent that gives one for
    each of `argnums`, the positions of the differentiated arguments.

    Parameters
    ----------
    fun : callable
        Made by `primitive`, or a NumPy function without a row.
    vjpmaker : callable
        ``vjpmaker(argnums, ans, args, kwargs)`` returns a function of the cotangent.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> square = primitive(lambda x: x**2)
    >>> defvjp_argnums(square, lambda which, ans, args, kwargs: lambda g: [g * 2 * args[0]])
    >>> grad(square)(3.0)
    np.float64(6.0)
    """
    operation_of(fun).vjp_maker = vjpmaker


def defvjp_argnum(fun: Function, vjpmaker: Function) -> None:
    """Define the reverse mode: `vjpmaker(argnum, ans, args, kwargs)` returns the vjp.

    Parameters
    ----------
    fun : callable
        Made by `primitive`, or a NumPy function without a row.
    vjpmaker : callable
        ``vjpmaker(argnum, ans, args, kwargs)`` returns a function of the cotangent.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> square = primitive(lambda x: x**2)
    >>> defvjp_argnum(square, lambda i, ans, args, kwargs: lambda g: g * 2 * args[i])
    >>> grad(square)(3.0)
    np.float64(6.0)
    """

    def maker(argnums: tuple, *rest: Any) -> Function:
        vjps = [vjpmaker(i, *rest) for i in argnums]
        return lambda g: [vjp(g) for vjp in vjps]

    defvjp_argnums(fun, maker)


def defvjp(
    fun: Function, *vjpmakers: Function | None, argnums: Iterable[int] | None = None
) -> None:
    """Define the reverse mode, with a maker for each argument.

    Parameters
    ----------
    fun : callable
        Made by `primitive`, or a NumPy function without a row.
    *vjpmakers : callable or None
        `maker(ans, *args, **kwargs)` returns a function of the cotangent g; None says that the
        gradient is zero. It is written in NumPy functions that differentiate.
    argnums : iterable of int, optional
        The arguments they are for. Default: 0, 1, 2, ...

    Raises
    ------
    MissingRuleError
        Later, where a derivative is asked for that was not given.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> square = primitive(lambda x: x**2)
    >>> defvjp(square, lambda ans, x: lambda g: g * 2 * x)
    >>> grad(square)(3.0)
    np.float64(6.0)
    """
    given = dict(zip(itertools.count() if argnums is None else argnums, vjpmakers, strict=False))

    def maker(i: int, ans: Any, args: tuple, kwargs: dict) -> Function:
        if i not in given:
            raise undefined(name_of(fun), (i,), "VJP")
        make = given[i]
        return (lambda _g: None) if make is None else make(ans, *args, **kwargs)

    defvjp_argnum(fun, maker)


def defjvp_argnums(fun: Function, jvpmaker: Function) -> None:
    """Define the forward mode for all arguments together.

    `jvpmaker(argnums, gs, ans, args, kwargs)` returns the tangent of the result, with the tangents
    `gs` of the arguments at `argnums`.

    Parameters
    ----------
    fun : callable
        Made by `primitive`, or a NumPy function without a row.
    jvpmaker : callable
        ``jvpmaker(argnums, gs, ans, args, kwargs)`` returns the tangent of the result.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import jvp
    >>> square = primitive(lambda x: x**2)
    >>> defjvp_argnums(square, lambda which, gs, ans, args, kwargs: gs[0] * 2 * args[0])
    >>> jvp(square, (3.0,), (1.0,))
    (np.float64(9.0), np.float64(6.0))
    """
    operation_of(fun).jvp_maker = jvpmaker


def defjvp_argnum(fun: Function, jvpmaker: Function) -> None:
    """Define the forward mode: `jvpmaker(argnum, g, ans, args, kwargs)` returns one's share.

    Parameters
    ----------
    fun : callable
        Made by `primitive`, or a NumPy function without a row.
    jvpmaker : callable
        ``jvpmaker(argnum, g, ans, args, kwargs)`` returns the share of one argument.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import jvp
    >>> square = primitive(lambda x: x**2)
    >>> defjvp_argnum(square, lambda i, g, ans, args, kwargs: g * 2 * args[i])
    >>> jvp(square, (3.0,), (1.0,))
    (np.float64(9.0), np.float64(6.0))
    """

    def maker(argnums: tuple, gs: Sequence, ans: Any, args: tuple, kwargs: dict) -> Any:
        shares = [
            dense(jvpmaker(i, g, ans, args, kwargs)) for i, g in zip(argnums, gs, strict=True)
        ]
        return functools.reduce(vspace(ans).add, [c for c in shares if c is not None] or [None])

    defjvp_argnums(fun, maker)


def defjvp(
    fun: Function, *jvpfuns: Function | str | None, argnums: Iterable[int] | None = None
) -> None:
    """Define the forward mode, with a function for each argument.

    Parameters
    ----------
    fun : callable
        Made by `primitive`, or a NumPy function without a row.
    *jvpfuns : callable, "same" or None
        `jvp(g, ans, *args, **kwargs)` returns the tangent of the result; "same" says that the
        function is linear in this argument, None that the tangent is zero.
    argnums : iterable of int, optional
        The arguments they are for. Default: 0, 1, 2, ...

    Raises
    ------
    MissingRuleError
        Later, where a derivative is asked for that was not given.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import jvp
    >>> square = primitive(lambda x: x**2)
    >>> defjvp(square, lambda g, ans, x: g * 2 * x)
    >>> jvp(square, (3.0,), (1.0,))
    (np.float64(9.0), np.float64(6.0))
    """
    given = dict(zip(itertools.count() if argnums is None else argnums, jvpfuns, strict=False))

    operation_of(fun).is_linear = "same" in given.values()

    def share(i: int, g: Any, ans: Any, args: tuple, kwargs: dict) -> Any:
        if i not in given:
            raise undefined(name_of(fun), (i,), "JVP")
        jvp = given[i]
        if jvp == "same":
            return fun(*args[:i], g, *args[i + 1 :], **kwargs)
        return None if jvp is None else jvp(g, ans, *args, **kwargs)  # type: ignore[operator]

    defjvp_argnum(fun, share)


def def_linear(fun: Function) -> None:
    """Say that a primitive is linear in each of its arguments, which is its forward mode.

    Parameters
    ----------
    fun : callable
        Made by `primitive`, or a NumPy function without a row.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import jvp
    >>> total = primitive(np.sum)
    >>> def_linear(total)
    >>> jvp(total, (np.zeros(2),), (np.ones(2),))
    (np.float64(0.0), np.float64(2.0))
    """
    operation_of(fun).is_linear = True

    def share(i: int, g: Any, _ans: Any, args: tuple, kwargs: dict) -> Any:
        return fun(*args[:i], g, *args[i + 1 :], **kwargs)

    defjvp_argnum(fun, share)
