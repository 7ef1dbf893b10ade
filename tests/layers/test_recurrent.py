"""Recurrent layers: PyTorch's values, gradients, names and looks; lengths and masks; errors."""

import numpy as np
import pytest

import nnkit as nn
from autograd_core import tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, ShapeError
from nnkit.functional import rnn_steps
from tests.reference import stored
from tests.reference.fields import digest, field

T, N, I = 4, 3, 3
CELLS = stored("recurrent_cells")
CASES = stored("recurrent")


def filled(layer):
    for i, p in enumerate(layer.parameters()):
        p.data = (field(p.shape, i) * 0.4).astype(p.dtype)
    return layer


def run(case, dtype=np.float64):
    """Return outputs and gradients of a stored case, calculated here."""
    layer = filled(eval(f"nn.{case['call']}").to(dtype))
    rows = () if case["single"] else (N,)
    if "Cell" in case["call"]:
        shape, front, widths = (*rows, I), (), [4, 4]
    else:
        first = layer.batch_first
        shape = (T, I) if case["single"] else (N, T, I) if first else (T, N, I)
        front = (layer.num_layers * (1 + layer.bidirectional),)
        widths = [layer.proj_size or 4, 4]
    lstm = case["call"].startswith("LSTM")
    x = tensor(field(shape, 20).astype(dtype), requires_grad=True)
    states = [
        tensor(field((*front, *rows, width), 21 + i).astype(dtype), requires_grad=True)
        for i, width in enumerate(widths[: 1 + lstm] if case["states"] else [])
    ]
    hx = None if not states else tuple(states) if lstm else states[0]
    settings = {} if case["lengths"] is None else dict(lengths=case["lengths"])
    found = layer(x, hx, **settings)
    outputs = list(found) if isinstance(found, tuple) else [found]
    if isinstance(outputs[-1], tuple):
        outputs = [outputs[0], *outputs[1]]
    sum((y * field(y.shape, 9 + i).astype(dtype)).sum() for i, y in enumerate(outputs)).backward()
    leaves = [x, *states, *layer.parameters()]
    return layer, [y.detach().numpy() for y in outputs], [leaf.grad.numpy() for leaf in leaves]


def name(case):
    what = "lengths" if case["lengths"] else "one sequence" if case["single"] else "batch"
    return f"{case['call']} {what}"


@pytest.mark.parametrize("case", [*CASES, *CELLS], ids=name)
def test_values_gradients_and_looks_are_those_of_pytorch(case):
    layer, outputs, grads = run(case)
    assert repr(layer) == case["repr"]
    state = {k: list(v.shape) for k, v in layer.state_dict().items()}
    assert list(state.items()) == list(case["state"].items())
    for mine, theirs in zip([*outputs, *grads], case["outputs"] + case["grads"], strict=True):
        np.testing.assert_allclose(digest(mine), theirs, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("case", [*CASES[::7], *CELLS[::5]], ids=name)
def test_in_float32(case):
    _, outputs, grads = run(case, np.float32)
    _, exact, exact_grads = run(case)
    for mine, precise in zip([*outputs, *grads], [*exact, *exact_grads], strict=True):
        assert mine.dtype == np.float32
        scale = np.abs(precise).max(initial=1.0)
        np.testing.assert_allclose(mine, precise, rtol=3e-4, atol=3e-6 * scale)


@pytest.mark.parametrize("case", CASES[1::11], ids=name)
def test_long_sequences_are_gathered_block_by_block(case, monkeypatch):
    monkeypatch.setattr(rnn_steps, "BLOCK", 40)
    _, _, grads = run(case)
    for mine, theirs in zip(grads, case["grads"], strict=True):
        np.testing.assert_allclose(digest(mine), theirs, rtol=1e-8, atol=1e-9)


LAYERS = [nn.RNN, nn.GRU, nn.LSTM]
every_layer = pytest.mark.parametrize("kind", LAYERS)


@every_layer
def test_initial_values_are_spread_evenly(kind):
    values = np.concatenate([p.detach().numpy().ravel() for p in kind(20, 25).parameters()])
    bound = 1 / 5
    assert 0.99 * bound < np.abs(values).max() <= bound
    assert values.var() == pytest.approx(bound**2 / 3, rel=0.1)


def close(a, b):
    np.testing.assert_allclose(raw(a), raw(b), rtol=1e-12)


def same(a, b):
    np.testing.assert_array_equal(raw(a), raw(b))


@every_layer
def test_padding_is_not_looked_at(kind):
    """Each sequence as if it were alone, whatever stands behind its end, and no gradient there."""
    layer = kind(3, 4, num_layers=2, bidirectional=True).double()
    x, lengths = field((5, 2, 3)), [5, 2]
    x[2:, 1] = np.nan
    t = tensor(x, requires_grad=True)
    y, last = layer(t, lengths=lengths)
    alone, last_alone = layer(x[:2, 1])
    close(y[:2, 1], alone)
    assert (y[2:, 1] == 0).all()
    pairs = zip(last, last_alone, strict=True) if kind is nn.LSTM else [(last, last_alone)]
    for mine, single in pairs:
        close(mine[:, 1], single)
    y.sum().backward()
    assert (t.grad[2:, 1] == 0).all()
    assert np.isfinite(t.grad.numpy()).all()


@every_layer
def test_a_mask_says_the_same_as_lengths_and_more(kind):
    layer = kind(3, 4, batch_first=True).double()
    x = field((2, 5, 3))
    mask = np.arange(5) < np.array([5, 2])[:, None]
    same(layer(x, mask=mask)[0], layer(x, lengths=[5, 2])[0])
    gaps = np.array([[1, 0, 1, 1, 0], [1] * 5], bool)
    y, _ = layer(x, mask=gaps)
    close(y[0, gaps[0]], layer(x[0, gaps[0]])[0])
    assert (y[0, ~gaps[0]] == 0).all()


def test_dropout_acts_between_layers_while_training():
    nn.seed(0)
    layer = nn.GRU(3, 50, num_layers=2, dropout=0.5)
    x = field((4, 2, 3))
    assert (layer(x)[0] != layer(x)[0]).any()
    layer.eval()
    same(layer(x)[0], layer(x)[0])
    with pytest.warns(UserWarning, match="acts between layers, and there is only one"):
        single = nn.GRU(3, 4, dropout=0.5)
    same(single(x)[0], single(x)[0])


@every_layer
def test_an_empty_batch(kind):
    layer = kind(3, 4)
    y, _ = layer(np.zeros((5, 0, 3)))
    y.sum().backward()
    assert y.shape == (5, 0, 4)
    assert (layer.weight_hh_l0.grad == 0).all()


def test_the_order_of_settings_is_that_of_pytorch():
    expected = dict(num_layers=2, bias=False, batch_first=True, dropout=0.1, bidirectional=True)
    for layer in (
        nn.RNN(3, 4, 2, "relu", False, True, 0.1, True),
        nn.GRU(3, 4, 2, False, True, 0.1, True),
        nn.LSTM(3, 4, 2, False, True, 0.1, True, 2),
    ):
        assert {name: getattr(layer, name) for name in expected} == expected
    assert layer.proj_size == 2


def test_all_weights_and_flatten_parameters():
    layer = nn.LSTM(3, 4, num_layers=2, proj_size=2)
    layer.flatten_parameters()
    assert [len(group) for group in layer.all_weights] == [5, 5]
    assert layer.all_weights[1][0] is layer.weight_ih_l1


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: nn.RNN(3, 4, nonlinearity="sigmoid"), "nonlinearity is 'tanh' or 'relu'"),
        (lambda: nn.GRU(0, 4), "input_size must be a positive"),
        (lambda: nn.GRU(3, 4, num_layers=0), "num_layers must be a positive"),
        (lambda: nn.GRU(3, 4, dropout=1.5), "dropout is the probability"),
        (lambda: nn.LSTM(3, 4, 2, batch_first=1), "batch_first is True or False, got 1"),
        (lambda: nn.LSTM(3, 4, proj_size=4), "smaller than hidden_size=4"),
        (lambda: nn.LSTM(3, 4)(field((5, 2, 3)), field((1, 2, 4))), r"pair \(h_0, c_0\)"),
        (lambda: nn.GRU(3, 4)(field((5, 2, 3)), lengths=[6, 1]), "between 0 and 5"),
        (lambda: nn.GRU(3, 4)(field((5, 2, 3)), lengths=[1, 1], mask=[1]), "not both"),
        (lambda: nn.functional.gru(field((5, 3)), None, [1, 2], True, 1, 0, 0, 0, 0), "it needs 4"),
    ],
)
def test_what_is_refused(make, text):
    with pytest.raises(ArgumentError, match=text):
        make()


X = field((5, 2, 3))


@pytest.mark.parametrize(
    ("layer", "args", "text"),
    [
        (nn.LSTM(3, 4), (field((5, 2, 7)),), r"LSTM\(3, 4\) got \(5, 2, 7\).*\(T, N, 3\)"),
        (nn.LSTM(3, 4), (field((5, 3, 2)),), r"pass x.transpose\(0, 2, 1\)"),
        (nn.GRU(1, 4), (field((5, 2)),), r"write x\[..., None\]"),
        (nn.RNN(3, 4, batch_first=True), (field((0, 3)),), "without a single step"),
        (nn.GRU(3, 4), (X, field((2, 2, 4))), r"h_0 of shape \(2, 2, 4\).*\(1, 2, 4\)"),
        (nn.LSTM(3, 4), (X, (field((1, 2, 4)), field((1, 1, 4)))), r"c_0 of .* \(1, 2, 4\)"),
        (nn.GRUCell(3, 4), (X,), r"GRUCell\(3, 4\) got \(5, 2, 3\).*without Cell"),
        (nn.LSTMCell(3, 4), (X[0], (X[0], X[0])), r"state h of shape \(2, 3\).*\(2, 4\)"),
    ],
)
def test_a_wrong_shape_names_the_layer_and_what_to_do(layer, args, text):
    class Model(nn.Module):
        def __init__(self):
            self.encoder = nn.ModuleList([layer])

        def forward(self, *xs):
            return self.encoder[0](*xs)

    with pytest.raises(ShapeError, match=text) as caught:
        Model()(*args)
    assert "encoder.0" in str(caught.value)


@pytest.mark.parametrize("lengths", [[2.0, 1.0], [1], 3])
def test_lengths_of_another_kind(lengths):
    with pytest.raises(ShapeError, match=r"one for each sequence, of shape \(2,\)"):
        nn.GRU(3, 4)(X, lengths=lengths)


def test_a_mask_of_another_kind():
    with pytest.raises(ShapeError, match=r"an array of bool of shape \(5, 2\)"):
        nn.GRU(3, 4)(X, mask=np.ones((2, 5), bool))
    with pytest.raises(ShapeError, match=r"an array of bool of shape \(5, 2\)"):
        nn.GRU(3, 4)(X, mask=np.ones((5, 2)))


@every_layer
def test_it_learns_to_remember_the_first_step(kind):
    nn.seed(1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 8, 2)).astype(np.float32)
    y = (x[:, 0, 0] > 0).astype(int)
    layer, head = kind(2, 12, batch_first=True), nn.Linear(12, 2)
    optimizer = nn.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.03)
    for _ in range(80):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(head(layer(x)[0][:, -1]), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
