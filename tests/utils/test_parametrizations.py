"""Weight norm, spectral norm and orthogonal weights: PyTorch's values, keys and looks."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core.test_util import check_grads
from nnkit.utils import parametrizations, parametrize
from nnkit.utils.orthogonal import matrix_exp, reflections
from tests.reference import stored
from tests.reference.fields import field

CASES = stored("parametrizations")


def arrays(stored_state):
    return {k: np.reshape(v, shape) for k, (shape, v) in stored_state.items()}


def same(state, expected):
    expected = arrays(expected)
    assert set(state) == set(expected)
    for name, value in expected.items():
        assert state[name].shape == value.shape
        np.testing.assert_allclose(state[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


def plain(case):
    kind = case["layer"] if case["layer"][0] in "CL" else "Linear"
    layer = getattr(nn, kind)(*case["sizes"], dtype=np.float64)
    layer.weight.data = field(layer.weight.shape, 1)
    layer.bias.data = field(layer.bias.shape, 2)
    return layer


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['function']} {c['layer']} {c['kwargs']}")
def test_keys_values_gradients_and_removal_are_those_of_pytorch(case):
    name = case["kwargs"].get("name", "weight")
    layer = getattr(parametrizations, case["function"])(plain(case), **case["kwargs"])
    assert repr(layer) == case["repr"]
    layer.load_state_dict(arrays(case["state"]))
    for training, step in zip((True, False), case["steps"], strict=True):
        layer.train(training).zero_grad()
        weight = getattr(layer, name)
        np.testing.assert_allclose(weight.detach().numpy().ravel(), step["weight"], atol=1e-12)
        (weight * field(weight.shape, 9)).sum().backward()
        grads = {k: p.grad for k, p in layer.named_parameters() if p.grad is not None}
        same(grads, step["grads"])
    same(layer.state_dict(), case["after"])
    parametrize.remove_parametrizations(layer, name)
    same(layer.state_dict(), case["removed"])


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['function']} {c['layer']} {c['kwargs']}")
def test_where_it_starts(case):
    """Weight norm starts with the weight as it was, spectral norm with norm 1, and so on."""
    layer, before = plain(case), plain(case)
    getattr(parametrizations, case["function"])(layer, **case["kwargs"])
    name = case["kwargs"].get("name", "weight")
    value, old = getattr(layer, name).detach().numpy(), getattr(before, name).detach().numpy()
    if case["function"] == "weight_norm":
        np.testing.assert_allclose(value, old, rtol=1e-12)
    elif case["function"] == "spectral_norm":
        ratio = value / old
        np.testing.assert_allclose(ratio, ratio.flat[0])
        dim = case["kwargs"].get("dim", int(case["layer"] == "ConvTranspose1d"))
        matrix = np.moveaxis(value, dim, 0).reshape(value.shape[dim], -1)
        assert np.linalg.norm(matrix, 2) == pytest.approx(1, abs=0.05)
    elif case["kwargs"].get("use_trivialization", True):
        tall = value if value.shape[-2] >= value.shape[-1] else np.swapaxes(value, -1, -2)
        eye = np.broadcast_to(np.eye(tall.shape[-1]), (*tall.shape[:-2], *[tall.shape[-1]] * 2))
        np.testing.assert_allclose(np.swapaxes(tall, -1, -2) @ tall, eye, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("size", [0.0, 0.1, 3.0, 40.0])
def test_matrix_exp(n, size):
    rng = np.random.default_rng(n)
    values, vectors = rng.normal(size=n), np.eye(n) + 0.2 * rng.normal(size=(n, n))
    scale = size / max(1, np.abs(values).max())
    expected = vectors @ np.diag(np.exp(values * scale)) @ np.linalg.inv(vectors)
    got = matrix_exp(vectors @ np.diag(values * scale) @ np.linalg.inv(vectors))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max())


def test_their_derivatives_to_second_order():
    rng = np.random.default_rng(0)
    check_grads(matrix_exp, modes=["fwd", "rev"], order=2)(0.5 * rng.normal(size=(3, 3)))
    tall = np.tril(rng.normal(size=(4, 2)), -1) + np.eye(4, 2)
    check_grads(lambda a: reflections(np.tril(a, -1) + np.eye(4, 2)), order=2)(tall)


@pytest.mark.filterwarnings("ignore:fit runs as it is")
def test_a_trained_layer_stays_orthogonal_and_an_old_optimizer_trains_it():
    nn.seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = nn.optim.Adam(model.parameters(), lr=0.05)
    parametrizations.orthogonal(model[0])
    parametrizations.spectral_norm(model[2])
    X = np.random.default_rng(0).normal(size=(64, 3))
    trainer = nn.Trainer(model, nn.MSELoss(), optimizer)
    before = model[0].weight.detach().numpy().copy()
    trainer.fit(X, np.sin(X[:, :1]) / 2, epochs=20)
    Q = model[0].weight.detach().numpy()
    assert np.abs(Q - before).max() > 0.1
    np.testing.assert_allclose(Q.T @ Q, np.eye(3), atol=1e-5)
    weight = model[2].weight.detach().numpy()
    assert np.linalg.norm(weight, 2) == pytest.approx(1, abs=1e-3)


def test_reading_while_training_is_one_step_of_the_power_method_and_graphs_stay_right():
    layer = parametrizations.spectral_norm(nn.Linear(5, 4))
    norm = layer.parametrizations.weight[0]
    W = layer.parametrizations.weight.original
    u0 = norm._u.copy()
    a = layer.weight
    u1, v1 = norm._u.copy(), norm._v.copy()
    assert not np.array_equal(u0, u1)
    b = layer.weight
    assert not np.array_equal(u1, norm._u)
    (a.sum() + b.sum()).backward()
    expected = np.zeros((4, 5))
    for u, v in ((u1, v1), (norm._u, norm._v)):  # d(sum W / s) = (s - sum W u v^T) / s^2
        w = W.detach().numpy().astype(np.float64)
        s = u @ w @ v
        expected += (s - w.sum() * np.outer(u, v)) / s**2
    np.testing.assert_allclose(W.grad.numpy(), expected, rtol=1e-4, atol=1e-5)
    layer.eval()
    u = norm._u.copy()
    assert layer.weight.shape == (4, 5)
    np.testing.assert_array_equal(u, norm._u)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda f: f.weight_norm(nn.Linear(2, 3), "w"), r"no parameter .* 'w'.*it has: weight, b"),
        (lambda f: f.weight_norm(nn.Linear(2, 3), dim=2), "dim=2, but 'weight' has 2 axes"),
        (lambda f: f.spectral_norm(nn.Linear(2, 3), dim=-3), "dim=-3"),
        (lambda f: f.spectral_norm(nn.Linear(2, 3), n_power_iterations=0), "positive, got 0"),
        (lambda f: f.orthogonal(nn.Linear(2, 3), "bias"), r"shape \(3,\); only a matrix"),
        (lambda f: f.orthogonal(nn.Linear(2, 3), orthogonal_map="qr"), "'cayley'.*got 'qr'"),
    ],
)
def test_mistakes_are_told(call, words):
    with pytest.raises(ValueError, match=words):
        call(parametrizations)
