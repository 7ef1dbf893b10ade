"""Datasets side by side, and streams one after the other."""

import numpy as np
import pytest

from nnkit.data import ChainDataset, DataLoader, IterableDataset, StackDataset, TensorDataset


class Stream(IterableDataset):
    def __init__(self, *values):
        self.values = values

    def __iter__(self):
        yield from self.values


def test_samples_side_by_side_make_batches_of_tuples_and_dicts():
    x, y = np.arange(10.0).reshape(5, 2), np.arange(5)
    pair = StackDataset(x, y)
    assert len(pair) == 5 and pair[-1][1] == 4
    a, b = next(iter(DataLoader(pair, batch_size=3)))
    np.testing.assert_array_equal(a, x[:3])
    np.testing.assert_array_equal(b, y[:3])
    named = next(iter(DataLoader(StackDataset(image=x, label=y), batch_size=2)))
    assert sorted(named) == ["image", "label"] and named["label"].tolist() == [0, 1]


def test_streams_one_after_the_other():
    chain = ChainDataset([Stream(1, 2), Stream(), Stream(3)])
    assert list(chain) == list(chain) == [1, 2, 3]
    assert [b.tolist() for b in DataLoader(chain, batch_size=2)] == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: StackDataset(), ValueError, "takes datasets"),
        (lambda: StackDataset([1], a=[1]), ValueError, "not both"),
        (lambda: StackDataset([1], [1, 2]), ValueError, r"equally long, got \[1, 2\]"),
        (lambda: StackDataset(Stream(1)), TypeError, "no __len__"),
        (lambda: ChainDataset([1]), TypeError, "no __iter__"),
        (lambda: ChainDataset([TensorDataset(np.ones(2))]), TypeError, "ConcatDataset"),
    ],
)
def test_mistakes_are_told(call, error, words):
    with pytest.raises(error, match=words):
        call()
