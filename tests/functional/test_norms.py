"""Fused norms: equal to their compositions to second order, in both modes, under vmap."""

import numpy as np
import pytest

from autograd_core import grad, jvp, tensor, vjp, vmap
from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.test_util import check_grads
from nnkit import functional as F
from nnkit.functional import (
    batch_normalization,
    channels,
    group_normalization,
    layer_normalization,
    layouts,
)
from tests.reference.fields import field

X, W, B = field((3, 4, 2, 3)), field((4,), 1), field((4,), 2)
ROWS, WEIGHT, BIAS = field((5, 4)), field((4,), 3), field((4,), 4)


def fused_batch_norm(x, w, b):
    return F.batch_norm(x, None, None, w, b, training=True, eps=0.1)


FUSED = {
    "batch norm": (
        fused_batch_norm,
        lambda *a: batch_normalization.composition(*a, eps=0.1),
        (X, W, B),
    ),
    "batch norm, (N, C)": (
        fused_batch_norm,
        lambda *a: batch_normalization.composition(*a, eps=0.1),
        (ROWS, W, B),
    ),
    "channel affine": (channels.channel_affine, channels.affine_composition, (X, W, B)),
    "layer norm": (
        lambda *a: layer_normalization.standardising(*a, eps=0.1),
        lambda *a: layer_normalization.standardise_composition(*a, eps=0.1),
        (ROWS, WEIGHT, BIAS),
    ),
    "layer norm, 3 axes": (
        lambda *a: layer_normalization.standardising(*a, eps=0.1),
        lambda *a: layer_normalization.standardise_composition(*a, eps=0.1),
        (field((2, 4, 3)), field((3,), 3), field((3,), 4)),
    ),
    "layer norm, no bias": (
        lambda *a: layer_normalization.standardising(*a, eps=0.1),
        lambda *a: layer_normalization.standardise_composition(*a, eps=0.1),
        (ROWS, WEIGHT),
    ),
    "layer norm, plain": (
        lambda *a: layer_normalization.standardising(*a, eps=0.1),
        lambda *a: layer_normalization.standardise_composition(*a, eps=0.1),
        (ROWS,),
    ),
}
WIDE = field((3, 4, 2, 4))
for name, x in {
    "": WIDE,
    ", channels last": np.ascontiguousarray(WIDE.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
    ", strided": field((3, 4, 4, 4))[:, :, ::2],
    ", far from 0": WIDE + np.array([[0, 9.0]]).repeat(2, 1).reshape(1, 4, 1, 1),
    ", one axis": field((3, 4, 9)),
}.items():
    for groups in (1, 2, 4):
        FUSED[f"{groups} groups{name}"] = (
            lambda *a, n=groups: F.group_norm(a[0], n, a[1], a[2], eps=0.1),
            lambda *a, n=groups: group_normalization.composition(*a, groups=n, eps=0.1),
            (x, W, B),
        )
by_name = pytest.mark.parametrize(("f", "composed", "operands"), FUSED.values(), ids=FUSED)


@by_name
def test_fused_equals_composition(f, composed, operands):
    np.testing.assert_allclose(f(*operands), composed(*operands), rtol=1e-12, atol=1e-13)
    g = field(f(*operands).shape, 9)
    for op in (f, composed):
        leaves = [tensor(x, requires_grad=True) for x in operands]
        op(*leaves).backward(g)
        shares = [leaf.grad.numpy() for leaf in leaves]
        if op is f:
            mine = shares
    for a, b in zip(mine, shares, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@by_name
@pytest.mark.parametrize("operand", [0, 1, 2])
def test_only_what_is_needed_is_calculated(f, composed, operands, operand):
    leaves = [tensor(x) for x in operands]
    if operand < len(leaves):
        leaves[operand].requires_grad_()
        f(*leaves).sum().backward()
        assert [leaf.grad is not None for leaf in leaves] == [
            i == operand for i in range(len(leaves))
        ]


@by_name
def test_fused_to_second_order_in_both_modes(f, composed, operands):
    check_grads(lambda *a: np.sin(f(*a)), order=2, rtol=1e-5, atol=1e-5)(*operands)


@by_name
def test_second_derivative_equals_that_of_the_composition(f, composed, operands):
    def curvature(op):
        slope = grad(lambda x: np.sum(np.sin(op(x, *operands[1:]))))
        return grad(lambda x: np.sum(slope(x) * np.cos(x)))(operands[0])

    np.testing.assert_allclose(curvature(f), curvature(composed), rtol=1e-8, atol=1e-10)


OTHERS = {
    "group_norm": lambda x: F.group_norm(x, 2, W, B, 0.1),
    "instance_norm": lambda x: F.instance_norm(x, None, None, W, B, eps=0.1),
    "rms_norm": lambda x: F.rms_norm(x, 3, field((3,)), 0.1),
    "local_response_norm": lambda x: F.local_response_norm(x, 3, 0.5),
    "batch_norm, evaluation": lambda x: F.batch_norm(x, W, np.abs(B), W, B),
    "batch_norm, training": lambda x: F.batch_norm(x, None, None, W, B, True),
    "layer_norm": lambda x: F.layer_norm(x, (2, 3), None, None, 0.1),
}


@pytest.mark.parametrize("f", OTHERS.values(), ids=OTHERS)
def test_to_second_order_in_both_modes_and_under_vmap(f):
    check_grads(lambda x: np.sin(f(x)), order=2, rtol=1e-4, atol=1e-5)(X)
    many = field((2, *X.shape))
    np.testing.assert_allclose(vmap(f)(many), np.stack([f(x) for x in many]), rtol=1e-9, atol=1e-11)


def test_running_statistics_move_once_for_each_call():
    def forward(x, mean, var):
        return F.batch_norm(x, mean, var, W, B, training=True)

    found = []
    for way in ("plain", "tape", "grad", "jvp", "create_graph"):
        mean, var = np.zeros(4), np.ones(4)
        if way == "plain":
            forward(X, mean, var)
        elif way == "grad":
            grad(lambda x, m=mean, v=var: np.sum(np.sin(forward(x, m, v))))(X)
        elif way == "jvp":
            jvp(lambda x, m=mean, v=var: forward(x, m, v), (X,), (X,))
        else:
            x = tensor(X, requires_grad=True)
            np.sin(forward(x, mean, var)).sum().backward(create_graph=way == "create_graph")
            if way == "create_graph":
                slope, x.grad = x.grad, None
                slope.sum().backward()
        found.append((mean, var))
    for mean, var in found:
        np.testing.assert_allclose(mean, found[0][0], rtol=1e-14)
        np.testing.assert_allclose(var, found[0][1], rtol=1e-14)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0)])
def test_the_order_in_memory_changes_nothing(order):
    moved = np.ascontiguousarray(X.transpose(order)).transpose(np.argsort(order))
    for f in OTHERS.values():
        np.testing.assert_allclose(f(moved), f(X), rtol=1e-12, atol=1e-13)


def test_large_means_lose_little_in_float32():
    x = (1000 + field((64, 3, 8, 8))).astype(np.float32)
    exact = x.astype(np.float64)
    for f in (
        lambda v: F.batch_norm(v, None, None, training=True),
        lambda v: F.layer_norm(v, (8, 8)),
        lambda v: F.group_norm(v, 3),
    ):
        y = f(x)
        assert y.dtype == np.float32
        np.testing.assert_allclose(y, f(exact), rtol=3e-4, atol=3e-4)


Z = np.zeros
REFUSED = [
    (lambda: F.batch_norm(Z((2, 3)), None, None), ArgumentError, "needs running_mean"),
    (lambda: F.batch_norm(Z((2, 3)), Z(3), None), ArgumentError, "both"),
    (lambda: F.batch_norm(Z((2, 3)), Z(2), Z(2)), ShapeError, r"running_mean .* \(3,\)"),
    (lambda: F.batch_norm(Z((2, 3)), Z(3), Z(3), Z(2)), ShapeError, "weight of shape"),
    (lambda: F.batch_norm(Z((1, 3)), Z(3), Z(3), training=True), ShapeError, "no variance"),
    (lambda: F.batch_norm(Z(3), Z(3), Z(3)), ShapeError, r"\(N, C, ...\)"),
    (
        lambda: vmap(lambda x: F.batch_norm(x, Z(3), Z(3), training=True))(Z((2, 4, 3))),
        ArgumentError,
        "vmap",
    ),
    (lambda: F.layer_norm(Z((2, 3)), 4), ShapeError, "must end with"),
    (lambda: F.layer_norm(Z((2, 3)), 3, Z(2)), ShapeError, "weight has shape"),
    (lambda: F.layer_norm(Z((2, 3)), ()), ArgumentError, "at least one axis"),
    (lambda: F.rms_norm(Z((2, 3)), (2,)), ShapeError, "rms_norm"),
    (lambda: F.group_norm(Z((2, 3)), 2), ArgumentError, "num_groups"),
    (lambda: F.group_norm(Z((1, 3)), 3), ShapeError, "has no variance"),
    (lambda: F.group_norm(Z(3), 1), ShapeError, "takes"),
    (lambda: F.group_norm(Z((1, 2, 0)), 1), ShapeError, "nothing to normalise"),
    (lambda: F.instance_norm(Z((2, 0, 3))), ShapeError, "nothing to normalise"),
    (lambda: F.group_norm(Z((2, 4)), 2, Z(3)), ShapeError, "weight"),
    (lambda: F.instance_norm(Z((2, 3))), ShapeError, "takes"),
    (lambda: F.instance_norm(Z((2, 3, 4)), Z(2), Z(2)), ShapeError, "instance_norm .*running_mean"),
    (lambda: F.instance_norm(Z((2, 3, 4)), weight=Z(2)), ShapeError, "weight of shape"),
    (lambda: F.instance_norm(Z((2, 3, 1))), ShapeError, "no variance"),
    (lambda: F.local_response_norm(Z((2, 3)), 2), ShapeError, "takes"),
    (lambda: F.local_response_norm(Z((2, 3, 4)), 0), ArgumentError, "size"),
]


@pytest.mark.parametrize("f", [F.layer_norm, F.rms_norm])
def test_no_features_stay_none(f):
    for weight in ((), (Z(0),)):
        y, pull = vjp(lambda *operands: f(operands[0], 0, *operands[1:]), Z((2, 0)), *weight)
        assert y.shape == (2, 0) and [g.size for g in pull(y)] == [0] * (1 + len(weight))


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=[row[2] for row in REFUSED])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("last", [False, True], ids=["planes", "channels last"])
@pytest.mark.parametrize("block", [1, 50, 1000])
def test_groups_in_blocks_of_any_size(last, block, monkeypatch):
    monkeypatch.setattr(layouts, "BLOCK", block)
    x, w, b = field((5, 6, 4, 4)), field((6,), 1), field((6,), 2)
    if last:
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    found, expected = [], []
    for f, into in ((F.group_norm, found), (group_norm_of_rows, expected)):
        operands = [tensor(v, requires_grad=True) for v in (x, w, b)]
        y = f(operands[0], 3, operands[1], operands[2], 0.1)
        (y * field(y.shape, 7)).sum().backward()
        into += [y.detach().numpy(), *(v.grad.numpy() for v in operands)]
    for mine, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-11, atol=1e-12)


def group_norm_of_rows(x, groups, w, b, eps):
    return group_normalization.composition(x, w, b, groups=groups, eps=eps)


@pytest.mark.parametrize("last", [False, True], ids=["planes", "channels last"])
@pytest.mark.parametrize("mean", [0.0, 3.0, 1000.0])
def test_groups_far_from_zero_keep_their_digits_in_float32(mean, last):
    x = (field((4, 6, 8, 8)) + mean).astype(np.float32)
    exact = F.group_norm(x.astype(np.float64), 2)
    if last:
        x = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(F.group_norm(x, 2), exact, rtol=1e-5, atol=1e-5)


def test_groups_of_one_number_become_zeros_and_nan_stays_in_its_example():
    x = np.stack([np.full((4, 3, 3), 7.0), field((4, 3, 3))]).astype(np.float32)
    assert (F.group_norm(x, 2)[0] == 0).all()
    x[0, 0, 0, 0] = np.nan
    y = F.group_norm(x, 2)
    assert np.isnan(y[0, :2]).all() and np.isfinite(y[0, 2:]).all() and np.isfinite(y[1]).all()
