"""Layers: their initial weights, shapes at the edges, what they learn, how they look."""

import numpy as np
import pytest

import nnkit as nn
from nnkit import functional as F


@pytest.mark.parametrize(("n_in", "n_out"), [(1, 1), (3, 5), (200, 300)])
def test_linear_starts_within_the_bounds(n_in, n_out):
    nn.seed(1)
    layer, bound = nn.Linear(n_in, n_out), 1 / np.sqrt(n_in)
    values = np.concatenate([p.detach().numpy().ravel() for p in layer.parameters()])
    assert np.abs(values).max() <= bound
    if values.size > 1000:  # evenly distributed: mean 0, variance bound^2 / 3, nothing left empty
        assert abs(values.mean()) < 0.02 * bound
        assert values.var() == pytest.approx(bound**2 / 3, rel=0.02)
        assert np.histogram(values, 10, (-bound, bound))[0].min() > 0.08 * values.size


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 3), (2, 5, 3), (0, 3)])
def test_linear_keeps_the_leading_axes(shape):
    layer = nn.Linear(3, 2).double()
    x = np.random.default_rng(0).normal(size=shape)
    y = layer(x)
    assert y.shape == (*shape[:-1], 2)
    expected = x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(y.detach(), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    "x",
    [
        np.arange(6).reshape(2, 3),
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.arange(6.0).reshape(2, 3),
        np.arange(6.0).reshape(3, 2).T,
        np.arange(6.0).reshape(2, 3)[:, ::-1],
        np.arange(6, dtype=">f4").reshape(2, 3),
        [[0, 1, 2], [3, 4, 5]],
    ],
    ids=["int", "uint8", "float64", "transposed", "reversed", "big-endian", "list"],
)
def test_linear_takes_any_real_numbers(x):
    layer = nn.Linear(3, 2)
    layer(x).sum().backward()
    assert layer.weight.grad.dtype == np.float32
    np.testing.assert_allclose(layer.weight.grad[0], np.asarray(x).sum(axis=0), rtol=1e-6)


def test_no_bias():
    layer = nn.Linear(2, 2, bias=False)
    assert layer.bias is None
    assert list(layer.state_dict()) == ["weight"]
    assert (layer(np.zeros((1, 2))) == 0).all()


@pytest.mark.parametrize(
    ("layer", "f"),
    [
        (nn.ReLU(), F.relu),
        (nn.Tanh(), np.tanh),
        (nn.Sigmoid(), F.sigmoid),
        (nn.GELU(), F.gelu),
        (nn.GELU(approximate="tanh"), lambda x: F.gelu(x, "tanh")),
        (nn.Softmax(dim=1), lambda x: F.softmax(x, dim=1)),
        (nn.LogSoftmax(dim=0), lambda x: F.log_softmax(x, dim=0)),
        (nn.Identity(), lambda x: x),
        (nn.Flatten(), lambda x: x),
        (nn.Dropout(0.5).eval(), lambda x: x),
    ],
    ids=lambda x: repr(x) if isinstance(x, nn.Module) else "",
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_call_their_function(layer, f, dtype):
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(dtype)
    y = layer(x)
    np.testing.assert_array_equal(y, f(x))
    assert y.dtype == dtype
    t = nn.tensor(x, requires_grad=True)
    layer(t).sum().backward()
    assert t.grad.dtype == dtype


@pytest.mark.parametrize(
    ("arguments", "shape", "expected"),
    [
        ({}, (2, 3, 4), (2, 12)),
        ({}, (0, 3, 4), (0, 12)),
        (dict(start_dim=0), (2, 3), (6,)),
        (dict(start_dim=2), (2, 3, 4, 5), (2, 3, 20)),
        (dict(start_dim=0, end_dim=1), (2, 3, 4), (6, 4)),
    ],
)
def test_flatten(arguments, shape, expected):
    assert nn.Flatten(**arguments)(np.zeros(shape)).shape == expected


# --- dropout --------------------------------------------------------------------------------------


def test_dropout_keeps_the_expected_value_and_goes_by_the_seed():
    layer = nn.Dropout(0.3)
    x = np.ones((200, 100), np.float32)
    nn.seed(3)
    y = layer(x)
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert (layer(x) != y).any()
    nn.seed(3)
    np.testing.assert_array_equal(layer(x), y)


@pytest.mark.parametrize(("p", "value"), [(0.0, 2.0), (1.0, 0.0)])
def test_dropout_at_the_ends(p, value):
    assert (nn.Dropout(p)(np.full((3, 3), 2.0)) == value).all()


def test_dropout_gradient_goes_where_the_values_went():
    x = nn.tensor(np.ones(50), requires_grad=True)
    y = nn.Dropout(0.5)(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, y.detach())


# --- at the ends of the number range --------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (F.sigmoid, [0, 0.5, 1]),
        (F.logsigmoid, [-1000, -np.log(2), 0]),
        (F.gelu, [0, 0, 1000]),
        (lambda x: F.softmax(x, dim=0), [0, 0, 1]),
        (lambda x: F.log_softmax(x, dim=0), [-2000, -1000, 0]),
    ],
    ids=["sigmoid", "logsigmoid", "gelu", "softmax", "log_softmax"],
)
def test_no_overflow(f, expected, dtype):
    x = nn.tensor(np.array([-1000.0, 0.0, 1000.0], dtype), requires_grad=True)
    y = f(x)
    np.testing.assert_allclose(y.detach(), expected, rtol=1e-6)
    y.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_cross_entropy_of_huge_scores():
    x = nn.tensor([[1000.0, -1000.0], [0.0, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, np.array([1, 0]))
    loss.backward()
    assert loss.item() == pytest.approx(1000 + np.log(2) / 2)
    np.testing.assert_allclose(x.grad, [[0.5, -0.5], [-0.25, 0.25]])


# --- together -------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Sigmoid, nn.GELU])
def test_a_small_network_learns_xor(activation):
    nn.seed(0)
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    model = nn.Sequential(nn.Linear(2, 16), activation(), nn.Linear(16, 2))
    optimizer, loss_fn = nn.optim.Adam(model.parameters(), lr=0.05), nn.CrossEntropyLoss()
    for _ in range(200):
        optimizer.zero_grad()
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert (model(X).argmax(axis=1) == y).all()
