"""The picture of a confusion matrix."""

import numpy as np
import pytest

from nnkit.metrics import confusion_matrix
from nnkit.plot import confusion_figure


def test_the_picture_shows_shares_as_colours_and_counts_as_words():
    counts = confusion_matrix(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 1]))
    figure = confusion_figure(counts, ["cat", "dog"])
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.images[0].get_array(), [[0.75, 0.25], [0, 1]])
    assert [text.get_text() for text in axes.texts] == ["3", "1", "0", "1"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["cat", "dog"]
    figure.canvas.draw()


def test_many_classes_have_no_numbers_and_an_empty_class_no_colour():
    (axes,) = confusion_figure(np.diag([0, *[1] * 24])).axes
    assert not axes.texts
    assert axes.images[0].get_array()[0].max() == 0


@pytest.mark.parametrize(
    ("matrix", "labels", "words"),
    [([1, 2], None, r"\(2,\).*confusion_matrix"), ([[1, 2], [3, 4]], ["a"], "1 labels for 2")],
)
def test_what_cannot_be_drawn_is_told(matrix, labels, words):
    with pytest.raises(ValueError, match=words):
        confusion_figure(matrix, labels)
