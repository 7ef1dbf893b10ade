"""Operations and losses give PyTorch's values and gradients, in float64 to 1e-10."""

import numpy as np
import pytest

from autograd_core import tensor
from nnkit import functional as F
from tests.reference import cases

WEIGHTS = np.linspace(-1, 1.5, 40)  # the cotangent of the stored gradients


def value_and_gradient(case, *args):
    x = tensor(case["input"], requires_grad=True)
    y = getattr(F, case["op"])(x, *args, **case["kwargs"])
    weights = np.resize(WEIGHTS, y.shape) if y.shape else 1.0
    (y * weights).sum().backward()
    return y.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("case", cases("activations"))
def test_activation(case):
    y, g = value_and_gradient(case)
    np.testing.assert_allclose(y, case["value"], rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(g, case["grad"], rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("case", cases("losses"))
def test_loss(case):
    y, g = value_and_gradient(case, np.array(case["target"]))
    np.testing.assert_allclose(y, case["value"], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(g, case["grad"], rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("case", cases("losses"))
def test_loss_in_float32(case):
    x = tensor(np.array(case["input"], np.float32), requires_grad=True)
    y = getattr(F, case["op"])(x, np.array(case["target"]), **case["kwargs"])
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(y.detach(), case["value"], rtol=1e-4, atol=1e-6)
