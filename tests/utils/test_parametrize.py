"""Parametrized weights: properties that are calculated from what is learned."""

import copy

import numpy as np
import pytest

import nnkit as nn
from nnkit.utils import parametrize as P
from nnkit.utils.parametrizations import spectral_norm, weight_norm


class Symmetric(nn.Module):
    def forward(self, x):
        return np.triu(x) + np.triu(x, 1).T

    def right_inverse(self, x):
        return np.triu(x)


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter([2.0])

    def forward(self, x):
        return x * self.factor


def keys(module):
    return list(module.state_dict())


def test_the_weight_is_a_function_of_the_original():
    layer = nn.Linear(3, 3)
    weight = layer.weight
    assert P.register_parametrization(layer, "weight", Symmetric()) is layer
    assert layer.parametrizations.weight.original is weight
    assert keys(layer) == ["bias", "parametrizations.weight.original"]
    assert isinstance(layer, nn.Linear) and type(layer).__name__ == "ParametrizedLinear"
    assert np.array_equal(layer.weight.detach(), layer.weight.detach().T)
    layer(np.ones((2, 3))).sum().backward()
    assert weight.grad.shape == (3, 3) and weight.grad[2, 0] == 0


def test_an_assignment_goes_through_the_right_inverse():
    layer = P.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    new = np.array([[1.0, 2.0], [2.0, 3.0]])
    layer.weight = new
    np.testing.assert_array_equal(layer.weight.detach(), new)
    np.testing.assert_array_equal(layer.parametrizations.weight.original.detach(), np.triu(new))
    with pytest.raises(ValueError, match=r"shape \(2, 2\) cannot be set .* \(3, 3\)"):
        layer.weight = np.ones((3, 3))
    P.register_parametrization(layer, "bias", Scaled())
    with pytest.raises(NotImplementedError, match=r"Scaled has no right_inverse"):
        layer.bias = np.ones(2)


def test_two_of_one_weight_are_applied_in_order_and_their_parameters_learn():
    layer = P.register_parametrization(nn.Linear(2, 2), "weight", Symmetric())
    before = layer.weight.detach()
    P.register_parametrization(layer, "weight", Scaled())
    np.testing.assert_allclose(layer.weight.detach(), 2 * before)
    assert keys(layer)[-1] == "parametrizations.weight.1.factor"
    layer(np.ones((1, 2))).sum().backward()
    assert layer.parametrizations.weight[1].factor.grad is not None


def test_copies_states_and_dtypes_are_their_own():
    layer = weight_norm(nn.Linear(3, 2))
    twin = copy.deepcopy(layer)
    layer.parametrizations.weight.original0.data = np.zeros((2, 1))
    assert np.abs(twin.weight.detach()).min() > 0
    spectral_norm(twin, "bias")
    assert P.is_parametrized(twin, "bias") and not P.is_parametrized(layer, "bias")
    assert isinstance(layer.bias, nn.Parameter)
    twin.double()
    assert twin.weight.dtype == twin.bias.dtype == np.float64
    fresh = weight_norm(nn.Linear(3, 2))
    fresh.load_state_dict(layer.state_dict())
    assert np.abs(fresh.weight.detach()).max() == 0


@pytest.mark.parametrize("leave", [True, False])
def test_removal_gives_the_ordinary_layer_back(leave):
    layer = nn.Linear(3, 3)
    original, text = layer.weight, repr(layer)
    P.register_parametrization(layer, "weight", Symmetric())
    values = [raw.detach().numpy().copy() for raw in (layer.weight, original)]
    assert P.remove_parametrizations(layer, "weight", leave_parametrized=leave) is layer
    assert layer.weight is original and type(layer) is nn.Linear and repr(layer) == text
    np.testing.assert_array_equal(layer.weight.detach(), values[0 if leave else 1])
    assert not P.is_parametrized(layer)
    assert sorted(keys(layer)) == ["bias", "weight"]


def test_a_frozen_weight_stays_frozen():
    layer = nn.Linear(3, 2)
    layer.weight.requires_grad_(False)
    weight_norm(layer)
    assert [p.requires_grad for p in layer.parameters()] == [True, False, False]
    assert not P.remove_parametrizations(layer, "weight").weight.requires_grad


def test_one_of_two_parametrized_weights_can_be_removed():
    layer = weight_norm(weight_norm(nn.Linear(3, 2)), "bias")
    P.remove_parametrizations(layer, "weight")
    assert P.is_parametrized(layer, "bias") and isinstance(vars(layer)["weight"], nn.Parameter)
    assert P.type_before_parametrizations(layer) is nn.Linear


def test_a_buffer_can_be_parametrized():
    norm = nn.BatchNorm1d(2)
    before = norm.running_var.copy()
    P.register_parametrization(norm, "running_var", Scaled(), unsafe=True)
    assert "parametrizations.running_var.original" in keys(norm)
    np.testing.assert_array_equal(norm.running_var.detach(), 2 * before)
    P.remove_parametrizations(norm, "running_var")
    np.testing.assert_array_equal(norm.running_var, 2 * before)
    assert "running_var" in keys(norm)


def test_cached_weights_are_calculated_once_and_only_within():
    layer = spectral_norm(nn.Linear(3, 3))
    with P.cached():
        first = layer.weight
        with P.cached():
            assert layer.weight is first
        assert layer.weight is first
    assert layer.weight is not first


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTM(3, 4)

    def forward(self, x):
        return self.cell(x)[0]


def test_a_recurrent_layer_takes_a_parametrized_weight():
    net = Recurrent()
    expected = net(np.ones((5, 2, 3))).detach()
    weight_norm(net.cell, "weight_hh_l0")
    y = net(np.ones((5, 2, 3)))
    np.testing.assert_allclose(y.detach(), expected, rtol=1e-5, atol=1e-6)
    y.sum().backward()
    assert net.cell.parametrizations.weight_hh_l0.original0.grad is not None


class Wide(nn.Module):
    def forward(self, x):
        return np.concatenate([x, x])


class Double(nn.Module):
    def forward(self, x):
        return x.astype(np.float64)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda m: P.register_parametrization(m, "w", Wide()),
            ValueError,
            "'w'.*has: weight, bias",
        ),
        (lambda m: P.register_parametrization(m, "weight", np.tanh), TypeError, "is a Module"),
        (
            lambda m: P.register_parametrization(m, "weight", Wide()),
            ValueError,
            r"\(4, 3\).*unsafe",
        ),
        (lambda m: P.register_parametrization(m, "weight", Double()), TypeError, "float64.*unsafe"),
        (lambda m: P.remove_parametrizations(m, "weight"), ValueError, "no parametrization"),
        (
            lambda m: P.remove_parametrizations(weight_norm(m), "weight", False),
            ValueError,
            "calculated from 2 tensors",
        ),
    ],
)
def test_mistakes_are_told_and_leave_the_layer_as_it_was(call, error, words):
    layer = nn.Linear(3, 2)
    with pytest.raises(error, match=words):
        call(layer)
    assert layer(np.ones((1, 3))).shape == (1, 2)


def test_unsafe_lets_the_shape_change():
    layer = P.register_parametrization(nn.Linear(3, 2, bias=False), "weight", Wide(), unsafe=True)
    assert layer(np.ones((1, 3))).shape == (1, 4)
