"""Operations with hand-written derivatives: right to second order, in both modes, and fused ones
equal to what they are composed of.
"""

import numpy as np
import pytest

from autograd_core import grad, jacfwd, jacrev, tensor, vjp
from autograd_core.errors import DtypeError
from autograd_core.test_util import check_grads
from nnkit import functional as F
from nnkit.functional import activation, loss, rectifiers, smooth_activation
from nnkit.functional.binary_cross_entropy import logits_composition, logits_op
from nnkit.functional.cross_entropy import composition, softmax_cross_entropy
from nnkit.functional.embedding_bag import largest_composition, largest_op
from nnkit.functional.linear import affine_composition, linear_op

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 3))
W, B = rng.normal(size=(2, 3)), rng.normal(size=2)
LABELS, ROW_WEIGHTS = np.array([0, 2, 1, 2]), np.array([1.0, 0.0, 2.0, 0.5])
LINE = np.array([-7.0, -4.2, -1.1, -0.3, 0.2, 0.46, 0.48, 1.7, 3.9, 5.0])


def largest(x):
    return largest_op(x, np.array([0, 2, 2, 2]), n=3)


def largest_composed(x):
    return largest_composition(x, np.array([0, 2, 2, 2]), n=3)


def scores_to_loss(weights, total):
    operands = (LABELS,) if weights is None else (LABELS, weights)
    return lambda op: lambda x: op(x, *operands, factor=0.25, total=total)


# name, the fused operation, its composition, the operands to differentiate
FUSED = [
    ("linear", linear_op, affine_composition, (X, W, B)),
    ("linear, no bias", linear_op, affine_composition, (X, W)),
    ("linear, by columns", linear_op, affine_composition, (np.asfortranarray(X), W, B)),
    ("linear, one row", linear_op, affine_composition, (X[0], W, B)),
    ("linear, 3 axes", linear_op, affine_composition, (X.reshape(2, 2, 3), W, B)),
    ("linear, no features", linear_op, affine_composition, (X[:, :0], W[:, :0], B)),
    ("linear, no features of 3 axes", linear_op, affine_composition, (X[None, :, :0], W[:, :0], B)),
    ("linear, no results", linear_op, affine_composition, (X[None], W[:0], B[:0])),
    ("bce with logits", logits_op, logits_composition, (LINE, np.linspace(0, 1, 10))),
    ("silu", smooth_activation.silu_op, lambda x: x * F.sigmoid(x), (LINE,)),
    ("prelu", rectifiers.prelu_op, lambda x, w: np.where(x > 0, x, w * x), (X, B[:1])),
    ("largest of bags", largest, largest_composed, (X,)),
    ("gelu", activation.GELU_OPS["none"], activation.gelu_composition, (LINE,)),
    ("gelu tanh", activation.GELU_OPS["tanh"], activation.gelu_tanh_composition, (LINE,)),
]
FUSED += [
    (
        f"cross entropy, weights {weights is not None}, total {total}",
        scores_to_loss(weights, total)(softmax_cross_entropy),
        scores_to_loss(weights, total)(composition),
        (X,),
    )
    for weights in (None, ROW_WEIGHTS)
    for total in (True, False)
]
FUSED += [
    (
        f"mse, {reduction}",
        lambda a, b, r=reduction: loss.squared_error(a, b, reduction=r),
        lambda a, b, r=reduction: loss.squared_composition(a, b, reduction=r),
        (X, X[::-1] * 0.3),
    )
    for reduction in ("mean", "sum", "none")
]
by_name = pytest.mark.parametrize(
    ("f", "composed", "operands"), [row[1:] for row in FUSED], ids=[row[0] for row in FUSED]
)


def test_bilinear_without_features():
    f = lambda x1, x2, w, b: F.bilinear(x1, x2, w, b)
    operands = np.ones((2, 3, 0)), np.ones((2, 3, 4)), np.ones((5, 0, 4)), np.arange(5.0)
    y, pull = vjp(f, *operands)
    np.testing.assert_array_equal(y, np.broadcast_to(np.arange(5.0), (2, 3, 5)))
    assert [share.shape for share in pull(y)] == [a.shape for a in operands]


WIDE = [  # rows, inputs, outputs, the input's order, and whether the result lies by columns
    (32, 300, 200, "C", True),
    (32, 30, 20, "C", False),
    (1, 3000, 1000, "C", False),
    (200, 300, 200, "C", False),
    (200, 300, 200, "F", True),
]


@pytest.mark.parametrize(("n", "inputs", "outputs", "order", "by_columns"), WIDE)
def test_linear_gives_the_same_numbers_in_whatever_order_they_lie(
    n, inputs, outputs, order, by_columns
):
    x = np.asarray(rng.normal(size=(n, inputs)), order=order)
    w, b = rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)
    y = linear_op(x, w, b)
    np.testing.assert_allclose(y, np.einsum("ni,oi->no", x, w) + b, rtol=1e-11, atol=1e-11)
    assert y.flags.f_contiguous == (by_columns or n == 1)
    shares = grad(lambda *a: np.sum(np.square(linear_op(*a))), (0, 1, 2))(x, w, b)
    expected = grad(lambda *a: np.sum(np.square(affine_composition(*a))), (0, 1, 2))(x, w, b)
    for share, wanted in zip(shares, expected, strict=True):
        np.testing.assert_allclose(share, wanted, rtol=1e-9)
        assert share.shape == wanted.shape
    assert shares[1].flags.c_contiguous  # as the parameter lies


@by_name
def test_fused_equals_composition(f, composed, operands):
    np.testing.assert_allclose(f(*operands), composed(*operands), rtol=1e-13, atol=1e-15)
    g = np.resize(np.linspace(-1, 1.5, 7), np.shape(f(*operands)))
    leaves = [tensor(x, requires_grad=True) for x in operands]
    f(*leaves).backward(g)
    for leaf, share in zip(leaves, vjp(composed, *operands)[1](g), strict=True):
        np.testing.assert_allclose(leaf.grad, share, rtol=1e-12, atol=1e-14)


@by_name
def test_fused_to_second_order_in_both_modes(f, composed, operands):
    check_grads(f, order=2, rtol=1e-5, atol=1e-5)(*operands)


@by_name
def test_fused_second_derivative_equals_that_of_the_composition(f, composed, operands):
    def curvature(op):
        slope = grad(lambda x: np.sum(np.sin(op(x, *operands[1:]))))
        return grad(lambda x: np.sum(slope(x) * np.cos(x)))(operands[0])

    np.testing.assert_allclose(curvature(f), curvature(composed), rtol=1e-9, atol=1e-12)


ELEMENTARY = {
    "relu": F.relu,
    "sigmoid": F.sigmoid,
    "logsigmoid": F.logsigmoid,
    "erf": F.erf,
    "tanh": F.tanh,
    "softmax": lambda x: F.softmax(x, dim=0),
    "log_softmax": lambda x: F.log_softmax(x, dim=-1),
}


@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_to_second_order_in_both_modes(name):
    check_grads(ELEMENTARY[name], order=2, rtol=1e-5, atol=1e-5)(LINE / 2)


def test_create_graph_goes_through_fused_operations():
    x = tensor(X, requires_grad=True)
    y = F.cross_entropy(F.linear(F.gelu(x), W, B), LABELS % 2)
    y.backward(create_graph=True)
    first = x.grad
    x.grad = None
    (first * first).sum().backward()
    check = grad(
        lambda v: np.sum(
            np.square(grad(lambda u: F.cross_entropy(F.linear(F.gelu(u), W, B), LABELS % 2))(v))
        )
    )
    np.testing.assert_allclose(x.grad, check(X), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("operand", [0, 1, 2])
def test_linear_calculates_only_the_gradients_that_are_needed(operand):
    leaves = [tensor(v) for v in (X, W, B)]
    leaves[operand].requires_grad_()
    linear_op(*leaves).sum().backward()
    assert [leaf.grad is not None for leaf in leaves] == [i == operand for i in range(3)]


def test_backward_twice_through_a_retained_graph_adds_the_same_again():
    x = tensor(X, requires_grad=True)
    y = F.cross_entropy(F.gelu(x), LABELS)
    y.backward(retain_graph=True)
    once = x.grad.numpy().copy()
    y.backward()
    np.testing.assert_allclose(x.grad, 2 * once, rtol=1e-15)


@by_name
def test_jacobian_of_a_fused_operation_equals_that_of_the_composition(f, composed, operands):
    for g in (jacrev, jacfwd):
        np.testing.assert_allclose(g(f)(*operands), g(composed)(*operands), rtol=1e-9, atol=1e-12)


IMAGE = np.random.default_rng(3).normal(size=(2, 3, 6, 6))
KERNEL = np.random.default_rng(4).normal(size=(4, 3, 3, 3))
WHOLE = {
    "gelu": lambda x: F.gelu(x),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 2),
    "conv2d": lambda x: F.conv2d(x, KERNEL, padding=1),
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "layer_norm": lambda x: F.layer_norm(x, (6,)),
    "interpolate": lambda x: F.interpolate(x, scale_factor=0.5),
}


@pytest.mark.parametrize("name", WHOLE)
def test_all_rows_of_a_jacobian_at_once(name):
    f = lambda x: np.sin(WHOLE[name](x)).ravel()[::5]
    y, pull = vjp(f, IMAGE)
    rows = [pull(g)[0] for g in np.eye(len(y))]
    np.testing.assert_allclose(jacrev(f)(IMAGE), rows, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(jacfwd(f)(IMAGE), rows, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dim", [0, 1, 2])
@pytest.mark.parametrize("f", [F.softmax, F.log_softmax])
def test_softmax_of_nothing_is_nothing(f, dim):
    x = tensor(np.zeros((2, 0, 3)), requires_grad=True)
    y = f(x, dim)
    y.sum().backward()
    assert y.shape == x.grad.shape == (2, 0, 3)


WHOLE_WEIGHTS = {
    "linear": lambda x: F.linear(x, np.ones((2, 3), int)),
    "bilinear": lambda x: F.bilinear(x, x, np.ones((2, 3, 3), int)),
    "conv1d": lambda x: F.conv1d(x[None], np.ones((1, 2, 2), int)),
    "conv_transpose1d": lambda x: F.conv_transpose1d(x[None], np.ones((2, 1, 2), int)),
}


@pytest.mark.parametrize("name", WHOLE_WEIGHTS)
@pytest.mark.parametrize("make", [np.array, lambda x: tensor(x, requires_grad=True)])
def test_fractions_are_not_cut_off_for_whole_weights(name, make):
    with pytest.raises(DtypeError, match=r"float64.*int64.*astype\(float64\)"):
        WHOLE_WEIGHTS[name](make(np.full((2, 3), 0.5)))
