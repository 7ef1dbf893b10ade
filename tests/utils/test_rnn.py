"""Sequences of different lengths: padded, and back."""

import numpy as np
import pytest

import nnkit as nn
from nnkit.utils.rnn import pad_sequence, unpad_sequence

RNG = np.random.default_rng(0)
PARTS = [RNG.normal(size=(n, 2)) for n in (3, 5, 1)]


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("side", ["right", "left"])
def test_what_is_padded_stands_on_its_side_and_the_rest_is_filled(batch_first, side):
    padded = pad_sequence(PARTS, batch_first, -1.0, side)
    rows = padded if batch_first else np.swapaxes(padded, 0, 1)
    assert rows.shape == (3, 5, 2)
    for row, part in zip(rows, PARTS, strict=True):
        own = slice(len(part)) if side == "right" else slice(5 - len(part), 5)
        np.testing.assert_array_equal(row[own], part)
        assert np.count_nonzero(row == -1.0) == 2 * (5 - len(part))


@pytest.mark.parametrize("batch_first", [True, False])
def test_unpadding_undoes_it_and_gradients_flow(batch_first):
    tensors = [nn.tensor(x, requires_grad=True) for x in PARTS]
    padded = pad_sequence(tensors, batch_first)
    back = unpad_sequence(padded, [3, 5, 1], batch_first)
    for x, y in zip(PARTS, back, strict=True):
        np.testing.assert_array_equal(y.detach(), x)
    sum((y * y).sum() for y in back).backward()
    for x, t in zip(PARTS, tensors, strict=True):
        np.testing.assert_allclose(t.grad, 2 * x)


def test_a_recurrent_layer_takes_them_with_their_lengths():
    nn.seed(0)
    gru = nn.GRU(2, 3, batch_first=True, dtype=np.float64)
    y, _ = gru(pad_sequence(PARTS, batch_first=True), lengths=[3, 5, 1])
    for one, part in zip(unpad_sequence(y.detach(), [3, 5, 1], True), PARTS, strict=True):
        np.testing.assert_allclose(one, gru(part[None])[0].detach()[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pad_sequence([]), "no sequences"),
        (lambda: pad_sequence([1.0, 2.0]), r"first axis only; their shapes are \(\), \(\)"),
        (lambda: pad_sequence([np.ones((2, 1)), np.ones((2, 3))]), r"\(2, 1\), \(2, 3\)"),
        (lambda: pad_sequence(PARTS, padding_side="top"), "'right' or 'left', got 'top'"),
        (lambda: unpad_sequence(np.ones((3, 2)), [1]), "1 lengths for 2 sequences"),
        (lambda: unpad_sequence(np.ones((3, 2)), [1, 4]), r"from 0 to 3, got \[1, 4\]"),
    ],
)
def test_mistakes_are_told(call, words):
    with pytest.raises(ValueError, match=words):
        call()
