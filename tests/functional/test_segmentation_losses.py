"""Focal, Dice and Tversky losses against their formulas."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core import grad
from autograd_core.test_util import check_grads
from nnkit import functional as F

rng = np.random.default_rng(8)
SCORES, LABELS = rng.normal(size=(5, 3)), np.array([0, 2, 1, 2, -100])
WEIGHT = np.array([0.5, 2.0, 1.25])
IMAGES = rng.normal(size=(2, 3, 4, 2))
CLASSES = rng.integers(0, 3, size=(2, 4, 2))
MASKS = rng.integers(0, 2, size=IMAGES.shape)


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_focal_loss_without_focus_is_cross_entropy(reduction, weight):
    settings = dict(weight=weight, reduction=reduction)
    np.testing.assert_allclose(
        F.focal_loss(SCORES, LABELS, gamma=0, **settings),
        F.cross_entropy(SCORES, LABELS, **settings),
        rtol=1e-13,
    )


@pytest.mark.parametrize("gamma", [0.5, 1, 2.0, 5])
def test_focal_loss_is_the_formula(gamma):
    p = softmax(SCORES[:4], 1)[np.arange(4), LABELS[:4]]
    expected = -((1 - p) ** gamma) * np.log(p) * WEIGHT[LABELS[:4]]
    found = F.focal_loss(SCORES[:4], LABELS[:4], WEIGHT, gamma=gamma, reduction="none")
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    mean = nn.FocalLoss(WEIGHT, gamma=gamma)(SCORES, LABELS)
    assert mean == pytest.approx(expected.sum() / WEIGHT[LABELS[:4]].sum())


@pytest.mark.parametrize("alpha", [0.25, -1, 0.9])
@pytest.mark.parametrize("gamma", [0, 2.0])
def test_sigmoid_focal_loss_is_the_formula(alpha, gamma):
    t = rng.integers(0, 2, size=SCORES.shape)
    p = 1 / (1 + np.exp(-SCORES))
    right = np.where(t == 1, p, 1 - p)
    factor = np.where(t == 1, alpha, 1 - alpha) if alpha >= 0 else 1
    expected = -factor * (1 - right) ** gamma * np.log(right)
    np.testing.assert_allclose(F.sigmoid_focal_loss(SCORES, t, alpha, gamma), expected, rtol=1e-12)
    mean = nn.SigmoidFocalLoss(alpha, gamma)(SCORES, t)
    assert mean == pytest.approx(expected.mean())


@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_dice_and_tversky_are_the_formulas(smooth):
    for target, p in ((CLASSES, softmax(IMAGES, 1)), (MASKS, 1 / (1 + np.exp(-IMAGES)))):
        t = np.moveaxis(np.eye(3)[target], -1, 1) if target is CLASSES else target
        both, missed, surplus = ((a).sum(axis=(2, 3)) for a in (p * t, (1 - p) * t, p * (1 - t)))
        expected = 1 - (2 * both + smooth) / (2 * both + missed + surplus + smooth)
        settings = dict(smooth=smooth, reduction="none")
        np.testing.assert_allclose(F.dice_loss(IMAGES, target, **settings), expected, rtol=1e-12)
        given = F.dice_loss(p, target, from_logits=False, **settings)
        np.testing.assert_allclose(given, expected, rtol=1e-12)
        expected = 1 - (both + smooth) / (both + 0.3 * surplus + 0.7 * missed + smooth)
        found = F.tversky_loss(IMAGES, target, alpha=0.3, beta=0.7, **settings)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        assert nn.DiceLoss()(IMAGES, target) == pytest.approx(F.dice_loss(IMAGES, target))
        assert nn.TverskyLoss()(IMAGES, target) == pytest.approx(F.tversky_loss(IMAGES, target))


def test_a_perfect_answer_costs_nothing_also_where_the_region_is_empty():
    certain = 1000.0 * (2 * MASKS - 1)
    certain[0, 0] = -1000
    assert F.dice_loss(certain, certain > 0) == 0


@pytest.mark.parametrize("name", ["focal", "focal 0.5", "sigmoid focal", "dice", "tversky"])
def test_to_second_order_in_both_modes(name):
    f, x = {
        "focal": (lambda x: F.focal_loss(x, LABELS, WEIGHT), SCORES),
        "focal 0.5": (lambda x: F.focal_loss(x, LABELS, gamma=0.5), SCORES),
        "sigmoid focal": (lambda x: F.sigmoid_focal_loss(x, SCORES > 0), SCORES * 2),
        "dice": (lambda x: F.dice_loss(x, CLASSES), IMAGES),
        "tversky": (lambda x: F.tversky_loss(x, MASKS, alpha=0.3), IMAGES),
    }[name]
    check_grads(f, order=2, rtol=1e-5, atol=1e-5)(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_certain_scores_give_finite_losses_and_gradients(dtype):
    x = np.array([[1000.0, -1000.0], [-1000.0, 1000.0]], dtype)
    for f in (
        lambda x: F.focal_loss(x, np.array([0, 0])),
        lambda x: F.sigmoid_focal_loss(x, np.array([[1, 1], [0, 0]]), reduction="sum"),
    ):
        value, slope = f(x), grad(f)(x)
        assert np.isfinite(value)
        assert value.dtype == slope.dtype == dtype
        assert np.isfinite(slope).all()
