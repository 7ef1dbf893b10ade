"""From the lines of a recording to a function: what repeats becomes a loop, what is long is cut."""

from __future__ import annotations

import itertools
import linecache
import re
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["function_of", "made", "rolled"]

PERIOD = 64  # lines that may repeat together
PART = 2_000  # lines; Python's compiler needs much memory for a longer function
WORD = re.compile(r"[A-Za-z_]\w*")
LOCAL = re.compile(r"\b[vx]\d+\b")
serial = itertools.count()


def rolled(lines: list[str]) -> list[str]:
    """Write lines that repeat, one group after the other, as a loop.

    Examples
    --------
    >>> rolled(["f(a)", "g(a)", "f(a)", "g(a)", "f(a)", "g(a)", "h(a)"])
    ['for _ in range(3):', '    f(a)', '    g(a)', 'h(a)']
    """
    n = len(lines)
    following, last = [n] * n, dict[str, int]()  # where the same line comes next
    for i in range(n - 1, -1, -1):
        following[i] = last.get(lines[i], n)
        last[lines[i]] = i
    found: list[str] = []
    i = 0
    while i < n:
        j, period = following[i], following[i] - i
        while period <= PERIOD and j < n and lines[j] == lines[j - period]:
            j += 1
        times = (j - i) // period
        if times > 2:
            found += [f"for _ in range({times}):", *(f"    {x}" for x in lines[i : i + period])]
            i += times * period
        else:
            found.append(lines[i])
            i += 1
    return found


def function_of(
    name: str, arguments: list[str], lines: list[str], outputs: str, bound: dict[str, Any]
) -> tuple[str, Callable[..., Any]]:
    """Make a function of lines, and return its source, too.

    Parameters
    ----------
    name : str
    arguments : list of str
    lines : list of str
    outputs : str
        What is returned.
    bound : dict
        What the other names in the lines mean. Parts of a long function are added to it.
    """
    lines, texts = rolled(lines), list[str]()
    if len(lines) > PART:
        lines, texts = in_parts(name, arguments, lines, outputs, bound)
    body = [*lines, f"return {outputs}"]
    text = f"def {name}({', '.join(arguments)}):\n" + "".join(f"    {x}\n" for x in body)
    return "\n".join([*texts, text]), made(name, text, bound)


def in_parts(
    name: str, arguments: list[str], lines: list[str], outputs: str, bound: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """Cut lines into functions; return the lines that call these, and the functions' texts."""
    cuts = [0]
    for i, line in enumerate(lines):
        if i - cuts[-1] >= PART and not line.startswith(" "):
            cuts.append(i)
    pieces = [lines[i:j] for i, j in zip(cuts, [*cuts[1:], len(lines)], strict=True)]
    locals_of = [dict.fromkeys(LOCAL.findall("\n".join(piece))) for piece in pieces]
    last = dict.fromkeys(LOCAL.findall(outputs), len(pieces))
    for k in range(len(pieces) - 1, -1, -1):
        for v in locals_of[k]:
            last.setdefault(v, k)
    there, calls, texts = set(arguments), [], []
    for k, piece in enumerate(pieces):
        given = [v for v in locals_of[k] if v in there]
        taken = [v for v in locals_of[k] if v not in there and last[v] > k]
        there.update(taken)
        part, targets = f"{name}_{k}", "".join(f"{v}, " for v in taken)
        while part in bound:
            part += "_"
        body = [*piece, f"return ({targets})"] if taken else piece
        text = f"def {part}({', '.join(given)}):\n" + "".join(f"    {x}\n" for x in body)
        texts.append(text)
        bound[part] = made(part, text, bound)
        calls.append(f"{targets and f'({targets}) = '}{part}({', '.join(given)})")
    return calls, texts


def made(name: str, text: str, bound: dict[str, Any]) -> Callable[..., Any]:
    """Carry out a definition; a traceback shows its lines."""
    used = [word for word in dict.fromkeys(WORD.findall(text)) if word in bound and word != name]
    names = f"    ({', '.join(used)},) = bound\n" if used else ""
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    whole = f"def make(bound):\n{names}{indented}    return {name}\n"
    values = [bound[word] for word in used]
    file = f"<compiled {name} {next(serial)}>"
    linecache.cache[file] = (len(whole), None, whole.splitlines(True), file)
    space: dict[str, Any] = {}
    exec(compile(whole, file, "exec"), space)
    result: Callable[..., Any] = space["make"](values)
    weakref.finalize(result, linecache.cache.pop, file, None)
    return result
