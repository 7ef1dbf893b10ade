"""Attention as one operation: equal to its composition in value, gradients and second derivatives,
in both modes, with masks and dropout.
"""

import numpy as np
import pytest

from autograd_core import GraphError, grad, tensor, vjp, vmap
from autograd_core.test_util import check_grads
from nnkit.functional.attention import attention_op, composition, masked_softmax_op
from tests.reference.fields import field

Q, K, V = field((2, 2, 3, 4)) * 0.5, field((2, 2, 5, 4), 1) * 0.5, field((2, 2, 5, 3), 2)
KEEP = np.where(field((2, 2, 3, 5), 3) > -0.7, 1.3, 0.0)
HIDDEN = np.where(np.arange(5) > np.array([[1], [2], [9]]), -np.inf, 0.0)
NOTHING_SEEN = HIDDEN.copy()
NOTHING_SEEN[1] = -np.inf
# name: the operands that move, and those that do not
CASES = {
    "plain": ((Q, K, V), (None, None)),
    "one matrix": ((Q[0, 0], K[0, 0], V[0, 0]), (None, None)),
    "shared keys": ((Q, K[:1], V[:, :1]), (None, None)),
    "hidden": ((Q, K, V), (HIDDEN, None)),
    "nothing seen": ((Q, K, V), (NOTHING_SEEN, None)),
    "bias": ((Q, K, V, field((2, 1, 3, 5), 4)), (None,)),
    "bias of more axes": ((Q[0, 0], K[0, 0], V[0, 0], field((2, 3, 5), 4)), (None,)),
    "dropout": ((Q, K, V), (HIDDEN, KEEP)),
}
every_case = pytest.mark.parametrize("name", CASES)


def bound(f, name):
    return lambda *xs: f(*xs, *CASES[name][1], scale=0.7)


@every_case
def test_equals_its_composition(name):
    f, composed, xs = bound(attention_op, name), bound(composition, name), CASES[name][0]
    y = f(*xs)
    np.testing.assert_allclose(y, composed(*xs), rtol=1e-12, atol=1e-14)
    g = np.resize(np.linspace(-1, 1.5, 7), y.shape)
    leaves = [tensor(x, requires_grad=True) for x in xs]
    f(*leaves).backward(g)
    for leaf, share in zip(leaves, vjp(composed, *xs)[1](g), strict=True):
        np.testing.assert_allclose(leaf.grad, share, rtol=1e-10, atol=1e-13)


@every_case
def test_to_second_order_in_both_modes(name):
    check_grads(bound(attention_op, name), order=2, rtol=1e-5, atol=1e-5)(*CASES[name][0])


@every_case
def test_second_derivative_equals_that_of_the_composition(name):
    xs = CASES[name][0]

    def curvature(op):
        slope = grad(lambda x: np.sum(np.sin(bound(op, name)(x, *xs[1:]))))
        return grad(lambda x: np.sum(slope(x) * np.cos(x)))(xs[0])

    np.testing.assert_allclose(
        curvature(attention_op), curvature(composition), rtol=1e-9, atol=1e-12
    )


def test_only_the_gradients_that_are_needed():
    xs = CASES["bias"][0]
    for i in range(len(xs)):
        leaves = [tensor(x, requires_grad=i == j) for j, x in enumerate(xs)]
        bound(attention_op, "bias")(*leaves).sum().backward()
        assert [leaf.grad is not None for leaf in leaves] == [i == j for j in range(len(xs))]


def test_under_vmap():
    found = vmap(bound(attention_op, "hidden"))(Q, K, V)
    np.testing.assert_allclose(found, bound(attention_op, "hidden")(Q, K, V), rtol=1e-12)


def test_huge_scores_do_not_overflow():
    y = attention_op(Q * 1e4, K * 1e4, V, None, None, scale=1.0)
    assert np.isfinite(y).all()


def test_softmax_of_a_row_that_is_all_masked():
    x = np.array([[0.0, -np.inf], [-np.inf, -np.inf]])
    np.testing.assert_array_equal(masked_softmax_op(x), [[1, 0], [0, 0]])
    assert x[1, 1] == -np.inf


def test_a_result_that_is_overwritten_is_noticed():
    q = tensor(Q, requires_grad=True)
    y = attention_op(q, K, V, scale=1.0)
    loss = y.sum()
    y.data[...] = 0.0
    with pytest.raises(GraphError, match="the result of attention"):
        loss.backward()


def test_half_precision_does_not_overflow_before_it_is_divided():
    q, k, v = (np.full((200, 2), n, np.float16) for n in (0, 0, 1000))
    y = attention_op(tensor(q, requires_grad=True), k, v, scale=1.0)
    np.testing.assert_allclose(y.detach().numpy(), 1000, rtol=2e-3)
    assert y.dtype == np.float16
