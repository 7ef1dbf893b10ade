"""A layer that does the work of the BatchNorm behind it; layers without initial values."""

import numpy as np
import pytest

import nnkit as nn
from nnkit.utils import fuse_conv_bn_eval, fuse_linear_bn_eval, skip_init

RNG = np.random.default_rng(0)
F64 = {"dtype": np.float64}


def trained(norm):
    """Give a BatchNorm statistics and parameters that are not the initial ones."""
    for name in ("running_mean", "running_var"):
        setattr(norm, name, RNG.random(norm.num_features) + 0.1)
    for p in norm.parameters():
        p.data = RNG.normal(size=p.shape)
    return norm.eval()


CASES = {
    "Conv1d": (nn.Conv1d(3, 4, 3, **F64), nn.BatchNorm1d(4, **F64), (2, 3, 7), False),
    "Conv2d, groups": (
        nn.Conv2d(4, 6, (3, 2), 2, 1, groups=2, bias=False, **F64),
        nn.BatchNorm2d(6, affine=False, **F64),
        (2, 4, 6, 5),
        False,
    ),
    "Conv3d": (
        nn.Conv3d(2, 3, 2, padding="same", padding_mode="circular", **F64),
        nn.BatchNorm3d(3, **F64),
        (1, 2, 3, 4, 3),
        False,
    ),
    "ConvTranspose2d": (
        nn.ConvTranspose2d(2, 3, 3, 2, 1, **F64),
        nn.BatchNorm2d(3, **F64),
        (2, 2, 4, 3),
        True,
    ),
    "Linear": (nn.Linear(3, 5, **F64), nn.BatchNorm1d(5, **F64), (4, 3), None),
    "Linear without bias": (
        nn.Linear(3, 5, bias=False, **F64),
        nn.BatchNorm1d(5, bias=False, **F64),
        (4, 3),
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_layer_gives_what_two_gave(name):
    layer, norm, shape, transpose = CASES[name]
    layer.eval()
    trained(norm)
    if transpose is None:
        fused = fuse_linear_bn_eval(layer, norm)
    else:
        fused = fuse_conv_bn_eval(layer, norm, transpose)
    x = RNG.normal(size=shape)
    before = {k: v.copy() for k, v in layer.state_dict().items()}
    np.testing.assert_allclose(fused(x).detach(), norm(layer(x)).detach(), rtol=1e-9, atol=1e-12)
    assert type(fused) is type(layer) and fused.weight.dtype == np.float64
    for key, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[key])


@pytest.mark.parametrize(
    ("layer", "norm", "words"),
    [
        (nn.Linear(2, 3), nn.BatchNorm1d(3).eval(), "call model.eval"),
        (nn.Linear(2, 3).eval(), nn.BatchNorm1d(3), "call model.eval"),
        (nn.Linear(2, 3).eval(), nn.BatchNorm1d(4).eval(), "gives 3 channels, bn takes 4"),
        (
            nn.Linear(2, 3).eval(),
            nn.BatchNorm1d(3, track_running_stats=False).eval(),
            "no running statistics",
        ),
    ],
)
def test_what_cannot_be_fused_is_told(layer, norm, words):
    with pytest.raises(ValueError, match=words):
        fuse_linear_bn_eval(layer, norm)


def test_a_transposed_convolution_in_groups_cannot_be_fused():
    layer = nn.ConvTranspose1d(2, 2, 3, groups=2).eval()
    with pytest.raises(ValueError, match="groups=1"):
        fuse_conv_bn_eval(layer, nn.BatchNorm1d(2).eval(), transpose=True)


@pytest.mark.parametrize(
    "args", [(nn.Linear, 3, 2), (nn.Conv2d, 1, 2, 3), (nn.Embedding, 5, 2), (nn.LSTM, 2, 3)]
)
def test_skipped_initial_values_draw_no_numbers(args):
    nn.seed(0)
    expected = nn.Linear(2, 2).weight.detach()
    nn.seed(0)
    layer = skip_init(*args)
    assert type(layer) is args[0] and not any(p.detach().any() for p in layer.parameters())
    np.testing.assert_array_equal(nn.Linear(2, 2).weight.detach(), expected)
    layer.load_state_dict(args[0](*args[1:]).state_dict())
    layer.reset_parameters()


@pytest.mark.parametrize("what", [nn.ReLU, nn.Linear(2, 2), "Linear"])
def test_what_has_no_initial_values_is_refused(what):
    with pytest.raises(TypeError, match=r"skip_init\(Linear, 2, 3\)"):
        skip_init(what)
