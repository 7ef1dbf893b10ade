"""Datasets joined, streamed and read ahead: the same samples, in the same order."""

import threading
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

import nnkit as nn
from nnkit.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    default_collate,
)

A = TensorDataset(np.arange(6.0).reshape(3, 2), np.arange(3))
B = TensorDataset(np.arange(6.0, 10.0).reshape(2, 2), np.arange(3, 5))


class Samples(Dataset):
    """The samples of another dataset, one by one."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.dataset[i]


class Stream(IterableDataset):
    def __init__(self, n, bad=None):
        self.n, self.bad = n, bad

    def __iter__(self):
        for i in range(self.n):
            if i == self.bad:
                raise RuntimeError(f"sample {i} cannot be read")
            yield np.array([i, i]), i


class SizedStream(Stream):
    def __len__(self):
        return self.n


@pytest.mark.parametrize(
    "both",
    [
        ConcatDataset([A, B]),
        A + B,
        A + Samples(B),
        ConcatDataset([Subset(A, [0, 1]), Subset(A, [2]) + B]),
    ],
    ids=["arrays", "plus", "samples", "nested"],
)
@pytest.mark.parametrize(
    "batch_sampler",
    [[[0, 1, 2, 3, 4]], [[4, 0, 3, 1]], [[0, 2]], [[3], [2, -1]]],
)
def test_concatenation_reads_like_one_array(both, batch_sampler):
    X = np.arange(10.0).reshape(5, 2)
    assert len(both) == 5
    for (x, y), index in zip(DataLoader(both, batch_sampler=batch_sampler), batch_sampler):
        np.testing.assert_array_equal(x, X[index])
        np.testing.assert_array_equal(y, np.arange(5)[index])
    assert [int(both[i][1]) for i in (0, 2, 3, -1, -5)] == [0, 2, 3, 4, 0]
    for bad in (5, -6):
        with pytest.raises(IndexError, match=f"5 samples together; got index {bad}"):
            both[bad]


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (dict(batch_size=2), [[0, 1], [2, 3], [4]]),
        (dict(batch_size=2, drop_last=True), [[0, 1], [2, 3]]),
        (dict(batch_size=9), [[0, 1, 2, 3, 4]]),
        (dict(batch_size=None), [0, 1, 2, 3, 4]),
    ],
)
def test_stream_in_batches(workers, settings, expected):
    loader = DataLoader(SizedStream(5), num_workers=workers, **settings)
    for _ in range(2):
        assert [np.asarray(y).tolist() for _, y in loader] == expected
    assert len(loader) == len(expected)


def test_stream_without_length():
    loader = DataLoader(Stream(3), 2)
    assert "Stream" in repr(loader)
    assert len(list(loader)) == 2
    with pytest.raises(TypeError, match="Stream has no length"):
        len(loader)


class Recorded(Dataset):
    """Samples that say which threads read them, and one that cannot be read."""

    def __init__(self, n, bad=None):
        self.n, self.bad, self.threads, self.read = n, bad, set(), []

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        self.threads.add(threading.current_thread().name)
        self.read.append(i)
        if i == self.bad:
            raise KeyError(f"sample {i} cannot be read")
        return i


def workers_alive():
    return [t for t in threading.enumerate() if t.name.startswith("nnkit-data")]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_reading_ahead_keeps_the_order(workers):
    data = Recorded(50)
    batches = [b.tolist() for b in DataLoader(data, 4, num_workers=workers)]
    assert batches == [b.tolist() for b in DataLoader(range(50), 4)]
    assert threading.current_thread().name not in data.threads
    assert not workers_alive()
    nn.seed(0)
    shuffled = [b.tolist() for b in DataLoader(data, 4, shuffle=True, num_workers=workers)]
    nn.seed(0)
    assert shuffled == [b.tolist() for b in DataLoader(data, 4, shuffle=True)]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("dataset", "error"), [(Recorded(10, bad=5), KeyError), (Stream(10, bad=5), RuntimeError)]
)
def test_an_error_comes_where_its_batch_would(dataset, error, workers):
    got = []
    with pytest.raises(error, match="sample 5 cannot be read"):
        for batch in DataLoader(dataset, 2, num_workers=workers):
            got.append(batch)
    assert len(got) == 2
    assert not workers_alive()


@pytest.mark.parametrize("dataset", [Recorded(100), Stream(100)])
def test_leaving_the_loop_ends_the_threads(dataset):
    for _ in DataLoader(dataset, 2, num_workers=2):
        assert workers_alive()
        break
    assert not workers_alive()
    iterator = iter(DataLoader(dataset, 50, num_workers=2))
    assert len(list(iterator)) == 2
    assert not workers_alive()


def test_no_more_is_read_ahead_than_asked_for():
    data = Recorded(100)
    batches = iter(DataLoader(data, 1, num_workers=1, prefetch_factor=3))
    for got in range(1, 5):
        next(batches)
        assert len(data.read) <= got + 3
    del batches


def test_settings_of_the_caller_hold_in_the_threads():
    class Divided(Recorded):
        def __getitem__(self, i):
            return np.float64(1) / np.float64(i)

    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        list(DataLoader(Divided(3), num_workers=1))


class Doubled(TensorDataset):
    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return 2 * x, y


class DoubledPart(Subset):
    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return 2 * x, y


@pytest.mark.parametrize(
    "dataset",
    [
        Doubled(*A.tensors),
        Subset(Doubled(*A.tensors), [0, 1, 2]),
        Doubled(*A.tensors) + Doubled(*A.tensors),
        DoubledPart(A, [0, 1, 2]),
    ],
    ids=["arrays", "subset", "joined", "own subset"],
)
def test_samples_that_a_subclass_changes_are_the_ones_in_batches(dataset):
    x, _ = next(iter(DataLoader(dataset, 3)))
    np.testing.assert_array_equal(x, 2 * A.tensors[0])


class Many(Samples):
    def __getitems__(self, indices):
        return [self.dataset[i] for i in reversed(indices)]


def test_many_samples_at_once():
    _, y = next(iter(DataLoader(Many(A), 3)))
    assert y.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: OrderedDict(b=1, a=2), OrderedDict),
        (lambda: defaultdict(int, b=1, a=2), dict),
        (lambda: dict(b=1, a=2), dict),
    ],
)
def test_collate_keeps_the_kind_of_mapping(make, kind):
    batch = default_collate([make(), make()])
    assert type(batch) is kind
    assert {key: value.tolist() for key, value in batch.items()} == {"b": [1, 1], "a": [2, 2]}


class OneArray(Samples):
    def batch(self, index):
        return np.zeros(len(index))


WIDE = TensorDataset(np.ones((2, 3)), np.ones(2))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: default_collate([{"a": 1}, {"b": 1}]), ValueError, "different keys: .*a.* and"),
        (lambda: default_collate([(1, 2), (1,)]), ValueError, "numbers of parts: 1, 2"),
        (lambda: default_collate([None, None]), TypeError, "holds None.*collate_fn"),
        (lambda: default_collate([1, None]), TypeError, "sample 1 of a batch is None"),
        (lambda: default_collate([{1}, {2}]), TypeError, "holds a set"),
        (lambda: ConcatDataset([]), ValueError, "at least one dataset"),
        (lambda: ConcatDataset([A, Stream(3)]), TypeError, "Stream has no __len__"),
        (lambda: list(DataLoader(A + WIDE, 5)), ValueError, "different shapes"),
        (lambda: list(DataLoader(OneArray(A) + A, 6)), TypeError, "tuple of arrays.*gave ndarray"),
        (lambda: DataLoader(Stream(3), shuffle=True), ValueError, "its own order"),
        (lambda: DataLoader(Stream(3), sampler=[0]), ValueError, "its own order"),
        (lambda: DataLoader(Stream(3), batch_sampler=[[0]]), ValueError, "its own order"),
        (lambda: list(DataLoader(IterableDataset())), NotImplementedError, "no __iter__"),
        (lambda: Dataset()[0], NotImplementedError, "no __getitem__"),
        (lambda: DataLoader(Dataset()), TypeError, "__len__ and __getitem__"),
        (lambda: Subset(A, [True, False, True]), TypeError, "whole numbers.*flatnonzero"),
        (lambda: Subset(A, [0.5]), TypeError, "whole numbers"),
    ],
)
def test_errors_teach(call, error, words):
    with pytest.raises(error, match=words):
        call()
