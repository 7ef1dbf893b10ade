"""Complex numbers: what a gradient means at each door, and functions that are not holomorphic."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    DtypeError,
    GradientCheckError,
    GraphError,
    custom_op,
    grad,
    hessian,
    jacobian,
    jvp,
    tensor,
    vjp,
)
from autograd_core.rules.decompositions import thin_svd
from autograd_core.test_util import check_grads
from tests.ops import SAMPLES, Maker, Sample
from tests.ops_linalg import ComplexMaker, complex_of

Z = np.array([0.5 + 1.0j, -2.0 + 0.3j])


def loss(y: Any) -> Any:
    """Weigh each element differently, the imaginary parts twice."""
    weights = np.arange(1, y.size + 1).reshape(y.shape) / y.size
    return np.sum(weights * (np.real(y) + 2 * np.imag(y)))


# --- what a gradient means ------------------------------------------------------------------------


def test_the_functional_gradient_is_du_dx_minus_i_du_dy() -> None:
    def u(z: Any) -> Any:
        return np.real(z) ** 3 + 5 * np.real(z) * np.imag(z)

    x, y = 2.0, 3.0
    assert grad(u)(x + 1j * y) == (3 * x**2 + 5 * y) - 1j * (5 * x)
    assert grad(lambda z: np.abs(z) ** 2)(1 + 2j) == pytest.approx(2 * (1 - 2j))


def test_the_tapes_gradient_is_its_conjugate() -> None:
    """So that z - rate * z.grad goes downhill, as in PyTorch."""
    z = tensor(Z, requires_grad=True)
    np.sum(np.abs(z) ** 2).backward()
    np.testing.assert_allclose(z.grad.numpy(), 2 * Z)
    z.grad = None
    (z * z).backward(gradient=np.array([1.0, 1j]))
    np.testing.assert_allclose(z.grad.numpy(), np.conj(2 * Z * np.array([1, -1j])))


def test_a_derivative_is_a_real_matrix_of_two_rows_and_columns() -> None:
    """dy = a dz + b conj(dz): forward mode gives it, reverse mode its transpose."""
    a, b, z = 2 - 1j, 0.5 + 3j, 0.7 + 0.2j
    f = lambda z: a * z + b * np.conj(z)
    J = [[(a + b).real, (b - a).imag], [(a + b).imag, (a - b).real]]
    columns = [jvp(f, (z,), (t,))[1] for t in (1, 1j)]
    np.testing.assert_allclose(np.array([[c.real, c.imag] for c in columns]).T, J)
    pull = vjp(f, z)[1]
    rows = [pull(g)[0] for g in (1, -1j)]  # Re(g dy) is the real part of dy, and the imaginary
    np.testing.assert_allclose([[r.real, -r.imag] for r in rows], J)


def test_holomorphic_functions_multiply_by_their_derivative() -> None:
    g = np.array([1 - 1j, 2j])
    (pulled,) = vjp(np.exp, Z)[1](g)
    np.testing.assert_allclose(pulled, g * np.exp(Z))
    np.testing.assert_allclose(jvp(np.exp, (Z,), (g,))[1], np.exp(Z) * g)
    np.testing.assert_allclose(jacobian(np.exp)(Z), np.diag(np.exp(Z)))


def test_a_real_operand_among_complex_ones_has_a_real_gradient() -> None:
    x, A = np.array([1.0, -2.0]), np.array([[1j, 2.0], [0.5, 1 - 1j]])
    gx, gz = grad(lambda x, z: np.sum(np.abs(A @ (x * z)) ** 2), (0, 1))(x, Z)
    assert gx.dtype == float and gz.dtype == complex
    residual = np.conj(A @ (x * Z)) @ A
    np.testing.assert_allclose(gx, 2 * np.real(residual * Z))
    np.testing.assert_allclose(gz, 2 * residual * x)
    leaf = tensor(x, requires_grad=True)
    np.sum(np.exp(1j * leaf).imag).backward()
    assert leaf.grad.dtype == float
    np.testing.assert_allclose(leaf.grad.numpy(), np.cos(x))


def test_single_precision_stays_single() -> None:
    z = tensor(Z.astype(np.complex64), requires_grad=True)
    y = np.abs(np.fft.fft(z * 2.0) @ np.ones((2, 2), np.complex64)) + np.angle(z) + z.imag
    assert y.dtype == np.float32
    y.sum().backward()
    assert z.grad.dtype == np.complex64


def test_a_complex_value_has_no_gradient_of_its_own() -> None:
    z = tensor(Z, requires_grad=True)
    with pytest.raises(DtypeError, match="real part"):
        (z[0] * 2.0).backward()
    with pytest.raises(DtypeError, match="real"):
        grad(lambda z: z * z)(1j)


# --- functions ------------------------------------------------------------------------------------

# Gradients of PyTorch 2.13.0, conjugated.
STORED: list[tuple[Any, Any]] = [
    (np.abs, [0.223606798 - 0.447213595j, -0.988936353 - 0.148340453j]),
    (np.angle, [-0.4 - 0.2j, -0.0733496333 + 0.488997555j]),
    (np.sign, [0, 0.155956955 - 1.03971304j]),
    (np.conj, [0.5 + 1j, 1 + 2j]),
    (np.real, [0.5, 1]),
    (np.imag, [-0.5j, -1j]),
    (np.exp, [1.83275506 - 0.197132349j, 0.209279356 - 0.218587158j]),
    (np.sqrt, [-0.0474789279 - 0.526549379j, -0.67508657 - 0.402918532j]),
    (np.arccosh, [-0.590379856 - 0.521176839j, -0.771948657 + 0.996267985j]),
    (np.tan, [0.493559356 - 0.162793399j, 8.40612778 + 0.223201958j]),
    (np.log1p, [-0.0769230769 - 0.615384615j, -1.46788991 + 1.55963303j]),
]


@pytest.mark.parametrize(("f", "expected"), STORED, ids=lambda v: getattr(v, "__name__", ""))
def test_stored_gradients(f: Any, expected: Any) -> None:
    np.testing.assert_allclose(grad(lambda z: loss(f(z)))(Z), expected, rtol=1e-8, atol=1e-12)


X = np.array([0.5, 1.0, -2.0, 0.3, 0.7])
W = np.array([0.5 + 1.0j, -2.0 + 0.3j, 0.7 - 0.1j])
TRANSFORMS: list[tuple[Any, Any, Any]] = [
    (
        lambda x: np.fft.fft(x, 7),
        X,
        [4, 1.5765214, 0.297473389, -0.271756526, -0.728243474],
    ),
    (
        lambda x: np.fft.rfft(x, norm="ortho"),
        X,
        [0.894427191, -1.21343278, 0.546228934, -0.454097867, 0.972230518],
    ),
    (lambda z: np.fft.irfft(z, 5), W, [0.6, -0.2 - 0.275276384j, -0.2 - 0.0649839392j]),
    (np.fft.hfft, W, [2.5, -1 + 1j, -0.5]),
    (lambda x: np.fft.ihfft(x, 4), X, [0.5, 0.166666667, 0.166666667, -0.5, 0]),
]


@pytest.mark.parametrize(("f", "point", "expected"), TRANSFORMS)
def test_stored_gradients_of_transforms(f: Any, point: Any, expected: Any) -> None:
    found = grad(lambda x: loss(f(x)))(point)
    assert found.dtype == point.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 5, 8, 9])
def test_parsevals_theorem(n: int) -> None:
    """The energy of the spectrum is n times that of the signal, so its Hessian is 2 n."""
    x = np.random.default_rng(n).standard_normal(n)
    energy = lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2)
    np.testing.assert_allclose(grad(energy)(x), 2 * n * x, atol=1e-12)
    np.testing.assert_allclose(hessian(energy)(x), 2 * n * np.eye(n), atol=1e-12)


def test_kinks_have_safe_subgradients() -> None:
    zero = np.zeros(1, complex)
    for f in (np.abs, np.angle, np.real, np.linalg.norm, np.std):
        found = grad(lambda z, f=f: np.sum(f(z)))(zero)
        assert found.dtype == complex and np.isfinite(found).all()
    np.testing.assert_array_equal(vjp(np.sign, zero)[1](1j * zero)[0], zero)
    np.testing.assert_array_equal(grad(lambda z: np.sum(np.abs(z)))(zero), zero)


def test_the_order_of_complex_numbers_is_numpys() -> None:
    a, b = np.array([1 + 2j, 1 + 2j, 1 - 1j, 2.0]), np.array([1 + 3j, 1 + 2j, -5 + 9j, 3.0])
    np.testing.assert_array_equal(np.maximum(a, b), [1 + 3j, 1 + 2j, 1 - 1j, 3])
    ga, gb = grad(lambda a, b: np.sum(np.maximum(a, b).real), (0, 1))(a, b)
    np.testing.assert_array_equal(ga, [0, 0.5, 1, 0])
    np.testing.assert_array_equal(gb, [1, 0.5, 0, 1])
    g = grad(lambda a: np.sum(np.clip(a, 1 + 2.5j, 1.5).imag))(a)
    np.testing.assert_array_equal(g, [0, 0, 0, 0])


def test_nan_to_num_replaces_each_part_on_its_own() -> None:
    z = np.array([complex(np.nan, 2.0), complex(1.0, np.inf), 3 + 4j])
    (g,) = vjp(np.nan_to_num, z)[1](np.array([1 + 2j, 1 + 2j, 1 + 2j]))
    np.testing.assert_array_equal(g, [2j, 1, 1 + 2j])


def test_methods_of_a_tensor() -> None:
    z, x = tensor(Z, requires_grad=True), tensor([1.0, 2.0], requires_grad=True)
    np.testing.assert_array_equal(z.real.detach().numpy(), Z.real)
    np.testing.assert_array_equal(z.imag.detach().numpy(), Z.imag)
    np.testing.assert_array_equal(z.conj().detach().numpy(), Z.conj())
    assert x.real is x and x.conj() is x
    np.testing.assert_array_equal(x.imag.detach().numpy(), 0.0)
    with pytest.raises(GraphError, match="np.real"):
        (z * 1.0).real[0] = 5.0  # would not reach z


# --- the check itself -----------------------------------------------------------------------------


def test_check_grads_takes_complex_functions() -> None:
    check_grads(lambda z, x: np.conj(z) * x * np.abs(z) + np.imag(z) * 1j)(Z, np.array([0.5, 2.0]))


@pytest.mark.parametrize(
    ("f", "wrong"),
    [
        (lambda z: z * z, lambda g, _y, z: g * np.conj(2 * z)),  # the other convention
        (lambda z: np.conj(z), lambda g, _y, _z: g),
        (lambda z: np.abs(z) ** 2, lambda g, _y, z: 2 * g * z),
        (lambda z: np.real(z) + 0j, lambda g, _y, _z: g),  # right along the real axis only
    ],
)
def test_check_grads_sees_the_imaginary_part(f: Any, wrong: Any) -> None:
    with pytest.raises(GradientCheckError):
        check_grads(custom_op(f, vjp=(wrong,)), modes=["rev"], order=1)(Z)


# --- every row ------------------------------------------------------------------------------------

PHASES_ARE_FREE = {np.linalg.eigh, np.linalg.svd, thin_svd}  # sampled with their phases taken out
ORDER_IS_FREE = {np.unique_values, np.roots}  # another one for a value a little further


def with_complex_operands(op: Sample) -> Sample | None:
    """Return the same call of complex operands, where NumPy takes them and no sample does yet."""
    free = op.f in PHASES_ARE_FREE | ORDER_IS_FREE
    if free or any(isinstance(m, ComplexMaker) for m in op.makers()):
        return None
    twin = op.with_plain(lambda v: complex_of(v) if isinstance(v, Maker) else v)
    try:
        with warnings.catch_warnings(action="ignore"):
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            twin(*twin.draw())
    except (TypeError, ValueError, np.exceptions.ComplexWarning):
        return None
    return twin


TWINS = [twin for op in SAMPLES if type(op) is Sample and (twin := with_complex_operands(op))]


@pytest.mark.parametrize("op", TWINS, ids=lambda op: op.id)
def test_each_row_is_right_for_complex_operands(op: Sample) -> None:
    check_grads(op, rtol=1e-5, atol=1e-5)(*op.draw())
