"""Letters as numbers, and windows of a sequence."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from nnkit.data import CharTokenizer, make_windows


@pytest.mark.parametrize("text", ["to be", "größer 🙂\n\t", "a"])
def test_text_comes_back(text):
    letters = CharTokenizer(text)
    ids = letters.encode(text)
    assert ids.dtype == np.int64 and len(ids) == len(text)
    assert letters.decode(ids) == text
    assert letters.decode(nn.tensor(ids)) == text
    assert letters.vocab_size == len(set(text)) == len(letters.characters)
    assert CharTokenizer(letters.characters).characters == letters.characters
    assert letters.encode("").shape == (0,) and letters.decode(letters.encode("")) == ""


def test_characters_travel_in_the_metadata_of_a_file(tmp_path):
    letters = CharTokenizer("größer 🙂\n")
    path = tmp_path / "m.safetensors"
    nn.save({"w": np.zeros(1)}, path, metadata={"characters": letters.characters})
    again = CharTokenizer(nn.io.load_metadata(path)["characters"])
    assert again.decode(letters.encode("größer")) == "größer"


@pytest.mark.parametrize("stride", [None, 1, 2, 7])
@pytest.mark.parametrize("shape", [(30,), (30, 2)])
def test_windows_are_slices(stride, shape):
    ids = np.arange(np.prod(shape)).reshape(shape)
    X, y = make_windows(ids, 5, stride)
    step = stride or 5
    starts = range(0, 30 - 5, step)
    assert len(X) == len(y) == len(starts)
    for i, s in enumerate(starts):
        np.testing.assert_array_equal(X[i], ids[s : s + 5])
        np.testing.assert_array_equal(y[i], ids[s + 1 : s + 6])
    assert np.shares_memory(X, ids) and not X.flags.writeable


WRONG = [
    (lambda: CharTokenizer(""), ArgumentError, "at least one character"),
    (lambda: CharTokenizer("ab").encode("abx"), ArgumentError, "'x' at position 2.*among the 2"),
    (lambda: CharTokenizer("ab").encode([0]), DtypeError, "takes a string"),
    (lambda: CharTokenizer("ab").decode([0, 2]), ArgumentError, "numbers are 0 to 1, got 0 to 2"),
    (lambda: CharTokenizer("ab").decode([-1]), ArgumentError, "got -1"),
    (lambda: CharTokenizer("ab").decode([0.5]), DtypeError, "integers"),
    (lambda: CharTokenizer("ab").decode([[0, 1]]), ShapeError, "for row in ids"),
    (lambda: make_windows(np.arange(5), 5), ArgumentError, "need 6 values"),
    (lambda: make_windows(np.arange(5), 0), ArgumentError, "length must be a positive"),
    (lambda: make_windows(np.arange(5), 2, 0), ArgumentError, "stride must be a positive"),
    (lambda: make_windows(3, 2), ArgumentError, "need 3 values"),
]


@pytest.mark.parametrize(("call", "kind", "message"), WRONG, ids=[w[2] for w in WRONG])
def test_mistakes_are_explained(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
