"""The sample table: one row for each row of the rule table, and the points it is tried at.

A row is `sample(function, *operands, **settings)`. An operand is a maker (`real(2, 3)`) that draws
numbers from the function's domain, or a plain value. A function may have more rows, one for each
thing it can do. `tests/autograd_core/test_ops.py` puts each row through everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_core import kernels
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
    listed: bool = False

    @property
    def id(self) -> str:
        """Say the call in a few characters."""
        shapes = ",".join(str(o.shape) if isinstance(o, Maker) else "_" for o in self.operands)
        settings = ",".join(f"{k}={v}" for k, v in self.settings.items())
        return f"{name_of(self.f)}[{shapes}{';' if settings else ''}{settings}]".replace(" ", "")

    def makers(self) -> list[Maker]:
        """Return the operands that are differentiated."""
        return [o for o in self.operands if isinstance(o, Maker)]

    def draw(self, seed: int = 0) -> list[np.ndarray]:
        """Draw the differentiated operands."""
        rng = np.random.default_rng(seed)
        return [m(rng) for m in self.makers()]

    def __call__(self, *xs: Any) -> Any:
        """Call the function with these in place of the makers."""
        drawn = iter(xs)
        full = [next(drawn) if isinstance(o, Maker) else o for o in self.operands]
        if self.listed:
            return self.f(full, **self.settings)
        return self.f(*full, **self.settings)


SAMPLES: list[Sample] = []


def sample(f: Callable[..., Any], *operands: Any, **settings: Any) -> None:
    """Add a row; operands in a list are a function's list of operands."""
    if len(operands) == 1 and isinstance(operands[0], list):
        SAMPLES.append(Sample(f, tuple(operands[0]), settings, listed=True))
    else:
        SAMPLES.append(Sample(f, operands, settings))


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


# --- elementwise ----------------------------------------------------------------------------------

for unary in (
    np.negative, np.positive, np.square, np.reciprocal, np.exp, np.exp2, np.expm1, np.sin, np.cos,
    np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.deg2rad, np.radians, np.rad2deg,
    np.degrees, np.absolute, np.fabs, np.nan_to_num,
):  # fmt: skip
    sample(unary, real(2, 3))
for unary in (np.sqrt, np.cbrt, np.log, np.log2, np.log10, np.log1p):
    sample(unary, positive(2, 3))
for unary in (np.tan, np.arcsin, np.arccos, np.arctanh):
    sample(unary, unit(2, 3))
sample(np.arccosh, above_one(2, 3))
for binary in (
    np.add, np.subtract, np.multiply, np.divide, np.arctan2, np.hypot, np.logaddexp,
    np.logaddexp2, np.maximum, np.minimum, np.fmax, np.fmin, np.remainder, np.fmod,
):  # fmt: skip
    sample(binary, real(2, 3), real(2, 3))
sample(np.power, positive(2, 3), real(2, 3))
sample(np.float_power, positive(2, 3), real(2, 3))
sample(np.power, real(2, 3), 3)
sample(np.power, real(2, 3), np.array([0.0, 1.0, 2.0]))
sample(np.copysign, real(2, 3), np.array([-1.0, 2.0, -3.0]))
sample(np.clip, real(3, 4), -1.0, 1.0)
sample(np.clip, real(3, 4), None, 1.0)
sample(np.clip, real(3, 4), unit(4), above_one(3, 1))
sample(np.where, np.array([[True], [False]]), real(2, 3), real(3))

# --- reductions -----------------------------------------------------------------------------------

for reduction in (np.sum, np.mean, np.var, np.std, np.max, np.min):
    sample(reduction, real(2, 3))
    sample(reduction, real(2, 3, 2), axis=1)
    sample(reduction, real(2, 3, 2), axis=(0, -1), keepdims=True)
    sample(reduction, real(4), axis=0)
sample(np.var, real(5, 2), axis=0, ddof=1)
sample(np.std, real(5, 2), axis=0, ddof=1)
sample(np.cumsum, real(2, 3))
sample(np.cumsum, real(2, 3), axis=1)

# --- shaping --------------------------------------------------------------------------------------

sample(np.reshape, real(2, 6), shape=(3, 4))
sample(np.reshape, real(2, 6), shape=(4, -1), order="F")
sample(np.ravel, real(2, 3))
sample(np.ravel, real(2, 3), order="F")
sample(np.squeeze, real(2, 1, 3))
sample(np.squeeze, real(2, 1, 3), axis=1)
sample(np.expand_dims, real(2, 3), axis=(0, 2))
sample(np.atleast_1d, real())
sample(np.atleast_2d, real(3))
sample(np.atleast_3d, real(2, 3))
sample(np.transpose, real(2, 3))
sample(np.transpose, real(2, 3, 4), axes=(1, -1, 0))
sample(np.swapaxes, real(2, 3, 4), 0, -1)
sample(np.moveaxis, real(2, 3, 4), (0, 1), (-1, 0))
sample(np.flip, real(2, 3))
sample(np.flip, real(2, 3), axis=(0,))
sample(np.fliplr, real(2, 3))
sample(np.flipud, real(2, 3))
sample(np.roll, real(2, 3), 2)
sample(np.roll, real(2, 3), (1, 2), axis=(0, 1))
sample(np.broadcast_to, real(3, 1), (2, 3, 4))
sample(np.tile, real(2, 3), 2)
sample(np.tile, real(3), (2, 1, 2))
sample(np.triu, real(3, 4), k=1)
sample(np.tril, real(3, 4))
sample(kernels.astype, real(2, 3), np.float64)
sample(np.concatenate, [real(2, 3), real(1, 3)])
sample(np.concatenate, [real(2, 3), np.ones((2, 1)), real(2, 2)], axis=-1)
sample(np.concatenate, [real(2, 3), real(2)], axis=None)
sample(np.stack, [real(2, 3), real(2, 3)], axis=1)
sample(np.vstack, [real(3), real(2, 3)])
sample(np.hstack, [real(3), real(2)])
sample(np.hstack, [real(2, 1), real(2, 3)])
sample(np.split, real(6, 2), 3)
sample(np.split, real(2, 6), [1, 4], axis=1)

# --- indexing -------------------------------------------------------------------------------------

for index in (
    1, -1, slice(None, None, 2), (slice(None), 1), (..., None, 0), (1, slice(2, 0, -1)),
    np.array([0, 2, 0]), (np.array([0, 1]), np.array([2, 2])), np.array([True, False, True]),
    (slice(None), [0, 0, 3]), [2, 1],
):  # fmt: skip
    sample(kernels.getitem, real(3, 4), index)
sample(kernels.setitem, real(3, 4), real(2, 1), (slice(0, 2), slice(None, None, 3)))
sample(kernels.setitem, real(3, 4), real(3), (np.array([0, 2, 0]), np.array([1, 1, 1])))
sample(kernels.setitem, real(3), 2.0, np.array([True, False, True]))
sample(kernels.scatter, real(2, 3), (slice(0, 2),), (4, 3))
sample(kernels.scatter, real(3), (np.array([0, 2, 0]),), (4,))
sample(np.take, real(3, 4), np.array([[5, 0], [5, 1]]))
sample(np.take, real(3, 4), [2, 0, 2], axis=1)
sample(np.take_along_axis, real(2, 3), np.array([[2, 0], [1, 1]]), axis=1)
sample(np.take_along_axis, real(1, 3), np.array([[2, 0], [1, 1]]), axis=1)
sample(kernels.scatter_along_axis, real(2, 2), np.array([[2, 0], [1, 1]]), (2, 3), 1)
sample(np.diagonal, real(3, 4))
sample(np.diagonal, real(2, 3, 3), offset=-1, axis1=1, axis2=2)
sample(np.trace, real(3, 4), offset=1)
sample(np.trace, real(3, 2, 3), axis1=0, axis2=2)
sample(np.diag, real(3))
sample(np.diag, real(3, 4), k=1)
sample(np.repeat, real(2, 3), 2)
sample(np.repeat, real(2, 3), [2, 0, 1], axis=1)

# --- contractions ---------------------------------------------------------------------------------

for left, right in (
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)),
):  # fmt: skip
    sample(np.matmul, real(*left), real(*right))
for left, right in (
    ((), ()), ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)),
    ((2, 3, 4), (5, 4, 2)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((2, 2), ()),
):  # fmt: skip
    sample(np.dot, real(*left), real(*right))
sample(np.outer, real(2), real(3))
sample(np.outer, real(2, 2), real(3))
sample(np.tensordot, real(2, 3, 4), real(3, 4, 5))
sample(np.tensordot, real(2, 3, 4), real(4, 2, 3), axes=([0, 2], [1, 0]))
sample(np.tensordot, real(2, 3), real(4), axes=0)
sample(np.inner, real(3), real(3))
sample(np.inner, real(2, 3), real(4, 5, 3))
sample(np.inner, real(), real(3))

# --- sorting --------------------------------------------------------------------------------------

sample(np.sort, real(2, 4))
sample(np.sort, real(2, 4), axis=0)
sample(np.sort, real(2, 4), axis=None)

# --- more rows ------------------------------------------------------------------------------------

from tests import ops_linalg  # noqa: E402, F401
