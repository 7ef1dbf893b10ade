"""Linear algebra where the sample table does not look: stored values, singular and degenerate
matrices, norms at kinks, results with names, refusals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd_core import (
    NotDifferentiableError,
    Tensor,
    grad,
    hessian,
    jacobian,
    jvp,
    tensor,
    vjp,
)

rng = np.random.default_rng(7)

# --- stored values --------------------------------------------------------------------------------

A = [[2.0, -1.0, 0.5], [0.3, 1.5, -0.7], [-0.2, 0.4, 3.0]]
B = [[1.0, 2.0], [-0.5, 0.3], [0.7, -1.1]]
C = [[1.0 + 0.5j, -0.3j], [0.2 - 1.0j, 2.0 + 0.4j]]
S = [[4.0, 1.0, -0.5], [1.0, 3.0, 0.2], [-0.5, 0.2, 2.0]]
R = [[1.0, 2.0], [-3.0, 0.5]]  # with complex eigenvalues
b = np.array([1.0, -2.0, 0.5])


def loss(*ys: Any) -> Any:
    """Weigh each element differently, the imaginary parts twice."""
    total = 0.0
    for y in ys:
        weights = np.arange(1, y.size + 1).reshape(y.shape) / y.size
        total = total + np.sum(weights * (np.real(y) + 2 * np.imag(y)))
    return total


def absolute(*ys: Any) -> Any:
    return loss(*map(np.abs, ys))


def svd_parts(X: Any) -> Any:
    U, s, Vh = np.linalg.svd(X, full_matrices=False)
    return loss(np.abs(U), s, np.abs(Vh))


def polar_and_values(X: Any) -> Any:
    U, s, Vh = np.linalg.svd(X)
    return loss(U @ Vh, s)


def eigh_parts(X: Any) -> Any:
    w, V = np.linalg.eigh((X + X.T) / 2)
    return loss(w, np.abs(V))


def eigenvalues(X: Any) -> Any:
    w = np.linalg.eigvals(X)
    return 0.5 * np.sum(w.real**2) + 1.5 * np.sum(np.abs(w.imag))


# Gradients of PyTorch 2.13.0, conjugated; the triangle of eigvalsh is folded up.
STORED: list[tuple[Any, Any, Any]] = [
    (
        lambda X: loss(np.linalg.inv(X)),
        A,
        [
            [-0.0509820297, -0.0732449562, -0.0413272259],
            [-0.212973259, -0.241766917, -0.125467957],
            [-0.247344974, -0.246202607, -0.120309269],
        ],
    ),
    (
        lambda X: loss(np.linalg.inv(X)),
        C,
        [
            [-0.519546372 + 0.485366201j, -0.612623176 + 0.235518486j],
            [-0.112155087 + 0.631028351j, -0.434604071 + 0.441095578j],
        ],
    ),
    (
        lambda X: loss(np.linalg.solve(X, b)),
        A,
        [
            [0.0223525122, 0.165571648, -0.0444332613],
            [0.0672553464, 0.49818018, -0.133692999],
            [0.0640409364, 0.474370097, -0.12730326],
        ],
    ),
    (
        lambda X: loss(np.linalg.pinv(X)),
        B,
        [[-0.240428493, 0.059151931], [0.181171219, 0.154317471], [0.121568883, 0.128757921]],
    ),
    (
        lambda X: loss(np.linalg.lstsq(X, b[:, None])[0]),
        B,
        [[-0.738795494, 0.039575335], [-0.166983751, -0.192318653], [-0.0868315504, -0.1000057]],
    ),
    (lambda X: loss(np.linalg.det(X)), C, [[2.8 - 3.6j, 1.8 + 1.4j], [0.6 + 0.3j, 2 - 1.5j]]),
    (
        lambda X: loss(*np.linalg.slogdet(X)),
        C,
        [
            [0.390685613 - 1.10142309j, 0.550711545 + 0.195342806j],
            [0.170128877 + 0.0245770665j, 0.365471683 - 0.526134479j],
        ],
    ),
    (
        lambda X: loss(np.linalg.matrix_power(X, -2)),
        A,
        [
            [-0.062842442, -0.070453772, -0.0253146922],
            [-0.29432719, -0.291437259, -0.112426304],
            [-0.295150971, -0.254879218, -0.0895169488],
        ],
    ),
    (
        lambda X: loss(np.linalg.cholesky(X)),
        S,
        [
            [0.024710268, 0.104027473, 0.183514868],
            [0.104027473, 0.140899938, 0.225130773],
            [0.183514868, 0.225130773, 0.362824936],
        ],
    ),
    (
        lambda X: absolute(*np.linalg.qr(X)),
        B,
        [[0.257169666, 1.02950837], [-0.129537343, 0.163369692], [0.0111918739, -0.411826039]],
    ),
    (
        lambda X: absolute(*np.linalg.qr(X)),
        C,
        [
            [0.274359419 - 0.114278499j, 0.0763373687 + 0.30264869j],
            [0.0310242373 + 0.0406151334j, 1.05487734 - 0.199524863j],
        ],
    ),
    (
        lambda X: loss(np.linalg.eigvalsh(X)),
        S,
        [
            [0.868570805, 0, 0],
            [2 * 0.191025762, 0.696633515, 0],
            [2 * -0.135537096, 2 * 0.0923917823, 0.43479568],
        ],
    ),
    (
        eigh_parts,
        S,
        [
            [0.749062368, 0.292244398, -0.265829182],
            [0.292244398, 0.590989727, 0.122220039],
            [-0.265829182, 0.122220039, 0.659947905],
        ],
    ),
    (eigenvalues, R, [[0.596103247, 1.84676103], [-1.23117402, 0.903896753]]),
    (
        svd_parts,
        B,
        [[0.689523664, 0.228489302], [-0.458527273, 0.27779322], [0.564491201, -0.480309283]],
    ),
    (
        polar_and_values,
        C,
        [
            [0.86430019 - 0.966838408j, 0.298516486 - 0.407255078j],
            [0.0956488423 - 0.654033879j, 0.62414052 - 1.0579247j],
        ],
    ),
    (
        lambda X: np.linalg.norm(X, "nuc"),
        B,
        [[0.590664542, 0.797975647], [-0.434050885, 0.189055654], [0.680231746, -0.572269889]],
    ),
    (
        lambda X: np.linalg.norm(X, 2),
        C,
        [
            [0.0557608088 - 0.0611148627j, -0.110781528 - 0.0851907627j],
            [0.0664151007 + 0.498247795j, 0.829258091 - 0.182468847j],
        ],
    ),
    (
        lambda X: np.linalg.vector_norm(X, ord=3),
        B,
        [[0.204340594, 0.817362376], [-0.0510851485, 0.0183906535], [0.100126891, -0.247252119]],
    ),
    (
        np.linalg.cond,
        A,
        [
            [-0.299203608, -0.394282929, 0.138150514],
            [-0.873083008, -1.06852614, -0.200501923],
            [-0.124737069, -0.244039842, 0.644026775],
        ],
    ),
]


@pytest.mark.parametrize(("f", "point", "expected"), STORED)
def test_stored_gradients(f: Any, point: Any, expected: Any) -> None:
    np.testing.assert_allclose(grad(f)(np.array(point)), expected, rtol=1e-8, atol=1e-9)


# --- singular and degenerate matrices -------------------------------------------------------------


def det_by_hand(a: Any) -> Any:
    minors = [(1, 2, 0), (2, 0, 1), (0, 1, 2)]
    return sum(a[0, k] * (a[1, i] * a[2, j] - a[1, j] * a[2, i]) for i, j, k in minors)


RANK_ONE = np.outer([1.0, 2, 3], [1.0, -1, 2])
MATRICES = {
    "rank 0": np.zeros((3, 3)),
    "rank 1": RANK_ONE,
    "rank 2": RANK_ONE + np.outer([0, 1.0, 1], [1.0, 1, 0]),
    "rank 2 but for rounding": np.arange(9.0).reshape(3, 3),
    "rank 3": rng.standard_normal((3, 3)),
}


@pytest.mark.parametrize("rank", MATRICES)
def test_det_has_all_its_derivatives_at_any_rank(rank: str) -> None:
    X = MATRICES[rank]
    for derivative in (grad, hessian, lambda f: jacobian(hessian(f))):
        expected = derivative(det_by_hand)(X)
        np.testing.assert_allclose(derivative(np.linalg.det)(X), expected, rtol=1e-11, atol=1e-12)


def test_det_of_a_batch_with_singular_matrices() -> None:
    X = np.stack(list(MATRICES.values()))
    found = grad(lambda X: np.sum(np.linalg.det(X) ** 2 + np.linalg.det(X)))(X)
    expected = [grad(lambda X: det_by_hand(X) ** 2 + det_by_hand(X))(x) for x in X]
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def test_det_of_a_singular_complex_matrix() -> None:
    X = np.array([[1, 2j, 3 + 1j], [0, 0, 0], [1j, 1 - 1j, 2]])
    for derivative in (grad, lambda f: grad(lambda X: loss(grad(f)(X)))):
        found, expected = (
            derivative(lambda X, det=det: loss(det(X)))(X) for det in (np.linalg.det, det_by_hand)
        )
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


def central_difference(f: Any, X: np.ndarray, t: np.ndarray, h: float = 1e-5) -> Any:
    return (f(X + h * t) - f(X - h * t)) / (2 * h)


Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
DEGENERATE = Q @ np.diag([1.0, 1.0, 1.0, 4.0]) @ Q.T


@pytest.mark.parametrize("X", [np.eye(4), DEGENERATE], ids=["identity", "but for rounding"])
def test_functions_of_equal_eigenvalues_are_right(X: np.ndarray) -> None:
    found = grad(lambda X: np.sum(np.linalg.eigvalsh((X + X.T) / 2) ** 3))(X)
    np.testing.assert_allclose(found, 3 * X @ X, atol=1e-12)
    np.testing.assert_allclose(grad(lambda X: np.linalg.norm(X, "nuc"))(X), np.eye(4), atol=1e-12)
    t = rng.standard_normal(X.shape)
    _, found = jvp(lambda X: np.sum(np.linalg.eigvals(X) ** 2).real, (X,), (t,))
    np.testing.assert_allclose(found, 2 * np.sum(X * t), atol=1e-11)


def projector(X: Any) -> Any:
    """Project on the space of the three smallest eigenvalues."""
    V = np.linalg.eigh((X + X.T) / 2)[1][:, :3]
    return V @ V.T


def polar(X: Any) -> Any:
    """Return the orthogonal factor of X, which has derivatives wherever X is regular."""
    U, _, Vh = np.linalg.svd(X)
    return U @ Vh


@pytest.mark.parametrize("f", [projector, polar])
def test_functions_of_whole_eigenspaces_are_right(f: Any) -> None:
    t, g = rng.standard_normal((2, 4, 4))
    expected = central_difference(f, DEGENERATE, t)
    np.testing.assert_allclose(jvp(f, (DEGENERATE,), (t,))[1], expected, atol=1e-8)
    (pulled,) = vjp(f, DEGENERATE)[1](g)
    np.testing.assert_allclose(np.sum(pulled * t), np.sum(g * expected), atol=1e-7)


def test_second_derivatives_at_equal_singular_values() -> None:
    """The Hessian of the nuclear norm at the identity takes the antisymmetric part."""
    t = rng.standard_normal((3, 3))
    H = hessian(lambda X: np.sum(np.linalg.svdvals(X)))(np.eye(3))
    np.testing.assert_allclose(np.einsum("ijkl,kl", H, t), (t - t.T) / 2, atol=1e-12)


def test_zero_matrix_gives_finite_gradients() -> None:
    Z = np.zeros((3, 2))
    for f in (
        lambda X: np.sum(np.linalg.svdvals(X)),
        lambda X: np.sum(np.linalg.eigvalsh(X[:2])),
        lambda X: np.sum(np.linalg.pinv(X)),
    ):
        assert np.isfinite(grad(f)(Z)).all()


# --- norms ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, 1, 2, 3, 1.5, 0.5, -0.5, -1, np.inf, -np.inf])
def test_the_norm_of_zero_has_gradient_zero(order: Any) -> None:
    for zero in (np.zeros(3), np.zeros(3, complex)):
        gradient = grad(lambda x: np.linalg.norm(x, order))(zero)
        np.testing.assert_array_equal(gradient, zero)
        assert gradient.dtype == zero.dtype
    H = hessian(lambda x: np.linalg.norm(x, order))(np.zeros(3)) if order in (None, 2) else 0.0
    assert np.isfinite(H).all()


@pytest.mark.parametrize(
    ("order", "expected"),  # PyTorch's
    [(0.5, [0, 2.414213562373095, -1.7071067811865472]), (-0.5, [0, 0, 0]), (-1, [0, 0, 0])],
)
def test_a_zero_among_others_has_gradient_zero(order: float, expected: list) -> None:
    gradient = grad(lambda x: np.linalg.norm(x, order))(np.array([0.0, 1.0, -2.0]))
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)


@pytest.mark.parametrize("order", ["fro", "nuc", 1, 2, -1, np.inf])
def test_a_matrix_norm_of_zero_has_a_finite_gradient(order: Any) -> None:
    found = grad(lambda X: np.linalg.norm(X, order))(np.zeros((2, 3)))
    assert np.isfinite(found).all()


def test_ties_of_a_norm_share_the_gradient() -> None:
    np.testing.assert_array_equal(
        grad(lambda x: np.linalg.norm(x, np.inf))(np.array([2.0, -2.0, 1.0])), [0.5, -0.5, 0.0]
    )
    np.testing.assert_allclose(grad(lambda X: np.linalg.norm(X, 2))(np.eye(2)), np.eye(2) / 2)


def test_counts_and_powers_zero_are_constants() -> None:
    x = tensor([[3.0, 0.0], [1.0, 2.0]], requires_grad=True)
    assert np.linalg.matrix_rank(x) == 2
    np.testing.assert_array_equal(np.linalg.norm(x, 0, axis=0), [2.0, 1.0])
    np.testing.assert_array_equal(np.linalg.matrix_power(x, 0), np.eye(2))


# --- conventions ----------------------------------------------------------------------------------


def test_eigh_has_its_gradient_in_the_triangle_that_is_read() -> None:
    X = np.array(S)
    X[0, 1:] = 99.0  # not read
    f = lambda X: loss(np.linalg.eigvalsh(X))
    lower = grad(f)(X)
    np.testing.assert_array_equal(np.triu(lower, 1), 0)
    np.testing.assert_allclose(
        np.sum(lower * np.array(A)), central_difference(f, X, np.array(A)), rtol=1e-8
    )
    upper = grad(lambda X: loss(np.linalg.eigvalsh(X, "U")))(np.array(S))
    np.testing.assert_allclose(upper, lower.T, rtol=1e-12)


def test_the_gradient_through_cholesky_is_hermitian() -> None:
    X = np.array(C) @ np.array(C).conj().T
    g = grad(lambda X: loss(np.linalg.cholesky(X)))(X)
    np.testing.assert_allclose(g, g.conj().T, rtol=1e-12)


@pytest.mark.parametrize(
    ("f", "fields"),
    [
        (np.linalg.slogdet, ("sign", "logabsdet")),
        (np.linalg.eig, ("eigenvalues", "eigenvectors")),
        (np.linalg.eigh, ("eigenvalues", "eigenvectors")),
        (np.linalg.svd, ("U", "S", "Vh")),
        (lambda X: np.linalg.svd(X, hermitian=True), ("U", "S", "Vh")),
        (np.linalg.qr, ("Q", "R")),
        (lambda X: np.linalg.qr(X[:2]), ("Q", "R")),
    ],
)
def test_results_have_numpys_names(f: Any, fields: tuple[str, ...]) -> None:
    for recorded in (True, False):
        result = f(tensor(S, requires_grad=recorded))
        assert type(result) is type(f(np.array(S)))
        assert result._fields == fields
        assert all(isinstance(p, Tensor) and p.requires_grad is recorded for p in result)


@pytest.mark.parametrize("f", [np.linalg.eigh, np.linalg.svd, np.linalg.qr, np.linalg.eig])
def test_the_backward_pass_of_several_outputs_differentiates(f: Any) -> None:
    def penalty(gradient: Any) -> Any:
        return np.sum(gradient**2)

    X = tensor(A, requires_grad=True)
    absolute(*f(X)).backward(create_graph=True)
    first, X.grad = X.grad, None
    penalty(first).backward()
    expected = grad(lambda X: penalty(grad(lambda X: absolute(*f(X)))(X)))(np.array(A))
    np.testing.assert_allclose(X.grad.numpy(), expected, rtol=1e-10)


def test_lstsq_reports_all_that_numpy_does() -> None:
    X, y = np.array(B), np.array([[1.0, 0.5], [2.0, 1.0], [0.0, 3.0]])
    for a, right in ((X, y), (X, y[:, 0]), (X[:2], y[:2]), (np.ones((3, 2)), y)):
        ours = np.linalg.lstsq(tensor(a, requires_grad=True), right)
        for found, expected in zip(ours, np.linalg.lstsq(a, right), strict=True):
            found = found.detach() if isinstance(found, Tensor) else found
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    residual = grad(lambda X: np.linalg.lstsq(X, b)[1][0])(X)
    f = lambda X: np.linalg.lstsq(X, b)[1][0]
    np.testing.assert_allclose(np.sum(residual * X[::-1]), central_difference(f, X, X[::-1]))


def test_batches_may_be_empty() -> None:
    X = np.zeros((0, 3, 3))
    for f in (
        np.linalg.inv,
        np.linalg.det,
        np.linalg.cholesky,
        lambda X: np.linalg.eigh(X)[1],
        lambda X: np.linalg.svd(X)[0],
        lambda X: np.linalg.qr(X)[0],
    ):
        assert grad(lambda X, f=f: np.sum(f(X)))(X).shape == X.shape


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (2, 0), (0, 2)])
def test_matrices_may_be_empty(shape: tuple[int, ...]) -> None:
    X = np.zeros(shape)
    square = [
        np.linalg.eigvals,
        np.linalg.eigvalsh,
        lambda X: np.linalg.eigh(X)[1],
        lambda X: np.linalg.eig(X)[1],
    ]
    rectangular = [np.linalg.svdvals, lambda X: np.linalg.svd(X, full_matrices=False)[0]]
    for f in rectangular + square * (shape[-1] == shape[-2]):
        total = lambda X, f=f: np.sum(np.real(f(X)))
        assert grad(total)(X).shape == shape
        assert jvp(total, (X,), (X,))[1] == 0
        assert grad(lambda X, total=total: np.sum(grad(total)(X)))(X).shape == shape
        assert grad(total)(X * 1j).shape == shape


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda X: np.linalg.svd(X), NotDifferentiableError, ["3 x 2", "full_matrices=False"]),
        (lambda X: np.linalg.qr(X, "complete"), NotDifferentiableError, ["'complete'", "'r'"]),
        (lambda X: np.linalg.qr(X, "raw"), NotDifferentiableError, ["'raw'", "'reduced'"]),
        (lambda X: np.linalg.norm(X, "nuc", axis=0), ValueError, ["'nuc'", "matrices"]),
        (lambda X: np.linalg.norm(X, 3), ValueError, ["'fro'", "got 3"]),
        (lambda X: np.linalg.lstsq(X[None], X[None]), ValueError, ["(1, 3, 2)", "pinv"]),
        (lambda X: np.linalg.norm(X[None], 2), ValueError, ["vector_norm", "(0, 1, 2)"]),
        (lambda X: np.linalg.outer(X, X), ValueError, ["(3, 2)", "np.outer"]),
        (lambda X: np.linalg.inv(X[:2] * 0.0), np.linalg.LinAlgError, ["Singular"]),
        (lambda X: np.fft.fftn(X, s=(2, 2), axes=(0,)), ValueError, ["(2, 2)", "(0,)"]),
    ],
)
def test_what_has_no_derivative_says_so(call: Any, error: type, words: list[str]) -> None:
    with pytest.raises(error) as caught:
        call(tensor(B, requires_grad=True))
    for word in words:
        assert word in str(caught.value)
