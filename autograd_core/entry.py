"""The way into a recording: one generated function that asks whether all is as it was, and runs.

What it cannot decide at once it leaves to `Compiled`, which looks at everything and is slower.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import combinations
from typing import Any

import numpy as np

from .absorb import absorbing
from .anomaly import watchers
from .graph import recording_from
from .guard import is_equal
from .lent import Lent, fits, give, take
from .reach import CONTAINERS, Reach
from .signatures import modes

__all__ = ["MISSED", "entry_of"]

MISSED: Any = object()
"""What the function returns where something is not as it was."""


def entry_of(
    leaves: Sequence[Any], reach: Reach, entry: list, effects: list, run: Any, rebuild: Any
) -> Callable[..., Any] | None:
    """Make the function of the arguments; None if they are not a few plain arrays.

    Parameters
    ----------
    leaves : sequence
        The arguments of the recorded call.
    reach : Reach
    entry : list of (sink, gradient)
        What gradients must be before.
    effects : list of (sink, gradient, array)
        What they are to be afterwards.
    run, rebuild : callable
        The program, and what makes a result of its outputs.
    """
    if not leaves or len(leaves) > 8 or not all(type(x) is np.ndarray for x in leaves):
        return None
    bound: dict[str, Any] = {
        "ndarray": np.ndarray, "MISSED": MISSED, "watchers": watchers, "run": run,
        "rebuild": rebuild, "level": recording_from.get, "absorbs": absorbing.get,
    }  # fmt: skip
    names: dict[int, str] = {}

    def name(x: Any) -> str:
        found = names.get(id(x))
        if found is None:
            found = names[id(x)] = f"c{len(bound)}"
            bound[found] = x
        return found

    is_recorded, zeros_absorb = modes()
    tests = ["watchers", f"(level() > 0) is not {is_recorded}", f"absorbs() is not {zeros_absorb}"]
    for i, x in enumerate(leaves):
        tests += [
            f"type(x{i}) is not ndarray",
            f"x{i}.shape != {x.shape!r}",
            f"x{i}.dtype is not {name(x.dtype)}",
            f"x{i}.strides != {x.strides!r}",
        ]
    for (i, x), (j, y) in combinations(enumerate(leaves), 2):
        if (x.shape, x.dtype, x.strides) == (y.shape, y.dtype, y.strides):
            tests.append(f"x{i} is {'not ' * (x is y)}x{j}")
    for i, counter in enumerate(reach.counters):
        tests.append(f"{name(counter)}[0] != {name(reach.counted)}[{i}]")
    for container, key, content, _ in reach.uncounted():
        if isinstance(container, types.CellType):
            tests.append(f"{name(container)}.cell_contents is not {name(content)}")
        elif isinstance(container, ContextVar):
            tests.append(f"{name(container)}.get() is not {name(content)}")
        elif isinstance(container, CONTAINERS):
            index = repr(key) if type(key) in (str, int) else name(key)
            tests.append(f"{name(container)}[{index}] is not {name(content)}")
        else:
            tests.append(f"{name(container)}.{key} is not {name(content)}")
    for attributes, n, _ in reach.uncounted_sizes():
        tests.append(f"len({name(attributes)}) != {n}")
    for things, n, _ in reach.lengths:
        tests.append(f"len({name(things)}) != {n}")
    for x, keys, _ in reach.orders:
        tests.append(f"[*{name(x)}] != {name(keys)}")
    for x, members, _ in reach.sets:
        tests.append(f"{name(x)} != {name(members)}")
    for t, value, is_plain, _ in reach.bindings:
        tests.append(f"{name(t)}._value is not {name(value)}")
        tests.append(f"{name(t)}._trace is {'not ' * is_plain}None")
    for t, n, _ in reach.hooked:
        sink = f"{name(t)}._trace.sink"
        is_there = t._trace.sink is not None
        tests.append(
            f"{sink} is None or len({sink}.hooks) != {n}" if is_there else f"{sink} is not None"
        )
    for a, content, _ in reach.contents:
        tests.append(f"not {name(is_equal)}({name(a)}, {name(content)})")
    arguments = ", ".join(f"x{i}" for i in range(len(leaves)))
    for sink, grad in entry:
        other = f"{name(sink)}.grad is not {name(grad)}"
        if type(grad) is Lent:
            other = f"({other} and not {name(fits)}({name(sink)}, {name(grad)}, ({arguments},)))"
        tests.append(other)
    for _, grad, place in effects:
        if grad is not None:
            tests.append(f"{name(grad)}._value is not {name(place)}")
    lines = [f"def entry({arguments}):", "    try:", "        if ("]
    lines += [f"            {'or ' * (i > 0)}{test}" for i, test in enumerate(tests)]
    lines += [
        "        ):",
        "            return MISSED",
        "    except (AttributeError, LookupError, ValueError):",
    ]
    lines.append("        return MISSED")
    body = [f"values = run({arguments})"]
    for sink, grad, _ in effects:
        s, g = name(sink), name(grad)
        body += [f"if {s}.grad is not {g}:", f"    {s}.grad = {g}"]
    lent = [(sink, grad) for sink, grad in entry if type(grad) is Lent]
    if lent:
        others = " or ".join(f"{name(sink)}.grad is not {name(grad)}" for sink, grad in lent)
        body = [
            f"taken = {name(take)}({name(lent)}) if {others} else ()",
            "try:",
            *(f"    {line}" for line in body),
            "finally:",
            "    if taken:",
            f"        {name(give)}(taken)",
        ]
    lines += [f"    {line}" for line in (*body, "return rebuild(values)")]
    text = f"def make({', '.join(bound)}):\n" + "".join(f"    {x}\n" for x in lines)
    space: dict[str, Any] = {}
    exec(f"{text}    return entry\n", space)
    made: Callable[..., Any] = space["make"](**bound)
    return made
