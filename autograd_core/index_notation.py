"""What a call of `np.einsum` asks for, read once for each text and shapes and kept: the diagonals,
sums and products of two that come to the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .errors import ArgumentError
from .kernels import contract

__all__ = ["LETTERS", "as_text", "optimize_key", "steps_of"]

Shape = tuple[int, ...]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


# --- reading a call -------------------------------------------------------------------------------


def as_text(operands: tuple) -> tuple:
    """Write a call with lists of axes, `einsum(a, [0, 1], b, [1, 2], [0, 2])`, as one with text."""
    n = len(operands) // 2
    lists = [*operands[1 : 2 * n : 2], *operands[2 * n :]]
    terms = ["".join("..." if i is Ellipsis else LETTERS[i] for i in axes) for axes in lists]
    text = ",".join(terms[:n]) + ("->" + terms[n] if len(operands) % 2 else "")
    return text, *operands[0 : 2 * n : 2]


def terms_of(text: str, shapes: Sequence[Shape]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result; `...` becomes letters as well."""
    inputs, arrow, output = text.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ArgumentError(f"np.einsum({text!r}) names {len(terms)} operands, got {len(shapes)}")
    hidden = [
        len(shape) - len(term.replace("...", "")) if "..." in term else 0
        for term, shape in zip(terms, shapes, strict=True)
    ]
    spare = "".join(c for c in LETTERS if c not in text)[: max(hidden)]
    terms = [
        term.replace("...", spare[len(spare) - k :]) for term, k in zip(terms, hidden, strict=True)
    ]
    if not arrow:
        used = "".join(terms)
        output = "..." + "".join(c for c in sorted(set(used) - {*spare}) if used.count(c) == 1)
    written = output.replace("...", spare)
    check_terms(text, shapes, terms, written, spare)
    return terms, written


def check_terms(
    text: str, shapes: Sequence[Shape], terms: list[str], output: str, spare: str
) -> None:
    """Refuse letters that do not fit the operands, or have no place in the result."""
    fits = all(len(term) == len(shape) for term, shape in zip(terms, shapes, strict=True))
    inside = {*spare} <= {*output} <= {*"".join(terms)}
    if not fits or not inside or len({*output}) < len(output):
        raise ArgumentError(
            f"np.einsum({text!r}) does not fit operands of {[*map(len, shapes)]} axes: "
            f"each axis has a letter; one of the result stands once in it, and in an operand"
        )


# --- what is to be done ---------------------------------------------------------------------------


class Step(NamedTuple):
    """A call of a function on values that are there; its result is the next value."""

    f: Any
    places: tuple[int, ...]
    settings: dict[str, Any]


class Factor(NamedTuple):
    """One of the values: its place among them, the letters of its axes, and their lengths."""

    place: int
    term: str
    shape: Shape


class Plan:
    """The steps that bring operands to normal form, and multiply pair by pair."""

    def __init__(self, text: str, shapes: tuple[Shape, ...], optimize: Any) -> None:
        self.steps: list[Step] = []
        self.count, self.optimize = len(shapes), optimize
        terms, output = terms_of(text, shapes)
        factors = [Factor(i, t, s) for i, (t, s) in enumerate(zip(terms, shapes, strict=True))]
        factors = self.without_stretched([self.without_repeats(x) for x in factors])
        for chosen in self.path_of(factors, output) if len(factors) > 1 else ():
            taken = [factors.pop(i) for i in sorted(chosen, reverse=True)]
            while len(taken) > 1:
                rest = [*factors, *taken[2:]]
                needed = {*output, *"".join(x.term for x in rest)}
                taken = [self.product(taken[1], taken[0], needed, "" if rest else output),
                         *taken[2:]]  # fmt: skip
            factors = [*factors, taken[0]]
        last = self.without({*factors[0].term} - {*output}, factors[0])
        if last.term != output:
            self.add(np.transpose, last, term=output, axes=[last.term.index(c) for c in output])

    def add(self, f: Any, *factors: Factor, term: str, **settings: Any) -> Factor:
        """Note a step, and say what it gives."""
        lengths: dict[str, int] = {}
        for x in factors:
            lengths |= {
                c: n for c, n in zip(x.term, x.shape, strict=True) if lengths.get(c, 1) == 1
            }
        self.steps.append(Step(f, tuple(x.place for x in factors), settings))
        self.count += 1
        return Factor(self.count - 1, term, tuple(lengths[c] for c in term))

    def without_repeats(self, x: Factor) -> Factor:
        """Take the diagonal where a letter stands twice."""
        for c in x.term:
            if x.term.count(c) > 1:
                i, j = x.term.index(c), x.term.rindex(c)
                if x.shape[i] != x.shape[j]:
                    found = f"{x.shape[i]} and {x.shape[j]}"
                    raise ArgumentError(f"np.einsum: {c!r} stands for {found}")
                rest = "".join(d for k, d in enumerate(x.term) if k not in (i, j))
                return self.without_repeats(
                    self.add(np.diagonal, x, term=rest + c, axis1=i, axis2=j)
                )
        return x

    def without(self, letters: set[str], x: Factor) -> Factor:
        """Sum over the axes of some letters."""
        axes = tuple(i for i, c in enumerate(x.term) if c in letters)
        rest = "".join(c for c in x.term if c not in letters)
        return self.add(np.sum, x, term=rest, axis=axes) if axes else x

    def without_stretched(self, factors: list[Factor]) -> list[Factor]:
        """Drop axes of length 1 that are stretched by another operand."""
        longer = {c for x in factors for c, n in zip(x.term, x.shape, strict=True) if n != 1}
        return [
            self.without({c for c, n in zip(x.term, x.shape, strict=True) if n == 1} & longer, x)
            for x in factors
        ]

    def path_of(self, factors: list[Factor], output: str) -> Any:
        """Say which two operands to multiply next, again and again."""
        if len(factors) < 3:
            return [(0, 1)]
        text = ",".join(x.term for x in factors) + "->" + output
        stand_ins = [np.broadcast_to(0.0, x.shape) for x in factors]
        optimize = list(self.optimize) if type(self.optimize) is tuple else self.optimize
        return np.einsum_path(text, *stand_ins, optimize=optimize or "greedy")[0][1:]

    def product(self, left: Factor, right: Factor, needed: set[str], output: str) -> Factor:
        """Multiply two operands, and sum over the letters that are not needed any more."""
        left = self.without({*left.term} - {*right.term} - needed, left)
        right = self.without({*right.term} - {*left.term} - needed, right)
        first, second = left.term, right.term
        letters = output or "".join(c for c in dict.fromkeys(first + second) if c in needed)
        terms = {"first": first, "second": second, "output": letters}
        return self.add(contract, left, right, term=letters, **terms, optimize=bool(self.optimize))


def optimize_key(optimize: Any) -> Any:
    """Write a setting so that it can be looked up; a path may be a list."""
    if not isinstance(optimize, (list, tuple)):
        return optimize
    return tuple(tuple(x) if isinstance(x, (list, tuple)) else x for x in optimize)


@lru_cache(maxsize=4096)
def steps_of(text: str, shapes: tuple[Shape, ...], optimize: Any) -> tuple[Step, ...]:
    """Return what is to be done, in order; the last result is that of the call."""
    return tuple(Plan(text, shapes, optimize).steps)
