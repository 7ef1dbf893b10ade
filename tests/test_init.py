"""Initial values: bounds and moments are those that the formulas promise."""

import math
import tracemalloc

import numpy as np
import pytest

import nnkit as nn
from nnkit import init
from nnkit.init.variance import fans

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
    assert fans(np.zeros((8, 4, 3, 3)), "") == (36, 72)


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


# --- normal numbers that are cut off --------------------------------------------------------------

# mean, std, a, b; mean and deviation of the result, from phi and Phi of the standard normal
CUT = [
    (0.0, 1.0, -2.0, 2.0),
    (1.0, 3.0, 0.0, 2.0),
    (0.0, 1.0, 5.0, math.inf),
    (0.0, 1.0, -7.0, -6.0),
    (2.0, 0.5, -10.0, 10.0),
]


@pytest.mark.parametrize(("mean", "std", "a", "b"), CUT)
def test_truncated_normal(mean, std, a, b):
    nn.seed(0)
    values = init.trunc_normal_(np.empty((400, 500)), mean, std, a, b)
    assert a <= values.min() < values.max() <= b
    exact = statistics_of_cut(mean, std, a, b)
    assert values.mean() == pytest.approx(exact[0], abs=0.02 * exact[1])
    assert values.std() == pytest.approx(exact[1], rel=0.02)


def statistics_of_cut(mean, std, a, b):
    """Integrate the density numerically."""
    z = np.linspace(max(a, mean - 12 * std), min(b, mean + 12 * std), 400_001)
    density = np.exp(-(((z - mean) / std) ** 2) / 2)
    density /= density.sum()
    average = (z * density).sum()
    return average, math.sqrt((density * (z - average) ** 2).sum())


# --- structure ------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3), (1, 1)])
@pytest.mark.parametrize("gain", [1, 2.5])
def test_orthogonal(shape, gain):
    w = init.orthogonal_(np.empty(shape), gain).reshape(shape[0], -1)
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, gain**2 * np.eye(min(w.shape)), atol=1e-12)


def test_orthogonal_matrices_are_evenly_distributed():
    nn.seed(0)
    angles = [np.arctan2(*init.orthogonal_(np.empty((2, 2)))[:, 0]) for _ in range(4000)]
    assert np.histogram(angles, 8, (-np.pi, np.pi))[0] == pytest.approx(500, rel=0.2)


@pytest.mark.parametrize(("sparsity", "zeros"), [(0.0, 0), (0.1, 1), (0.25, 3), (1.0, 10)])
def test_sparse(sparsity, zeros):
    w = init.sparse_(np.empty((10, 300)), sparsity, std=2.0)
    assert ((w == 0).sum(axis=0) == zeros).all()
    if 0 < zeros < 10:
        assert w[w != 0].std() == pytest.approx(2, rel=0.1)
        assert len(set(map(tuple, (w == 0).T))) > 9  # other places in other columns


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_dirac_lets_channels_through(axes, groups):
    w = init.dirac_(np.full((4, 3, *(3,) * axes), 9.0), groups)
    assert w.sum() == (3 if groups == 1 else 4)
    centre = w[(slice(None), slice(None), *(1,) * axes)]
    np.testing.assert_array_equal(centre[: 4 // groups], np.eye(4 // groups, 3))


@pytest.mark.parametrize(
    "fill",
    [
        lambda t, g: init.orthogonal_(t, generator=g),
        lambda t, g: init.sparse_(t, 0.3, generator=g),
        lambda t, g: init.trunc_normal_(t, generator=g),
        lambda t, g: init.xavier_uniform_(t, generator=g),
        lambda t, g: init.kaiming_normal_(t, generator=g),
    ],
)
def test_goes_by_the_generator_and_keeps_the_dtype(fill):
    one, two = (fill(np.zeros((5, 4), np.float32), np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.dtype == np.float32
    frozen = nn.Parameter(np.zeros((5, 4)), requires_grad=False)
    assert fill(frozen, np.random.default_rng(1)) is frozen
    np.testing.assert_array_equal(frozen, one)


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        ("linear", None, 1),
        ("conv_transpose2d", None, 1),
        ("tanh", None, 5 / 3),
        ("relu", None, math.sqrt(2)),
        ("leaky_relu", None, math.sqrt(2 / (1 + 1e-4))),
        ("leaky_relu", 1, 1),
        ("selu", None, 0.75),
    ],
)
def test_gain(name, param, gain):
    assert init.calculate_gain(name, param) == pytest.approx(gain, rel=1e-15)


@pytest.mark.parametrize("name", ["uniform", "normal"])
@pytest.mark.parametrize("turned", [False, True])
def test_large_ones_are_drawn_in_blocks(name, turned):
    """The numbers are those of one draw; what it takes is no more than the parameter itself."""
    shape = (300, 1001)
    array = np.empty(shape[::-1], np.float32).T if turned else np.empty(shape, np.float32)
    getattr(init, f"{name}_")(array, 0.5, 2.0, np.random.default_rng(0))
    whole = getattr(np.random.default_rng(0), name)(0.5, 2.0, shape)
    np.testing.assert_array_equal(array, whole.astype(np.float32))
    tracemalloc.start()
    layer = nn.Linear(1000, 1000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # float64 zeros, of which nothing is in memory before it is read, and the parameter
    assert most < 8e6 + layer.weight.nbytes + 1e6


MISTAKES = [
    (lambda: init.trunc_normal_(np.ones(2), a=1.0, b=1.0), ["a < b", "a=1.0"]),
    (lambda: init.trunc_normal_(np.ones(2), std=0), ["std > 0", "std=0"]),
    (lambda: init.orthogonal_(np.ones(2)), ["orthogonal_", "(2,)", "zeros_"]),
    (lambda: init.sparse_(np.ones(2), 0.1), ["sparse_ fills matrices", "(2,)"]),
    (lambda: init.sparse_(np.ones((2, 2)), 1.5), ["between 0 and 1", "1.5"]),
    (lambda: init.dirac_(np.ones((2, 2))), ["3, 4 or 5 axes", "(2, 2)"]),
    (lambda: init.dirac_(np.ones((3, 2, 1)), groups=2), ["groups must divide the 3", "got 2"]),
]


@pytest.mark.parametrize(("call", "words"), MISTAKES)
def test_the_message_helps(call, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the words are checked)
        call()
    for word in words:
        assert word in str(caught.value)
