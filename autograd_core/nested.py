"""Operations of the user's own, from nested arguments to nested results.

`Function`, `custom_vjp`, `custom_jvp` and `extend.primitive` are four ways to write such an
operation. They differ in names and signatures. What they share is here: the arrays are picked out
of the arguments, the derivative is called with everything back in its place, what it returns is
checked, and the mode that was not written is the transpose of the one that was.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .batch import Axis, Batched
from .dispatch import Layered, apply, is_traced
from .errors import (
    ArgumentError,
    ConversionError,
    DtypeError,
    GraphError,
    MissingRuleError,
    ShapeError,
    describe,
)
from .graph import conform
from .operators import vjp
from .table import rule
from .trees import children, flatten, leaves_with_paths

__all__ = ["Nested"]

UNKNOWN: Any = object()


class Nested:
    """An operation and its derivative; a subclass says what each of them calls.

    One of `pull` and `push` may be None. `args` are the arguments, `y` is the result, and `state`
    is what `evaluate` has left for the derivative; all of them have the form they had there.
    """

    exact = True  # a cotangent must have the very shape of its argument
    opaque = False  # it must not see what vmap has batched, but each example
    stateless = False  # `evaluate` leaves no state

    def __init__(self, name: str) -> None:
        self.name = name

        def _kernel(arrays: list, call: Call) -> Any:
            return evaluate(_kernel, arrays, call)

        def backward(g: Any, y: Any, *xs: Any, call: Call, needs: tuple) -> tuple:
            found = whole_or_each(shares, call, xs, {"g": g, "y": y, "needs": needs})
            each = iter(found)
            return tuple(next(each) if need else None for need in needs)

        def forward(ts: tuple, y: Any, *xs: Any, call: Call) -> Any:
            found = whole_or_each(tangents, call, xs, {"ts": ts, "y": y})
            return found if isinstance(y, tuple) else found[0]

        rule(_kernel, vjp=backward, jvp=forward, arity=None).name = name
        self._kernel = _kernel

    def evaluate(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the result and the state that the derivative will receive."""
        raise NotImplementedError

    pull: Callable[..., Any] | None = None
    """`pull(g, y, args, kwargs, state, needs)` gives a cotangent, or None, for each argument."""

    push: Callable[..., Any] | None = None
    """`push(ts, y, args, kwargs, state)` gives the tangent of the result; `ts` has None for an
    argument that does not move."""

    def run(self, args: tuple, kwargs: dict) -> Any:
        """Call the operation, and record it."""
        if is_traced(kwargs):
            raise MissingRuleError(
                f"{self.name} got a Tensor that is being differentiated as a keyword argument. "
                f"Its derivative is for positional arguments; pass it as one of these."
            )
        leaves, rebuild = flatten(args)
        call = Call(self, leaves, rebuild, kwargs)
        y = self._kernel([leaves[i] for i in call.places], call)
        return call.form(listed(y))


class Call:
    """One call: where the arrays belong among the arguments, and what the evaluation has left."""

    form: Callable[[list], Any]  # the result from a list of its arrays

    def __init__(self, op: Nested, leaves: list, rebuild: Any, kwargs: dict) -> None:
        self.op, self.kwargs, self.rebuild = op, kwargs, rebuild
        self.places = [i for i, x in enumerate(leaves) if is_array(x)]
        self.others = [None if is_array(x) else x for x in leaves]
        self.forget()

    def forget(self) -> None:
        """Have no evaluation yet."""
        self.state: Any = UNKNOWN
        self.arrays: Any = ()  # what the evaluation was given ...
        self.outputs: list = []  # ... and what came of it
        self.inner: Call | None = None  # the same call on the level beneath

    def fresh(self) -> Call:
        """Return a call like this one that has no evaluation yet."""
        new = copy.copy(self)
        new.forget()
        return new

    def arguments(self, arrays: Any) -> tuple:
        """Put arrays in their places among the arguments."""
        return self.filled(self.others, arrays)

    def like_arguments(self, values: Any) -> tuple:
        """Put what belongs to the arrays in their places, and None for the other arguments."""
        return self.filled([None] * len(self.others), values)

    def filled(self, full: list, values: Any) -> tuple:
        """Put values in the places of the arrays."""
        full = list(full)
        for i, x in zip(self.places, values, strict=True):
            full[i] = x
        return self.rebuild(full)

    def carriers(self, flags: Any) -> tuple[bool, ...]:
        """Say for each argument whether one of its arrays is flagged."""
        marked = self.like_arguments(flags)
        return tuple(any(flag is True for _, flag in leaves_with_paths(m)) for m in marked)


def is_array(x: Any) -> bool:
    """Whether a leaf of the arguments is an array of numbers; the others are passed on as is."""
    return isinstance(x, Layered) or (
        isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fciub"
    )


def listed(y: Any) -> list:
    """Return the outputs of a kernel, which gives one output without a tuple around it."""
    return list(y) if isinstance(y, tuple) else [y]


def zeros(x: Any) -> np.ndarray:
    """Return zeros of the shape and dtype of x."""
    return np.zeros(x.shape, x.dtype)


# --- the value ------------------------------------------------------------------------------------


def evaluate(kernel: Callable[..., Any], arrays: list, call: Call) -> Any:
    """Evaluate beneath all derivatives; what vmap has batched as a whole, or one by one."""
    batched = any(map(is_batched, arrays))
    beneath = any(map(is_tensor, arrays)) or (batched and call.op.opaque)
    if not beneath:
        try:
            result, state = call.op.evaluate(*call.arguments(arrays), **call.kwargs)
        except ConversionError:
            if not batched:
                raise
            beneath = True
    if beneath:
        call.inner = call.fresh()
        y = apply(kernel, (arrays,), {"call": call.inner})
        call.form = call.inner.form
        return y
    outputs, call.form = flatten(result)
    outputs = [checked_output(v, call.op, arrays) for v in outputs]
    if not outputs:
        raise DtypeError(f"{call.op.name} must return arrays or numbers, got {describe(result)}")
    call.state, call.arrays, call.outputs = state, arrays, outputs
    return tuple(outputs) if len(outputs) > 1 else outputs[0]


def is_tensor(x: Any) -> bool:
    """Whether a value has a layer that is not one of vmap."""
    while isinstance(x, Layered):
        if not isinstance(x, Batched):
            return True
        x = x._value
    return False


def is_batched(x: Any) -> bool:
    """Whether a value has a layer of vmap."""
    while isinstance(x, Layered):
        if isinstance(x, Batched):
            return True
        x = x._value
    return False


def checked_output(v: Any, op: Nested, arrays: list) -> Any:
    """Check an output, and make an array of a Python number."""
    if isinstance(v, Layered):
        if is_traced(v) and not any(map(is_batched, arrays)):
            raise GraphError(
                f"{op.name} has used a Tensor that is not among its arguments, and the gradient "
                f"with respect to it would be lost. Pass it as an argument."
            )
        return v
    if not isinstance(v, (np.ndarray, np.generic, int, float, complex)):
        raise DtypeError(f"{op.name} must return arrays or numbers, got {describe(v)}")
    return v if isinstance(v, (np.ndarray, np.generic)) else np.asarray(v)[()]


# --- the derivative -------------------------------------------------------------------------------


def whole_or_each(f: Callable[..., tuple], call: Call, xs: tuple, values: dict) -> tuple:
    """Call `f(call, xs, **values)`; if it cannot take what vmap has batched, for each example."""
    try:
        return f(call, xs, **values)
    except ConversionError:
        leaves, rebuild = flatten((xs, values))
        tops = [x._trace for x in leaves if isinstance(x, Layered) and x._trace is not None]
        top = max(tops, key=lambda trace: trace.level, default=None)
        if not isinstance(top, Axis):
            raise
    if any(isinstance(x, Layered) and x._trace is top for x in xs):
        call = call.fresh()  # each example has a state of its own
    places = [i for i, x in enumerate(leaves) if is_array(x)]

    def example(arrays: Any, _settings: dict) -> tuple:
        row = list(leaves)
        for i, x in zip(places, arrays, strict=True):
            row[i] = x
        xs, values = rebuild(row)
        return whole_or_each(f, call, xs, values)

    traces = [getattr(leaves[i], "_trace", None) for i in places]
    traces = [trace if trace is top else None for trace in traces]
    pairs = zip(places, traces, strict=True)
    arrays = [leaves[i] if trace is None else leaves[i]._value for i, trace in pairs]
    return top.evaluate(f, example, arrays, traces, {})


def shares(call: Call, xs: tuple, g: Any, y: Any, needs: tuple) -> tuple:
    """Return the share of the cotangent of each operand that needs one."""
    if call.op.pull is None:
        _, transposed = vjp(
            lambda *ts: tangents(call, xs, placed(ts, needs), y),
            *(zeros(x) for x, need in zip(xs, needs, strict=True) if need),
        )
        return transposed(tuple(listed(g)))
    args, state = call.arguments(xs), state_at(call, xs, y)
    result, cotangent = call.form(listed(y)), call.form(listed(g))
    given = call.op.pull(cotangent, result, args, call.kwargs, state, call.carriers(needs))
    leaves = [
        leaf
        for i, (x, c) in enumerate(zip(args, given, strict=True))
        for leaf in paired(x, c, f"{call.op.name}: the gradient of argument {i}", call.op.exact)
    ]
    return tuple(
        zeros(x) if leaves[i] is None else conform(leaves[i], x.shape, x.dtype)
        for i, x, need in zip(call.places, xs, needs, strict=True)
        if need
    )


def tangents(call: Call, xs: tuple, ts: tuple, y: Any) -> tuple:
    """Return the tangent of each output; `ts` has None for an operand that does not move."""
    moved = tuple(t is not None for t in ts)
    if call.op.push is None:
        _, transposed = vjp(
            lambda *gs: shares(call, xs, gs if isinstance(y, tuple) else gs[0], y, moved),
            *map(zeros, listed(y)),
        )
        return transposed(tuple(t for t in ts if t is not None))
    full = [zeros(x) if t is None else t for t, x in zip(ts, xs, strict=True)]
    pairs = zip(call.like_arguments(full), call.carriers(moved), strict=True)
    args, state, result = call.arguments(xs), state_at(call, xs, y), call.form(listed(y))
    given = call.op.push(
        tuple(t if m else None for t, m in pairs), result, args, call.kwargs, state
    )
    found = paired(result, given, f"{call.op.name}: the tangent of the result", call.op.exact)
    return tuple(
        zeros(v) if t is None else conform(t, v.shape, v.dtype)
        for t, v in zip(found, listed(y), strict=True)
    )


def placed(values: tuple, flags: tuple) -> tuple:
    """Put values where the flags are set, None elsewhere."""
    each = iter(values)
    return tuple(next(each) if flag else None for flag in flags)


def paired(x: Any, c: Any, what: str, exact: bool, path: str = "") -> Iterator[Any]:
    """Yield what belongs to each leaf of x, None for nothing; refuse another form or shape."""
    branches = children(x)
    if c is None:
        yield from (None for _ in leaves_with_paths(x))
    elif branches is None:
        if not isinstance(c, (Layered, np.ndarray, np.generic, int, float, complex)):
            raise DtypeError(f"{what}{path} must be an array or None, got {describe(c)}")
        c = c if hasattr(c, "dtype") else np.asarray(c)
        if exact and is_array(x) and np.shape(c) != np.shape(x):
            raise ShapeError(
                f"{what}{path} must have the shape of its value, {np.shape(x)}; got {np.shape(c)}"
            )
        yield c
    else:
        parts = dict(children(c) or ())
        if parts.keys() != dict(branches).keys():
            raise ArgumentError(
                f"{what}{path} must have the form of its value, a {type(x).__name__} of "
                f"{len(branches)}; got {describe(c)}"
            )
        for name, branch in branches:
            yield from paired(branch, parts[name], what, exact, path + name)


# --- what the derivative needs to know ------------------------------------------------------------


def state_at(call: Call, xs: tuple, y: Any) -> Any:
    """Return the state of the evaluation as it belongs to the operands xs.

    In a first derivative these are the arrays of the evaluation. In a higher one they are Tensors
    for them, on which the state must depend. Where it consists of operands and results, these are
    put in their place; else the operation is evaluated again, on the Tensors.
    """
    if call.op.stateless:
        return None
    if call.state is not UNKNOWN and all(a is b for a, b in zip(xs, call.arrays, strict=True)):
        return call.state
    found = replaced_state(call, xs, listed(y))
    if found is not UNKNOWN:
        return found
    try:
        if call.op.opaque and any(map(is_batched, xs)) and not any(map(is_tensor, xs)):
            raise ConversionError(f"{call.op.name} is evaluated for each example")
        return call.op.evaluate(*call.arguments(xs), **call.kwargs)[1]
    except ConversionError as error:
        if any(map(is_batched, xs)):
            raise  # for each example, then
        raise MissingRuleError(
            f"a higher derivative of {call.op.name} must differentiate what was saved for the "
            f"first one. Save arguments and results only, or calculate it with NumPy functions "
            f"that differentiate."
        ) from error


def replaced_state(call: Call, xs: tuple, ys: list) -> Any:
    """Put operands and results in the place of the arrays in the state, if it has no others.

    Under vmap, where each example has its own state, it may not hold other numbers either.
    """
    source: Call | None = call
    while source is not None and source.state is UNKNOWN:
        source = source.inner
    if source is None:
        return UNKNOWN
    known = dict(zip(map(id, (*source.arrays, *source.outputs)), (*xs, *ys), strict=True))
    known |= {id(v): v for v in call.others if not isinstance(v, int)}  # small ones are shared
    parts, rebuild = flatten(source.state)
    batched = any(map(is_batched, xs))
    if any(id(v) not in known and (is_inexact(v) or (batched and is_number(v))) for v in parts):
        return UNKNOWN
    return rebuild([known.get(id(v), v) for v in parts])


def is_number(x: Any) -> bool:
    """Whether a value is a number or an array."""
    return isinstance(x, (np.ndarray, np.generic, int, float, complex))


def is_inexact(x: Any) -> bool:
    """Whether a value is an array of floating point numbers."""
    return getattr(getattr(x, "dtype", None), "kind", "") in ("f", "c")
