"""Operations with rules of their own: right to second order in both modes, also where they do not
depend on everything.
"""

import numpy as np
import pytest

from autograd_core.test_util import check_grads
from nnkit import functional as F

rng = np.random.default_rng(5)
LINE = np.array([-4.3, -2.6, -1.1, -0.3, 0.2, 0.7, 1.7, 3.3, 5.4, 7.5])  # between the kinks
ROWS, OTHER_ROWS = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
SHARES = rng.uniform(0.1, 0.9, size=(3, 4))

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
    "huber_loss": (lambda x, t: F.huber_loss(x, t, delta=0.7), ROWS, OTHER_ROWS),
    "smooth_l1_loss": (lambda x, t: F.smooth_l1_loss(x, t, beta=0.3), ROWS, OTHER_ROWS),
    "binary_cross_entropy": (F.binary_cross_entropy, SHARES, SHARES[::-1]),
    "binary_cross_entropy_with_logits": (F.binary_cross_entropy_with_logits, ROWS, SHARES),
    "kl_div": (F.kl_div, ROWS, SHARES),
    "kl_div, logarithms": (lambda x, t: F.kl_div(x, t, log_target=True), ROWS, OTHER_ROWS),
    "poisson_nll_loss": (lambda x: F.poisson_nll_loss(x, ROWS**2 * 9, full=True), OTHER_ROWS),
    "gaussian_nll_loss": (F.gaussian_nll_loss, ROWS, OTHER_ROWS, SHARES),
    "soft_margin_loss": (lambda x: F.soft_margin_loss(x, np.sign(OTHER_ROWS)), ROWS),
    "multi_margin_loss": (lambda x: F.multi_margin_loss(x, np.array([3, 0, 1]), p=2), ROWS),
    "cosine_embedding_loss": (
        lambda a, b: F.cosine_embedding_loss(a, b, [1, -1, 1], margin=-0.9),
        ROWS,
        OTHER_ROWS,
    ),
    "triplet_margin_loss": (
        lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=9.0),
        ROWS,
        OTHER_ROWS,
        ROWS[::-1] * 0.3,
    ),
    "cosine_similarity": (F.cosine_similarity, ROWS, OTHER_ROWS),
    "pairwise_distance": (lambda a, b: F.pairwise_distance(a, b, p=3), ROWS, OTHER_ROWS),
    "normalize": (F.normalize, ROWS),
    "pdist": (F.pdist, ROWS),
}


@pytest.mark.parametrize("name", CASES)
def test_to_second_order_in_both_modes(name):
    f, *operands = CASES[name]
    check_grads(f, order=2, rtol=1e-5, atol=1e-5)(*operands)
