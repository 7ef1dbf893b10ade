"""Sample rows for complex numbers, linear algebra and Fourier transforms (see `tests/ops.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.ops import Maker, positive, real, sample


@dataclass(frozen=True)
class ComplexMaker(Maker):
    """Draws complex numbers: two draws from the domain of a real maker."""

    def __call__(
        self, rng: np.random.Generator, shape: tuple[int, ...] | None = None
    ) -> np.ndarray:
        shape = self.shape if shape is None else shape
        return np.asarray(self.draw(rng, shape) + 1j * self.draw(rng, shape))


def complex_of(maker: Maker) -> ComplexMaker:
    """Draw both parts from the domain of a maker."""
    return ComplexMaker(maker.shape, maker.draw)


def z(*shape: int) -> ComplexMaker:
    """Draw from the whole plane, away from 0 and from the axes."""
    return complex_of(real(*shape))


# --- complex numbers ------------------------------------------------------------------------------

for f in (np.real, np.imag, np.conjugate, np.angle, np.sign, np.real_if_close):
    sample(f, real(2, 3))
    sample(f, z(2, 3))
sample(np.angle, z(2, 3), deg=True)
for f in (
    np.negative, np.positive, np.square, np.reciprocal, np.exp, np.exp2, np.expm1, np.sin, np.cos,
    np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh, np.absolute, np.nan_to_num, np.sqrt, np.log,
    np.log2, np.log10, np.log1p, np.tan, np.arcsin, np.arccos, np.arctanh, np.arccosh,
):  # fmt: skip
    sample(f, z(2, 3))
for f in (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum):
    sample(f, z(2, 3), z(2, 3))
    sample(f, z(2, 3), real(2, 3))
sample(np.power, z(2, 3), real(2, 3))
sample(np.power, complex_of(positive(2, 3)), z(2, 3))
sample(np.power, real(2, 3), z(2, 3))
sample(np.power, z(2, 3), 3)
for f in (np.sum, np.mean, np.var, np.std, np.max, np.min):
    sample(f, z(2, 3), axis=1)
sample(np.sort, z(2, 4))
sample(np.where, np.array([[True], [False]]), z(2, 3), real(3))
sample(np.concatenate, [z(2, 3), real(1, 3)])
for f in (np.matmul, np.dot, np.inner, np.outer):
    sample(f, z(3), z(3))
sample(np.matmul, z(2, 3), real(3, 2))
sample(np.matmul, real(5, 2, 3), z(3, 4))
sample(np.tensordot, z(2, 3, 4), real(4, 2, 3), axes=([0, 2], [1, 0]))
