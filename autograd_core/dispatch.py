"""`apply`, through which every NumPy call on a Tensor goes: the one interception point.

A layered value wraps an array, or the layered value of an outer derivative. Its `_trace` says
which derivative it takes part in: a `Node` of a recorded graph (reverse mode), a `Tangent`
(forward mode), or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .anomaly import watchers
from .calling import name_of
from .errors import MissingRuleError, NotDifferentiableError
from .graph import EMPTY, Node, recording_from
from .late import read_late_rows
from .misfits import not_numbers, refuse_misfits
from .table import COMPOSED, CONSTANTS, REFUSED, RULES
from .trace import lifted, noted_rule
from .ufunc_methods import method_of

__all__ = ["Layered", "apply", "array_of", "is_traced", "raw", "strip", "trace_of"]

INEXACT = np.dtype(float)
new: Any = object.__new__


class Layered:
    """What NumPy's two protocols see: a value and its trace."""

    __slots__ = ("_alias", "_trace", "_value")
    __array_priority__ = 1000
    result: ClassVar[Callable[[Any, Any], Any]]
    """What `apply` makes of a value and a trace: the class Tensor, once it exists."""

    _value: Any
    _trace: Any
    _alias: Any  # what is known of views, see inplace.py

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            return apply(ufunc, inputs, kwargs)
        return method_of(ufunc, method)(*inputs, **kwargs)

    def __array_function__(self, func: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
        return apply(func, args, kwargs)


def apply(f: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
    """Call a NumPy function on Tensors, and record it.

    The highest level among the operands decides. One layer is stripped from the operands of that
    level; the same function is called on what is beneath (and comes back here if Tensors of outer
    derivatives remain); what the rule needs is recorded at that level.
    """
    rule = RULES.get(f)
    if rule is None:
        return apply_without_rule(f, args, kwargs)
    tensor: Any = Layered.result
    operands, settings = args, EMPTY
    if kwargs or len(args) != rule.arity:
        if rule.otherwise is not None and not rule.takes(args, kwargs):
            return rule.otherwise(args, kwargs, operand_of)
        operands, settings = rule.calling.unpack(args, kwargs)
        if not all(map(is_plain, settings.values())):
            hidden = batched_setting(settings)
            if hidden is not None and not any(level_of(x) > hidden.level for x in operands):
                return hidden.each(f, args, kwargs)
            if rule.otherwise is not None and any(map(is_recorded, settings.values())):
                return rule.otherwise(args, kwargs, operand_of)
            settings = plain_settings(rule, settings)
    values: list[Any] = []
    traces: list[Any] = []
    top: Any = None
    active, level, bit = 0, -1, 1
    for x in operands:
        kind = type(x)
        if kind is list or kind is tuple:
            x = array_of(x)
        if isinstance(x, Layered):
            if x._alias is not None:
                x._alias.refresh(x)
            trace = x._trace
            if trace is None and isinstance(x._value, Layered):  # a buffer that was written into
                x = x._value
                trace = x._trace
            if trace is None:
                level = max(level, 0)
            elif trace.level != level:
                if top is not None:  # operands of different derivatives: begin again, with care
                    values, traces, active, level, top = strip_highest(operands)
                    break
                level = trace.level
            values.append(x._value)
            if trace is not None:
                active |= bit
                top = trace
        else:
            trace = None
            values.append(x)
        traces.append(trace)
        bit <<= 1
    if watchers:
        values = lifted(values)
    if rule.composition is not None and must_compose(top, values):
        return rule.composition(*args, **kwargs)
    if top is not None and top.batched:
        result = top.evaluate(f, rule.calling.call, values, traces, settings)
    else:
        if watchers:
            y = saved = noted_rule(rule, values, settings)
        elif settings or rule.arity is None or rule.saves:
            y = saved = rule.calling.call(values, settings)
        else:
            try:
                y = saved = rule.calling.f(*values)
            except (TypeError, ValueError) as error:
                refuse_misfits(error, f, values)
                raise
        if rule.saves:
            y, saved = y
        if rule.sighted != -1:
            active &= rule.sighted
            traces = [t if active >> i & 1 else None for i, t in enumerate(traces)]
        if settings and getattr(y, "dtype", INEXACT).kind not in "fc":
            active = 0  # a cast to whole numbers
        if not active or level < recording_from.get():
            result = untraced(y) if level == 0 else y
        else:
            if (y.__class__ is np.ndarray and y.dtype.hasobject) or y.__class__ in (float, complex):
                raise not_numbers(f, [*values, np.asarray(y, object)])
            trace = top.derive(rule, active, traces, values, y, saved, settings)
            if y.__class__ is not np.ndarray and isinstance(y, (tuple, list)):
                result = like(y, [Layered.result(v, trace.output(i, v)) for i, v in enumerate(y)])
            else:
                result = new(tensor)
                result._value, result._trace, result._alias = y, trace, None
    if rule.view is not None:
        operands[0]._remember_view(result, f, settings, rule.view)
    return result


def like(y: Any, outputs: list) -> Any:
    """Put outputs into NumPy's own container for them."""
    return y._make(outputs) if hasattr(y, "_make") else type(y)(outputs)


def strip_highest(operands: tuple) -> tuple[list, list, int, int, Any]:
    """Strip one layer from the operands of the highest level; leave the others as they are."""
    level, top = 0, None
    operands = tuple(operand_beneath(x) for x in operands)
    for x in operands:
        trace = x._trace if isinstance(x, Layered) else None
        if trace is not None and (trace.level > level or top is None):
            level, top = trace.level, trace
    values, traces, active = [], [], 0
    for i, x in enumerate(operands):
        trace = None
        if isinstance(x, Layered):
            if x._trace is not None and x._trace.level == level:
                trace = x._trace
                active |= 1 << i
            x = x._value if trace is not None or x._trace is None else x
        values.append(x)
        traces.append(trace)
    return values, traces, active, level, top


def operand_beneath(x: Any) -> Any:
    """Make an array of a list, and see a buffer that traced values were written into as those."""
    if isinstance(x, (list, tuple)):
        return array_of(x)
    inside = x._value if isinstance(x, Layered) and trace_of(x) is None else None
    return inside if isinstance(inside, Layered) else x


def must_compose(top: Any, values: list) -> bool:
    """Whether a fused operation gives way to its composition: its own rule is for plain arrays."""
    if top is not None and not isinstance(top, Node):
        return True
    for x in values:  # noqa: SIM110 (a loop takes half the time)
        if isinstance(x, Layered):
            return True
    return False


def untraced(y: Any) -> Any:
    """Wrap a result on the tape's level for which nothing is recorded."""
    if isinstance(y, (tuple, list)):
        return like(y, [Layered.result(v, None) for v in y])
    return Layered.result(y, None)


def is_plain(setting: Any) -> bool:
    """Whether no Tensor can hide in a setting."""
    kind = type(setting)
    if kind is tuple or kind is list:
        return all(map(is_plain, setting))
    return not isinstance(setting, Layered)


def plain_settings(rule: Any, settings: dict) -> dict:
    """Take Tensors out of the settings of a call, or refuse where a gradient would be lost."""
    for k, v in settings.items():
        if isinstance(v, Layered):
            if v._trace is not None and v._trace.batched:
                continue
            if v._trace is not None:
                raise MissingRuleError(
                    f"{rule.name}(..., {k}=...) got a Tensor that is being differentiated; there "
                    f"is no rule for a gradient with respect to {k!r}. Pass {k}=value.detach()."
                )
            settings = settings | {k: v._value}
        elif v.__class__ is tuple or v.__class__ is list:
            settings = settings | {k: strip(v)}
    return settings


def is_recorded(x: Any) -> bool:
    """Whether a value takes part in a derivative or a vmap."""
    return isinstance(x, Layered) and trace_of(x) is not None


def level_of(x: Any) -> int:
    """Return the level of a recorded value, 0 for others."""
    return x._trace.level if is_recorded(x) else 0


def batched_setting(settings: dict) -> Any:
    """Return the trace of a vmap whose values hide in settings (an index, say), or None."""
    for v in settings.values():
        for x in v if v.__class__ is tuple or v.__class__ is list else (v,):
            if is_recorded(x) and x._trace.batched:
                return x._trace
    return None


def apply_without_rule(f: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
    """Call a function that is constant or composed; refuse one that would lose a gradient."""
    if f in CONSTANTS:
        args, kwargs = strip(args), strip(kwargs)
        if watchers:
            args, kwargs = lifted(args), lifted(kwargs)
        batched = next(filter(is_recorded, args), None)  # only what vmap has batched is left
        if batched is not None:
            return batched._trace.of_constant(f, args, kwargs)
        return f(*args, **kwargs)
    if not is_traced((args, kwargs)):
        return untraced_result(f(*strip(args), **strip(kwargs)))
    if f in COMPOSED:
        return COMPOSED[f](args, kwargs, operand_of)
    if f in REFUSED:
        raise NotDifferentiableError(f"{name_of(f)} cannot be differentiated: {REFUSED[f]}")
    if read_late_rows(f):
        return apply(f, args, kwargs)
    raise MissingRuleError(
        f"{name_of(f)} has no derivative rule. Build the value from functions that have one, use "
        f"{name_of(f)}(x.detach()) if no gradient is wanted, or add a row to autograd_core/rules/."
    )


def untraced_result(y: Any) -> Any:
    """Wrap arrays that come from a function without a rule; leave all else alone."""
    if isinstance(y, (tuple, list)):
        return like(y, [untraced_result(v) for v in y])
    return Layered.result(y, None) if isinstance(y, (np.ndarray, np.inexact)) else y


def is_traced(tree: Any) -> bool:
    """Whether a Tensor that is recorded hides in nested arguments."""
    if isinstance(tree, Layered):
        return trace_of(tree) is not None
    if isinstance(tree, dict):
        return any(map(is_traced, tree.values()))
    return isinstance(tree, (tuple, list)) and any(map(is_traced, tree))


def strip(tree: Any) -> Any:
    """Replace each Tensor in nested arguments by its plain values."""
    if isinstance(tree, Layered):
        return raw(tree)
    if isinstance(tree, dict):
        return {k: strip(v) for k, v in tree.items()}
    if isinstance(tree, (tuple, list)) and not hasattr(tree, "_fields"):
        return type(tree)(map(strip, tree))
    return tree


def raw(x: Any) -> Any:
    """Return the plain array under all layers of a Tensor; other things as they are.

    A layer of vmap stays: what is beneath it is not one value but many.
    """
    while isinstance(x, Layered) and not (trace_of(x) is not None and x._trace.batched):
        x = x._value
    return x


def trace_of(x: Any) -> Any:
    """Return the trace of a layered value; a view is read again if its base was written."""
    if x._alias is not None:
        x._alias.refresh(x)
    return x._trace


def array_of(items: Any) -> Any:
    """Turn a list operand into an array; one that holds Tensors into a stacked Tensor."""
    if not is_traced(items):
        return np.asarray(strip(items))
    return np.stack([array_of(i) if isinstance(i, (list, tuple)) else i for i in items])


def operand_of(x: Any) -> Any:
    """Make an array of what NumPy would take for one; leave arrays and Tensors."""
    return x if isinstance(x, (Layered, np.ndarray, np.generic)) else array_of(x)
