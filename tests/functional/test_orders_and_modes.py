"""Operations with rules of their own: right to second order in both modes, also where they do not
depend on everything.
"""

import numpy as np
import pytest

from autograd_core import grad, jvp
from autograd_core.test_util import check_grads
from nnkit import functional as F

rng = np.random.default_rng(5)
LINE = np.array([-4.3, -2.6, -1.1, -0.3, 0.2, 0.7, 1.7, 3.3, 5.4, 7.5])  # between the kinks
ROWS, OTHER_ROWS = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))

# name: the function, the operands that move
CASES = {
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.3), LINE),
    "prelu": (F.prelu, ROWS, rng.normal(size=4)),
    "threshold": (lambda x: F.threshold(x, 0.5, -1.0), LINE),
    "hardtanh": (F.hardtanh, LINE),
    "relu6": (F.relu6, LINE),
    "hardsigmoid": (F.hardsigmoid, LINE),
    "hardswish": (F.hardswish, LINE),
    "hardshrink": (F.hardshrink, LINE),
    "softshrink": (F.softshrink, LINE),
    "elu": (lambda x: F.elu(x, 0.7), LINE),
    "selu": (F.selu, LINE),
    "celu": (lambda x: F.celu(x, 2.0), LINE),
    "softplus": (lambda x: F.softplus(x, 2.0, 10.0), LINE),
    "silu": (F.silu, LINE),
    "mish": (F.mish, LINE),
    "softsign": (F.softsign, LINE),
    "tanhshrink": (F.tanhshrink, LINE),
    "glu": (lambda x: F.glu(x, 1), ROWS),
    "softmin": (lambda x: F.softmin(x, 1), ROWS),
}


@pytest.mark.parametrize("name", CASES)
def test_to_second_order_in_both_modes(name):
    f, *operands = CASES[name]
    check_grads(f, order=2, rtol=1e-5, atol=1e-5)(*operands)
