"""Samplers and splits: how often each sample comes, in which order, and in which part."""

from collections import Counter

import numpy as np
import pytest

import nnkit as nn
from nnkit.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StratifiedSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

Y = np.arange(10)
RARE = np.array([0] * 90 + [1] * 10)


@pytest.mark.parametrize(
    ("make", "length", "counts"),
    [
        (lambda: SequentialSampler(Y), 10, {1: 10}),
        (lambda: RandomSampler(Y), 10, {1: 10}),
        (lambda: RandomSampler(Y, num_samples=4), 4, {1: 4}),
        (lambda: RandomSampler(Y, num_samples=23), 23, {2: 7, 3: 3}),
        (lambda: SubsetRandomSampler([3, 8, 3]), 3, {1: 1, 2: 1}),
        (lambda: WeightedRandomSampler(np.ones(10), 10, replacement=False), 10, {1: 10}),
        (lambda: WeightedRandomSampler([0, 0, 5], 6), 6, {6: 1}),
        (lambda: StratifiedSampler(RARE), 100, {1: 100}),
    ],
)
def test_how_often_each_index_comes(make, length, counts):
    nn.seed(0)
    sampler = make()
    drawn = list(sampler)
    assert len(sampler) == len(drawn) == length
    assert Counter(Counter(drawn).values()) == counts
    assert all(type(i) is int for i in drawn)


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: RandomSampler(Y, generator=rng),
        lambda rng: RandomSampler(Y, True, generator=rng),
        lambda rng: SubsetRandomSampler(range(50), rng),
        lambda rng: WeightedRandomSampler(np.arange(10), 50, generator=rng),
        lambda rng: StratifiedSampler(RARE, rng),
    ],
)
def test_order_is_new_in_each_pass_and_repeats_with_its_generator(make):
    one, two = make(np.random.default_rng(1)), make(np.random.default_rng(1))
    first = list(one)
    assert list(two) == first
    assert list(one) != first
    nn.seed(3)
    by_seed = list(make(None))
    nn.seed(3)
    assert list(make(None)) == by_seed


def test_drawing_follows_the_weights():
    weights = np.array([1.0, 2.0, 5.0])
    drawn = list(WeightedRandomSampler(weights, 8000, generator=np.random.default_rng(0)))
    np.testing.assert_allclose(np.bincount(drawn) / 8000, weights / 8, atol=0.02)
    drawn = list(RandomSampler(range(4), True, 8000, np.random.default_rng(0)))
    np.testing.assert_allclose(np.bincount(drawn) / 8000, 0.25, atol=0.02)


@pytest.mark.parametrize("labels", [RARE, np.where(RARE, "rare", "often"), RARE[::-1]])
def test_each_batch_has_the_shares_of_the_whole(labels):
    sampler = StratifiedSampler(labels, np.random.default_rng(0))
    batches = list(BatchSampler(sampler, 20, False))
    rare = labels[-1] if labels[0] == labels[1] == labels[89] else labels[0]
    assert [int((labels[batch] == rare).sum()) for batch in batches] == [2] * 5


def test_stratified_order_is_random_within_the_classes():
    first = [i for i in StratifiedSampler(RARE, np.random.default_rng(0)) if RARE[i] == 0]
    assert first != sorted(first)


class Backwards(SequentialSampler):
    def __iter__(self):
        return iter(range(len(self) - 1, -1, -1))


class Odd(Sampler):
    def __iter__(self):
        return iter([1, 3, 5])


@pytest.mark.parametrize("dataset", [(Y,), list(zip(Y))], ids=["arrays", "samples"])
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (dict(batch_size=4, sampler=Backwards(Y)), [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]),
        (dict(batch_size=2, sampler=[5, 5, 1]), [[5, 5], [1]]),
        (dict(batch_size=2, sampler=[5, 5, 1], drop_last=True), [[5, 5]]),
        (dict(batch_size=2, sampler=np.array([2, 0])), [[2, 0]]),
        (dict(batch_sampler=[[1, 2], [0]]), [[1, 2], [0]]),
        (dict(batch_sampler=BatchSampler(range(3), 2, True)), [[0, 1]]),
        (dict(batch_sampler=BatchSampler(SequentialSampler(Y), 6, True)), [list(range(6))]),
        (dict(batch_size=None, sampler=[7, 1]), [7, 1]),
        (dict(batch_size=None), list(range(10))),
    ],
)
def test_loader_reads_what_the_sampler_says(dataset, settings, expected):
    loader = DataLoader(dataset, **settings)
    assert [np.asarray(y).tolist() for (y,) in loader] == expected
    assert len(loader) == len(expected)


def test_sampler_without_a_length():
    loader = DataLoader((Y,), 2, sampler=Odd())
    assert [y.tolist() for (y,) in loader] == [[1, 3], [5]]
    with pytest.raises(TypeError):
        len(loader)


def test_shuffled_arrays_and_samples_come_in_the_same_order():
    orders = []
    for dataset in [(Y,), list(zip(Y))]:
        for loader in [
            DataLoader(dataset, 3, shuffle=True, generator=np.random.default_rng(0)),
            DataLoader(dataset, 3, sampler=RandomSampler(Y, generator=np.random.default_rng(0))),
        ]:
            orders.append([y.tolist() for (y,) in loader])
    assert all(order == orders[0] for order in orders)


@pytest.mark.parametrize(
    ("lengths", "rare"),
    [([0.8, 0.2], [8, 2]), ([50, 30, 20], [5, 3, 2]), ([0.5, 0.5, 0.0], [5, 5, 0])],
)
@pytest.mark.parametrize("labels", [RARE, np.where(RARE, "b", "a")], ids=["numbers", "text"])
def test_stratified_split_keeps_the_shares(lengths, rare, labels):
    parts = random_split(TensorDataset(RARE), lengths, stratify=labels)
    assert [int(RARE[p.indices].sum()) for p in parts] == rare
    assert sorted(np.concatenate([p.indices for p in parts]).tolist()) == list(range(100))


def test_stratified_split_of_many_classes_is_within_one_sample():
    rng = np.random.default_rng(0)
    labels = rng.choice(7, 500, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])
    for part in random_split(TensorDataset(labels), [0.7, 0.3], rng, stratify=labels):
        got = np.bincount(labels[part.indices])
        assert abs(got - len(part) / 500 * np.bincount(labels)).max() < 1


D = TensorDataset(RARE)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: RandomSampler(Y, num_samples=0), ValueError, ["num_samples", "got 0"]),
        (lambda: list(RandomSampler([])), ValueError, ["no samples"]),
        (lambda: WeightedRandomSampler([1, -1], 1), ValueError, [">= 0", r"positions \[1\]"]),
        (lambda: WeightedRandomSampler([1, np.nan], 1), ValueError, [r"positions \[1\]"]),
        (lambda: WeightedRandomSampler([0, 0], 1), ValueError, ["not all 0"]),
        (lambda: WeightedRandomSampler([[1]], 1), ValueError, [r"shape \(1, 1\)"]),
        (lambda: WeightedRandomSampler([1, 0], 2, False), ValueError, ["1 samples", "draw 2"]),
        (lambda: list(SubsetRandomSampler([True, False])), TypeError, ["flatnonzero"]),
        (lambda: StratifiedSampler([[1]]), ValueError, [r"shape \(1, 1\)"]),
        (lambda: StratifiedSampler([]), ValueError, [r"shape \(0,\)"]),
        (lambda: BatchSampler(Y, 0, False), ValueError, ["batch_size", "got 0"]),
        (lambda: random_split(D, [0.5, 0.5], stratify=RARE[:9]), ValueError, ["9 labels", "100"]),
        (
            lambda: random_split(D, [0.5, 0.5], stratify=np.arange(100)),
            ValueError,
            ["class 0 has 1 of 100", "2 parts"],
        ),
        (lambda: random_split(D, []), ValueError, ["add up to 100"]),
        (lambda: DataLoader(D, shuffle=True, sampler=[0]), ValueError, ["not both"]),
        (lambda: DataLoader(D, 2, batch_sampler=[[0]]), ValueError, ["leave out"]),
        (lambda: DataLoader(D, sampler=[0], batch_sampler=[[0]]), ValueError, ["leave out"]),
        (lambda: DataLoader(D, None, drop_last=True), ValueError, ["batch_size=None"]),
        (lambda: DataLoader(D, 3, sampler=[0], drop_last=True), ValueError, ["1 samples do not"]),
        (lambda: DataLoader(D, num_workers=-1), ValueError, ["num_workers", "got -1"]),
        (lambda: DataLoader(D, num_workers=True), ValueError, ["num_workers", "got True"]),
        (lambda: DataLoader(D, prefetch_factor=0), ValueError, ["prefetch_factor", "got 0"]),
    ],
)
def test_errors_teach(call, error, words):
    with pytest.raises(error, match=".*".join(words)):
        call()
