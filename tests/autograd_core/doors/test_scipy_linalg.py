"""autograd_core.scipy: matrices, convolutions and differential equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.linalg
import scipy.signal

from autograd_core import grad, jacobian, jvp, tensor, vmap
from autograd_core.scipy import integrate, linalg, signal
from autograd_core.test_util import check_grads, combo_check

P = np.array([0.3, 1.4, 2.2])
Z = np.array([-1.2, 0.4, 2.5])

# --- linalg ---------------------------------------------------------------------------------------

M = np.array([[3.0, 0.4, -0.2], [0.3, 2.0, 0.5], [0.1, -0.6, 4.0]])
SPD = M @ M.T
MATRICES = {
    "solve_triangular": (lambda m, a, b: m.solve_triangular(a, b), (M, Z)),
    "solve_triangular, T": (lambda m, a, b: m.solve_triangular(a, b, trans="T"), (M, M[:, :2])),
    "solve_triangular, lower": (lambda m, a, b: m.solve_triangular(a, b, lower=True), (M, Z)),
    "solve_triangular, ones": (
        lambda m, a, b: m.solve_triangular(a, b, trans=1, lower=True, unit_diagonal=True),
        (M, Z),
    ),
    "solve_banded": (lambda m, ab, b: m.solve_banded((1, 1), ab, b), (M + 1, Z)),
    "solve_banded, more": (
        lambda m, ab, b: m.solve_banded((1, 2), ab, b),
        (np.vstack([M, M[:1]])[:, [0, 1, 2, 0, 1]] + 3 * np.arange(4)[:, None], np.ones((5, 2))),
    ),
    "solve_sylvester": (lambda m, a, b, q: m.solve_sylvester(a, b, q), (M, M[:2, :2], M[:, :2])),
    "lyapunov": (lambda m, a, q: m.solve_continuous_lyapunov(a, q), (M, SPD)),
    "sqrtm": (lambda m, a: m.sqrtm(a), (M,)),
    "expm": (lambda m, a: m.expm(0.3 * a), (M,)),
    "inv": (lambda m, a: m.inv(a), (M,)),
    "det": (lambda m, a: m.det(a), (M,)),
    "norm": (lambda m, a: m.norm(a, 1, axis=0), (M,)),
    "solve": (lambda m, a, b: m.solve(a, b), (M, Z)),
    "solve, transposed": (lambda m, a, b: m.solve(a, b, transposed=True), (M, Z)),
    "cholesky": (lambda m, a: m.cholesky(a @ a.T), (M,)),
    "cholesky, lower": (lambda m, a: m.cholesky(a @ a.T, lower=True), (M,)),
    "cho_solve": (lambda m, a, b: m.cho_solve(m.cho_factor(a @ a.T), b), (M, Z)),
    "cho_solve, lower": (lambda m, a, b: m.cho_solve(m.cho_factor(a @ a.T, True), b), (M, M)),
    "block_diag": (lambda m, a, b, c: m.block_diag(a, b, c * 2), (M, Z, M[:2])),
    "toeplitz": (lambda m, c, r: m.toeplitz(c, r), (Z, P[:2])),
    "toeplitz, one": (lambda m, c: m.toeplitz(c), (Z,)),
}


@pytest.mark.parametrize(("f", "args"), MATRICES.values(), ids=MATRICES.keys())
def test_linear_algebra(f: Any, args: tuple) -> None:
    np.testing.assert_allclose(f(linalg, *args), f(scipy.linalg, *args), rtol=1e-12, atol=1e-13)
    check_grads(lambda *xs: f(linalg, *xs), rtol=1e-5, atol=1e-5)(*args)
    mapped = vmap(lambda *xs: f(linalg, *xs))(*(np.stack([x, 2 * x]) for x in args))
    doubled = [f(linalg, *args), f(linalg, *(2 * x for x in args))]
    np.testing.assert_allclose(mapped, doubled, rtol=1e-12, atol=1e-13)


STRUCTURES = {
    "gen": M,
    "sym": np.triu(M) + np.triu(M, 1).T,
    "pos": np.triu(M) + np.triu(M, 1).T,
    "upper triangular": np.triu(M),
    "lower triangular": np.tril(M),
    "tridiagonal": np.triu(np.tril(M, 1), -1),
    "diagonal": np.diag(np.diag(M)),
}


@pytest.mark.parametrize(("structure", "meant"), STRUCTURES.items(), ids=STRUCTURES.keys())
def test_only_the_part_that_is_assumed_is_read(structure: str, meant: np.ndarray) -> None:
    np.testing.assert_allclose(linalg.solve(M, Z, assume_a=structure), np.linalg.solve(meant, Z))
    np.testing.assert_allclose(linalg.inv(M, assume_a=structure), np.linalg.inv(meant))
    check_grads(lambda a, b: linalg.solve(a, b, assume_a=structure))(M, Z)
    read = grad(lambda a: np.sum(linalg.solve(a, Z, assume_a=structure)))(M) != 0
    read_once = np.triu(meant) if structure in ("sym", "pos") else meant
    assert not np.any(read & (read_once == 0))


def test_a_hermitian_matrix_is_read_in_one_triangle() -> None:
    C = M + 1j * np.triu(M, 1)
    meant = np.tril(C) + np.tril(C, -1).conj().T
    np.testing.assert_allclose(
        linalg.solve(C, Z, lower=True, assume_a="her"), np.linalg.solve(meant, Z)
    )
    check_grads(lambda a: linalg.solve(a, Z, lower=True, assume_a="her"))(C)


BATCH = np.stack([M, M + 0.5, 2 * M])
BATCHES: dict[str, tuple[Any, tuple, tuple]] = {  # the last: which operands have the batch
    "triangular": (lambda a, b: linalg.solve_triangular(a, b), (BATCH, BATCH[..., :2]), (0, 0)),
    "of one vector": (lambda a, b: linalg.solve_triangular(a, b), (BATCH, Z), (0, None)),
    "sylvester": (
        lambda a, q: linalg.solve_sylvester(a, np.eye(2), q),
        (BATCH, BATCH[..., :2]),
        (0, 0),
    ),
    "sqrtm": (linalg.sqrtm, (BATCH,), (0,)),
    "expm": (linalg.expm, (0.3 * BATCH,), (0,)),
    "toeplitz": (linalg.toeplitz, (BATCH[0], Z), (0, None)),
    "block_diag": (linalg.block_diag, (BATCH, M), (0, None)),
    "cho_solve": (
        lambda a, b: linalg.cho_solve(linalg.cho_factor(a @ np.swapaxes(a, -1, -2)), b),
        (BATCH, BATCH),
        (0, 0),
    ),
    "cho_solve of one vector": (
        lambda a, b: linalg.cho_solve(linalg.cho_factor(a @ np.swapaxes(a, -1, -2)), b),
        (BATCH, Z),
        (0, None),
    ),
}


@pytest.mark.parametrize(("f", "args", "axes"), BATCHES.values(), ids=BATCHES.keys())
def test_a_batch_of_matrices(f: Any, args: tuple, axes: tuple) -> None:
    np.testing.assert_allclose(f(*args), vmap(f, axes)(*args), rtol=1e-12)
    check_grads(f, order=1, rtol=1e-5, atol=1e-5)(*args)


def test_nans_pass_where_they_are_let() -> None:
    b = np.array([1.0, np.nan, 2.0])
    for f in (linalg.solve_triangular, linalg.solve):
        assert np.isnan(grad(lambda b, f=f: np.sum(f(M, b, check_finite=False) ** 2))(b)).any()


@pytest.mark.parametrize("trans", ["N", "T", "C"])
def test_complex_triangular_systems(trans: str) -> None:
    C, b = M + 1j * M.T, Z + 1j
    ours = linalg.solve_triangular(C, b, trans)
    np.testing.assert_allclose(ours, scipy.linalg.solve_triangular(C, b, trans))
    check_grads(lambda a, b: linalg.solve_triangular(a, b, trans))(C, b)


def test_matrix_functions_of_complex_matrices() -> None:
    C = M + 1j * M.T
    check_grads(linalg.sqrtm)(C)
    check_grads(lambda a: linalg.expm(0.2 * a))(C)
    check_grads(linalg.solve_sylvester)(C, M, C)


# --- signal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolve_is_scipys(mode: str) -> None:
    rng = np.random.default_rng(0)
    for a, b in [
        ((6,), (3,)),
        ((3,), (6,)),
        ((5, 6), (2, 3)),
        ((4, 3, 5), (2, 2, 4)),
        ((4,), (4,)),
    ]:
        x, y = rng.standard_normal(a), rng.standard_normal(b)
        expected = scipy.signal.convolve(x, y, mode, method="direct")
        np.testing.assert_allclose(signal.convolve(x, y, mode=mode), expected, atol=1e-13)
        np.testing.assert_allclose(signal.convolve(x, y, mode, method="fft"), expected, atol=1e-13)
        check_grads(lambda x, y: signal.convolve(x, y, mode))(x, y)


def test_convolve_along_some_axes() -> None:
    rng = np.random.default_rng(1)
    images, kernels = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2))
    options: dict[str, Any] = {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1]), "mode": "valid"}
    y = signal.convolve(images, kernels, **options)
    assert y.shape == (2, 4, 4, 4)
    one = sum(scipy.signal.convolve(images[1, d], kernels[2, d], "valid") for d in range(3))
    np.testing.assert_allclose(y[1, 2], one)
    check_grads(lambda a, b: signal.convolve(a, b, **options), order=1)(images, kernels)
    np.testing.assert_allclose(
        signal.convolve(images, kernels, ([], []), ([1], [1])),
        np.tensordot(images, kernels, axes=([1], [1])),
    )
    combo_check(signal.convolve, order=1)(
        [images[0, 0]], [kernels[0]], axes=[([0], [1]), ([1], [2])], mode=["full", "same", "valid"]
    )


# --- integrate ------------------------------------------------------------------------------------

EXACT = {"rtol": 1e-11, "atol": 1e-11}


def field(y: Any, t: Any, k: Any, p: Any) -> Any:
    return np.array([-1.0, 0.5]) * k * y + np.sin(t) * p["drive"] - 0.1 * y[0] * y[1]


def test_odeint() -> None:
    def solve(y0: Any, t: Any, k: Any, drive: Any) -> Any:
        return integrate.odeint(field, y0, t, (k, {"drive": drive}), **EXACT)

    y0, t, drive = np.array([1.0, 0.3]), np.array([0.1, 0.4, 0.9]), np.array([0.2, -0.5])
    expected = scipy.integrate.odeint(field, y0, t, (0.7, {"drive": drive}), **EXACT)
    np.testing.assert_allclose(solve(y0, t, 0.7, drive), expected)
    check_grads(solve, order=1, rtol=1e-5)(y0, t, np.float64(0.7), drive)
    check_grads(lambda y0, k: solve(y0, t, k, drive)[-1], rtol=1e-4)(y0, np.float64(0.7))
    back = jacobian(lambda y0: solve(y0, t[::-1], 0.7, drive)[-1])(y0)
    ahead = jacobian(lambda y0: solve(y0, t, 0.7, drive)[-1])(solve(y0, t[::-1], 0.7, drive)[-1])
    np.testing.assert_allclose(back @ ahead, np.eye(2), atol=1e-8)


def test_odeint_against_the_closed_form() -> None:
    def y(rate: Any, y0: Any) -> Any:
        field = lambda t, y, k: -k * y
        return integrate.odeint(field, y0, [0.0, 1.5], (rate,), tfirst=True, **EXACT)[-1, 0]

    np.testing.assert_allclose(grad(y)(0.4, 2.0), -1.5 * 2 * np.exp(-0.6), rtol=1e-8)
    np.testing.assert_allclose(grad(y, 1)(0.4, 2.0), np.exp(-0.6), rtol=1e-8)
    np.testing.assert_allclose(grad(grad(y))(0.4, 2.0), 1.5**2 * 2 * np.exp(-0.6), rtol=1e-7)
    np.testing.assert_allclose(jvp(lambda k: y(k, 2.0), (0.4,), (1.0,))[1], -3 * np.exp(-0.6))
    np.testing.assert_allclose(
        vmap(lambda k: y(k, 2.0))(np.array([0.4, 0.8])), 2 * np.exp([-0.6, -1.2]), rtol=1e-8
    )


def test_odeint_stops_at_critical_times() -> None:
    def jump(y: Any, t: Any, k: Any) -> Any:
        return -k * y * (1.0 if t < 0.5 else 3.0)

    def y(k: Any) -> Any:
        options = {"tcrit": np.array([0.5]), **EXACT}
        return integrate.odeint(jump, [1.0], [0.0, 1.0], (k,), **options)[-1, 0]

    np.testing.assert_allclose(grad(y)(0.7), -2 * np.exp(-1.4), rtol=1e-7)
    np.testing.assert_allclose(jvp(y, (0.7,), (1.0,))[1], -2 * np.exp(-1.4), rtol=1e-7)


def test_what_the_field_closes_over_is_no_argument() -> None:
    k = tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match="drop its gradient"):
        integrate.odeint(lambda y, t: -k * y, [1.0], [0.0, 1.0])
