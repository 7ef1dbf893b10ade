"""Embedding layers: what they start with, learn and refuse."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core import grad, tensor
from autograd_core.test_util import check_grads
from nnkit import functional as F
from nnkit.functional.embedding import add_rows

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 4), (2, 0, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_added_where_they_came_from(shape, dtype):
    index, g = rng.integers(0, 5, shape), rng.normal(size=(*shape, 3)).astype(dtype)
    expected = np.zeros((5, 3), dtype)
    np.add.at(expected, index, g)
    table = add_rows(g, index, rows=5)
    assert table.dtype == dtype
    np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-6)


BAGS = np.array([[1, 4, 4], [0, 2, 1]])
CASES = {
    "embedding": lambda w: F.embedding(BAGS, w),
    "sum": lambda w: F.embedding_bag(BAGS, w, mode="sum"),
    "mean": lambda w: F.embedding_bag(BAGS.ravel(), w, [0, 2, 2], padding_idx=0),
    "max": lambda w: F.embedding_bag(BAGS.ravel(), w, [0, 2, 2], mode="max"),
}


@pytest.mark.parametrize("name", CASES)
def test_to_second_order_in_both_modes(name):
    check_grads(lambda w: np.sin(CASES[name](w)), rtol=1e-5, atol=1e-5)(rng.normal(size=(5, 3)))


def test_weights_of_a_bag_are_learned():
    check_grads(
        lambda w, f: F.embedding_bag(BAGS, w, mode="sum", per_sample_weights=f, padding_idx=4)
    )(rng.normal(size=(5, 3)), rng.uniform(size=(2, 3)))


@pytest.mark.parametrize(
    "op", [F.embedding, lambda i, w, **k: F.embedding_bag(i, w, mode="sum", **k)]
)
def test_gradient_by_frequency(op):
    g = grad(lambda w: op(BAGS, w, scale_grad_by_freq=True).sum())(np.zeros((6, 2)))
    np.testing.assert_array_equal(g[:, 0], [1, 1, 1, 0, 1, 0])


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
def test_the_table_at_first(kind):
    nn.seed(0)
    layer = kind(2000, 50, padding_idx=3)
    values = layer.weight.detach().numpy()
    assert values.dtype == np.float32
    assert (values[3] == 0).all()
    assert abs(values.mean()) < 0.01
    assert values.std() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("kind", [nn.Embedding, nn.EmbeddingBag])
@pytest.mark.parametrize("freeze", [True, False])
def test_from_pretrained(kind, freeze):
    table = rng.normal(size=(4, 2))
    layer = kind.from_pretrained(table, freeze, padding_idx=1)
    table += 1  # the layer has its own
    assert (layer.weight.requires_grad, layer.weight.dtype) == (not freeze, np.float64)
    np.testing.assert_allclose(layer.weight.detach(), table - 1)
    assert (layer.num_embeddings, layer.embedding_dim, layer.padding_idx) == (4, 2, 1)


def test_padding_stays_zero_while_the_others_learn():
    layer = nn.Embedding(4, 2, padding_idx=0)
    before = layer.weight.detach().numpy().copy()
    optimizer = nn.optim.SGD(layer.parameters(), lr=0.1)
    layer([[0, 1], [0, 2]]).sum().backward()
    optimizer.step()
    moved = (layer.weight.detach().numpy() != before).any(axis=1)
    np.testing.assert_array_equal(moved, [False, True, True, False])


def test_max_norm_shortens_the_rows_that_are_used():
    layer = nn.Embedding.from_pretrained(np.full((3, 4), 5.0), max_norm=1.0)
    y = layer([0, 2])
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(layer.weight.detach()[1], 5.0)


def test_a_graph_that_saved_the_old_rows_is_not_used():
    layer = nn.Embedding(3, 2, max_norm=1e-3)
    y = (layer.weight * layer.weight).sum()
    layer([0, 1])
    with pytest.raises(RuntimeError, match="overwritten"):
        y.backward()


def test_the_gradient_of_a_lookup_is_dense_and_float32():
    table = tensor(np.zeros((5, 2), np.float32), requires_grad=True)
    F.embedding(np.array([[1, 1]], np.uint8), table).sum().backward()
    assert table.grad.dtype == np.float32
    np.testing.assert_array_equal(table.grad[:, 0], [0, 2, 0, 0, 0])


TABLE = np.zeros((3, 2))
MISTAKES = [
    (lambda: F.embedding([0, 3], TABLE), ValueError, ["index 3 at position 1", "0 to 2"]),
    (lambda: F.embedding([[1], [3]], TABLE), ValueError, ["(1, 0)", "count from 1: subtract 1"]),
    (lambda: nn.Embedding(3, 2)([-1]), ValueError, ["index -1 at position 0", "3 rows"]),
    (lambda: F.embedding([0.5], TABLE), TypeError, ["embedding", "integers", "float64"]),
    (lambda: F.embedding(TABLE, [0]), TypeError, ["weight of embedding", "floating point"]),
    (lambda: F.embedding([0], TABLE[0]), ValueError, ["table of shape (rows, features)", "(2,)"]),
    (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, ["padding_idx=3", "3 rows"]),
    (lambda: nn.Embedding(0, 2), ValueError, ["Embedding: num_embeddings", "got 0"]),
    (lambda: F.embedding_bag([0, 1], TABLE), ValueError, ["(2,) without offsets"]),
    (lambda: F.embedding_bag([[0]], TABLE, [0]), ValueError, ["rows of a two-dimensional"]),
    (lambda: F.embedding_bag([0, 1], TABLE, [1]), ValueError, ["begin with 0", "[1]"]),
    (lambda: F.embedding_bag([0, 1], TABLE, [0, 3]), ValueError, ["number of indices, 2"]),
    (lambda: F.embedding_bag([0, 5], TABLE, [0]), ValueError, ["embedding_bag: the index 5"]),
    (lambda: nn.EmbeddingBag(3, 2, mode="avg"), ValueError, ["'sum', 'mean' or 'max'", "'avg'"]),
    (
        lambda: F.embedding_bag([[0]], TABLE, per_sample_weights=[[1.0]]),
        ValueError,
        ["mode='sum' only", "'mean'"],
    ),
    (
        lambda: F.embedding_bag([[0]], TABLE, mode="sum", per_sample_weights=[1.0]),
        ValueError,
        ["(1,)", "(1, 1)"],
    ),
    (lambda: F.one_hot([0, 2], 2), ValueError, ["one_hot: the index 2 at position 1", "2 classes"]),
    (lambda: F.one_hot([-1]), ValueError, ["num_classes", "got 0"]),
    (lambda: F.one_hot([0.5]), TypeError, ["one_hot", "integers"]),
]


@pytest.mark.parametrize(("call", "kind", "words"), MISTAKES)
def test_the_message_helps(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_a_bag_of_words_learns_which_word_matters():
    nn.seed(0)
    words = np.random.default_rng(0).integers(1, 20, size=(200, 5))
    labels = (words == 7).any(axis=1).astype(int)
    model = nn.Sequential(nn.EmbeddingBag(20, 4, mode="max"), nn.Linear(4, 2))
    optimizer, loss_fn = nn.optim.Adam(model.parameters(), lr=0.1), nn.CrossEntropyLoss()
    for _ in range(60):
        optimizer.zero_grad()
        loss = loss_fn(model(words), labels)
        loss.backward()
        optimizer.step()
    assert (model(words).argmax(axis=1) == labels).mean() > 0.98


TABLES = {
    "shortened rows": lambda: nn.Embedding(7, 3, max_norm=0.8),
    "by frequency": lambda: nn.Embedding(7, 3, scale_grad_by_freq=True),
    "padding": lambda: nn.Embedding(7, 3, padding_idx=2, scale_grad_by_freq=True),
    "a bag": lambda: nn.EmbeddingBag(7, 3, mode="sum", max_norm=0.8),
    "means": lambda: nn.EmbeddingBag(7, 3, mode="mean"),
    "largest": lambda: nn.EmbeddingBag(7, 3, mode="max", max_norm=0.8, norm_type=1.0),
}


@pytest.mark.parametrize("name", TABLES)
def test_compiled(name):
    """Rows are shortened in the table at each call, and counted anew."""
    found = []
    for compiled in (False, True):
        nn.seed(0)
        table, head = TABLES[name](), nn.Linear(3, 2)
        optimizer = nn.optim.SGD([*table.parameters(), *head.parameters()], lr=0.02)

        def step(index, table=table, head=head, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (head(table(index)) ** 2).sum()
            loss.backward()
            optimizer.step()
            return loss

        run = nn.compile(step, fallback=False, exact=True) if compiled else step
        got = [run(np.random.default_rng(s).integers(0, 7, (4, 5))).item() for s in range(7)]
        found.append([*got, *table.weight.detach().numpy().ravel()])
    assert run.last.state == "ready", run.report()
    assert found[0] == found[1]


def test_compiled_with_bags_of_other_lengths_each_time():
    found = []
    for compiled in (False, True):
        nn.seed(0)
        table = nn.EmbeddingBag(7, 3, mode="mean")
        optimizer = nn.optim.SGD(table.parameters(), lr=0.1)

        def step(index, offsets, table=table, optimizer=optimizer):
            optimizer.zero_grad()
            loss = (table(index, offsets) ** 2).sum()
            loss.backward()
            optimizer.step()
            return loss

        run = nn.compile(step, fallback=False, exact=True) if compiled else step
        got = []
        for seed in range(6):
            r = np.random.default_rng(seed)
            offsets = np.array([0, *np.sort(r.integers(0, 9, 3))])
            got.append(run(r.integers(0, 7, 8), offsets).item())
        found.append([*got, *table.weight.detach().numpy().ravel()])
    assert run.last.state == "ready", run.report()
    assert found[0] == found[1]


def test_a_graph_notices_that_a_compiled_call_shortens_rows():
    table = nn.Embedding(7, 3, max_norm=0.8)
    run = nn.compile(lambda index: table(index).detach())
    for _ in range(3):
        run(np.array([0, 1]))
    table.weight.data[2] = 9.0
    loss = (table.weight * table.weight).sum()
    run(np.array([2, 1]))
    with pytest.raises(RuntimeError, match="changed"):
        loss.backward()
