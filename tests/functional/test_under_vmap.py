"""Under vmap operations do for each example what they do for one, also with labels of its own."""

import numpy as np
import pytest

from autograd_core import grad, vmap
from nnkit import functional as F

rng = np.random.default_rng(0)
X, P = rng.normal(size=(5, 4, 3)), rng.uniform(0.1, 0.9, size=(5, 4, 3))
Y = rng.integers(0, 3, size=(5, 4))
W = np.array([0.5, 2.0, 1.0])
FIXED = np.array([0, 2, 1, 0])

ONE = {
    "silu": F.silu,
    "prelu": lambda x: F.prelu(x, np.array([0.2, 0.1, 0.5])),
    "glu": lambda x: F.glu(x, 0),
    "huber": lambda x: F.huber_loss(x, np.zeros((4, 3))),
    "cross entropy": lambda x: F.cross_entropy(x, FIXED),
    "focal": lambda x: F.focal_loss(x, FIXED),
    "multi margin": lambda x: F.multi_margin_loss(x, FIXED, p=2),
    "gaussian": lambda x: F.gaussian_nll_loss(x, np.zeros((4, 3)), x * x),
    "cosine": lambda x: F.cosine_similarity(x, np.ones((4, 3))),
    "pdist": F.pdist,
    "bilinear": lambda x: F.bilinear(x, x, np.ones((2, 3, 3))),
    "dice": lambda x: F.dice_loss(x[None], np.ones((1, 3), int)),
    "embedding": lambda w: F.embedding([[0, 1], [3, 3]], w),
    "bags, max": lambda w: F.embedding_bag([[0, 1], [3, 3]], w, mode="max"),
    "ctc": lambda x: F.ctc_loss(F.log_softmax(x[:, None], -1), [[1]], [4], [1]),
}
TWO = {
    "cross entropy": (F.cross_entropy, Y),
    "cross entropy, weights": (
        lambda x, y: F.cross_entropy(x, y, W, ignore_index=1, label_smoothing=0.2),
        Y,
    ),
    "cross entropy, none": (lambda x, y: F.cross_entropy(x, y, W, reduction="none"), Y),
    "cross entropy of one row": (lambda x, y: F.cross_entropy(x[0], y[0]), Y),
    "nll": (lambda x, y: F.nll_loss(x, y, W, reduction="sum"), Y),
    "bce": (lambda x, t: F.binary_cross_entropy_with_logits(x, t), P),
    "kl": (lambda x, t: F.kl_div(x, t), P),
    "embedding": (lambda w, i: F.embedding(i, w), Y),
}


def agree(f, *operands):
    expected = np.stack([f(*row) for row in zip(*operands)])
    np.testing.assert_allclose(vmap(f)(*operands), expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("name", ONE)
def test_each_example_by_itself(name):
    agree(ONE[name], X)
    agree(grad(lambda x: np.sum(ONE[name](x) ** 2)), X)


@pytest.mark.parametrize("name", TWO)
def test_each_example_with_a_target_of_its_own(name):
    f, target = TWO[name]
    agree(f, X, target)
    agree(grad(lambda x, t: np.sum(f(x, t) ** 2)), X, target)


@pytest.mark.parametrize("f", [F.cross_entropy, F.nll_loss])
def test_labels_are_checked(f):
    with pytest.raises(ValueError, match="label 3 at position"):
        vmap(f)(X, Y + 1)
