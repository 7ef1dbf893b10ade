"""Layers of normalisation: PyTorch's outputs and statistics, state, looks, errors."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core.errors import ArgumentError, ShapeError
from tests.reference import cases
from tests.reference.fields import digest, field


@pytest.mark.parametrize("case", cases("norm_layers"))
def test_two_batches_and_an_evaluation_are_those_of_pytorch(case):
    layer = getattr(nn, case["op"])(4, **case["kwargs"], dtype=np.float64)
    for i, p in enumerate(layer.parameters()):
        p.data = field((4,), i + 1)
    outputs = [layer(field(case["shape"], i)) for i in (0, 1)]
    outputs.append(layer.eval()(field(case["shape"], 2)))
    for y, expected in zip(outputs, case["outputs"], strict=True):
        y = y.detach() if isinstance(y, nn.Tensor) else y
        np.testing.assert_allclose(digest(y), expected, rtol=1e-9, atol=1e-9)
    state = layer.state_dict()
    assert list(state) == list(case["state"])
    for name, values in case["state"].items():
        np.testing.assert_allclose(state[name], values, rtol=1e-12)
        assert state[name].shape == np.shape(values)


REPRS = [
    (
        nn.BatchNorm1d(3),
        "(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    ),
    (
        nn.InstanceNorm2d(3),
        "(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=False)",
    ),
    (nn.LayerNorm((2, 3), bias=False), "((2, 3), eps=1e-05, elementwise_affine=True, bias=False)"),
    (nn.RMSNorm(3), "((3,), eps=None, elementwise_affine=True)"),
    (nn.GroupNorm(2, 4), "(2, 4, eps=1e-05, affine=True, bias=True)"),
    (nn.LocalResponseNorm(2), "(2, alpha=0.0001, beta=0.75, k=1.0)"),
]


@pytest.mark.parametrize(("layer", "text"), REPRS, ids=lambda v: str(v)[:20])
def test_how_it_looks(layer, text):
    assert repr(layer) == type(layer).__name__ + text


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.BatchNorm1d(3), (4, 3)),
        (nn.BatchNorm1d(3), (4, 3, 5)),
        (nn.BatchNorm2d(3), (4, 3, 5, 2)),
        (nn.InstanceNorm1d(3, affine=True, track_running_stats=True), (4, 3, 5)),
        (nn.InstanceNorm2d(3), (3, 5, 2)),
        (nn.LayerNorm(3), (4, 3)),
        (nn.RMSNorm((2, 3)), (4, 2, 3)),
        (nn.GroupNorm(1, 3), (4, 3, 5)),
        (nn.LocalResponseNorm(2), (4, 3, 5)),
    ],
    ids=repr,
)
def test_float32_stays_float32(layer, shape):
    x = nn.tensor(field(shape).astype(np.float32), requires_grad=True)
    y = layer(x)
    (y * y).sum().backward()
    kinds = {y.dtype, x.grad.dtype, *(p.grad.dtype for p in layer.parameters())}
    kinds |= {b.dtype for b in layer.buffers() if b.ndim}
    assert kinds == {np.dtype(np.float32)}
    if list(layer.parameters()):  # float64 data do not make a float32 model calculate in float64
        assert layer(field(shape)).dtype == np.float32


def test_state_survives_a_file(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    for i in range(3):
        model(field((2, 1, 5, 5), i))
    nn.save(model.state_dict(), tmp_path / "model.safetensors")
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    other.load_state_dict(nn.load(tmp_path / "model.safetensors"))
    assert other[1].num_batches_tracked == 3
    x = field((1, 1, 5, 5), 4)
    np.testing.assert_array_equal(other.eval()(x).detach(), model.eval()(x).detach())


@pytest.mark.parametrize(
    "make", [nn.BatchNorm2d, nn.InstanceNorm2d, lambda c, **kw: nn.GroupNorm(2, c, **kw)]
)
def test_a_weight_without_a_bias(make):
    layer = make(4, affine=True, bias=False)
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    layer.weight.data = np.zeros(4)
    assert (layer(field((2, 4, 3, 3))) == 0).all()


def test_forgetting_the_statistics():
    layer = nn.BatchNorm1d(2)
    layer([[1.0, 2.0], [3.0, 5.0]])
    layer.reset_running_stats()
    state = [layer.running_mean, layer.running_var, layer.num_batches_tracked]
    assert [values.tolist() for values in state] == [[0, 0], [1, 1], 0]


@pytest.mark.parametrize(
    ("layer", "shape", "text"),
    [
        (nn.BatchNorm1d(3), (1, 3), r"0: BatchNorm1d\(3.* got \(1, 3\) while training.*eval"),
        (nn.BatchNorm2d(3), (2, 3, 1), r"\(N, 3, H, W\)"),
        (nn.BatchNorm2d(3), (2, 5, 5, 3), r"transpose\(0, 3, 1, 2\)"),
        (nn.BatchNorm1d(3), (2, 4), r"\(N, 3, L\) or \(N, 3\)"),
        (nn.InstanceNorm1d(3, affine=True), (2, 4, 5), r"\(N, 3, L\), or \(3, L\)"),
        (nn.InstanceNorm1d(3, track_running_stats=True), (2, 4, 5), r"\(N, 3, L\), or"),
        (nn.LayerNorm(3), (2, 4), r"must end with \(3,\)"),
        (nn.LayerNorm(3), (2, 3, 4), r"GroupNorm\(1"),
        (nn.GroupNorm(1, 3), (2, 4), r"\(N, 3, ...\)"),
    ],
    ids=lambda v: repr(v)[:30],
)
def test_a_wrong_input_names_the_layer(layer, shape, text):
    with pytest.raises(ShapeError, match=text):
        nn.Sequential(layer)(np.zeros(shape))


def test_a_single_example_is_fine_in_evaluation():
    layer = nn.BatchNorm1d(3).eval()
    np.testing.assert_allclose(layer(np.ones((1, 3))).detach(), np.ones((1, 3)), rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.GroupNorm(2, 3), "cannot be split"),
        (lambda: nn.BatchNorm2d(0), "num_features"),
        (lambda: nn.LayerNorm(()), "at least one axis"),
        (lambda: nn.RMSNorm(0.5), "normalized_shape"),
    ],
)
def test_settings_that_are_refused(make, text):
    with pytest.raises(ArgumentError, match=text):
        make()
