"""The error function against that of the C library."""

import math

import numpy as np
import pytest

from nnkit.functional import erf

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
