"""Operations of the user's own, with their own derivatives."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .calling import accepted_settings
from .operators import vjp as vjp_of
from .table import primitive, rule
from .tensor import Tensor

__all__ = ["custom_op"]


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
    row.name = f.__name__
    if not callable(vjp):
        row.accepts = accepted_settings(vjp)
    if saves:
        row.saves = True
        row.calling.f = f
    return op


def jointly(vjp: Any) -> Callable[..., tuple]:
    """See one function for each operand as one function for all of them."""
    if callable(vjp):
        return vjp

    def all_operands(g: Any, y: Any, *operands: Any, **settings: Any) -> tuple:
        return tuple(None if v is None else v(g, y, *operands, **settings) for v in vjp)

    return all_operands


def differentiable(joint: Callable[..., tuple], composition: Callable[..., Any]) -> Any:
    """Use the fast vjp on plain arrays, and that of the composition where it is itself recorded."""

    @functools.wraps(joint)
    def pull(g: Any, y: Any, *operands: Any, **settings: Any) -> tuple:
        if not any(isinstance(v, Tensor) for v in (g, *operands)):
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
            return [shares[i] for i in places]

        zero = np.zeros(y.shape, y.dtype)
        return vjp_of(pulled, zero)[1]([ts[i] for i in places])[0]

    return jvp
