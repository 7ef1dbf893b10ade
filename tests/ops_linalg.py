"""Sample rows for complex numbers, linear algebra and Fourier transforms (see `tests/ops.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_core.rules.decompositions import tall_qr, thin_svd
from autograd_core.rules.linalg import cofactors
from autograd_core.rules.norms import euclidean
from tests.sampling import SAMPLES, Maker, Sample, positive, real, sample

# --- domains --------------------------------------------------------------------------------------


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


def regular(*shape: int) -> Maker:
    """Draw matrices far from singular, with eigenvalues and singular values apart."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        graded = np.arange(2, shape[-1] + 2) * np.eye(*shape[-2:])
        return rng.uniform(-0.6, 0.6, shape) + graded

    return Maker(shape, draw)


def complex_regular(*shape: int) -> ComplexMaker:
    """Draw complex matrices far from singular."""
    return complex_of(regular(*shape))


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


# --- inverses and systems of equations ------------------------------------------------------------

for matrix in (regular(3, 3), regular(2, 2, 2), complex_regular(2, 2), regular(1, 1)):
    for f in (np.linalg.inv, np.linalg.pinv, np.linalg.det, np.linalg.slogdet, cofactors):
        sample(f, matrix)
for a, b in (
    ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 2, 2), (2, 3)), ((2, 2), (4, 2, 1)),
):  # fmt: skip
    sample(np.linalg.solve, regular(*a), real(*b))
sample(np.linalg.solve, complex_regular(2, 2), real(2, 3))
sample(np.linalg.solve, regular(2, 2), z(2))
sample(np.linalg.solve, np.array([[2.0, 1.0], [0.0, 3.0]]), real(2))
sample(np.linalg.pinv, regular(4, 2))
sample(np.linalg.pinv, complex_regular(2, 3), rtol=1e-10)
sample(np.linalg.pinv, complex_regular(2, 2), hermitian=True)
sample(np.linalg.lstsq, regular(4, 2), real(4), rcond=None)
sample(np.linalg.lstsq, regular(2, 3), real(2, 2))
sample(np.linalg.lstsq, complex_regular(4, 2), z(4, 2), rcond=1e-9)
sample(np.linalg.tensorsolve, regular(6, 6), real(6))
unknowns_last = Maker((6, 2, 3), lambda rng, _: (regular(6, 6)(rng).T).reshape(6, 2, 3))
sample(np.linalg.tensorsolve, unknowns_last, real(2, 3), axes=(0,))
sample(np.linalg.tensorinv, regular(3, 3), ind=1)
sample(np.linalg.tensorinv, regular(2, 2, 4))

# --- products -------------------------------------------------------------------------------------

sample(np.linalg.multi_dot, [real(2, 3), real(3, 1), real(1, 4)])
sample(np.linalg.multi_dot, [real(2), real(2, 3), real(3)])
sample(np.linalg.multi_dot, [z(2, 2), np.ones((2, 2)), real(2, 2), real(2)])
for n in (-3, -1, 1, 2, 3, 5):
    sample(np.linalg.matrix_power, regular(2, 2), n)
sample(np.linalg.matrix_power, complex_regular(2, 2, 2), 3)
sample(np.linalg.outer, real(2), z(3))
sample(np.linalg.matmul, real(2, 3), real(3))
sample(np.linalg.tensordot, real(2, 3), real(3, 2), axes=1)
sample(np.linalg.tensordot, real(2, 3, 4), real(3, 4))
sample(np.linalg.vecdot, z(2, 3), z(3))
sample(np.linalg.vecdot, real(2, 3), z(2, 3), axis=0)
sample(np.linalg.cross, real(2, 3), real(3))
sample(np.linalg.cross, z(3, 2), real(3, 2), axis=0)
sample(np.linalg.trace, real(2, 3, 3), offset=1)
sample(np.linalg.diagonal, real(2, 3, 3), offset=-1)
sample(np.linalg.matrix_transpose, real(2, 3, 4))

# --- norms ----------------------------------------------------------------------------------------

for norm in (euclidean, np.linalg.vector_norm):
    sample(norm, real(2, 3))
    sample(norm, z(2, 3), axis=1)
    sample(norm, real(2, 3, 2), axis=(0, 2), keepdims=True)
sample(np.linalg.norm, real(2, 2, 2))
sample(np.linalg.norm, z(3), keepdims=True)
for order in (None, 2, 1, 3, 1.5, -2, np.inf, -np.inf):
    sample(np.linalg.norm, real(2, 3), ord=order, axis=0)
    sample(np.linalg.norm, z(2, 3), ord=order, axis=-1, keepdims=True)
    sample(np.linalg.vector_norm, real(2, 3), ord=order)
for order in (None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf):
    sample(np.linalg.norm, regular(3, 2), ord=order)
    sample(np.linalg.norm, real(2, 3, 2), ord=order, axis=(2, 0))
    sample(np.linalg.norm, real(2, 3, 2), ord=order, axis=(-3, -2), keepdims=True)
    sample(np.linalg.matrix_norm, complex_regular(2, 2, 3), ord=order or "fro")
    if order not in ("fro", "nuc", None):
        sample(np.linalg.cond, regular(2, 2, 2), p=order)
sample(np.linalg.cond, regular(3, 2))

# --- decompositions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Framed(Sample):
    """A call between two others: of a symmetrised matrix, with the arbitrary phases taken out."""

    before: Callable[[Any], Any] = lambda A: A
    after: Callable[[Any], Any] = lambda y: y

    def __call__(self, A: Any) -> Any:
        return self.after(self.f(self.before(A), **self.settings))


def hermitian(A: Any) -> Any:
    """Return the Hermitian part."""
    return (A + A.swapaxes(-1, -2).conj()) / 2


def eigenvector_phases(y: Any) -> Any:
    """Make the first element of each vector real."""
    return y[0], y[1] * np.sign(y[1][..., :1, :]).conj()


def singular_vector_phases(y: Any) -> Any:
    """Make the first element of each left vector real."""
    phase = np.sign(y[0][..., :1, :])
    return y[0] * phase.conj(), y[1], y[2] * phase.swapaxes(-1, -2)


def framed(f: Callable[..., Any], maker: Maker, before: Any, after: Any, **settings: Any) -> None:
    SAMPLES.append(Framed(f, (maker,), settings, before=before, after=after))


def same(y: Any) -> Any:
    return y


for matrix in (regular(3, 3), regular(2, 2, 2), complex_regular(2, 2)):
    framed(np.linalg.cholesky, matrix, hermitian, same)
    framed(np.linalg.cholesky, matrix, hermitian, same, upper=True)
    sample(np.linalg.eigvalsh, matrix)
    sample(np.linalg.eigvalsh, matrix, UPLO="U")
    framed(np.linalg.eigh, matrix, same, eigenvector_phases, UPLO="U")
    sample(np.linalg.eig, matrix)
    sample(np.linalg.eigvals, matrix)
    framed(np.linalg.svd, matrix, same, singular_vector_phases)
    framed(np.linalg.svd, matrix, same, singular_vector_phases, hermitian=True)
indefinite = Maker((3, 3), lambda rng, shape: regular(3, 3)(rng) * np.array([1.0, -1.0, -1.0]))
framed(np.linalg.svd, indefinite, hermitian, singular_vector_phases, hermitian=True)
sample(np.linalg.svd, indefinite, compute_uv=False, hermitian=True)
for order in (2, -2, None):
    sample(np.linalg.cond, regular(2, 4, 3), p=order)
sample(np.linalg.eigh, regular(3, 3))
rotating = Maker((2, 2), lambda rng, shape: rng.random(shape) + np.array([[1, 2], [-3, 1]]))
sample(np.linalg.eig, rotating)  # a real matrix with complex eigenvalues
BACKWARD = np.array([[1.8, 0.6, 0.3], [-1.7, -1.8, -1.2], [-1.4, 1.9, -2.0]])
backward = Maker((3, 3), lambda rng, shape: BACKWARD + 0.02 * rng.random(shape))
sample(np.linalg.eig, backward)  # LAPACK makes the largest elements of its vectors negative
for shape in ((3, 3), (5, 4, 2), (2, 3), (2, 1)):
    sample(np.linalg.qr, regular(*shape))
    sample(np.linalg.qr, complex_regular(*shape), mode="r")
    sample(np.linalg.svd, regular(*shape), full_matrices=False)
    rectangular = complex_regular(*shape)
    framed(np.linalg.svd, rectangular, same, singular_vector_phases, full_matrices=False)
    sample(np.linalg.svdvals, regular(*shape))
sample(np.linalg.qr, complex_regular(3, 2))
sample(np.linalg.qr, complex_regular(2, 3), mode="complete")
sample(tall_qr, regular(3, 2))
sample(thin_svd, regular(3, 2))
sample(np.linalg.svd, regular(3, 2), compute_uv=False)
sample(np.linalg.svd, regular(2, 2), compute_uv=False, hermitian=True)

# --- Fourier transforms ---------------------------------------------------------------------------

for f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft):
    make = real if f in (np.fft.rfft, np.fft.ihfft) else z
    for n in (None, 1, 3, 4, 7, 8):
        sample(f, make(5), n=n)
    for norm in ("backward", "ortho", "forward"):
        sample(f, make(2, 4), norm=norm)
    sample(f, make(3, 2), n=4, axis=0, norm="ortho")
sample(np.fft.fft, real(4), n=3)
sample(np.fft.ifft, real(3), n=4)
sample(np.fft.irfft, real(3))
for f in (np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn):
    make = real if f is np.fft.rfftn else z
    sample(f, make(2, 3))
    sample(f, make(2, 3, 3), axes=(0, -1), norm="ortho")
    sample(f, make(3, 2), s=(2, 5), axes=(1, 0), norm="forward")
    sample(f, make(3, 2), s=(4, -1), axes=(0, 1))
for f in (np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2):
    make = real if f is np.fft.rfft2 else z
    sample(f, make(2, 2, 3))
    sample(f, make(2, 3), s=(3, 4), axes=(0, 1))
for f in (np.fft.fftshift, np.fft.ifftshift):
    sample(f, real(5))
    sample(f, z(2, 3), axes=1)
    sample(f, real(2, 3), axes=(0, 1))
