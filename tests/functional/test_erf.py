"""The error function against that of the C library."""

import math

import numpy as np
import pytest

from nnkit.functional import blocks, erf
from nnkit.functional.erf import normal

POINTS = np.concatenate(
    [np.linspace(-7, 7, 20_001), np.logspace(-300, 1, 500), -np.logspace(-30, 1, 200)]
)


@pytest.mark.parametrize(
    ("dtype", "absolute", "relative"), [(np.float64, 1e-15, 1e-15), (np.float32, 1e-7, 2e-7)]
)
def test_accuracy(dtype, absolute, relative):
    x = POINTS[np.abs(POINTS) > np.finfo(dtype).tiny].astype(dtype)
    y, exact = erf(x), np.array([math.erf(v) for v in x.tolist()])
    assert y.dtype == dtype
    error = np.abs(y - exact)
    assert error.max() < absolute
    assert (error / np.abs(exact)).max() < relative


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_ends_and_signs(dtype):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype)
    np.testing.assert_array_equal(erf(x), [np.nan, 1, -1, 0, 0])
    assert np.signbit(erf(x)).tolist()[2:] == [True, False, True]


@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (2, 3), (9000,)])
def test_shapes(shape):
    assert np.shape(erf(np.ones(shape))) == shape


def test_integers_and_strided_arrays():
    assert erf([0, 1])[1] == pytest.approx(math.erf(1))
    x = np.linspace(-2, 2, 12).reshape(3, 4)[::-1, ::2]
    np.testing.assert_array_equal(erf(x), erf(x.copy()))


def phi_of(x):
    phi = np.empty_like(x)
    normal(phi, x)
    return phi


@pytest.mark.parametrize(
    ("dtype", "absolute"), [(np.float64, 1e-15), (np.float32, 2e-7), (np.float16, 5e-4)]
)
def test_normal_distribution_function(dtype, absolute):
    x = POINTS.astype(dtype)
    exact = np.array([0.5 * math.erfc(-v * math.sqrt(0.5)) for v in x.tolist()])
    phi = phi_of(x)
    assert phi.dtype == dtype
    assert np.abs(phi - exact).max() < absolute
    # What counts for gelu: x Phi(x), relative to numbers of its size.
    error = np.abs(x.astype(float) * phi - x * exact) / np.maximum(1, np.abs(x))
    assert error.max() < absolute


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_normal_far_out(dtype):
    large = np.logspace(0.78, 30, 2000).astype(dtype)
    large = large[large < np.finfo(dtype).max]
    assert (phi_of(large) >= 1 - 1e-7).all() and (phi_of(-large) <= 1e-7).all()
    ends = phi_of(np.array([np.inf, -np.inf, np.nan], dtype))
    np.testing.assert_array_equal(ends, [1, 0, np.nan])


LAYOUTS = {
    "C": lambda a: a,
    "channels last": lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    "strided": lambda a: a[:, ::2],
    "reversed": lambda a: a[::-1],
    "broadcast": lambda a: np.broadcast_to(a[:1], (3, *a.shape[1:])),
    "empty": lambda a: a[:0],
    "0-d": lambda a: a[0, 0, 0, 0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_blocks_of_any_layout(layout, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 7)
    a = LAYOUTS[layout](np.random.default_rng(0).standard_normal((3, 4, 5, 2)))
    a = np.asarray(a)
    b = np.asarray(np.arange(a.size, dtype=float).reshape(a.shape))

    def write(total, product, a, b):
        np.add(a, b, out=total)
        np.multiply(a, b, out=product)

    total, product = blocks.in_blocks(write, 2, a, b)
    np.testing.assert_array_equal(total, a + b)
    np.testing.assert_array_equal(product, a * b)
