"""checkpoint: less memory for more time; a part of the graph is calculated again for backward."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .dispatch import Layered, is_traced, raw
from .gradmode import enable_grad, is_grad_enabled, no_grad
from .graph import Node
from .operators import differentiate, jvp
from .reverse import backward
from .table import primitive, rule
from .tensor import Tensor, deposit
from .trees import flatten, tree_map

__all__ = ["checkpoint"]

Function = Callable[..., Any]


def checkpoint(fun: Function) -> Function:
    """Return `fun` with a graph that keeps its arguments only.

    What is calculated inside is forgotten after the forward pass and calculated again in the
    backward pass. A chain of n steps in groups of sqrt(n) needs memory for about 2 sqrt(n) of them.

    Parameters
    ----------
    fun : callable
        Gives the same result each time it is called; a module, for example. Tensors it closes
        over (its parameters) receive their gradients as usual.

    Returns
    -------
    callable
        Like `fun`, also in forward mode and for higher derivatives.

    References
    ----------
    Griewank and Walther 2000, "Algorithm 799: revolve".

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> grad(checkpoint(lambda x: np.sin(np.exp(x))))(0.0) == grad(lambda x: np.sin(np.exp(x)))(0.0)
    np.True_
    """

    @functools.wraps(fun)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        leaves, rebuild = flatten((args, kwargs))
        places = [i for i, x in enumerate(leaves) if is_float(x)]
        forms = []  # of the result, as fun returns it

        def of_arrays(*arrays: Any) -> Any:
            full = list(leaves)
            for i, x in zip(places, arrays, strict=True):
                full[i] = x
            new_args, new_kwargs = rebuild(full)
            outputs, rebuild_result = flatten(fun(*new_args, **new_kwargs))
            forms.append(rebuild_result)
            return tuple(outputs)

        arrays = [leaves[i] for i in places]
        levels = [x._trace.level for x in arrays if isinstance(x, Layered) and is_traced(x)]
        on_tape = max(levels, default=0) == 0
        if not arrays or (on_tape and not is_grad_enabled()):
            return fun(*args, **kwargs)
        if not levels:
            if not hasattr(fun, "parameters"):
                return fun(*args, **kwargs)
            # a module on plain data: its parameters need gradients
            arrays[0] = Tensor(raw(arrays[0]), Node(0, raw(arrays[0])))
        outputs = recalculated(arrays, fun=of_arrays, on_tape=on_tape)
        return forms[0](list(outputs))

    return checkpointed


def is_float(x: Any) -> bool:
    """Whether a leaf is an array that can have a gradient."""
    return getattr(getattr(x, "dtype", None), "kind", "") in ("f", "c")


@primitive
def _recalculated(arrays: list, fun: Function, on_tape: bool) -> Any:
    """Call the function; on the tape, without recording what it does."""
    if not on_tape:
        return fun(*arrays)
    with no_grad():
        return tree_map(raw, fun(*arrays))


def recalculated(arrays: list, fun: Function, on_tape: bool) -> Any:
    """Call through the Tensors in the list."""
    for x in arrays:
        if isinstance(x, Layered):
            return x.__array_function__(
                _recalculated, (), (arrays,), {"fun": fun, "on_tape": on_tape}
            )
    return fun(*arrays)


def pull_again(g: Any, _y: Any, *xs: Any, fun: Function, on_tape: bool) -> tuple:
    """Calculate the forward pass again, recorded this time, and walk back through it."""
    if not on_tape or is_traced((g, xs)):
        return differentiate(fun, xs)[1](g)
    inputs = [Node(0, x) for x in xs]
    with enable_grad():
        y = fun(*(Tensor(x, node) for x, node in zip(xs, inputs, strict=True)))
    outputs, cotangents = flatten(y)[0], flatten(g)[0]
    seeds = [
        (v._trace, c)
        for v, c in zip(outputs, cotangents, strict=True)
        if isinstance(v, Tensor) and v._trace is not None
    ]
    found = {}
    mine = {node.order for node in inputs}
    for leaf, c, fresh in backward(seeds, retain=False):
        if leaf.order in mine:
            found[leaf.order] = c
        else:
            deposit(leaf, c, fresh)  # a parameter that fun closes over
    return tuple(found.get(node.order) for node in inputs)


def push_again(ts: tuple, _y: Any, *xs: Any, fun: Function, on_tape: bool) -> Any:
    """Calculate the forward pass again with tangents."""
    moved = [i for i, t in enumerate(ts) if t is not None]

    def of_moved(*chosen: Any) -> Any:
        full = list(xs)
        for i, x in zip(moved, chosen, strict=True):
            full[i] = x
        return fun(*full)

    return jvp(of_moved, tuple(xs[i] for i in moved), tuple(ts[i] for i in moved))[1]


rule(_recalculated, vjp=pull_again, jvp=push_again, arity=None)
