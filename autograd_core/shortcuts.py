"""The short way for elementwise operations on recorded Tensors: `apply` in half the time.

Nothing here is needed to understand the engine. It is the part of `apply` and `Node.derive` that is
left where nothing is out of the ordinary, and it leaves all else to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .anomaly import watchers
from .dispatch import Layered, apply, new
from .graph import EMPTY, Link, Node, Step, new_order, recording_from
from .misfits import refuse_misfits
from .table import RULES

__all__ = ["apply_unary", "operator_of"]

ndarray = np.ndarray


class Numbers(dict):
    """Python numbers as arrays of a dtype, which NumPy takes in half the time.

    Beside each there is what an operation keeps that needs it, as its second or first operand.
    """

    def __init__(self, dtype: type) -> None:
        self.dtype = dtype

    def __missing__(self, number: float) -> tuple[np.ndarray, tuple[tuple, tuple]]:
        if len(self) > 1000:
            self.clear()
        array: np.ndarray = np.array(number, self.dtype)
        array.flags.writeable = False
        found = self[number] = array, ((None, array), (array, None))
        return found


DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
DOUBLES, SINGLES = Numbers(np.float64), Numbers(np.float32)
NOTHING = (None, None)
NOTHING_OF_ONE = (None,)


def is_simple(x: Any) -> bool:
    """Whether nothing needs care but to record: a Tensor of the reverse mode, and not a view."""
    trace = x._trace
    return (
        isinstance(trace, Node)
        and x._alias is None
        and (trace.sink is None or trace.sink.print is None)
        and trace.level >= recording_from.get()
        and not watchers
    )


def operator_of(f: np.ufunc, operate: Callable[[Any, Any], Any], swapped: bool = False) -> Any:
    """Make the method of a Tensor for `a + b` and its like, or (`swapped`) for `b + a`.

    It does what `apply` does, the short way, for what makes up most programs: a recorded Tensor
    with a Python number or with another one of the same level. All else goes the long way.
    `operate` is the same as `f`, and faster for numbers and Tensors of an outer derivative.
    """
    plans: list[Any] = [None] * 4

    def plan_of(active: int) -> Any:
        rule = RULES[f]
        keep_y, kept, _ = rule.plan(active, 2)
        keep_number = kept == (2 - active,)
        plans[active] = rule, Layered.result, keep_y, 0 in kept, 1 in kept, keep_number
        return plans[active]

    def method(self: Any, other: Any) -> Any:
        trace, kind = self._trace, type(other)
        if (
            not isinstance(trace, Node)
            or self._alias is not None
            or (trace.sink is not None and trace.sink.print is not None)
            or trace.level < recording_from.get()
            or watchers
        ):
            return apply(f, (other, self) if swapped else (self, other), EMPTY)
        x = self._value
        if kind is float or kind is int:
            b, active, alone = other, 1, None
            if type(x) is ndarray and other:
                if x.dtype is DOUBLE:
                    b, alone = DOUBLES[other]
                elif x.dtype is SINGLE:
                    b, alone = SINGLES[other]
            if swapped:
                x, b, active = b, x, 2
        elif kind is type(self) and is_simple(other) and other._trace.level == trace.level:
            b, active, alone = other._value, 3, None
        else:
            return apply(f, (other, self) if swapped else (self, other), EMPTY)
        try:
            y = f(x, b) if type(x) is ndarray else operate(x, b)
        except ValueError as error:
            refuse_misfits(error, f, (x, b))
            raise
        rule, tensor, keep_y, keep_a, keep_b, keep_number = plans[active] or plan_of(active)
        if keep_number and alone is not None:
            operands = alone[swapped]
        elif keep_a or keep_b:
            operands = (x if keep_a else None, b if keep_b else None)
        else:
            operands = NOTHING
        if active == 3:
            node = new(Step)
            node.parents = (trace, other._trace)
            node.settings = EMPTY
            node.shape = y.shape
        else:
            node = new(Link)
            node.parent = trace
            node.place = active - 1
            node.shape = trace.shape
        node.level = trace.level  # from here on as in `recorded`: a call would cost a tenth of all
        node.order = new_order()
        node.rule = rule
        node.operands = operands
        node.y = y if keep_y else None
        node.sink = None
        node.dtype = y.dtype
        result = new(tensor)
        result._value, result._trace, result._alias = y, node, None
        return result

    return method


def apply_unary(f: np.ufunc, x: Any) -> Any:
    """Do what `apply` does for a function of one Tensor: the short way for elementwise ones."""
    rule = RULES.get(f)
    if rule is None or not rule.simple or not is_simple(x):
        return apply(f, (x,), EMPTY)
    value = x._value
    y = f(value)
    keep_y, kept, _ = rule.plans.get(1) or rule.plan(1, 1)
    trace = x._trace
    node = new(Link)
    node.parent = trace
    node.place = 0
    node.shape = trace.shape
    operands = (value,) if kept else NOTHING_OF_ONE
    return recorded(node, rule, trace.level, operands, keep_y, y)


def recorded(node: Any, rule: Any, level: int, operands: tuple, keep_y: bool, y: Any) -> Any:
    """Do what `Node.derive` does, for operations of which nothing is out of the ordinary."""
    node.level = level
    node.order = new_order()
    node.rule = rule
    node.operands = operands
    node.y = y if keep_y else None
    node.sink = None
    node.dtype = y.dtype
    result = new(Layered.result)
    result._value, result._trace, result._alias = y, node, None
    return result
