"""The largest number and the sum of each row are those of NumPy's reductions."""

import numpy as np
import pytest

from nnkit.functional.rows import largest_of_rows, sums_of_rows
from tests.reference.fields import field


@pytest.mark.parametrize("shape", [(5,), (3, 1), (2, 3, 17), (4, 0), (0, 4), (2, 64)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows(shape, dtype):
    x = field(shape).astype(dtype)
    top = np.maximum.reduce(x, axis=-1, keepdims=True, initial=-np.inf)
    np.testing.assert_array_equal(largest_of_rows(x), top)
    assert largest_of_rows(x).dtype == sums_of_rows(x).dtype == dtype
    np.testing.assert_allclose(sums_of_rows(x), x.sum(axis=-1, keepdims=True), rtol=1e-2)
    turned = np.asfortranarray(x)
    np.testing.assert_array_equal(largest_of_rows(turned), top)


def test_what_is_not_finite():
    x = np.array([[1.0, np.nan, 2.0], [np.inf, -np.inf, 0.0], [-np.inf] * 3])
    np.testing.assert_array_equal(largest_of_rows(x)[:, 0], [np.nan, np.inf, -np.inf])
