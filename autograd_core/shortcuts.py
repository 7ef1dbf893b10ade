"""The short way for the simplest operations on recorded Tensors: `apply` in half the time.

Nothing here is needed to understand the engine. It is the part of `apply` and `Node.derive` that is
left where nothing is out of the ordinary, and it leaves all else to them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .anomaly import watchers
from .calling import Positional
from .collector import PATIENCE, numbers
from .dispatch import Layered, apply, new, trace_of
from .graph import EMPTY, ORDERS, Link, Node, Step, WatchedStep, new_order, recording_from
from .guard import fingerprint, is_private
from .kernels import getitem
from .misfits import refuse_misfits
from .table import RULES

__all__ = ["apply_index", "apply_pair", "apply_settled", "apply_unary", "operator_of"]

ndarray = np.ndarray


class Numbers(dict[float, tuple[Any, Any, Any, Any, bool]]):
    """What an operation on an array x of some dtype is prepared with, by the number it is given.

    That is: the number as an array, which NumPy takes in half the time; the operands that the node
    keeps, or None where x is one of them; and the beginning of the plan.
    """

    def __init__(self, dtype: np.dtype | None, plan: Callable[[], Any], place: int) -> None:
        self.dtype, self.plan, self.place = dtype, plan, place  # x is operand number `place`

    def __missing__(self, number: float) -> tuple[Any, Any, Any, Any, bool]:
        if len(self) > 1000:
            self.clear()
        rule, tensor, keep_y, *keep = self.plan()
        b: Any = number
        operands: Any = None
        if self.dtype is not None:
            array = np.array(number, self.dtype)
            array.flags.writeable = False
            if math.isinf(number) or not np.isinf(array):  # else NumPy warns of it, each time
                b = array
        if not keep[self.place]:
            operands = NOTHING if not any(keep) else (b, None) if self.place else (None, b)
        found = self[number] = b, operands, rule, tensor, keep_y
        return found


DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
NOTHING = (None, None)
NOTHING_OF_ONE = (None,)


def is_simple(x: Any) -> bool:
    """Whether nothing needs care but to record: a Tensor of the reverse mode, of its own memory."""
    trace = trace_of(x) if x._alias is not None else x._trace
    return (
        isinstance(trace, Node)
        and (trace.sink is None or not trace.sink.shared or not trace.sink.is_exposed(x._value))
        and trace.level >= recording_from.get()
        and not watchers
    )


next_order = numbers(ORDERS)
"""The same numbers as `new_order`, and now and then the question what the collector does."""


def more_orders() -> int:
    """Ask it, and go on counting."""
    global next_order
    next_order = numbers(ORDERS)
    PATIENCE.look()
    return new_order()


def operator_of(f: Any, operate: Callable[[Any, Any], Any], swapped: bool = False) -> Any:
    """Make the method of a Tensor for `a + b` and its like, or (`swapped`) for `b + a`.

    It does what `apply` does, the short way, for what makes up most programs: a recorded Tensor
    with a Python number, an array, or another one of the same level. All else goes the long way.
    `operate` is the same as `f`, and faster for numbers and Tensors of an outer derivative.
    """
    plans: list[Any] = [None] * 4
    elementwise = isinstance(f, np.ufunc) and f.signature is None
    place = int(swapped)
    alone = 1 << place  # as bits: this operand carries a gradient, and no other

    def plan_of(active: int) -> Any:
        rule = RULES[f]
        keep_y, kept, _ = rule.plan(active, 2)
        plans[active] = rule, Layered.result, keep_y, 0 in kept, 1 in kept
        return plans[active]

    dtypes = (SINGLE, DOUBLE, None)
    singles, doubles, others = (Numbers(d, lambda: plan_of(alone), place) for d in dtypes)

    def method(self: Any, other: Any) -> Any:
        trace, kind = self._trace if self._alias is None else trace_of(self), type(other)
        if (
            not isinstance(trace, Node)
            or (trace.sink is not None and trace.sink.shared and trace.sink.is_exposed(self._value))
            or trace.level < recording_from.get()
            or watchers
        ):
            args = (other, self) if swapped else (self, other)
            if elementwise and getattr(trace, "has_axis", False):
                return of_batch(f, args, self)
            return apply(f, args, EMPTY)
        x, prepared = self._value, False
        if kind is float or kind is int:
            if elementwise and other and type(x) is ndarray:  # 0.0 and -0.0 are one key
                prepared = True
                known = singles if x.dtype is SINGLE else doubles if x.dtype is DOUBLE else others
                b, operands, rule, tensor, keep_y = known[other]
            else:
                # in NumPy, too, the number of a function that is no ufunc is an array
                b, active = other if elementwise else np.asarray(other), alone
        elif kind is ndarray and not other.dtype.hasobject:
            b, active = other, alone
        elif isinstance(other, Layered) and is_simple(other) and other._trace.level == trace.level:
            b, active = other._value, 3
        else:
            return apply(f, (other, self) if swapped else (self, other), EMPTY)
        if swapped:
            x, b = b, x
        try:
            y = f(x, b) if prepared or type(x) is ndarray else operate(x, b)
        except (TypeError, ValueError) as error:
            refuse_misfits(error, f, (x, b))
            raise
        if prepared:
            node = new(Link)
            node.parent = trace
            node.place = place
            if operands is None:
                _, _, _, keep_a, keep_b = plans[alone]
                operands = (x if keep_a else trace, b if keep_b else trace)
            node.operands, node.settings = operands, EMPTY
            node.shape = trace.shape
        else:
            rule, tensor, keep_y, keep_a, keep_b = plans[active] or plan_of(active)
            node = node_of(trace, other, swapped, x if keep_a else None, b if keep_b else None)
            node.shape = trace.shape if y.shape == trace.shape else y.shape
        node.level = trace.level  # as in `apply_unary`: a call would cost a tenth of all
        try:
            node.order = next_order()
        except StopIteration:
            node.order = more_orders()
        node.rule = rule
        node.y = y if keep_y else None
        node.sink = None
        node.dtype = y.dtype
        result = new(tensor)
        result._value, result._trace, result._alias = y, node, None
        return result

    return method


def node_of(trace: Any, other: Any, swapped: bool, a: Any, b: Any) -> Any:
    """Make the node of an operation on a Tensor and something else that keeps the operands a, b.

    In the place of an operand that is not needed its node is kept: it knows the shape.
    """
    parents = prints = None
    if type(other) is ndarray:
        if (a if swapped else b) is other and (other.flags.writeable or not is_private(other)):
            prints = [(1 - swapped, fingerprint(other))]
            parents = (None, trace) if swapped else (trace, None)
    elif isinstance(other, Layered):
        parents = (other._trace, trace) if swapped else (trace, other._trace)
    node: Any
    if parents is None:
        node = new(Link)
        node.parent, node.settings = trace, EMPTY
        node.place = int(swapped)
    else:
        node = new(Step if prints is None else WatchedStep)
        node.parents, node.settings = parents, EMPTY
        if prints is not None:
            node.prints, node.where = prints, None
    if a is None and b is None:
        node.operands = NOTHING
    else:
        a_node, b_node = parents or (trace, trace)
        node.operands = (a_node if a is None else a, b_node if b is None else b)
    return node


def of_batch(f: np.ufunc, args: tuple, x: Any) -> Any:
    """Do it for x, a batch under vmap, where it meets the others as an array of one more axis."""
    values = []
    for v in args:
        kind = type(v)
        if kind is type(x) and trace_of(v) is x._trace and v._value.ndim == x._value.ndim:
            v = v._value
        elif not (kind is float or kind is int or (kind is ndarray and v.ndim < x._value.ndim)):
            break
        values.append(v)
    if watchers or len(values) < len(args):
        return apply(f, args, EMPTY)
    return type(x)(f(*values), x._trace)


Methods = tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]


class Operators(dict[Any, Methods | None]):
    """For a function of two operands the method of its first and that of its second operand.

    Only for functions that are linear in each operand, or work element by element.
    """

    def __missing__(self, f: Any) -> Methods | None:
        rule = RULES.get(f)
        if rule is None:
            return None  # SciPy's rules are read late
        fits = rule.verb in ("elementwise", "bilinear") or f is np.divide
        short = fits and rule.arity == 2 and rule.sighted == -1
        found = (operator_of(f, f), operator_of(f, f, swapped=True)) if short else None
        self[f] = found
        return found


OPERATORS = Operators()


def apply_pair(f: Any, args: tuple, x: Any) -> Any:
    """Do what `apply` does for a call without settings; x is the operand that it was met in."""
    found = OPERATORS[f] if len(args) == 2 else None
    if found is not None:
        a, b = args
        if a is x:
            return found[0](a, b)
        if b is x:
            return found[1](b, a)
    return apply(f, args, EMPTY)


BASIC = {int, slice, type(None), type(Ellipsis)}


def apply_index(x: Any, index: Any) -> Any:
    """Do `x[index]`: the short way for integers and slices."""
    kind = type(index)
    basic = BASIC.issuperset(map(type, index)) if kind is tuple else kind in BASIC
    if not basic or not is_simple(x):
        return apply(getitem, (x,), {"index": index})
    rule, trace, y = RULES[getitem], x._trace, x._value[index]
    node = new(Step)
    node.parents, node.settings = (trace,), {"index": index}
    node.operands = (trace,)  # the node stands in for x, of which nothing is kept
    node.level = trace.level
    node.order = new_order()
    node.rule = rule
    node.y = node.sink = None
    node.shape = y.shape
    node.dtype = y.dtype
    result = new(Layered.result)
    result._value, result._trace, result._alias = y, node, None
    if not isinstance(y, np.generic):
        x._remember_view(result, getitem, node.settings, rule.view)
    return result


class Settled(dict[Any, Any]):
    """For a function of one operand its rule and what the backward pass needs of the operand, if a
    call with settings can be recorded the short way; else None.
    """

    def __missing__(self, f: Any) -> Any:
        rule = RULES.get(f)
        if rule is None:
            return None  # SciPy's rules are read late
        fits = rule.arity == 1 and not (rule.joint or rule.saves or rule.composition)
        found = None
        if fits and rule.sighted & 1 and type(rule.calling) is Positional:
            keep_y, kept, _ = rule.plan(1, 1)
            found = rule, keep_y, bool(kept), rule.calling.names
        self[f] = found
        return found


SETTLED = Settled()
IMMUTABLE = {int, bool, float, str, slice, type(None)}


def settings_of(names: list[str], accepts: frozenset[str], args: tuple, kwargs: dict) -> Any:
    """Return the settings of a call by name; None where one of them needs care."""
    settings = dict(zip(names[1:], args[1:], strict=False)) if len(args) > 1 else {}
    if kwargs:
        settings |= kwargs
    if len(args) > len(names) or not accepts.issuperset(settings):
        return None
    for v in settings.values():
        kind = type(v)
        if kind not in IMMUTABLE and not (kind is tuple and IMMUTABLE.issuperset(map(type, v))):
            return None
    return settings


def apply_settled(f: Callable[..., Any], x: Any, args: tuple, kwargs: dict) -> Any:
    """Do what `apply` does for a function of the Tensor x, the first of `args`, with settings: the
    short way for settings that are no arrays.
    """
    found = SETTLED[f]
    if found is None or not is_simple(x):
        return apply(f, args, kwargs)
    rule, keep_y, keep_x, names = found
    settings = settings_of(names, rule.accepts, args, kwargs)
    if settings is None:
        return apply(f, args, kwargs)
    value, trace = x._value, x._trace
    try:
        y = f(value, **settings)
    except (TypeError, ValueError) as error:
        refuse_misfits(error, f, (value,))
        raise
    if getattr(y, "dtype", OBJECT).kind not in "fc":
        return apply(f, args, kwargs)
    node = new(Link)
    node.parent, node.place, node.settings = trace, 0, settings
    node.level = trace.level
    node.order = new_order()
    node.rule = rule
    node.operands = (value if keep_x else trace,)
    node.y = y if keep_y else None
    node.sink = None
    node.shape = y.shape
    node.dtype = y.dtype
    result = new(Layered.result)
    result._value, result._trace, result._alias = y, node, None
    if rule.view is not None:
        x._remember_view(result, f, settings, rule.view)
    return result


OBJECT = np.dtype(object)


def apply_unary(f: Callable[..., Any], x: Any) -> Any:
    """Do what `apply` does for a function of one Tensor: the short way for elementwise ones, and
    for those that are `brief`.
    """
    rule = RULES.get(f)
    simple = is_simple(x)  # a view is read anew
    value, trace = x._value, x._trace
    if rule is None or rule.brief is None or not simple:
        if rule is not None and rule.brief is f and getattr(trace, "has_axis", False):
            return of_batch(f, (x,), x)
        return apply_settled(f, x, (x,), EMPTY)
    y = rule.brief(value)
    keep_y, kept, _ = rule.plans.get(1) or rule.plan(1, 1)
    node = new(Link)
    node.parent, node.settings = trace, EMPTY
    node.place = 0
    node.level = trace.level
    try:
        node.order = next_order()
    except StopIteration:
        node.order = more_orders()
    node.rule = rule
    if kept:
        node.operands = (value,)
    else:
        node.operands = NOTHING_OF_ONE if rule.pointwise else (trace,)
    node.y = y if keep_y else None
    node.sink = None
    node.shape = trace.shape if rule.pointwise else y.shape
    node.dtype = y.dtype
    result = new(Layered.result)
    result._value, result._trace, result._alias = y, node, None
    return result
