"""Primitive: a black box whose derivatives are given afterwards, for `autograd_core.extend`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import name_of
from .dispatch import Layered, is_traced
from .errors import ArgumentError, MissingRuleError, NotDifferentiableError
from .nested import Nested
from .table import COMPOSED, CONSTANTS, REFUSED, RULES
from .trees import flatten
from .vectors import VSpace

__all__ = [
    "Box",
    "Function",
    "Primitive",
    "SparseObject",
    "dense",
    "operation_of",
    "primitive",
    "undefined",
]

Function = Callable[..., Any]


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
    >>> from autograd_core.extend import vspace
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
    >>> from autograd_core.extend import defvjp, primitive
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
