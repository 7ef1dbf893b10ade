"""CTC against the sum over all paths, and where no path exists."""

import itertools

import numpy as np
import pytest

from autograd_core import grad, tensor
from autograd_core.test_util import check_grads
from nnkit import functional as F

rng = np.random.default_rng(3)


def collapse(path):
    """Join repeated labels and drop blanks: what a path spells."""
    return tuple(k for k, _ in itertools.groupby(path) if k != 0)


def by_enumeration(log_p, labels):
    """Minus the logarithm of the summed probability of all paths that spell the labels."""
    total = 0.0
    for path in itertools.product(range(log_p.shape[1]), repeat=len(log_p)):
        if collapse(path) == tuple(labels):
            total = total + np.exp(sum(log_p[t, k] for t, k in enumerate(path)))
    return -np.log(total)


@pytest.mark.parametrize("labels", [[1], [1, 2], [2, 2], [1, 2, 1], []])
def test_loss_and_gradient_are_those_of_all_paths(labels):
    log_p = np.log(rng.dirichlet(np.ones(3), size=5))

    def loss(x):
        return F.ctc_loss(x, np.array([labels], int), [5], [len(labels)], reduction="sum")

    assert loss(log_p[:, None]) == pytest.approx(by_enumeration(log_p, labels), rel=1e-12)
    expected = grad(lambda x: by_enumeration(x, labels))(log_p)
    np.testing.assert_allclose(grad(loss)(log_p[:, None])[:, 0], expected, rtol=1e-9, atol=1e-14)


def test_to_second_order_in_both_modes():
    log_p = np.log(rng.dirichlet(np.ones(3), size=(5, 2)))
    check_grads(
        lambda x: F.ctc_loss(x, np.array([[1, 2], [2, 2]]), [5, 4], [2, 2], reduction="none"),
        rtol=1e-5,
        atol=1e-5,
    )(log_p)


@pytest.mark.parametrize(("zero_infinity", "value"), [(False, np.inf), (True, 0.0)])
def test_too_few_frames_give_no_gradient(zero_infinity, value):
    x = tensor(np.log(np.full((4, 2, 3), 1 / 3)), requires_grad=True)
    settings = dict(reduction="none", zero_infinity=zero_infinity)
    losses = F.ctc_loss(x, [[1, 1], [1, 2]], [2, 4], [2, 2], **settings)
    assert losses.detach().numpy()[0] == value
    losses.sum().backward()
    assert (x.grad.numpy()[:, 0] == 0).all()
    assert (x.grad.numpy()[:, 1] < 0).any()


def test_frames_and_labels_behind_the_end_do_not_count():
    log_p = np.log(rng.dirichlet(np.ones(3), size=(6, 1)))
    x = tensor(log_p, requires_grad=True)
    loss = F.ctc_loss(x, [[1, 2, 9]], [4], [2])
    assert loss.item() == pytest.approx(F.ctc_loss(log_p[:4], [[1, 2]], [4], [2]))
    loss.backward()
    assert (x.grad.numpy()[4:] == 0).all()


def test_long_sequences_of_certain_answers_do_not_overflow():
    scores = np.zeros((400, 1, 3), np.float32)
    scores[::2, 0, 1] = scores[1::2, 0, 0] = 200
    loss = F.ctc_loss(F.log_softmax(scores, -1), np.ones((1, 200), int), [400], [200])
    assert loss == pytest.approx(0, abs=1e-6)
