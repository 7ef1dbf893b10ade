"""Adaptive softmax against PyTorch's, and against what a softmax must be."""

import numpy as np
import pytest

import nnkit as nn
from tests.reference import cases

COTANGENT = np.linspace(-1, 1.5, 40)


@pytest.mark.parametrize("case", cases("adaptive_softmax"))
def test_values_and_gradients(case):
    layer = nn.AdaptiveLogSoftmaxWithLoss(9, 10, [3, 6], 2.0, **case["kwargs"]).double()
    layer.load_state_dict(case["state"])
    x = np.array(case["input"])
    output, loss = layer(x, np.array(case["labels"]))
    np.testing.assert_allclose(output.detach(), case["output"], rtol=1e-9)
    assert loss.item() == pytest.approx(case["loss"], rel=1e-9)
    (output * np.resize(COTANGENT, 5)).sum().backward()
    for name, p in layer.named_parameters():
        assert (p.grad is None) == (name not in case["grads"])
        if p.grad is not None:
            np.testing.assert_allclose(p.grad, case["grads"][name], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(layer.log_prob(x).detach(), case["log_prob"], rtol=1e-9)
    np.testing.assert_array_equal(layer.predict(x), case["predict"])


def test_probabilities_add_up_and_one_sample_goes_through():
    layer = nn.AdaptiveLogSoftmaxWithLoss(16, 40, [5, 20])
    x = np.random.default_rng(0).normal(size=16)
    log_p = layer.log_prob(x).detach().numpy()
    assert log_p.shape == (40,)
    assert np.exp(log_p).sum() == pytest.approx(1, rel=1e-5)
    assert layer(x, 7).output.item() == pytest.approx(log_p[7], rel=1e-5)
    assert layer.predict(x) == log_p.argmax()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 9, [5, 3]), ["cutoffs", "[5, 3]"]),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 9, [3, 9]), ["between 1 and 8"]),
        (lambda: nn.AdaptiveLogSoftmaxWithLoss(4, 9, [3, 5]), ["cluster 2", "div_value"]),
        (
            lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 9, [3])(np.zeros((2, 8)), np.array([0, 9])),
            ["label 9 at position 1", "9 classes"],
        ),
        (
            lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 9, [3])(np.zeros((2, 8)), np.array([0])),
            ["(2, 9)", "(2,)"],
        ),
        (
            lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 9, [3])(np.zeros((2, 7)), np.array([0, 1])),
            ["in_features=8", "(2, 7)"],
        ),
    ],
)
def test_the_message_helps(call, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the words are checked)
        call()
    for word in words:
        assert word in str(caught.value)
