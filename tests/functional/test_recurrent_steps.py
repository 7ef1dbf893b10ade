"""Whole recurrent sequences as one operation: equal to their composition in value, gradients and
second derivatives, in both modes and directions, also with steps that do not count.
"""

import numpy as np
import pytest

from autograd_core import grad, tensor, vjp, vmap
from autograd_core.test_util import check_grads
from nnkit import functional as F
from nnkit.functional.gru_steps import gru_composition, gru_op
from nnkit.functional.lstm_steps import lstm_composition, lstm_op
from nnkit.functional.rnn_steps import RNN_OPS, rnn_composition

T, N, I, H, P = 4, 3, 2, 3, 2
VALID = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0]], bool)[:, :, None]
# name: the operation, its composition, parts of its gates, number of states, size handed on
KINDS = {
    "tanh": (RNN_OPS["tanh"], rnn_composition(np.tanh), 1, 1, H),
    "relu": (RNN_OPS["relu"], rnn_composition(F.relu), 1, 1, H),
    "gru": (gru_op, gru_composition, 3, 1, H),
    "lstm": (lstm_op, lstm_composition, 4, 2, H),
    "lstm, projected": (lstm_op, lstm_composition, 4, 2, P),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_way = pytest.mark.parametrize("reverse", [False, True])
every_mask = pytest.mark.parametrize("valid", [None, VALID], ids=["all", "masked"])


def operands(kind, dtype=np.float64):
    _, _, parts, states, out = KINDS[kind]
    rng = np.random.default_rng(7)
    shapes = [(T, N, I), *[(N, out), (N, H)][:states]]
    shapes += [(parts * H, I), (parts * H, out), (parts * H,), (parts * H,)]
    shapes += [(P, H)] if out == P else []
    return [rng.normal(size=s).astype(dtype) for s in shapes]


def bound(f, kind, valid, reverse, bias=True):
    """Make a function of the operands alone that gives one array with all of the outputs."""

    def call(*xs):
        xs = list(xs)
        if kind.startswith("lstm") and len(xs) == 7:
            xs.append(None)
        if not bias:
            start = 5 if kind.startswith("lstm") else 4
            xs[start : start + 2] = None, None
        ys = f(*xs, valid, reverse=reverse)
        return np.concatenate([np.reshape(y, (-1,)) for y in ys])

    return call


@every_kind
@every_way
@every_mask
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_equals_its_composition(kind, reverse, valid, bias):
    op, composition, *_ = KINDS[kind]
    f, composed = (bound(g, kind, valid, reverse, bias) for g in (op, composition))
    xs = operands(kind)
    y = composed(*xs)
    np.testing.assert_allclose(f(*xs), y, rtol=1e-12, atol=1e-14)
    g = np.resize(np.linspace(-1, 1.5, 7), y.shape)
    leaves = [tensor(x, requires_grad=True) for x in xs]
    f(*leaves).backward(g)
    for leaf, share in zip(leaves, vjp(composed, *xs)[1](g), strict=True):
        found = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        np.testing.assert_allclose(found, share, rtol=1e-10, atol=1e-13)


@every_kind
@every_way
def test_to_second_order_in_both_modes(kind, reverse):
    f = bound(KINDS[kind][0], kind, VALID, reverse)
    check_grads(lambda *xs: np.sin(f(*xs)), order=2, rtol=1e-5, atol=1e-5)(*operands(kind))


@every_kind
def test_second_derivative_equals_that_of_the_composition(kind):
    xs = operands(kind)

    def curvature(op):
        f = bound(op, kind, VALID, False)
        slope = grad(lambda x: np.sum(np.sin(f(x, *xs[1:]))))
        return grad(lambda x: np.sum(slope(x) * np.cos(x)))(xs[0])

    op, composition, *_ = KINDS[kind]
    np.testing.assert_allclose(curvature(op), curvature(composition), rtol=1e-9, atol=1e-12)


@every_kind
def test_create_graph(kind):
    f = bound(KINDS[kind][0], kind, None, False)
    xs = operands(kind)
    x = tensor(xs[0], requires_grad=True)
    np.sin(f(x, *xs[1:])).sum().backward(create_graph=True)
    first = x.grad
    x.grad = None
    (first * first).sum().backward()
    expected = grad(lambda v: np.sum(grad(lambda u: np.sum(np.sin(f(u, *xs[1:]))))(v) ** 2))(xs[0])
    np.testing.assert_allclose(x.grad, expected, rtol=1e-10, atol=1e-13)


@every_kind
def test_only_the_gradients_that_are_needed(kind):
    xs = operands(kind)
    f = bound(KINDS[kind][0], kind, None, False)
    for i in range(len(xs)):
        leaves = [tensor(x, requires_grad=i == j) for j, x in enumerate(xs)]
        f(*leaves).sum().backward()
        assert [leaf.grad is not None for leaf in leaves] == [i == j for j in range(len(xs))]


@every_kind
def test_one_output_alone_and_changed_afterwards(kind):
    """What is handed out may be overwritten: the backward pass keeps arrays of its own."""
    op = KINDS[kind][0]
    xs = operands(kind)
    xs += [None] if kind == "lstm" else []
    leaves = [None if x is None else tensor(x, requires_grad=True) for x in xs]
    outputs = op(*leaves, None, reverse=False)
    expected = grad(lambda x: np.sum(op(x, *xs[1:], None, reverse=False)[1]))(xs[0])
    for y in outputs:
        y.detach().numpy()[...] = 7.0
    outputs[1].sum().backward()
    np.testing.assert_allclose(leaves[0].grad, expected, rtol=1e-12)


@every_kind
def test_float32_stays_float32(kind):
    f = bound(KINDS[kind][0], kind, VALID, True)
    exact = grad(lambda x: np.sum(np.sin(f(x, *operands(kind)[1:]))))(operands(kind)[0])
    xs = operands(kind, np.float32)
    found = grad(lambda x: np.sum(np.sin(f(x, *xs[1:]))))(xs[0])
    assert f(*xs).dtype == found.dtype == np.float32
    np.testing.assert_allclose(found, exact, rtol=3e-4, atol=3e-5)


@every_kind
def test_under_vmap(kind):
    f = bound(KINDS[kind][0], kind, VALID, False)
    xs = operands(kind)
    many = np.stack([xs[0], -xs[0]])
    found = vmap(lambda x: f(x, *xs[1:]))(many)
    np.testing.assert_allclose(found, [f(x, *xs[1:]) for x in many], rtol=1e-12, atol=1e-14)
