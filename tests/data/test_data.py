"""Datasets and the loader: which rows come, in which order, and as what."""

from collections import namedtuple

import numpy as np
import pytest

import nnkit as nn
from nnkit.data import DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


class Squares(Dataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return np.full(2, i), i * i


def rows(loader):
    return [y.tolist() for _, y in loader]


@pytest.mark.parametrize(
    "dataset",
    [(X, Y), TensorDataset(X, Y), Subset(TensorDataset(X, Y), np.arange(10)), list(zip(X, Y))],
    ids=["arrays", "TensorDataset", "Subset", "list of samples"],
)
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (dict(batch_size=4), [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]),
        (dict(batch_size=4, drop_last=True), [[0, 1, 2, 3], [4, 5, 6, 7]]),
        (dict(batch_size=5), [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]),
        (dict(batch_size=50), [list(range(10))]),
        ({}, [[i] for i in range(10)]),
    ],
)
def test_batches_in_order(dataset, settings, expected):
    loader = DataLoader(dataset, **settings)
    assert rows(loader) == expected
    assert len(loader) == len(expected)
    for x, y in loader:
        assert isinstance(x, np.ndarray)
        np.testing.assert_array_equal(x, X[y])


@pytest.mark.parametrize("dataset", [(X, Y), Squares()], ids=["arrays", "samples"])
def test_shuffling_is_new_in_each_pass_and_repeats_with_the_seed(dataset):
    loader = DataLoader(dataset, batch_size=3, shuffle=True)
    nn.seed(5)
    first, second = rows(loader), rows(loader)
    for order in (first, second):
        assert sorted(np.concatenate(order)) == sorted(np.concatenate(rows(loader)))
    assert first != second
    nn.seed(5)
    assert rows(loader) == first


def test_a_generator_of_its_own_makes_a_loader_independent():
    def make():
        return DataLoader((X, Y), 3, True, generator=np.random.default_rng(7))

    nn.seed(0)
    one = rows(make())
    nn.random.stream("shuffle").random(100)
    assert rows(make()) == one


def test_the_global_random_state_is_never_touched():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    nn.seed(1)
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    for x, _ in DataLoader((X, Y), 3, shuffle=True):
        model(x)
    random_split(TensorDataset(X), [0.5, 0.5])
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_streams_are_independent_of_each_other():
    nn.seed(2)
    order = rows(DataLoader((X, Y), 3, shuffle=True))
    nn.seed(2)
    nn.Dropout()(np.ones(1000))
    nn.Linear(10, 10)
    assert rows(DataLoader((X, Y), 3, shuffle=True)) == order


def test_one_array_comes_without_a_tuple():
    assert [b.tolist() for b in DataLoader(Y, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [len(b) for b in DataLoader(nn.tensor(X), 4)] == [4, 4, 2]


def test_batches_in_order_are_views_and_shuffled_ones_are_not():
    x, _ = next(iter(DataLoader((X, Y), 4)))
    assert np.shares_memory(x, X)
    x, _ = next(iter(DataLoader((X, Y), 4, shuffle=True)))
    assert not np.shares_memory(x, X)


def test_collate_function_of_ones_own():
    loader = DataLoader((X, Y), 4, collate_fn=lambda samples: [int(y) for _, y in samples])
    assert list(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([1, 2], np.array([1, 2])),
        ([1.5, 2.5], np.array([1.5, 2.5])),
        ([np.float32(1), np.float32(2)], np.array([1, 2], np.float32)),
        ([nn.tensor([1.0]), nn.tensor([2.0])], np.array([[1.0], [2.0]])),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_collate(samples, expected):
    batch = default_collate(samples)
    np.testing.assert_array_equal(batch, expected)
    assert getattr(batch, "dtype", None) == getattr(expected, "dtype", None)


def test_collate_keeps_containers():
    batch = default_collate([{"a": Point(1, [2, 3])}, {"a": Point(4, [5, 6])}])
    assert batch["a"].x.tolist() == [1, 4]
    assert [part.tolist() for part in batch["a"].y] == [[2, 5], [3, 6]]


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([7, 3], [7, 3]),
        ([0.7, 0.3], [7, 3]),
        ([0.5, 0.25, 0.25], [6, 2, 2]),
        ([1 / 3] * 3, [4, 3, 3]),
    ],
)
def test_random_split_divides_all_rows(lengths, sizes):
    nn.seed(0)
    parts = random_split(TensorDataset(X, Y), lengths)
    assert [len(p) for p in parts] == sizes
    labels = [int(p[i][1]) for p in parts for i in range(len(p))]
    assert sorted(labels) == list(range(10))
    assert labels != list(range(10))
    repeated = random_split(TensorDataset(X, Y), lengths, np.random.default_rng(1))
    again = random_split(TensorDataset(X, Y), lengths, np.random.default_rng(1))
    assert all((a.indices == b.indices).all() for a, b in zip(repeated, again, strict=True))


def test_subset_of_subset_is_read_in_batches():
    part = Subset(Subset(TensorDataset(X, Y), np.arange(0, 10, 2)), [3, 1])
    x, y = part.batch(np.array([0, 1]))
    assert (y.tolist(), x.tolist()) == ([6, 2], [[12, 13], [4, 5]])


def test_seed_refuses_what_is_no_number():
    for bad in (-1, 1.5, "0", True, None):
        with pytest.raises(ValueError, match="whole number >= 0"):
            nn.seed(bad)
    with pytest.raises(ValueError, match="init, dropout, shuffle"):
        nn.random.stream("noise")


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("size", [1, 3, 64])
@pytest.mark.parametrize("n", [1, 64, 65, 130])
def test_batches_in_order_are_slices_from_any_batch_on(n, size, drop_last):
    X, y = np.arange(n * 2.0).reshape(n, 2), np.arange(n)
    if drop_last and n < size:
        return  # refused when the loader is made
    loader = DataLoader(TensorDataset(X, y), size, drop_last=drop_last)
    for start in (0, 1, 5):
        found = list(loader.batches(start))
        end = n // size * size if drop_last else n
        places = range(start * size, end, size)
        assert len(found) == len(places)
        for (a, b), i in zip(found, places):
            assert np.array_equal(a, X[i : i + size]) and b.tolist() == y[i : i + size].tolist()
            assert np.shares_memory(a, X)
