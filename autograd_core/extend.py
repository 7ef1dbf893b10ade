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
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .calling import name_of
from .dispatch import Layered, is_traced, strip
from .errors import ArgumentError, MissingRuleError, NotDifferentiableError
from .forward import Tangent
from .graph import Node
from .nested import Nested
from .table import COMPOSED, CONSTANTS, REFUSED, RULES
from .trees import flatten
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

Function = Callable[..., Any]
VJPNode = Node
"""What reverse mode records; the first argument of `register_notrace`."""
JVPNode = Tangent
"""What forward mode carries along; the first argument of `register_notrace`."""


class TensorCheck(type):
    """Lets `isinstance(x, Box)` ask whether x is a Tensor."""

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, Layered)


class Box(metaclass=TensorCheck):
    """The class of all traced values: `isinstance(x, Box)` says whether x is a Tensor.

    Examples
    --------
    >>> from autograd_core import tensor
    >>> isinstance(tensor(1.0), Box), isinstance(1.0, Box)
    (True, False)
    """

    @classmethod
    def register(cls, value_type: type) -> None:
        """Refuse: Tensors hold arrays, and containers need no registration."""
        raise NotDifferentiableError(
            f"Box.register({value_type.__name__}): a Tensor holds an array. To differentiate "
            f"through a class of yours make it a dataclass or a namedtuple of arrays."
        )


class SparseObject:
    """A cotangent that is known by how it is added to a dense one.

    Parameters
    ----------
    vs : VSpace
        The space it belongs to.
    mut_add : callable
        Takes an array of this space that it may write into, adds itself, and returns the sum.

    Examples
    --------
    >>> import numpy as np
    >>> def add_to_first(x):
    ...     x[0] += 2.0
    ...     return x
    >>> SparseObject(vspace(np.zeros(3)), add_to_first).mut_add(np.ones(3))
    array([3., 1., 1.])
    """

    __slots__ = ("mut_add", "vs")

    def __init__(self, vs: VSpace, mut_add: Function) -> None:
        self.vs, self.mut_add = vs, mut_add


def dense(c: Any) -> Any:
    """Return a cotangent as an array."""
    return c.mut_add(c.vs.zeros()) if isinstance(c, SparseObject) else c


# --- primitives -----------------------------------------------------------------------------------


class Primitive(Nested):
    """The operation behind a primitive, and the makers that were given for it."""

    exact, opaque, stateless = False, True, True
    vjp_maker: Function | None = None
    jvp_maker: Function | None = None
    is_linear = False  # its jvp calls itself, so it has no transpose

    def __init__(self, f: Function) -> None:
        super().__init__(name_of(f))
        self.f = f
        self.untraced: set[type] = set()

    def evaluate(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Call the function."""
        return dense(self.f(*args, **kwargs)), None

    def run(self, args: tuple, kwargs: dict) -> Any:
        """Call and record, but not for the kinds of derivative that are switched off."""
        traces = [x._trace for x in flatten(args)[0] if is_traced(x)] if self.untraced else []
        top = max(traces, key=lambda trace: trace.level, default=None)
        if top is not None and type(top) in self.untraced:
            return self.run(without_level(args, top.level), kwargs)
        return super().run(args, kwargs)

    @property
    def pull(self) -> Any:  # type: ignore[override]
        """The reverse mode; None where it is the transpose of the forward mode."""
        return None if self.jvp_maker and not (self.vjp_maker or self.is_linear) else self.pulled

    @property
    def push(self) -> Any:  # type: ignore[override]
        """The forward mode; None where it is the transpose of the reverse mode."""
        return None if self.vjp_maker and not self.jvp_maker else self.pushed

    def pulled(self, g: Any, y: Any, args: tuple, kw: dict, _state: Any, needs: tuple) -> Any:
        """Make the vjp and call it."""
        argnums = tuple(i for i, need in enumerate(needs) if need)
        if self.vjp_maker is None:
            raise undefined(self.name, argnums, "VJP")
        shares: list[Any] = [None] * len(args)
        given = self.vjp_maker(argnums, y, args, kw)(g)
        for i, c in zip(argnums, given, strict=True):
            shares[i] = dense(c)
        return shares

    def pushed(self, ts: tuple, y: Any, args: tuple, kw: dict, _state: Any) -> Any:
        """Call the jvp."""
        argnums = tuple(i for i, t in enumerate(ts) if t is not None)
        if self.jvp_maker is None:
            raise undefined(self.name, argnums, "JVP")
        return dense(self.jvp_maker(argnums, [ts[i] for i in argnums], y, args, kw))


PRIMITIVES: dict[Function, Function] = {}
"""NumPy functions without a row for which somebody has defined a derivative here."""


def undefined(name: str, argnums: tuple, mode: str) -> MissingRuleError:
    """Say that there is no derivative."""
    which = ", ".join(map(str, argnums))
    define = f"def{mode.lower()}({name}, ...)"
    return MissingRuleError(f"{mode} of {name} wrt argnum {which} not defined; say {define}")


def without_level(tree: Any, level: int) -> Any:
    """Strip one derivative's layer from nested arguments."""
    leaves, rebuild = flatten(tree)
    here = [is_traced(x) and x._trace.level == level for x in leaves]
    return rebuild([x._value if h else x for x, h in zip(leaves, here, strict=True)])


def primitive(f_raw: Function) -> Function:
    """Make a black box of a function: its derivative is given by `defvjp` and `defjvp`.

    Parameters
    ----------
    f_raw : callable
        Always receives plain values. It may calculate as it likes. Positional arguments, arrays
        or nested containers of arrays, can be differentiated; keywords are settings.

    Returns
    -------
    callable

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> @primitive
    ... def logsumexp(x):
    ...     biggest = np.max(x)
    ...     return biggest + np.log(np.sum(np.exp(x - biggest)))
    >>> defvjp(logsumexp, lambda ans, x: lambda g: g * np.exp(x - ans))
    >>> grad(logsumexp)(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    operation = Primitive(f_raw)

    @functools.wraps(f_raw, updated=())
    def f_wrapped(*args: Any, **kwargs: Any) -> Any:
        return operation.run(args, kwargs)

    f_wrapped.fun = f_raw  # type: ignore[attr-defined]
    f_wrapped._operation = operation  # type: ignore[attr-defined]
    return f_wrapped


def operation_of(fun: Function) -> Primitive:
    """Find what is behind a primitive; make one of a NumPy function without a row."""
    fun = getattr(fun, "_numpy", fun)  # what is behind a name of autograd_core.numpy
    if fun in PRIMITIVES:
        fun = PRIMITIVES[fun]
    operation = getattr(fun, "_operation", None)
    if isinstance(operation, Primitive):
        return operation
    if fun in RULES or fun in COMPOSED or fun in CONSTANTS or fun in REFUSED:
        raise ArgumentError(
            f"{name_of(fun)} has an entry in the rule table already, which holds for everybody. "
            f"Without this definition it is used; for a derivative of your own, define it for "
            f"my_function = primitive({name_of(fun)})."
        )
    if not (isinstance(fun, np.ufunc) or hasattr(fun, "_implementation")):
        raise ArgumentError(f"{name_of(fun)} is no primitive; write @primitive above its def")
    wrapped = PRIMITIVES[fun] = primitive(fun)
    COMPOSED[fun] = lambda args, kwargs, _operand_of: wrapped(*args, **kwargs)
    return wrapped._operation  # type: ignore[attr-defined]


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
