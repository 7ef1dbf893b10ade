"""Layers of convolution, pooling and padding: parameters, looks, errors, and what they call."""

import inspect
from pathlib import Path

import numpy as np
import pytest

import nnkit as nn
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit import functional as F
from tests import reference
from tests.reference import cases
from tests.reference.fields import digest, field

# layer, shape of its weight, shape of its bias, bound of the initial values
PARAMETERS = [
    (nn.Conv1d(8, 40, 5), (40, 8, 5), (40,), 40**-0.5),
    (nn.Conv2d(8, 40, (3, 5), groups=2), (40, 4, 3, 5), (40,), 60**-0.5),
    (nn.Conv3d(4, 20, 3, bias=False), (20, 4, 3, 3, 3), None, 108**-0.5),
    (nn.ConvTranspose1d(40, 8, 5), (40, 8, 5), (8,), 40**-0.5),
    (nn.ConvTranspose2d(40, 8, (3, 5), groups=2), (40, 4, 3, 5), (8,), 60**-0.5),
    (nn.ConvTranspose3d(20, 4, 3, bias=False), (20, 4, 3, 3, 3), None, 108**-0.5),
]


@pytest.mark.parametrize(("layer", "weight", "bias", "bound"), PARAMETERS, ids=repr)
def test_parameters_of_convolutions(layer, weight, bias, bound):
    state = layer.state_dict()
    assert {k: v.shape for k, v in state.items()} == (
        {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    )
    for values in state.values():
        assert values.dtype == np.float32
        assert 0.5 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
    w = state["weight"]
    assert w.var() == pytest.approx(bound**2 / 3, rel=0.2)


# layer, shape of the input, what its forward should be, its repr
CALLS = [
    (
        nn.Conv1d(2, 3, 3, 2, 1, bias=False),
        (2, 7),
        lambda m, x: F.conv1d(x, m.weight, None, 2, 1),
        "Conv1d(2, 3, kernel_size=(3,), stride=(2,), padding=(1,), bias=False)",
    ),
    (
        nn.Conv2d(2, 4, 3, padding="same", dilation=2, groups=2),
        (2, 6, 5),
        lambda m, x: F.conv2d(x, m.weight, m.bias, 1, 2, 2, 2),
        "Conv2d(2, 4, kernel_size=(3, 3), stride=(1, 1), padding=same, dilation=(2, 2), groups=2)",
    ),
    (
        nn.Conv2d(2, 3, (3, 2), padding=(1, 2), padding_mode="reflect"),
        (2, 6, 5),
        lambda m, x: F.conv2d(F.pad(x, (2, 2, 1, 1), "reflect"), m.weight, m.bias),
        "Conv2d(2, 3, kernel_size=(3, 2), stride=(1, 1), padding=(1, 2), padding_mode=reflect)",
    ),
    (
        nn.Conv2d(2, 3, (4, 3), padding="same", padding_mode="circular"),
        (2, 6, 5),
        lambda m, x: F.conv2d(F.pad(x, (1, 1, 1, 2), "circular"), m.weight, m.bias),
        "Conv2d(2, 3, kernel_size=(4, 3), stride=(1, 1), padding=same, padding_mode=circular)",
    ),
    (
        nn.Conv3d(1, 2, 2, padding=1, padding_mode="replicate"),
        (1, 3, 4, 3),
        lambda m, x: F.conv3d(F.pad(x, (1,) * 6, "replicate"), m.weight, m.bias),
        "Conv3d(1, 2, kernel_size=(2, 2, 2), stride=(1, 1, 1), padding=(1, 1, 1), "
        "padding_mode=replicate)",
    ),
    (
        nn.ConvTranspose2d(2, 3, 3, 2, 1, 1, dilation=1),
        (2, 4, 3),
        lambda m, x: F.conv_transpose2d(x, m.weight, m.bias, 2, 1, 1),
        "ConvTranspose2d(2, 3, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), "
        "output_padding=(1, 1))",
    ),
    (
        nn.MaxPool2d(3, 2, 1),
        (2, 6, 5),
        lambda m, x: F.max_pool2d(x, 3, 2, 1),
        "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)",
    ),
    (
        nn.MaxPool1d(2, ceil_mode=True, dilation=2),
        (2, 6),
        lambda m, x: F.max_pool1d(x, 2, 2, 0, 2, True),
        "MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=2, ceil_mode=True)",
    ),
    (
        nn.AvgPool2d(3, 2, 1, True, False, 5),
        (2, 6, 5),
        lambda m, x: F.avg_pool2d(x, 3, 2, 1, True, False, 5),
        "AvgPool2d(kernel_size=3, stride=2, padding=1)",
    ),
    (
        nn.AvgPool1d(2, count_include_pad=False, padding=1),
        (2, 6),
        lambda m, x: F.avg_pool1d(x, 2, 2, 1, False, False),
        "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(1,))",
    ),
    (
        nn.LPPool2d(2, 3),
        (2, 6, 6),
        lambda m, x: F.lp_pool2d(x, 2, 3),
        "LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)",
    ),
    (
        nn.AdaptiveAvgPool2d((None, 2)),
        (2, 6, 5),
        lambda m, x: F.adaptive_avg_pool2d(x, (6, 2)),
        "AdaptiveAvgPool2d(output_size=(None, 2))",
    ),
    (
        nn.AdaptiveMaxPool1d(3),
        (2, 7),
        lambda m, x: F.adaptive_max_pool1d(x, 3),
        "AdaptiveMaxPool1d(output_size=3)",
    ),
    (nn.ZeroPad2d((1, 0, 2, -1)), (2, 3, 4), lambda m, x: F.pad(x, (1, 0, 2, -1)), None),
    (nn.ConstantPad1d(2, 0.5), (2, 3), lambda m, x: F.pad(x, (2, 2), value=0.5), None),
    (nn.ReflectionPad2d(2), (2, 3, 4), lambda m, x: F.pad(x, (2,) * 4, "reflect"), None),
    (nn.ReplicationPad3d(1), (1, 2, 3, 4), lambda m, x: F.pad(x, (1,) * 6, "replicate"), None),
    (
        nn.CircularPad1d((1, 2)),
        (2, 3),
        lambda m, x: F.pad(x, (1, 2), "circular"),
        "CircularPad1d((1, 2))",
    ),
    (
        nn.Upsample(scale_factor=2, mode="linear", align_corners=True),
        (2, 3),
        lambda m, x: F.interpolate(x, scale_factor=2.0, mode="linear", align_corners=True),
        "Upsample(scale_factor=2.0, mode='linear')",
    ),
    (
        nn.UpsamplingBilinear2d(5),
        (2, 3, 4),
        lambda m, x: F.interpolate(x, 5, mode="bilinear", align_corners=True),
        "UpsamplingBilinear2d(size=5, mode='bilinear')",
    ),
    (
        nn.PixelShuffle(2),
        (4, 3, 2),
        lambda m, x: F.pixel_shuffle(x, 2),
        "PixelShuffle(upscale_factor=2)",
    ),
    (
        nn.PixelUnshuffle(2),
        (1, 4, 2),
        lambda m, x: F.pixel_unshuffle(x, 2),
        "PixelUnshuffle(downscale_factor=2)",
    ),
    (
        nn.Unfold(2, padding=1),
        (2, 3, 4),
        lambda m, x: F.unfold(x, 2, 1, 1),
        "Unfold(kernel_size=2, dilation=1, padding=1, stride=1)",
    ),
    (
        nn.Fold((3, 4), 2),
        (8, 6),
        lambda m, x: F.fold(x, (3, 4), 2),
        "Fold(output_size=(3, 4), kernel_size=2, dilation=1, padding=0, stride=1)",
    ),
]


def short_name(x):
    """Name a parameter of a test; a function by what it is, not by where it lies."""
    return "" if callable(x) and not isinstance(x, nn.Module) else str(x)[:40]


@pytest.mark.parametrize(("layer", "shape", "expected", "text"), CALLS, ids=short_name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_call_their_function(layer, shape, expected, text, dtype):
    layer.to(dtype)
    batches = [field((2, *shape))]
    if not isinstance(layer, nn.Upsample):  # which takes batches only
        batches.append(field(shape))
    for x in batches:
        y = layer(x.astype(dtype))
        assert y.dtype == dtype
        np.testing.assert_array_equal(*map(raw, (y, expected(layer, x.astype(dtype)))))
    assert text is None or repr(layer) == text


*LAYERS, TRAINED = cases("image_layers")


@pytest.mark.parametrize("case", LAYERS)
def test_layers_look_and_are_called_as_in_pytorch(case):
    layer = eval(f"nn.{case['op']}")
    assert repr(layer) == case["repr"]
    assert {k: list(v.shape) for k, v in layer.state_dict().items()} == case["state"]
    found = [
        [p.name, "required" if p.default is p.empty else repr(p.default)]
        for p in inspect.signature(type(layer).__init__).parameters.values()
        if p.name not in ("self", "dtype")
    ]
    assert found == case["parameters"]


def test_a_file_that_pytorch_wrote():
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ConvTranspose2d(4, 2, 2, 2),
        nn.GroupNorm(2, 2),
    ).double()
    model.load_state_dict(nn.load(Path(reference.__file__).with_name("images.safetensors")))
    y = model.eval()(field((2, 2, 5, 5), 3))
    np.testing.assert_allclose(digest(y.detach()), TRAINED.values[0]["value"], rtol=1e-10)


def test_the_output_size_of_a_transposed_convolution():
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
    shapes = {layer(np.zeros((1, 1, 4, 4)), output_size=(s, 8)).shape for s in (7, 8)}
    assert shapes == {(1, 1, 7, 8), (1, 1, 8, 8)}
    with pytest.raises(ArgumentError, match=r"from \(7, 7\) to \(8, 8\)"):
        layer(np.zeros((1, 1, 4, 4)), output_size=(9, 8))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "in_channels=3 cannot be split into groups=2"),
        (lambda: nn.Conv2d(0, 4, 3), "in_channels must be a positive"),
        (lambda: nn.Conv2d(3, 4, 0), "kernel_size is a whole number"),
        (lambda: nn.Conv2d(3, 4, (1, 2, 3)), "kernel_size is a whole number >= 1, or 2 of them"),
        (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), "padding_mode is"),
        (lambda: nn.Conv2d(3, 4, 3, 2, padding="same"), "keeps the size"),
        (lambda: nn.ConvTranspose1d(3, 4, 3, padding_mode="reflect"), "padding_mode is 'zeros'"),
        (lambda: nn.FractionalMaxPool2d(2), "needs one of"),
        (lambda: nn.ZeroPad2d((1, 2)), "padding is"),
    ],
)
def test_settings_that_are_refused(make, text):
    with pytest.raises(ArgumentError, match=text):
        make()


@pytest.mark.parametrize(
    ("shape", "channels", "hint"),
    [
        ((2, 8, 8, 3), 3, r"pass x.transpose\(0, 3, 1, 2\)"),
        ((8, 8, 3), 3, r"pass x.transpose\(2, 0, 1\)"),
        ((5, 8, 8), 1, r"x\[:, None\]"),
        ((8, 8), 1, r"x\[None\]"),
        ((2, 4, 8, 8), 3, r"\(N, 3, H, W\)"),
    ],
)
def test_a_wrong_input_names_the_layer_and_what_to_do(shape, channels, hint):
    model = nn.Sequential(nn.Identity(), nn.Sequential(nn.Conv2d(channels, 4, 3)))
    with pytest.raises(ShapeError, match=rf"1\.0: Conv2d\({channels}, 4, .* got .*{hint}"):
        model(np.zeros(shape))


def test_a_small_convolutional_network_learns_lines():
    nn.seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 1, 8, 8)).astype(np.float32) * 0.1
    y = np.arange(64) % 2
    x[y == 0, :, 3, :] += 1
    x[y == 1, :, :, 3] += 1
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 2)
    )
    optimizer, loss_fn = nn.optim.Adam(model.parameters(), lr=0.02), nn.CrossEntropyLoss()
    for _ in range(40):
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}
