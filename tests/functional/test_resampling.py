"""Resampling: derivatives in both modes to second order, vmap, its inverse, what is refused."""

import numpy as np
import pytest

from autograd_core import vmap
from autograd_core.errors import ArgumentError, ShapeError
from autograd_core.test_util import check_grads
from nnkit import functional as F
from tests.reference.fields import field

IMAGE = field((1, 2, 4, 3))
GRID = 0.7 * np.sin(field((1, 3, 2, 2), 4))
F_OF_IMAGE = {
    "nearest": lambda x: F.interpolate(x, scale_factor=2),
    "nearest, any size": lambda x: F.interpolate(x, (5, 2)),
    "bilinear": lambda x: F.interpolate(x, (6, 5), mode="bilinear"),
    "bicubic": lambda x: F.interpolate(x, (3, 5), mode="bicubic", align_corners=True),
    "area": lambda x: F.interpolate(x, 2, mode="area"),
    "antialias": lambda x: F.interpolate(x, 2, mode="bilinear", antialias=True),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x.reshape(1, 4, 3, 2), 2),
    "pixel_unshuffle": lambda x: F.pixel_unshuffle(x[:, :, :, :2], 2),
    "channel_shuffle": lambda x: F.channel_shuffle(x.reshape(1, 4, 6), 2),
}
OF_IMAGE_AND_GRID = {
    f"{mode}, {around}": lambda x, g, m=mode, a=around: F.grid_sample(x, g, m, a)
    for mode in ("bilinear", "bicubic")
    for around in ("zeros", "border", "reflection")
}


@pytest.mark.parametrize("f", F_OF_IMAGE.values(), ids=F_OF_IMAGE)
def test_to_second_order_and_under_vmap(f):
    check_grads(lambda x: np.sin(f(x)), order=2, rtol=1e-5, atol=1e-5)(IMAGE)
    many = field((3, *IMAGE.shape))
    np.testing.assert_allclose(vmap(f)(many), np.stack([f(x) for x in many]), rtol=1e-12)


@pytest.mark.parametrize("f", OF_IMAGE_AND_GRID.values(), ids=OF_IMAGE_AND_GRID)
def test_grid_sample_to_second_order_in_both_operands(f):
    check_grads(lambda *a: np.sin(f(*a)), order=2, rtol=1e-4, atol=1e-5)(IMAGE, 1.3 * GRID)


def test_grid_sample_under_vmap():
    many = field((3, *IMAGE.shape))
    each = np.stack([F.grid_sample(x, GRID) for x in many])
    np.testing.assert_allclose(vmap(lambda x: F.grid_sample(x, GRID))(many), each, rtol=1e-12)


def test_affine_grid_to_second_order():
    theta = field((2, 2, 3))
    check_grads(lambda t: np.sin(F.affine_grid(t, (2, 1, 3, 2))), order=2)(theta)


@pytest.mark.parametrize("corners", [True, False])
def test_the_identity_reads_the_image_itself(corners):
    identity = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    grid = F.affine_grid(identity, IMAGE.shape, align_corners=corners)
    for mode in ("bilinear", "nearest", "bicubic"):
        y = F.grid_sample(IMAGE, grid, mode, "border", corners)
        np.testing.assert_allclose(y, IMAGE, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "area"])
def test_what_is_constant_stays_constant(mode):
    y = F.interpolate(np.full((1, 1, 5, 4), 3.0), (7, 9), mode=mode)
    np.testing.assert_allclose(y, 3.0, rtol=1e-12)


def test_shuffling_back_and_forth():
    x = field((2, 8, 3, 4))
    np.testing.assert_array_equal(F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2), x)
    np.testing.assert_array_equal(F.channel_shuffle(F.channel_shuffle(x, 2), 4), x)


Z = np.zeros
REFUSED = [
    (lambda: F.interpolate(Z((1, 1, 4))), ArgumentError, "needs one of"),
    (lambda: F.interpolate(Z((1, 1, 4)), 2, 2), ArgumentError, "needs one of"),
    (lambda: F.interpolate(Z((1, 1, 4)), 2, mode="cubic"), ArgumentError, "mode is one of"),
    (lambda: F.interpolate(Z((1, 1, 4)), 2, mode="bilinear"), ShapeError, "takes 4 axes"),
    (lambda: F.interpolate(Z((1, 4)), 2), ShapeError, "takes 3 or 4 or 5 axes"),
    (lambda: F.interpolate(Z((1, 1, 4)), 2, align_corners=True), ArgumentError, "align_corners"),
    (lambda: F.interpolate(Z((1, 1, 4)), 2, antialias=True), ArgumentError, "antialias"),
    (lambda: F.interpolate(Z((1, 1, 4)), scale_factor=-1), ArgumentError, "positive number"),
    (lambda: F.interpolate(Z((1, 1, 4)), scale_factor=0.1), ShapeError, "leaves nothing"),
    (lambda: F.interpolate(Z((1, 1, 4)), (2, 2)), ArgumentError, "size is"),
    (lambda: F.grid_sample(Z((1, 1, 4, 4)), Z((1, 2, 2, 3))), ShapeError, "and a grid of shape"),
    (lambda: F.grid_sample(Z((1, 1, 4, 4)), Z((2, 2, 2, 2))), ShapeError, "and a grid of shape"),
    (lambda: F.grid_sample(Z((1, 1, 4, 4)), Z((1, 2, 2, 2)), "linear"), ArgumentError, "mode is"),
    (
        lambda: F.grid_sample(Z((1, 1, 4, 4)), Z((1, 2, 2, 2)), padding_mode="wrap"),
        ArgumentError,
        "padding_mode is",
    ),
    (lambda: F.affine_grid(Z((1, 3, 3)), (1, 1, 2, 2)), ShapeError, "theta"),
    (lambda: F.pixel_shuffle(Z((3, 2, 2)), 2), ShapeError, r"C \* 4"),
    (lambda: F.pixel_unshuffle(Z((3, 3, 2)), 2), ShapeError, r"H \* 2"),
    (lambda: F.channel_shuffle(Z((1, 3, 2)), 2), ShapeError, r"C \* 2"),
    (lambda: F.pixel_shuffle(Z((4, 2, 2)), 0), ArgumentError, "upscale_factor"),
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=[row[2] for row in REFUSED])
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
