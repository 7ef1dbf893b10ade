"""Convolution in groups equals one convolution whose weight is 0 between groups."""

import itertools

import numpy as np
import pytest

from autograd_core import tensor
from nnkit import functional as F
from nnkit.functional import depthwise, grouping
from nnkit.functional.windows import Geometry
from tests.reference.fields import field

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def without_groups(w, groups):
    """Write a weight (O, C / groups, ...) out for all channels."""
    o, c = w.shape[0] // groups, w.shape[1]
    parts = []
    for i in range(groups):
        part = w[i * o : (i + 1) * o]
        zeros = np.zeros((o, c, *w.shape[2:]))
        parts.append(np.concatenate([part if k == i else zeros for k in range(groups)], axis=1))
    return np.concatenate(parts)


def run(dims, x, w, b, groups, settings):
    """Return the output and all gradients, that of the weight for single groups."""
    leaves = [tensor(v, requires_grad=True) for v in (x, w, b)]
    y = CONV[dims](leaves[0], leaves[1], leaves[2], groups=groups, **settings)
    (y * field(y.shape, 9)).sum().backward()
    return [y.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)]


GROUPS = [  # groups, channels of one, results of one
    *itertools.product((4, 6), (1,), (1, 2)),
    *itertools.product((4, 6), (2, 3), (1, 2, 3)),
    (2, 17, 1),
]
SETTINGS = [
    {},
    {"padding": 1},
    {"padding": 2, "dilation": 2},
    {"stride": 2, "padding": 1},
    {"padding": "same"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize(("groups", "c", "o"), GROUPS)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_groups_are_blocks_of_the_weight(dims, groups, c, o, settings, monkeypatch):
    monkeypatch.setattr(depthwise, "BLOCK", 40)  # several blocks in each image, a rest at the end
    size = {1: (11,), 2: (6, 7), 3: (5, 6, 5)}[dims]
    x = field((3, groups * c, *size), 1)
    w, b = field((groups * o, c, *(3, 2, 3)[:dims]), 2), field((groups * o,), 3)
    y, gx, gw, gb = run(dims, x, w, b, groups, settings)
    y1, gx1, gw1, gb1 = run(dims, x, without_groups(w, groups), b, 1, settings)
    apart = gw1.reshape(groups, o, groups, c, *w.shape[2:])
    own = np.concatenate([apart[i, :, i] for i in range(groups)])
    for mine, right in ((y, y1), (gx, gx1), (gw, own), (gb, gb1)):
        np.testing.assert_allclose(mine, right, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("block", [1, 16384])
def test_depthwise_of_any_batch(n, block, dtype, monkeypatch):
    monkeypatch.setattr(depthwise, "BLOCK", block)
    x, w = field((n, 4, 5, 5), 1).astype(dtype), field((4, 1, 3, 3), 2).astype(dtype)
    right = F.conv2d(x.astype(float), without_groups(w.astype(float), 4), padding=1)
    y = F.conv2d(x, w, padding=1, groups=4)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, right, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("groups", "c", "together"), [(8, 2, 8), (8, 4, 4), (6, 5, 3), (7, 3, 1), (4, 16, 1)]
)
def test_narrow_groups_are_taken_together(groups, c, together):
    at = Geometry((1,), (1,), (1,), ((0, 0),), (1,), groups, (1,))
    assert grouping.merging(at, groups * c)[0] == together
