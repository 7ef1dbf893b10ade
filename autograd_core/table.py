"""The rule table: which NumPy functions differentiate, and the verbs with which a rule is said.

One row says the mathematics of one function once; the reverse and the forward mode are both read
from it. Letters, everywhere: `x` / `a, b` operands, `y` result, `g` cotangent, `t` tangent.

| verb          | says                                  | reverse            | forward           |
|---------------|---------------------------------------|--------------------|-------------------|
| `elementwise` | the partial derivatives               | g * d              | t * d             |
| `linear`      | linear in its operand; the adjoint    | adjoint(g)         | f(t)              |
| `bilinear`    | linear in each of two operands        | adjoint of each    | f(t, b) + f(a, t) |
| `rule`        | anything else                         | as written         | as written        |
| `composed`    | the function in other functions       | of the others      | of the others     |
| `constant`    | piecewise constant, or metadata       | -                  | -                 |

and `refuse` declares a function that must not appear on a differentiated path, with the reason.

A rule names the operands it does not need with a leading underscore; those are not kept alive
between the forward and the backward pass. It receives a `Spec` (shape and dtype) in their place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .calling import (
    ENGINE_SETTINGS,
    Listed,
    Positional,
    accepted_settings,
    known_settings,
    name_of,
    needed_by,
    primitive,
)

__all__ = [
    "COMPOSED",
    "CONSTANTS",
    "REFUSED",
    "RULES",
    "Rule",
    "Spec",
    "bilinear",
    "constant",
    "elementwise",
    "existing",
    "linear",
    "primitive",
    "refuse",
    "rule",
    "views",
]

Pull = Callable[[Any, Any, Sequence, dict], Any]
Keep = Callable[[Sequence], tuple]
Plan = tuple[bool, tuple[int, ...], Keep | None]
"""What a backward pass needs: the result?, which operands, and what makes a tuple of those (with
something else in the place of the others; None: all are needed)."""

RULES: dict[Callable[..., Any], Rule] = {}
COMPOSED: dict[Callable[..., Any], Any] = {}
CONSTANTS: set[Callable[..., Any]] = set()
REFUSED: dict[Callable[..., Any], str] = {}


class Spec:
    """The shape and dtype of an operand whose values are not kept."""

    __slots__ = ("dtype", "shape")

    def __init__(self, x: Any) -> None:
        if not hasattr(x, "shape"):
            x = np.asarray(x)
        self.shape: tuple[int, ...] = x.shape
        self.dtype: np.dtype[Any] = x.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


# --- the rules ------------------------------------------------------------------------------------


class Rule:
    """One row of the table; a subclass per verb says how each mode reads it.

    `pulls[i](g, y, xs, settings)` is operand i's share of the cotangent `g`;
    `push(i, t, y, xs, settings)` is what the tangent `t` of operand i adds to the result's.
    """

    verb = "rule"
    brief: Any = None  # f of one operand and no settings, if that is recorded the short way
    pointwise = False  # each element of the result depends on one element of each operand
    joint = False  # one function gives the cotangents of all operands
    saves = False  # f returns (y, saved), and `saved` takes the place of y in the vjp
    composition: Callable[..., Any] | None = None  # the same function in differentiable NumPy
    adds: Callable[..., None] | None = None  # adds the cotangent of a part to that of the whole
    view: str | None = None  # "tracked": the result is a view; "untracked": of a kind not tracked
    _pull: Any  # makes `pulls[i]`
    otherwise: Any = None  # a composition that takes the calls that the row does not
    leaves: frozenset[str] = frozenset()  # settings that the row leaves to `otherwise`

    def __init__(
        self, f: Callable[..., Any], arity: int | None, uses: Sequence, pushes: Sequence = ()
    ) -> None:
        self.f, self.name, self.arity = f, name_of(f), arity
        sample = next((u for u in uses if u is not None), f)
        self.calling = Listed(f, sample) if arity is None else Positional(f, arity, sample)
        self.accepts = accepted_settings([*uses, *pushes])
        self.sighted = ~blind_operands(self, uses)
        self.pulls: Any = () if self.joint else tuple(map(self._pull, range(len(uses))))
        self._uses = uses
        self._takes: dict[tuple, bool] = {}
        self.plans: dict[Any, Plan] = {}
        declare_once(f)
        RULES[f] = self

    def plan(self, active: int, count: int) -> Plan:
        """Say what a backward pass will look at.

        `active` has bit i set where operand i carries a gradient; `count` operands were given.
        """
        key = active if self.arity else (active, count)
        found = self.plans.get(key)
        if found is None:
            keep_y, keep = self._needed(active, count)
            kept = tuple([i for i, k in enumerate(keep) if k])
            found = self.plans[key] = keep_y, kept, self._keeper(keep)
        return found

    def _keeper(self, keep: tuple[bool, ...]) -> Keep | None:
        if all(keep):
            return None
        if keep == (False,):
            return lambda values: (Spec(values[0]),)
        return lambda values: tuple([x if k else Spec(x) for x, k in zip(values, keep)])

    def _needed(self, active: int, count: int) -> tuple[bool, tuple[bool, ...]]:
        if self.composition is not None:
            return True, (True,) * count
        keep_y, keep_x = False, [False] * count
        for i, use in enumerate(self._uses):
            if use is None or not (self.joint or active >> i & 1):
                continue
            wants_y, wants_x = needed_by(use, count, *self._layout(i))
            keep_y = keep_y or wants_y
            keep_x = [a or b for a, b in zip(keep_x, wants_x, strict=True)]
        return keep_y, tuple(keep_x)

    def _layout(self, i: int) -> tuple[int | None, int]:
        """Position of `y` and of the first operand among the parameters of a use."""
        return 1, 2

    def check(self, settings: dict) -> dict:
        """Drop what is the engine's business, refuse what the rule does not know."""
        return known_settings(self.name, settings, self.accepts, ENGINE_SETTINGS)

    def takes(self, args: tuple, kwargs: dict) -> bool:
        """Whether the row itself takes a call, or leaves it to `otherwise`."""
        call = (len(args), *kwargs)
        if call not in self._takes:
            arity, names = self.arity or 1, self.calling.names
            known = {*names[:arity], *self.accepts, *ENGINE_SETTINGS} - self.leaves
            self._takes[call] = arity <= len(args) + len(kwargs) <= len(names) and known.issuperset(
                (*names[: len(args)], *kwargs)
            )
        return self._takes[call]


def blind_operands(row: Rule, uses: Sequence) -> int:
    """Bits of the operands in which the function is piecewise constant (their rule is None)."""
    if row.joint or row.verb in ("linear", "bilinear"):
        return 0
    given = getattr(row, "partials", uses)
    return sum(1 << i for i, use in enumerate(given) if use is None)


class Elementwise(Rule):
    """The partial derivatives, as functions of (y, operands) or a number; None where constant."""

    verb = "elementwise"
    pointwise = True

    def __init__(self, f: Callable[..., Any], partials: tuple) -> None:
        self.partials = partials
        super().__init__(f, len(partials), [d if callable(d) else None for d in partials])
        if len(partials) == 1 and isinstance(f, np.ufunc) and partials[0] is not None:
            self.brief = f

    def _layout(self, i: int) -> tuple[int | None, int]:
        return 0, 1

    def _keeper(self, keep: tuple[bool, ...]) -> Keep | None:
        """Keep nothing in the place of an operand: no partial needs a shape."""
        if not any(keep):
            nothing = (None,) * len(keep)
            return lambda _values: nothing
        if not all(keep):
            return lambda values: tuple([x if k else None for x, k in zip(values, keep)])
        return None

    def _pull(self, i: int) -> Pull | None:
        """Multiply: g * d."""
        d = self.partials[i]
        if d is None:
            return None
        if d in (1, -1):
            return (lambda g, _y, _xs, _kw: g) if d == 1 else (lambda g, _y, _xs, _kw: -g)
        if d.__class__ is int:
            return lambda g, _y, _xs, _kw: g * d
        if self.accepts:
            return lambda g, y, xs, kw: g * d(y, *xs, **kw)
        if len(self.partials) == 2:
            return lambda g, y, xs, _kw: g * d(y, xs[0], xs[1])
        if len(self.partials) == 1:
            return lambda g, y, xs, _kw: g * d(y, xs[0])
        return lambda g, y, xs, _kw: g * d(y, *xs)

    def push(self, i: int, t: Any, y: Any, xs: Sequence, settings: dict) -> Any:
        """Multiply: t * d."""
        return self.pulls[i](t, y, xs, settings)


class Linear(Rule):
    """A function that is linear in its first operand, and its adjoint."""

    verb = "linear"

    def __init__(self, f: Callable[..., Any], adjoint: Callable[..., Any]) -> None:
        self.adjoint = adjoint
        super().__init__(f, 1, [adjoint])

    def _needed(self, active: int, count: int) -> tuple[bool, tuple[bool, ...]]:
        return False, (False,)

    def _pull(self, i: int) -> Pull:
        """adjoint(g)."""
        adjoint = self.adjoint
        return lambda g, _y, xs, kw: adjoint(g, xs[0], **kw)

    def push(self, i: int, t: Any, y: Any, xs: tuple, settings: dict) -> Any:
        """f(t)."""
        return self.f(t, **settings)


class Bilinear(Rule):
    """A function that is linear in each of two operands, and the adjoint of each."""

    verb = "bilinear"

    def __init__(
        self, f: Callable[..., Any], left: Callable[..., Any], right: Callable[..., Any]
    ) -> None:
        self.adjoints = (left, right)
        super().__init__(f, 2, [left, right])

    def _needed(self, active: int, count: int) -> tuple[bool, tuple[bool, ...]]:
        return False, (bool(active & 2), bool(active & 1))

    def _pull(self, i: int) -> Pull:
        """Adjoint of operand i."""
        adjoint = self.adjoints[i]
        return lambda g, _y, xs, kw: adjoint(g, xs[0], xs[1], **kw)

    def push(self, i: int, t: Any, y: Any, xs: tuple, settings: dict) -> Any:
        """f(t, b) or f(a, t)."""
        return self.f(t, xs[1], **settings) if i == 0 else self.f(xs[0], t, **settings)


class General(Rule):
    """Reverse and forward as written, one function for each operand, or one for all of them."""

    def __init__(self, f: Callable[..., Any], vjp: Any, jvp: Any, arity: int | None) -> None:
        self.vjp, self.jvp = vjp, jvp
        self.joint = callable(vjp)
        pushes = [jvp] if callable(jvp) else jvp or ()
        super().__init__(f, arity, [vjp] if self.joint else list(vjp), pushes)
        self.asks_needs = self.joint and "needs" in self.accepts
        self.accepts -= {"needs"}

    def _pull(self, i: int) -> Pull | None:
        """As written."""
        vjp = self.vjp[i]
        if vjp is None or self.accepts or self.arity is None:
            return vjp and (lambda g, y, xs, kw: vjp(g, y, *xs, **kw))
        if self.arity == 2:
            return lambda g, y, xs, _kw: vjp(g, y, xs[0], xs[1])
        return lambda g, y, xs, _kw: vjp(g, y, *xs)

    def pull_all(self, g: Any, y: Any, xs: tuple, settings: dict, parents: tuple) -> tuple:
        """As written: the cotangents of all operands at once.

        A vjp with a parameter `needs` is told for each operand whether its cotangent is needed.
        """
        if self.asks_needs:
            return self.vjp(g, y, *xs, **settings, needs=tuple([p is not None for p in parents]))
        return self.vjp(g, y, *xs, **settings)

    def push(self, i: int, t: Any, y: Any, xs: tuple, settings: dict) -> Any:
        """As written."""
        jvp = self.jvp if callable(self.jvp) else self.jvp[i]
        return jvp(t, y, *xs, **settings)

    def push_all(self, ts: tuple, y: Any, xs: tuple, settings: dict) -> Any:
        """As written: the tangent of the result from all tangents (None: no tangent)."""
        return self.jvp(ts, y, *xs, **settings)


# --- the verbs ------------------------------------------------------------------------------------


def elementwise(f: Callable[..., Any], *partials: Any) -> None:
    """Declare the partial derivatives of a function that works element by element.

    Each is a function of `(y, *operands)`, a number (1 and -1 cost nothing), or None where the
    result is piecewise constant in that operand.
    """
    Elementwise(f, partials)


def linear(f: Callable[..., Any], adjoint: Callable[..., Any], adds: Any = None) -> None:
    """Declare that `f` is linear in its first operand; `adjoint(g, x, *, settings)`, x a Spec.

    `adds(total, g, *, settings)` adds the adjoint to an array that is there.
    """
    Linear(f, adjoint).adds = adds


def bilinear(f: Callable[..., Any], left: Callable[..., Any], right: Callable[..., Any]) -> None:
    """Declare that `f(a, b)` is linear in each; `left(g, a, b)` sees only the Spec of a."""
    Bilinear(f, left, right)


def rule(f: Callable[..., Any], vjp: Any, jvp: Any, arity: int | None = 0) -> General:
    """Declare anything else.

    `vjp` is a tuple with one function `(g, y, *operands, *, settings)` for each operand (None where
    there is no gradient), or one function that returns the cotangents of all operands; `jvp` the
    same with tangents, `(t, y, *operands)`, or `(ts, y, *operands)` if it is one function.
    One function for all may ask for `needs`, which operands' cotangents are needed.
    `arity=None` says that the first argument is a sequence of operands.
    """
    return General(f, vjp, jvp, len(vjp) if arity == 0 else arity)


def constant(*functions: Callable[..., Any]) -> None:
    """Declare functions that are piecewise constant or metadata: plain values out, no gradient."""
    for f in functions:
        declare_once(f)
        CONSTANTS.add(f)


def refuse(reason: str, *functions: Callable[..., Any]) -> None:
    """Declare functions that raise on a Tensor, saying why and what to use instead."""
    for f in functions:
        declare_once(f)
        REFUSED[f] = reason


def declare_once(f: Callable[..., Any]) -> None:
    """Refuse a second declaration of a function."""
    if f in RULES or f in COMPOSED or f in CONSTANTS or f in REFUSED:
        raise ValueError(f"{name_of(f)} is declared twice in the rule table")


def views(kind: str, *functions: Callable[..., Any]) -> None:
    """Declare that functions return views of their operand.

    "tracked" are indexing, and reorderings whose adjoint is their inverse: a write into the view
    reaches the operand. A write into an "untracked" view is an error.
    """
    for f in functions:
        RULES[f].view = kind


def existing(*names: str) -> list[Callable[..., Any]]:
    """Return NumPy's functions of these names, as many as the installed version has."""
    return [getattr(np, name) for name in names if hasattr(np, name)]
