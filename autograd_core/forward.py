"""The tangent step: forward mode carries each value's derivative along with the value."""

from __future__ import annotations

from typing import Any

from .graph import conform
from .table import Rule

__all__ = ["Tangent"]


class Tangent:
    """What forward mode knows of a value: its tangent `t`, and the derivative it belongs to."""

    __slots__ = ("level", "t")
    batched = False

    def __init__(self, level: int, t: Any) -> None:
        self.level, self.t = level, t

    def derive(
        self,
        rule: Rule,
        active: int,
        traces: list,
        values: list,
        y: Any,
        saved: Any,
        settings: dict,
    ) -> Tangent:
        """Give the tangent of `y = rule.f(*values)`, the sum of what the operands' add to it."""
        if settings:
            settings = rule.check(settings)
        try:
            t = tangent(rule, active, traces, values, y, settings)
        except Exception as error:
            error.add_note(f"... in the forward-mode derivative of {rule.name}")
            raise
        if isinstance(y, (tuple, list)):
            return Tangent(self.level, t)
        return Tangent(self.level, conform(t, y.shape, y.dtype))

    def output(self, i: int, value: Any) -> Tangent:
        """Pick the tangent of output i of an operation that has several."""
        return Tangent(self.level, conform(self.t[i], value.shape, value.dtype))


def tangent(rule: Any, active: int, traces: list, values: list, y: Any, settings: dict) -> Any:
    """Sum the operands' contributions to the tangent of `y`."""
    if rule.verb == "rule" and callable(rule.jvp):
        ts = tuple(None if trace is None else trace.t for trace in traces)
        return rule.push_all(ts, y, values, settings)
    total = None
    for i, trace in enumerate(traces):
        if active >> i & 1:
            c = rule.push(i, trace.t, y, values, settings)
            total = c if total is None else sum_of(total, c)
    return total


def sum_of(a: Any, b: Any) -> Any:
    """Add two tangents; those of an operation with several outputs one by one."""
    if isinstance(a, (tuple, list)):
        return tuple(p + q for p, q in zip(a, b, strict=True))
    return a + b
