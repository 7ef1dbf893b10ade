"""What a row of the sample table is, and the domains that its operands are drawn from.

A row is `sample(function, *operands, **settings)`. An operand is a maker (`real(2, 3)`) that draws
numbers from the function's domain, or a plain value; makers may also stand in settings and in
lists. A function may have more rows, one for each thing it can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd_core.calling import name_of


@dataclass(frozen=True)
class Maker:
    """Draws an array of a shape from a domain."""

    shape: tuple[int, ...]
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]

    def __call__(
        self, rng: np.random.Generator, shape: tuple[int, ...] | None = None
    ) -> np.ndarray:
        return np.asarray(self.draw(rng, self.shape if shape is None else shape), dtype=float)


@dataclass(frozen=True)
class Sample:
    """One call of a function."""

    f: Callable[..., Any]
    operands: tuple[Any, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    mapped: bool = True
    """Whether vmap can take it: not where the shape of the result depends on the values."""

    @property
    def id(self) -> str:
        """Say the call in a few characters."""
        operands = ",".join(map(short, self.operands))
        settings = ",".join(f"{k}={short(v)}" for k, v in self.settings.items())
        return f"{name_of(self.f)}[{operands}{';' if settings else ''}{settings}]".replace(" ", "")

    def makers(self) -> list[Maker]:
        """Return the operands that are differentiated."""
        return list(makers_in((self.operands, self.settings)))

    def draw(self, seed: int = 0) -> list[np.ndarray]:
        """Draw the differentiated operands."""
        rng = np.random.default_rng(seed)
        return [m(rng) for m in self.makers()]

    def __call__(self, *xs: Any) -> Any:
        """Call the function with these in place of the makers."""
        drawn = iter(xs)
        operands, settings = replaced(
            (self.operands, self.settings), lambda v: next(drawn) if isinstance(v, Maker) else v
        )
        return self.f(*operands, **settings)

    def with_plain(self, change: Callable[[Any], Any]) -> Sample:
        """Return the same call with the values that are not drawn changed."""
        operands, settings = replaced((self.operands, self.settings), change)
        return replace(self, operands=operands, settings=settings)


def makers_in(tree: Any) -> Iterator[Maker]:
    """Yield the makers in nested lists, tuples and dicts."""
    if isinstance(tree, Maker):
        yield tree
    elif isinstance(tree, (list, tuple, dict)):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from makers_in(branch)


def replaced(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Change each leaf of nested lists, tuples and dicts."""
    if isinstance(tree, dict):
        return {k: replaced(v, change) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(replaced(v, change) for v in tree)
    return change(tree)


def short(value: Any) -> str:
    """Say an argument in a few characters."""
    if isinstance(value, Maker):
        return "(" + ",".join(map(str, value.shape)) + ")"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(short, value)) + "]"
    if isinstance(value, np.ndarray):
        return "_"
    return name_of(value) if callable(value) else str(value)


SAMPLES: list[Sample] = []


def sample(f: Callable[..., Any], *operands: Any, **settings: Any) -> None:
    """Add a row."""
    SAMPLES.append(Sample(f, operands, settings))


def unmapped_sample(f: Callable[..., Any], *operands: Any, **settings: Any) -> None:
    """Add a row that vmap cannot take."""
    SAMPLES.append(Sample(f, operands, settings, mapped=False))


# --- domains --------------------------------------------------------------------------------------


def real(*shape: int) -> Maker:
    """Draw from the whole line, away from 0 and from each other (no kinks within a step)."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        n = int(np.prod(shape))
        spread = np.linspace(0.3, 2.3, n) * np.where(rng.random(n) < 0.5, -1, 1)
        return rng.permutation(spread).reshape(shape) + 0.01 * rng.random(shape)

    return Maker(shape, draw)


def positive(*shape: int) -> Maker:
    """Draw numbers from 0.5 to 2."""
    return Maker(shape, lambda rng, shape: rng.uniform(0.5, 2, shape))


def unit(*shape: int) -> Maker:
    """Draw numbers from -0.8 to 0.8."""
    return Maker(shape, lambda rng, shape: rng.uniform(-0.8, 0.8, shape))


def above_one(*shape: int) -> Maker:
    """Draw numbers from 1.2 to 3."""
    return Maker(shape, lambda rng, shape: rng.uniform(1.2, 3, shape))


def increasing(n: int) -> Maker:
    """Draw numbers in rising order, at least 0.5 apart, around 0."""
    return Maker(
        (n,), lambda rng, shape: np.arange(shape[0]) - shape[0] / 2 + 0.4 * rng.random(shape)
    )


def fixed(*values: Any) -> Maker:
    """Take always these numbers: a point with zeros, ties or NaNs in known places."""
    x = np.array(values, dtype=float)
    return Maker(x.shape, lambda _rng, _shape: x.copy())
