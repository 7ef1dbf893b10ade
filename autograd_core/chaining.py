"""How a chain of elementwise calls is written: a loop over blocks, and the call of it."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np

from .blocks import Parts, shared
from .chains import PRODUCTS, Chain
from .layout import size_of
from .records import Call, Value
from .script import made

__all__ = ["KEYWORD_OUT", "Links", "write_chain"]

KEYWORD_OUT = (np.maximum, np.minimum)  # a third positional argument is deprecated there


class Links:
    """The calls of a chain, and who in it reads what."""

    def __init__(self, program: Any, start: int, chain: Chain) -> None:
        self.start, self.calls, self.shape = start, chain.calls, chain.shape
        self.sums, self.matrices = chain.totals, chain.matrices
        inside = {c.result for c in self.calls}
        end = start + len(self.calls) - 1
        asked = program.kept | program.held
        self.last: dict[Value, int] = {}
        for k, call in enumerate(self.calls):
            self.last.update(dict.fromkeys(call.reads, k))
        self.whole = [  # what is read after the chain, and so needs to be there in full
            c.result
            for c in self.calls
            if c not in self.sums and (c.result.storage.last > end or c.result.storage in asked)
        ]
        reads = dict.fromkeys(v for c in self.calls for v in c.reads)
        self.given = [
            v for v in reads if v not in inside and v.kind == "array" and v.shape == self.shape
        ]
        self.arrays = [*self.given, *self.matrices, *self.whole]  # of which there are blocks
        self.local = {v: f"y{n}" for n, v in enumerate(self.arrays)}
        self.handed: list[str] = []  # single numbers
        self.dtypes: list[Any] = []
        self._free: dict[Any, list[str]] = {}
        self.written: dict[str, int] = {}  # when results that may hold others before get theirs

    def ask_for_places(self, program: Any) -> None:
        """Note what memory the whole arrays need; it may be that of one which is read here last.

        Memory of their own holds other results until then: that is less to keep in the cache.
        """
        layout, own = program.layout, program.kept | program.held
        of_memory = Counter(v.storage for v in {v for c in self.calls for v in c.reads})
        end = self.start + len(self.calls) - 1
        spare = [v for v in self.given if v.storage in layout.of and v.storage.last <= end]
        at = {c.result: k for k, c in enumerate(self.calls)}
        for v in self.whole:
            if v.storage in own:
                if v.storage in program.kept:
                    self.lend(v, at[v])
                continue
            for x in spare:
                alone = of_memory[x.storage] == 1 and layout.of[x.storage].nbytes == size_of(v)
                if alone and x.dtype == v.dtype and self.last[x] <= at[v]:
                    layout.share(v.storage, x.storage, v.storage.last)
                    spare.remove(x)
                    break
            else:
                layout.add(v.storage, size_of(v), self.start, v.storage.last)
                self.lend(v, at[v])

    def lend(self, v: Value, k: int) -> None:
        """Let other results of a block lie where v belongs, until call k makes it."""
        self.written[self.local[v]] = k
        self._free.setdefault(v.dtype, []).append(self.local[v])

    def word(self, program: Any, x: Any) -> str:
        """Name an operand inside of the loop; what is a local variable outside is handed in."""
        if type(x) is Value and x in self.local:
            return self.local[x]
        text: str = program.text(x)
        if type(x) is Value and len(x.shape) > 1:  # one number, where a block has one axis
            text = f"{text}.reshape(-1)"
        if type(x) is Value and text not in program.bound:
            self.handed.append(text)
            text = self.local[x] = f"z{len(self.handed)}"
        return text

    def done_with(self, k: int, call: Call) -> None:
        """An operand that call k is the last to read may hold its result."""
        for v in dict.fromkeys(call.reads):
            name = self.local.get(v, "")
            if self.last.get(v) == k and v not in self.arrays and name[:1] in ("t", "y"):
                self._free.setdefault(v.dtype, []).append(name)

    def target(self, v: Value) -> str:
        """Name what a new array of a block is assigned to."""
        if v in self.local:
            return f"{self.local[v]}[...]"
        name = self.local[v] = f"w{len(self.local)}"
        return name

    def place(self, v: Value) -> str:
        """Name the array that a result is written into."""
        if v not in self.local:
            spare = self._free.get(v.dtype, [])
            end = self.last.get(v, len(self.calls))
            for name in reversed(spare):
                if end <= self.written.get(name, end):
                    spare.remove(name)
                    self.local[v] = name
                    break
            else:
                self.local[v] = f"t{len(self.dtypes)}"
                self.dtypes.append(v.dtype)
        return self.local[v]


def write_chain(program: Any, links: Links) -> None:
    """Add the loop and its call to a program."""
    partial = {call.result: f"s{len(program.loops)}_{k}" for k, call in enumerate(links.sums)}
    body = []
    for k, call in enumerate(links.calls):
        links.done_with(k, call)
        if call in links.sums:
            body.append(statement_of_sum(program, links, call, f"{partial[call.result]}[k]"))
        else:
            body.append(statement(program, links, call))
    row = {m.storage: min(m.shape) * m.dtype.itemsize for m in links.matrices}
    parts = Parts(math.prod(links.shape), links.dtypes, sum(row.values()))
    program.layout.own += parts.bytes
    for v in links.whole:
        make_room(program, v)
    for v, name in partial.items():
        program.bound[name] = np.zeros((parts.count, *v.shape), v.dtype)
    write_loop(program, links, parts, body)
    for v, name in partial.items():
        program.names[v] = f"v{v.index}"
        program.lines.append(f"v{v.index} = {program.function(np.add.reduce)}({name})")
    program.let_go(links.start + len(links.calls) - 1, *links.calls)


def statement(program: Any, links: Links, call: Call) -> str:
    """Write a call that gives as many elements as a block has."""
    f = product_of(links, call) if call.f in PRODUCTS else call.f
    args = program.strong(f, call.args) if f is call.f else call.args
    texts = [links.word(program, x) for x in args]
    if f is np.multiply and texts[0] == texts[1]:
        f, texts = np.square, texts[:1]
    if f is np.where:  # it makes an array of its own
        return f"{links.target(call.result)} = {program.function(f)}({', '.join(texts)})"
    out = links.place(call.result)
    out = f"out={out}" if f in KEYWORD_OUT else out
    return f"{program.function(f)}({', '.join(texts)}, {out})"


def product_of(links: Links, call: Call) -> Any:
    """Choose between NumPy's products: `dot` takes less time, and copies what has gaps."""
    for v in call.args:
        if v in links.matrices and v.strides[links.matrices[v]] == v.dtype.itemsize:
            return np.matmul
    return np.dot


def statement_of_sum(program: Any, links: Links, call: Call, place: str) -> str:
    """Write a call that adds up what is in a block."""
    f = product_of(links, call) if call.f in PRODUCTS else call.f
    given = ", ".join(links.word(program, x) for x in call.args)
    if call.result.shape:
        return f"{program.function(f)}({given}, {place})"
    return f"{place} = {program.function(f)}({given})"


def make_room(program: Any, v: Value) -> None:
    """Find memory for a whole array that a chain writes."""
    if v.storage in program.kept:
        program.names[v] = f"v{v.index}"
        empty, dtype = program.function(np.empty), program.bind("d", v.dtype)
        program.lines.append(f"v{v.index} = {empty}({v.shape!r}, {dtype})")
        return
    array = program.static[v] = program.place_of(v)
    program.names[v] = program.bind("b", array)


def write_loop(program: Any, links: Links, parts: Parts, body: list[str]) -> None:
    """Add the function that goes through the blocks, and the call of it."""
    n = len(program.loops)
    local = [f"y{k}" for k in range(len(links.arrays))]
    given = ", ".join(f"u{k}" for k in range(len(local)))
    given += "".join(f", z{k + 1}" for k in range(len(links.handed)))
    cut = ", ".join(
        f"u{k}[{':, ' * links.matrices.get(v, 0)}i:j]" for k, v in enumerate(links.arrays)
    )
    temporaries = "".join(f"t{k}, " for k in range(len(links.dtypes)))
    what = "rows" if links.matrices else "elements"
    lines = [
        f"def blocks_{n}(parts, {given}):  # {parts.count} blocks of {parts.step:,} {what}",
        f"    for k, i, j, ({temporaries}) in parts:",
        f"        {', '.join(local)}, = {cut},",
        *(f"        {line}" for line in body),
    ]
    text = "\n".join(lines) + "\n"
    program.loops.append(text)
    program.bound[f"blocks_{n}"] = made(f"blocks_{n}", text, program.bound)
    flat = "" if len(links.shape) == 1 else ".reshape(-1)"
    names = [program.name(v) + flat for v in links.arrays] + links.handed
    run, threads = program.function(shared), program.bind("parts", parts.of_threads)
    program.lines.append(f"{run}(blocks_{n}, {threads}, {', '.join(names)})")
