"""Initial values: bounds and moments are those that the formulas promise."""

import math

import numpy as np
import pytest

import nnkit as nn
from nnkit import init

SHAPE, FAN_IN, FAN_OUT = (200, 300), 300, 200
LEAKY = math.sqrt(2 / (1 + 0.2**2))

# the call, the bound of an even distribution, or the deviation of a normal one
EVEN = [
    (lambda t: init.uniform_(t, -3, 3), 3),
    (lambda t: init.xavier_uniform_(t, gain=2.0), 2 * math.sqrt(6 / 500)),
    (lambda t: init.kaiming_uniform_(t), math.sqrt(2) * math.sqrt(3 / FAN_IN)),
    (lambda t: init.kaiming_uniform_(t, a=math.sqrt(5)), 1 / math.sqrt(FAN_IN)),
    (
        lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="tanh"),
        5 / 3 * math.sqrt(3 / FAN_OUT),
    ),
]
NORMAL = [
    (lambda t: init.normal_(t, 0, 2.5), 2.5),
    (lambda t: init.xavier_normal_(t), math.sqrt(2 / 500)),
    (lambda t: init.kaiming_normal_(t, a=0.2), LEAKY / math.sqrt(FAN_IN)),
    (
        lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="relu"),
        math.sqrt(2 / FAN_OUT),
    ),
]


@pytest.mark.parametrize(("fill", "bound"), EVEN)
def test_even(fill, bound):
    nn.seed(0)
    t = nn.Parameter(np.zeros(SHAPE))
    assert fill(t) is t
    values = t.detach().numpy()
    assert 0.999 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
    assert values.std() == pytest.approx(bound / math.sqrt(3), rel=0.01)


@pytest.mark.parametrize(("fill", "std"), NORMAL)
def test_normal(fill, std):
    nn.seed(0)
    values = fill(np.zeros(SHAPE))
    assert values.std() == pytest.approx(std, rel=0.01)
    assert abs(values.mean()) < 0.02 * std
    assert 3 * std < np.abs(values).max() < 6 * std


@pytest.mark.parametrize(
    ("fill", "expected"),
    [
        (init.zeros_, np.zeros((2, 3))),
        (init.ones_, np.ones((2, 3))),
        (init.eye_, np.eye(2, 3)),
        (lambda t: init.constant_(t, 0.5), np.full((2, 3), 0.5)),
    ],
)
def test_constants(fill, expected):
    np.testing.assert_array_equal(fill(nn.Parameter(np.full((2, 3), 9.0))).detach(), expected)


def test_a_convolution_counts_its_field():
    assert init.fans(np.zeros((8, 4, 3, 3)), "") == (36, 72)


def test_a_generator_can_be_given():
    one, two = (init.normal_(np.zeros(3), generator=np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_apply_with_an_init_function():
    def constant(module):
        if isinstance(module, nn.Linear):
            init.constant_(module.weight, 0.1)

    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)).apply(constant)
    assert (model[2].weight == np.float32(0.1)).all()


def test_a_graph_that_saved_the_old_values_is_not_used():
    layer = nn.Linear(2, 1)
    y = layer(nn.tensor(np.ones((1, 2)), requires_grad=True)).sum()
    init.zeros_(layer.weight)
    with pytest.raises(RuntimeError, match="overwritten"):
        y.backward()
