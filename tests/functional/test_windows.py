"""Operations on windows: right to second order in both modes, equal to plain compositions, under
vmap, and clear about what they refuse.
"""

import itertools

import numpy as np
import pytest

from autograd_core import grad, tensor, vmap
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from autograd_core.test_util import check_grads
from nnkit import functional as F
from nnkit.functional import correlation
from nnkit.functional.window_values import largest, largest_composition, largest_op, largest_vjp
from nnkit.functional.windows import geometry
from tests.reference.fields import field


def summed_over_the_kernel(x, w, b, at):
    """The definition of a convolution, in functions that differentiate."""
    x = np.pad(x, ((0, 0), (0, 0), *at.padding))
    n, o = x.shape[0], w.shape[0]
    y = 0.0
    for offset, places in at.offsets:
        seen = x[(slice(None), slice(None), *places)].reshape(n, at.groups, -1, np.prod(at.out))
        part = w[(slice(None), slice(None), *offset)].reshape(at.groups, o // at.groups, -1)
        y = y + np.matmul(part, seen)
    return y.reshape(n, o, *at.out) + b.reshape(1, -1, *(1,) * len(at.out))


AT = {
    "1d": geometry("conv", (6,), (3,), (1,), ((1, 1),), (1,)),
    "2d, stride": geometry("conv", (5, 4), (3, 2), (2, 1), ((1, 0), (0, 2)), (1, 1)),
    "2d, unpadded": geometry("conv", (5, 5), (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "2d, dilation": geometry("conv", (5, 4), (2, 2), (1, 1), ((1, 1), (1, 1)), (2, 1)),
    "2d, groups": geometry("conv", (4, 3), (2, 2), (1, 2), ((0, 1), (1, 1)), (1, 1), 2),
    "2d, depthwise": geometry("conv", (4, 3), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 4),
    "3d": geometry("conv", (3, 2, 3), (2, 1, 2), (1, 1, 1), ((0, 0),) * 3, (1, 1, 1)),
}


def operands(at):
    c = 2 if len(at.size) == 3 else 4
    return field((2, c, *at.size)), field((4, c // at.groups, *at.kernel), 1), field((4,), 2)


@pytest.mark.parametrize("at", AT.values(), ids=AT)
def test_convolution_equals_its_definition(at):
    args = operands(at)
    fused, plain = correlation.convolution, summed_over_the_kernel
    np.testing.assert_allclose(fused(*args, at=at), plain(*args, at), rtol=1e-12, atol=1e-12)
    for i in range(3):

        def curvature(f, i=i):
            def slope(v):
                return np.sum(np.sin(f(*args[:i], v, *args[i + 1 :])))

            return grad(lambda v: np.sum(np.square(grad(slope)(v))))(args[i])

        mine, expected = curvature(lambda *a: fused(*a, at=at)), curvature(lambda *a: plain(*a, at))
        np.testing.assert_allclose(mine, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("at", AT.values(), ids=AT)
def test_convolution_to_second_order_in_both_modes(at):
    x, w, b = operands(at)
    y = correlation.convolution(x, w, at=at)
    check = dict(order=2, rtol=1e-5, atol=1e-5)
    check_grads(lambda *a: correlation.convolution(*a, at=at), **check)(x, w, b)
    check_grads(lambda *a: correlation.transposed_convolution(*a, at=at), **check)(y, w)
    check_grads(lambda *a: correlation.matching(*a, at=at), **check)(x, y)


@pytest.mark.parametrize("at", AT.values(), ids=AT)
def test_both_ways_to_the_input_gradient_agree(at):
    x, w, _ = operands(at)
    y = correlation.convolution(x, w, at=at)
    gathered, spread = correlation.gathered(y, w, at), correlation.spread(y, w, at)
    np.testing.assert_allclose(gathered, spread, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("limit", [1, 2000, 10**9])
def test_the_size_of_blocks_changes_nothing(monkeypatch, limit):
    x, w = field((3, 5, 9, 8)), field((4, 5, 3, 3), 1)
    at = geometry("conv", (9, 8), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    whole = [
        correlation.convolved(x, w, at=at),
        correlation.transposed(field((3, 4, 9, 8)), w, at=at),
        correlation.matched(x, field((3, 4, 9, 8)), at=at),
        correlation.spread(field((3, 4, 9, 8)), w, at),
    ]
    monkeypatch.setattr("nnkit.functional.windows.BLOCK", limit)
    monkeypatch.setattr("nnkit.functional.correlation.BLOCK", limit)
    blocked = [
        correlation.convolved(x, w, at=at),
        correlation.transposed(field((3, 4, 9, 8)), w, at=at),
        correlation.matched(x, field((3, 4, 9, 8)), at=at),
        correlation.spread(field((3, 4, 9, 8)), w, at),
    ]
    for a, b in zip(whole, blocked, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


X = field((2, 2, 5, 4))
PLACES = F.max_pool2d(X, 2, return_indices=True)[1]
OTHERS = {
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "max_pool2d, overlap": lambda x: F.max_pool2d(x, 3, 1, 1),
    "max_pool2d, ceil": lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 3, 2, 1, True, False),
    "lp_pool2d": lambda x: F.lp_pool2d(np.exp(x), 3, 2),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, (2, 3)),
    "adaptive_avg_pool2d, all": lambda x: F.adaptive_avg_pool2d(x, 1),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, (2, 3)),
    "max_unpool2d": lambda x: F.max_unpool2d(x[:, :, :2, :2], PLACES, 2, output_size=(5, 4)),
    "unfold": lambda x: F.unfold(x, 2, 1, 1, 2),
    "fold": lambda x: F.fold(x.reshape(2, 8, 5)[:, :, :4], (3, 3), 2),
    "reflect": lambda x: F.pad(x, (1, 2, 0, 3), "reflect"),
    "replicate": lambda x: F.pad(x, (1, 2, -1, 3), "replicate"),
    "circular, cut off": lambda x: F.pad(x, (-1, 2, 1, -1), "circular"),
    "circular": lambda x: F.pad(x, (1, 2, 0, 3), "circular"),
    "constant": lambda x: F.pad(x, (1, -2, 0, 3), value=2.0),
}


@pytest.mark.parametrize("f", OTHERS.values(), ids=OTHERS)
def test_to_second_order_in_both_modes(f):
    check_grads(lambda x: np.sin(f(x)), order=2, rtol=1e-5, atol=1e-5)(X)


@pytest.mark.parametrize("f", OTHERS.values(), ids=OTHERS)
def test_vmap_equals_a_loop(f):
    many = field((3, *X.shape))
    np.testing.assert_allclose(vmap(f)(many), np.stack([f(x) for x in many]), rtol=1e-12)


def test_convolution_under_vmap():
    x, w = field((3, 2, 4, 5)), field((4, 2, 3, 3), 1)
    np.testing.assert_allclose(vmap(lambda a: F.conv2d(a, w))(x), F.conv2d(x, w), rtol=1e-12)
    kernels = field((3, 4, 2, 3, 3), 1)
    each = np.stack([F.conv2d(x, k) for k in kernels])
    np.testing.assert_allclose(vmap(lambda k: F.conv2d(x, k))(kernels), each, rtol=1e-12)


def test_largest_equals_its_composition_with_ties():
    x = np.round(field((2, 3, 6, 6)))  # many equal values: the first of a window counts
    for k, s, p in itertools.product((2, 3), (1, 2, 3), (0, 1)):
        at = geometry("pool", (6, 6), (k, k), (s, s), ((p, p), (p, p)), (1, 1))
        np.testing.assert_array_equal(largest_op(x, at=at), largest_composition(x, at=at))
        weights = field(largest_op(x, at=at).shape, 3)
        slopes = [
            grad(lambda v, f=f, at=at, g=weights: np.sum(f(v, at=at) * g))(x)
            for f in (largest_op, largest_composition)
        ]
        np.testing.assert_allclose(*slopes, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("k", "s"), [(2, 2), (3, 2)])
def test_largest_in_blocks_and_in_two_orders_of_memory(k, s, monkeypatch):
    x = np.round(field((5, 3, 7, 7)))
    at = geometry("pool", (7, 7), (k, k), (s, s), ((0, 0), (0, 0)), (1, 1))
    y = largest(x, at=at)
    g = field(y.shape, 3)
    (whole,) = largest_vjp(g, y, x, at=at)
    monkeypatch.setattr("nnkit.functional.window_values.BLOCK", 5 * x[0].nbytes)
    last = [np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2) for a in (y, x)]
    np.testing.assert_array_equal(largest_vjp(g, *last, at=at)[0], whole)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0)])
def test_the_order_in_memory_changes_nothing(order):
    x, w = field((2, 9, 6, 5)), field((8, 9, 3, 3), 1)
    moved = np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))

    def f(a):
        t = tensor(a, requires_grad=True)
        F.avg_pool2d(F.max_pool2d(F.conv2d(t, w, padding=1), 2), 2).sum().backward()
        return t.grad

    np.testing.assert_allclose(f(moved), f(x), rtol=1e-12, atol=1e-12)


def test_overlapping_windows_are_put_back_once():
    y, places = F.max_pool1d(np.array([[1.0, 5.0, 2.0]]), 2, 1, return_indices=True)
    np.testing.assert_array_equal(F.max_unpool1d(y, places, 2, 1), [[0, 5, 0]])


def test_what_is_put_back_once_has_its_gradient_once():
    places = np.array([[1, 1, 0]])
    gradient = grad(lambda y: F.max_unpool1d(y, places, 2, 1)[0] ** 2 @ [1, 2, 3, 4])
    np.testing.assert_array_equal(gradient(np.array([[5.0, 6.0, 7.0]])), [[0, 24, 14]])
    check_grads(lambda y: F.max_unpool1d(y, places, 2, 1))(np.array([[5.0, 6.0, 7.0]]))
    x = np.array([[1.0, 5.0, 2.0]])

    def there_and_back(x):
        return F.max_unpool1d(*F.max_pool1d(x, 2, 1, return_indices=True), 2, 1)

    check_grads(there_and_back)(x)
    np.testing.assert_array_equal(grad(lambda x: there_and_back(x).sum())(x), [[0, 1, 0]])


@pytest.mark.parametrize(
    ("widths", "expected"),  # PyTorch's
    [
        ((-1, 1), [1, 2, 3, 1]),
        ((1, -1), [2, 0, 1, 2]),
        ((2, -1), [1, 2, 0, 1, 2]),
        ((-1, -1), [1, 2]),
    ],
)
def test_a_circle_of_what_is_left(widths, expected):
    np.testing.assert_array_equal(F.pad(np.arange(4.0), widths, "circular"), expected)


def test_random_windows_go_by_the_seed():
    import nnkit as nn

    x = field((2, 3, 20, 20))
    nn.seed(0)
    first, second = F.fractional_max_pool2d(x, 2, 9), F.fractional_max_pool2d(x, 2, 9)
    nn.seed(0)
    np.testing.assert_array_equal(F.fractional_max_pool2d(x, 2, 9), first)
    assert (first != second).any()
    assert np.isin(first, x).all()


EMPTY = {
    **OTHERS,
    "interpolate": lambda x: F.interpolate(x, (3, 5), mode="bilinear"),
    "fractional_max_pool2d": lambda x: F.fractional_max_pool2d(x, 2, 3),
    "grid_sample": lambda x: F.grid_sample(x, np.zeros((0, 3, 3, 2))),
    "instance_norm": F.instance_norm,
    "group_norm": lambda x: F.group_norm(x, 1),
    "local_response_norm": lambda x: F.local_response_norm(x, 2),
    "conv2d": lambda x: F.conv2d(x, np.ones((3, 2, 2, 2)), np.ones(3)),
    "conv_transpose2d": lambda x: F.conv_transpose2d(x, np.ones((2, 3, 2, 2)), np.ones(3)),
}
del EMPTY["max_unpool2d"], EMPTY["fold"]


@pytest.mark.parametrize("f", EMPTY.values(), ids=EMPTY)
def test_a_batch_of_nothing(f):
    x = tensor(np.zeros((0, 2, 5, 4)), requires_grad=True)
    y = f(x)
    y.sum().backward()
    assert (len(y), x.grad.shape) == (0, x.shape)


def test_integers_are_cast_by_convolution_and_refused_by_pooling():
    image = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    y = F.conv2d(image, np.ones((1, 1, 2, 2), np.float32))
    assert (y.dtype, y[0, 0, 0]) == (np.float32, 10.0)
    with pytest.raises(DtypeError, match="max_pool2d"):
        F.max_pool2d(image, 2)


Z = np.zeros
REFUSED = [
    (lambda: F.conv2d(Z((2, 3, 8, 8)), Z((4, 2, 3, 3))), ShapeError, r"the input is \(N, 2, H, W"),
    (lambda: F.conv2d(Z((2, 8, 8, 3)), Z((4, 3, 3, 3))), ShapeError, r"transpose\(0, 3, 1, 2\)"),
    (lambda: F.conv2d(Z((8, 8)), Z((4, 3, 3, 3))), ShapeError, r"takes \(N, C, H, W\) or"),
    (lambda: F.conv2d(Z((1, 3, 8, 8)), Z((4, 3, 3))), ShapeError, "got a weight of shape"),
    (lambda: F.conv2d(Z((1, 3, 8, 8)), Z((4, 3, 3, 3)), Z(3)), ShapeError, r"bias .* \(4,\)"),
    (lambda: F.conv2d(Z((1, 3, 2, 8)), Z((4, 3, 3, 3))), ShapeError, "larger than the padded"),
    (lambda: F.conv2d(Z((1, 3, 8, 8)), Z((4, 3, 3, 3)), stride=0), ArgumentError, "stride is a"),
    (lambda: F.conv2d(Z((1, 3, 8, 8)), Z((4, 3, 3, 3)), stride=(1, 2, 3)), ArgumentError, "2 of"),
    (lambda: F.conv2d(Z((1, 3, 8, 8)), Z((4, 3, 3, 3)), padding="some"), ArgumentError, "'same'"),
    (
        lambda: F.conv2d(Z((1, 3, 8, 8)), Z((4, 3, 3, 3)), stride=2, padding="same"),
        ArgumentError,
        "keeps the size",
    ),
    (lambda: F.conv2d(Z((1, 4, 8, 8)), Z((3, 2, 3, 3)), groups=2), ArgumentError, "groups=2"),
    (
        lambda: F.conv_transpose2d(Z((1, 3, 4, 4)), Z((3, 2, 3, 3)), output_padding=1),
        ArgumentError,
        "smaller than the stride",
    ),
    (
        lambda: F.conv_transpose2d(Z((1, 3, 1, 1)), Z((3, 2, 3, 3)), padding=2),
        ShapeError,
        "nothing is left",
    ),
    (lambda: F.max_pool2d(Z((1, 3, 8, 8)), 2, padding=2), ArgumentError, "at most half"),
    (lambda: F.max_pool2d(Z((1, 3, 8, 8)), 3, 1, 2, 2), ArgumentError, "at most half"),
    (lambda: F.max_pool2d(Z((1, 3, 1, 8)), 2), ShapeError, "larger than the padded input"),
    (lambda: F.avg_pool2d(Z((8, 8)), 2), ShapeError, "takes"),
    (lambda: F.avg_pool2d(Z((1, 8, 8)), 2, divisor_override=0), ArgumentError, "zero"),
    (lambda: F.adaptive_avg_pool2d(Z((1, 0, 8)), 2), ShapeError, "nothing to pool"),
    (lambda: F.adaptive_avg_pool2d(Z((1, 8, 8)), (2, 2, 2)), ArgumentError, "output_size"),
    (lambda: F.fractional_max_pool2d(Z((1, 8, 8)), 2), ArgumentError, "needs one of"),
    (lambda: F.fractional_max_pool2d(Z((1, 8, 8)), 2, 8), ShapeError, "do not fit"),
    (lambda: F.max_unpool2d(Z((1, 2, 2)), Z((1, 2, 2)), 2), DtypeError, "whole numbers"),
    (lambda: F.max_unpool2d(Z((1, 2, 2)), Z((1, 2), int), 2), ShapeError, "needs its place"),
    (
        lambda: F.max_unpool2d(Z((1, 2, 2)), np.full((1, 2, 2), 16), 2),
        ArgumentError,
        "index 16 is no place",
    ),
    (
        lambda: F.max_unpool2d(Z((1, 2, 2)), Z((1, 2, 2), int), 2, output_size=(9, 4)),
        ArgumentError,
        "could not have been pooled",
    ),
    (lambda: F.lp_pool2d(Z((1, 2, 2)), 0, 2), ArgumentError, "norm_type"),
    (lambda: F.fold(Z((1, 8, 5)), (3, 3), 2), ShapeError, r"\(N, C \* 4, 4\)"),
    (lambda: F.pad(Z(3), (3, 0), "reflect"), ShapeError, "less than the axis is long"),
    (lambda: F.pad(Z(3), (0, 4), "circular"), ShapeError, "at most as much"),
    (lambda: F.pad(["a"], (1, 1)), DtypeError, "pad must hold numbers"),
    (lambda: F.unfold(Z((1, 3, 3), object), 2), DtypeError, "unfold must hold numbers"),
    (lambda: F.pad(Z(3), (1,)), ArgumentError, "two whole numbers"),
    (lambda: F.pad(Z(3), (1, 1, 1, 1)), ShapeError, "2 axes"),
    (lambda: F.pad(Z(3), (-2, -2)), ShapeError, "cuts more off"),
    (lambda: F.pad(Z(3), (1, 1), "mirror"), ArgumentError, "'reflect'"),
    (lambda: F.pad(Z(3), (1, 1), "reflect", 1.0), ArgumentError, "mode='constant'"),
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=[row[2] for row in REFUSED])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
