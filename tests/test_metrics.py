"""Metrics against counting by hand."""

import numpy as np
import pytest

import nnkit as nn
from nnkit.metrics import accuracy, binary_accuracy

SCORES = np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])


@pytest.mark.parametrize(
    ("output", "target", "expected"),
    [
        (SCORES, [1, 0, 1, 1], 1.0),
        (SCORES, [1, 0, 0, 0], 0.5),
        (nn.tensor(SCORES, requires_grad=True), [0, 1, 0, 0], 0.0),
        (SCORES, SCORES, 1.0),
        (np.moveaxis(np.stack([SCORES, SCORES]), -1, 1), [[1, 0, 1, 1], [0, 1, 0, 0]], 0.5),
    ],
    ids=["all", "half", "Tensor, none", "probabilities", "pixels"],
)
def test_accuracy(output, target, expected):
    assert accuracy(output, np.asarray(target)) == expected


@pytest.mark.parametrize(("threshold", "expected"), [(0.0, 1.0), (0.5, 0.75), (2.0, 0.25)])
def test_binary_accuracy(threshold, expected):
    output, target = np.array([-1.0, 0.3, 0.9, 1.5]), np.array([0, 1, 1, 1])
    assert binary_accuracy(output, target, threshold) == pytest.approx(expected)
