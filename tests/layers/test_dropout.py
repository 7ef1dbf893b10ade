"""The dropout family: what goes together goes together, and moments stay what they were."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core import tensor
from nnkit import functional as F

# layer, shape of the input, how many axes name what is left out together
CHANNELS = [
    (nn.Dropout1d, (40, 50, 6), 2),
    (nn.Dropout1d, (2000, 6), 1),
    (nn.Dropout2d, (40, 50, 3, 2), 2),
    (nn.Dropout2d, (40, 50, 6), 2),
    (nn.Dropout3d, (40, 50, 2, 3, 1), 2),
    (nn.Dropout3d, (2000, 2, 3, 1), 1),
    (nn.FeatureAlphaDropout, (40, 50, 6), 2),
    (nn.FeatureAlphaDropout, (40, 50), 2),
]


@pytest.mark.parametrize(("kind", "shape", "axes"), CHANNELS)
def test_whole_channels_are_left_out(kind, shape, axes):
    nn.seed(0)
    y = kind(0.3)(np.ones(shape, np.float32))
    assert y.dtype == np.float32
    channels = y.reshape(np.prod(shape[:axes]), -1)
    assert (channels == channels[:, :1]).all()
    left_out = channels[:, 0] == channels[:, 0].min()
    assert left_out.mean() == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("kind", [nn.Dropout1d, nn.Dropout2d, nn.Dropout3d])
def test_the_expected_value_stays(kind):
    shape = (100, 100, 1, 1, 1) if kind is nn.Dropout3d else (100, 100, 1)
    nn.seed(1)
    y = kind(0.4)(np.ones(shape))
    assert set(np.unique(y.round(12))) == {0, round(1 / 0.6, 12)}
    assert y.mean() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("kind", [nn.AlphaDropout, nn.FeatureAlphaDropout])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(kind, p):
    nn.seed(0)
    x = np.random.default_rng(0).normal(size=(400, 500))
    y = kind(p)(x)
    assert y.mean() == pytest.approx(0, abs=0.03)
    assert y.std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("kind", [nn.AlphaDropout, nn.FeatureAlphaDropout, nn.Dropout1d])
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_at_the_ends(kind, p):
    x = np.full((3, 4, 2), 2.0)
    np.testing.assert_array_equal(kind(p)(x), x if p == 0 else 0 * x)


ALL = [nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout]


@pytest.mark.parametrize("kind", ALL)
def test_evaluation_and_the_seed(kind):
    x = np.random.default_rng(0).normal(size=(5, 6, 4))
    assert kind().eval()(x) is x
    layer = kind()
    nn.seed(2)
    y = layer(x)
    assert (layer(x) != y).any()
    nn.seed(2)
    np.testing.assert_array_equal(layer(x), y)


@pytest.mark.parametrize("kind", ALL)
def test_the_gradient_is_the_factor_of_each_value(kind):
    x = tensor(np.random.default_rng(0).normal(size=(5, 6, 4)), requires_grad=True)
    nn.seed(2)
    y = kind()(x)
    y.sum().backward()
    nn.seed(2)
    moved = kind()(x.detach().numpy() + 1.0)
    np.testing.assert_allclose(moved - y.detach().numpy(), x.grad, atol=1e-12)


def test_rrelu_draws_slopes_while_training():
    nn.seed(0)
    layer = nn.RReLU(0.2, 0.6)
    y = -layer(np.full((200, 200), -1.0))
    assert 0.2 <= y.min() < 0.201
    assert 0.599 < y.max() < 0.6
    assert y.mean() == pytest.approx(0.4, abs=0.005)
    assert (layer(np.ones(5)) == 1).all()
    np.testing.assert_allclose(layer.eval()(np.array([-1.0, 2.0])), [-0.4, 2.0])


def test_gumbel_softmax_draws_classes_in_proportion():
    nn.seed(0)
    p = np.array([0.1, 0.2, 0.7])
    logits = tensor(np.broadcast_to(np.log(p), (20_000, 3)).copy(), requires_grad=True)
    hard = F.gumbel_softmax(logits, hard=True)
    drawn = hard.detach().numpy()
    np.testing.assert_allclose(np.sort(drawn, axis=1), [[0, 0, 1]] * 20_000, atol=1e-12)
    np.testing.assert_allclose(drawn.mean(axis=0), p, atol=0.01)
    (hard * np.array([1.0, 2.0, 3.0])).sum().backward()
    assert np.abs(logits.grad.numpy()).max() > 0.1  # of the soft draws
    soft = F.gumbel_softmax(logits, tau=0.5)
    np.testing.assert_allclose(soft.sum(axis=1).detach(), 1)
    with pytest.raises(ValueError, match="tau must be positive"):
        F.gumbel_softmax(logits, tau=0)
