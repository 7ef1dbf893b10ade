"""Operations of the user's own, with their own derivatives."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .anomaly import watchers
from .calling import accepted_settings
from .dispatch import Layered
from .errors import ArgumentError
from .graph import conform
from .nested import Nested
from .operators import vjp as vjp_of
from .table import primitive, rule
from .test_util import check_grads
from .trace import noted_call

__all__ = ["Function", "custom_op"]


def custom_op(
    f: Callable[..., Any],
    *,
    vjp: Any,
    jvp: Any = None,
    composition: Callable[..., Any] | None = None,
    saves: bool = False,
) -> Callable[..., Any]:
    """Make an operation of a function on plain arrays and its derivative.

    Parameters
    ----------
    f : callable
        `f(*operands, *, settings)`: the positional parameters are the array operands (one that
        may be left out defaults to None), the keyword-only ones are settings. It always receives
        plain arrays, and may write into arrays of its own.
    vjp : tuple of callables, or callable
        For each operand `(g, y, *operands, *, settings)`, or None where there is no gradient; or
        one function that returns a tuple with the cotangents of all operands (None: no gradient);
        if it has a keyword `needs`, it is told for each operand whether its cotangent is needed.
        A parameter whose name begins with an underscore is not kept alive for the backward pass;
        the function receives its `Spec` (shape and dtype) instead.
    jvp : callable, optional
        The forward mode, `(ts, y, *operands, *, settings)`, with None in `ts` where an operand
        has no tangent. Default: the transpose of `vjp`, which is linear in `g`.
    composition : callable, optional
        The same operation written in NumPy functions that differentiate. It takes over in forward
        mode and for higher derivatives; `vjp` may then write in place as it likes.
        Without it, `vjp` itself must be written in NumPy functions that differentiate.
    saves : bool, default False
        `f` returns `(y, saved)`, and `vjp` receives `saved` where it would receive `y`. Needs
        `composition`.

    Returns
    -------
    callable
        Works on arrays, Tensors, and inside every operator.

    Raises
    ------
    ArgumentError
        If the parameters of the derivative do not fit to those of `f`.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import custom_op, grad
    >>> def softplus(x):
    ...     return np.logaddexp(0.0, x)
    >>> stable = custom_op(softplus, vjp=(lambda g, _y, x: g / (1 + np.exp(-x)),))
    >>> grad(stable)(0.0)
    np.float64(0.5)
    """
    if saves and composition is None:
        raise TypeError("custom_op(saves=True) needs a composition for higher derivatives")
    arity = sum(p.kind is not p.KEYWORD_ONLY for p in inspect.signature(f).parameters.values())

    @functools.wraps(f)
    def plain(*operands: Any, **settings: Any) -> Any:
        result = f(*operands, **settings)
        return result[0] if saves else result

    op = primitive(plain)
    joint = jointly(vjp)
    if composition is None:
        row = rule(op, vjp=vjp, jvp=jvp or transposed(joint), arity=arity)
    else:
        row = rule(op, vjp=differentiable(joint, composition), jvp=None, arity=arity)
        row.composition = composition
        row.pull_all = directly(row, joint)  # type: ignore[method-assign]
        row.calling.f = f  # what reaches it is plain: all else goes to the composition
    row.name = f.__name__
    if not callable(vjp):
        row.accepts = accepted_settings(vjp)
    row.saves = saves
    return op


def jointly(vjp: Any) -> Callable[..., tuple]:
    """See one function for each operand as one function for all of them."""
    if callable(vjp):
        return vjp

    def all_operands(g: Any, y: Any, *operands: Any, **settings: Any) -> tuple:
        return tuple(None if v is None else v(g, y, *operands, **settings) for v in vjp)

    return all_operands


def directly(row: Any, joint: Callable[..., tuple]) -> Callable[..., tuple]:
    """Call the fast vjp where all is plain, and leave what is not to the row."""
    otherwise, asks_needs = row.pull_all, row.asks_needs

    def pull_all(g: Any, y: Any, operands: tuple, settings: dict, parents: tuple) -> tuple:
        if type(g) is not np.ndarray or watchers or has_layers(operands):
            return otherwise(g, y, operands, settings, parents)
        if asks_needs:
            needs = tuple([p is not None for p in parents])
            return joint(g, y, *operands, **settings, needs=needs)
        return joint(g, y, *operands, **settings)

    return pull_all


def differentiable(joint: Callable[..., tuple], composition: Callable[..., Any]) -> Any:
    """Use the fast vjp on plain arrays, and that of the composition where it is itself recorded."""

    @functools.wraps(joint)
    def pull(g: Any, y: Any, *operands: Any, **settings: Any) -> tuple:
        plain = type(g) is np.ndarray or not has_layers(g if isinstance(g, tuple) else (g,))
        if plain and not has_layers(operands):
            if watchers:
                return noted_call(joint, (g, y, *operands), settings)
            return joint(g, y, *operands, **settings)
        places = [i for i, x in enumerate(operands) if is_inexact(x)]
        settings.pop("needs", None)

        def composed(*chosen: Any) -> Any:
            full = list(operands)
            for i, x in zip(places, chosen, strict=True):
                full[i] = x
            return composition(*full, **settings)

        shares = vjp_of(composed, *(operands[i] for i in places))[1](g)
        found = dict(zip(places, shares, strict=True))
        return tuple(found.get(i) for i in range(len(operands)))

    return pull


def has_layers(values: tuple) -> bool:
    """Whether one of the values is traced, or batched by vmap."""
    for x in values:  # noqa: SIM110 (a loop takes half the time)
        if isinstance(x, Layered):
            return True
    return False


def is_inexact(x: Any) -> bool:
    """Whether an operand is an array of floating point numbers."""
    return getattr(getattr(x, "dtype", None), "kind", "") in ("f", "c")


def transposed(joint: Callable[..., tuple]) -> Callable[..., Any]:
    """Make the forward rule from the reverse one: g -> vjp(g) is linear, and its transpose is J."""

    @functools.wraps(joint)
    def jvp(ts: tuple, y: Any, *operands: Any, **settings: Any) -> Any:
        places = [i for i, t in enumerate(ts) if t is not None]

        def pulled(g: Any) -> list:
            shares = joint(g, y, *operands, **settings)
            return [conform(shares[i], operands[i].shape, operands[i].dtype) for i in places]

        zero = np.zeros(y.shape, y.dtype)
        return vjp_of(pulled, zero)[1]([ts[i] for i in places])[0]

    return jvp


# --- in the manner of torch -----------------------------------------------------------------------


class Context:
    """What `forward` leaves for `backward` and `jvp`: saved values, and any attributes."""

    needs_input_grad: tuple[bool, ...] = ()
    """For each argument, whether `backward` must give its gradient (known in `backward` only)."""

    def __init__(self) -> None:
        self._saved: tuple = ()

    def save_for_backward(self, *values: Any) -> None:
        """Save arrays: best arguments and results, on which higher derivatives then depend."""
        self._saved = values

    @property
    def saved_tensors(self) -> tuple:
        """What was given to `save_for_backward`."""
        return self._saved


class FunctionOperation(Nested):
    """The operation that a subclass of `Function` describes."""

    opaque = True

    def __init__(self, cls: type[Function]) -> None:
        self.cls = cls
        for method in ("forward", "backward", "jvp"):
            found = inspect.getattr_static(cls, method)
            if found is not None and not isinstance(found, staticmethod):
                raise ArgumentError(
                    f"{cls.__name__}.{method} must be static: write @staticmethod above it, and "
                    f"`ctx` as the first parameter"
                )
        if cls.forward is None or (cls.backward is None and cls.jvp is None):
            raise ArgumentError(f"{cls.__name__} must define forward, and backward or jvp")
        super().__init__(cls.__name__)
        if cls.backward is None:
            self.pull = None  # type: ignore[method-assign,assignment]
        if cls.jvp is None:
            self.push = None  # type: ignore[method-assign,assignment]

    def evaluate(self, *args: Any) -> tuple[Any, Any]:
        """Call `forward`; the state is all that it has left in the context."""
        ctx = Context()
        return self.cls.forward(ctx, *args), vars(ctx)

    def pull(self, g: Any, _y: Any, args: tuple, _kw: dict, state: Any, needs: tuple) -> Any:
        """Call `backward`, and check how many gradients it gave."""
        ctx = self.context(state)
        ctx.needs_input_grad = needs
        given = self.cls.backward(ctx, *(g if isinstance(g, tuple) else (g,)))
        given = given if isinstance(given, tuple) else (given,)
        if len(given) != len(args):
            raise ArgumentError(
                f"{self.name}.backward must return a gradient for each argument of apply, None "
                f"where there is none: {len(args)} in all; got {len(given)}"
            )
        return given

    def push(self, ts: tuple, _y: Any, _args: tuple, _kw: dict, state: Any) -> Any:
        """Call `jvp`."""
        return self.cls.jvp(self.context(state), *ts)

    def context(self, state: dict) -> Context:
        """Make a context with this state."""
        ctx = Context()
        vars(ctx).update(state)
        return ctx


class Function:
    """Base of operations with their own derivative, as `torch.autograd.Function`.

    A subclass has static methods:

    `forward(ctx, *args)`
        Calculates the result, an array or a tuple of arrays. It receives plain arrays, so it may
        call anything. `ctx.save_for_backward(...)` and attributes of `ctx` hand things on.
    `backward(ctx, *gs)`
        Receives a cotangent for each output, and returns a gradient for each argument, None where
        there is none. Written in NumPy functions that differentiate.
    `jvp(ctx, *ts)`, optional
        Receives a tangent for each argument, None where it does not move, and returns the tangent
        of the result. Without it, forward mode is the transpose of `backward`; with it alone,
        reverse mode is the transpose of `jvp`.

    Notes
    -----
    In a higher derivative, saved arguments and results are Tensors. If `forward` has saved
    something else, it is called again with Tensors, and must then be made of NumPy functions too.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import Function, grad
    >>> class Exp(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         y = np.exp(x)
    ...         ctx.save_for_backward(y)
    ...         return y
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (y,) = ctx.saved_tensors
    ...         return g * y
    >>> grad(grad(Exp.apply))(0.0)
    np.float64(1.0)
    >>> Exp.check(np.array([0.3, -1.0]))
    """

    forward: Any = None
    backward: Any = None
    jvp: Any = None

    def __new__(cls, *_: Any, **__: Any) -> Any:
        """Refuse to make an instance."""
        raise ArgumentError(f"{cls.__name__} is called as {cls.__name__}.apply(...)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Call the operation, and record it.

        Parameters
        ----------
        *args
            What `forward` takes; arrays may be in containers.

        Raises
        ------
        ArgumentError
            If the class lacks a method, or (in the derivative) `backward` returns too few or too
            many gradients.
        ShapeError
            In the derivative, if a gradient has not the shape of its argument.
        """
        if "_operation" not in vars(cls):
            cls._operation = FunctionOperation(cls)
        return cls._operation.run(args, {})

    _operation: Any

    @classmethod
    def check(cls, *args: Any, order: int = 2, **options: Any) -> None:
        """Compare the derivatives at a point with finite differences, as `check_grads` does.

        Raises
        ------
        GradientCheckError
            If they differ.
        """

        def apply(*xs: Any) -> Any:
            return cls.apply(*xs)

        apply.__name__ = cls.__name__
        check_grads(apply, order=order, **options)(*args)
