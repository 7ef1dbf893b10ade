"""Attention and transformers: PyTorch's values, gradients, names and looks; masks; errors."""

import inspect

import numpy as np
import pytest

import nnkit as nn
from autograd_core import tensor
from autograd_core.dispatch import raw
from autograd_core.errors import ArgumentError, DtypeError, ShapeError
from nnkit import functional as F
from tests.reference import stored
from tests.reference.fields import digest, field
from tests.reference.masks import mask

NAMES = dict(nn=nn, F=F)  # what the text of a stored call may use
FUNCTIONS = stored("attention")
LAYERS = [*stored("attention_layers"), *stored("transformers")]


def name(case):
    masks = [f"{k}={v}" for k, v in case["settings"].items() if v is not None]
    return f"{case.get('call', 'function')} {case['shapes'][0]} {' '.join(masks)}"[:90]


def named(settings, dtype):
    """Make the masks that are named."""
    made = {k: mask(*v) if isinstance(v, list) else v for k, v in settings.items()}
    return {
        k: v.astype(dtype) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v
        for k, v in made.items()
    }


def results(outputs, leaves, dtype):
    outputs = [y for y in outputs if y is not None]
    sum((y * field(y.shape, 9 + i).astype(dtype)).sum() for i, y in enumerate(outputs)).backward()
    grads = [None if x.grad is None else x.grad.numpy() for x in leaves]
    return [*map(raw, outputs), *grads]


def run(case, dtype=np.float64):
    """Return the layer (if it is one), and outputs and gradients, calculated here."""
    settings = named(case["settings"], dtype)
    xs = [
        tensor(field(shape, 20 * ("call" in case) + i).astype(dtype), requires_grad=True)
        for i, shape in enumerate(case["shapes"])
    ]
    if "call" not in case:
        return None, results([F.scaled_dot_product_attention(*xs, **settings)], xs, dtype)
    layer = eval(f"nn.{case['call']}", NAMES).to(dtype)
    for i, p in enumerate(layer.parameters()):
        p.data = (field(p.shape, i) * 0.4).astype(dtype)
    y = layer(*(xs[0] if i in case["same"] else x for i, x in enumerate(xs)), **settings)
    outputs = y if isinstance(y, tuple) else [y]
    return layer, results(outputs, [*xs, *layer.parameters()], dtype)


@pytest.mark.parametrize("case", [*FUNCTIONS, *LAYERS], ids=name)
def test_values_and_gradients_are_those_of_pytorch(case):
    layer, found = run(case)
    for mine, theirs in zip(found, case["outputs"] + case["grads"], strict=True):
        assert (mine is None) == (theirs is None)
        if theirs is not None:
            np.testing.assert_allclose(digest(mine), theirs, rtol=1e-8, atol=1e-9)
    if layer is not None:
        state = {k: list(v.shape) for k, v in layer.state_dict().items()}
        assert list(state.items()) == list(case["state"].items())
        assert " x Transformer" in case["repr"] or repr(layer) == case["repr"]


@pytest.mark.parametrize("case", [*FUNCTIONS[::3], *LAYERS[::5]], ids=name)
def test_in_float32(case):
    _, found = run(case, np.float32)
    _, exact = run(case)
    for mine, precise in zip(found, exact, strict=True):
        if precise is not None:
            assert mine.dtype == np.float32
            scale = np.abs(precise).max(initial=1.0)
            np.testing.assert_allclose(mine, precise, rtol=3e-4, atol=3e-5 * scale)


@pytest.mark.parametrize("case", stored("sequence_signatures"), ids=lambda case: case["name"])
def test_parameters_are_those_of_pytorch(case):
    """The same names in the same order with the same defaults; what is ours must be named."""
    kind, part = case["name"].split(".")
    found = inspect.signature(getattr(getattr(nn, kind), part)).parameters
    places = [p.name for p in found.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert places == [name for name in case["parameters"] if name != "dtype"]
    for name, default in case["parameters"].items():
        if default == "required":
            assert found[name].default is inspect.Parameter.empty
        elif default is not None:
            assert found[name].default == default, name


def close(a, b):
    np.testing.assert_allclose(raw(a), raw(b), rtol=1e-10, atol=1e-13)


def test_with_and_without_weights_the_result_is_the_same():
    layer = nn.MultiheadAttention(4, 2, batch_first=True).double()
    x, hidden = field((2, 3, 4)), mask("bool", 3, 3)
    y, p = layer(x, x, x, attn_mask=hidden)
    close(layer(x, x, x, need_weights=False, attn_mask=hidden)[0], y)
    close(p.sum(axis=-1), np.ones((2, 3)))
    assert (raw(p)[:, hidden] == 0).all()
    _, each = layer(x, x, x, attn_mask=hidden, average_attn_weights=False)
    close(each.mean(axis=1), p)


@pytest.mark.parametrize("needs", [True, False])
def test_a_query_that_sees_no_key_gets_zeros_and_no_gradient_breaks(needs):
    layer = nn.MultiheadAttention(4, 2, bias=False).double()
    x = tensor(field((3, 1, 4)), requires_grad=True)
    hidden = np.zeros((3, 3), bool)
    hidden[1] = True
    y, _ = layer(x, x, x, attn_mask=hidden, need_weights=needs)
    assert (y[1] == 0).all()
    y.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_is_causal_needs_no_mask_and_goes_with_others():
    layer = nn.MultiheadAttention(4, 2).double()
    x = field((3, 2, 4))
    triangle = nn.Transformer.generate_square_subsequent_mask(3, np.float64)
    y, _ = layer(x, x, x, attn_mask=triangle)
    close(layer(x, x, x, is_causal=True)[0], y)
    close(layer(x, x, x, is_causal=True, attn_mask=triangle)[0], y)
    later = x.copy()
    later[2] += 1.0
    close(layer(later, later, later, is_causal=True)[0][:2], y[:2])


def test_the_mask_may_learn():
    bias = tensor(field((3, 3)), requires_grad=True)
    q = field((2, 3, 4))
    F.scaled_dot_product_attention(q, q, q, bias).sum().backward()
    assert bias.grad.shape == (3, 3)
    assert np.abs(bias.grad.numpy()).max() > 1e-3


@pytest.mark.parametrize("needs", [True, False])
def test_dropout_leaves_out_weights_while_training(needs):
    nn.seed(0)
    layer = nn.MultiheadAttention(4, 2, dropout=0.5, dtype=np.float64)
    x = field((8, 2, 4))
    first, p = layer(x, x, x, need_weights=needs)
    assert (raw(first) != raw(layer(x, x, x, need_weights=needs)[0])).any()
    assert not needs or (raw(p) == 0).any()
    layer.eval()
    close(layer(x, x, x, need_weights=needs)[0], layer(x, x, x)[0])
    q = np.zeros((1, 400, 4))
    y = F.scaled_dot_product_attention(q, q, np.ones((1, 400, 1)), dropout_p=0.3)
    assert y.mean() == pytest.approx(1, abs=0.02)
    assert y.std() > 0.01


@pytest.mark.parametrize(("queries", "keys", "batch"), [(3, 5, 0), (0, 5, 2), (3, 0, 2)])
@pytest.mark.parametrize("needs", [True, False])
def test_nothing_to_look_at(queries, keys, batch, needs):
    layer = nn.MultiheadAttention(4, 2, bias=False)
    k = np.zeros((keys, batch, 4))
    y, _ = layer(np.zeros((queries, batch, 4)), k, k, need_weights=needs)
    y.sum().backward()
    assert y.shape == (queries, batch, 4)
    assert (y == 0).all()


def test_static_keys_and_values():
    layer = nn.MultiheadAttention(4, 2).double()
    x = field((3, 2, 4))
    weights = (layer.in_proj_weight, layer.in_proj_bias, None, None, False, 0.0)
    weights += (layer.out_proj.weight, layer.out_proj.bias)
    k, v = (
        F.linear(x, layer.in_proj_weight[i : i + 4], layer.in_proj_bias[i : i + 4])
        .reshape(3, 4, 2)
        .swapaxes(0, 1)
        for i in (4, 8)
    )
    y, _ = F.multi_head_attention_forward(x, x, x, 4, 2, *weights, static_k=k, static_v=v)
    close(y, layer(x, x, x)[0])


def test_initial_values():
    layer = nn.MultiheadAttention(40, 2, add_bias_kv=True)
    assert (layer.in_proj_bias == 0).all()
    assert (layer.out_proj.bias == 0).all()
    bound = (6 / (4 * 40)) ** 0.5
    assert 0.99 * bound < np.abs(raw(layer.in_proj_weight)).max() <= bound
    bound = (6 / 80) ** 0.5
    assert (
        0.99 * bound
        < np.abs(
            raw(nn.Transformer(40, 2, 1, 1, 8).encoder.layers[0].self_attn.out_proj.weight)
        ).max()
        <= bound
    )
    layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6), 2).layers
    assert (layers[0].linear1.weight == layers[1].linear1.weight).all()
    assert layers[0].linear1.weight is not layers[1].linear1.weight


def test_transformers_drop_out_while_training_only():
    nn.seed(0)
    model = nn.Transformer(4, 2, 1, 1, 6, dropout=0.5)
    src, tgt = field((5, 2, 4)), field((3, 2, 4))
    assert (raw(model(src, tgt)) != raw(model(src, tgt))).any()
    model.eval()
    close(model(src, tgt), model(src, tgt))


E, X = 4, field((3, 2, 4))


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: nn.MultiheadAttention(5, 2), ArgumentError, "embed_dim=5 cannot be split"),
        (lambda: nn.MultiheadAttention(4, 0), ArgumentError, "num_heads must be a positive"),
        (lambda: nn.MultiheadAttention(4, 2, 1.5), ArgumentError, "p is the probability"),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="tan"), ArgumentError, "'gelu' or a"),
        (lambda: nn.MultiheadAttention(4, 2)(X, X, X[1:]), ShapeError, r"value \(2, 2, 4\)"),
        (
            lambda: nn.MultiheadAttention(4, 2)(X, X[:, :1], X[:, :1]),
            ShapeError,
            "N differs: 2 and 1. Is batch_first=True meant",
        ),
        (lambda: nn.MultiheadAttention(4, 2, kdim=3)(X, X, X), ShapeError, r"key \(S, N, 3\)"),
        (
            lambda: nn.MultiheadAttention(4, 2)(X, X, X, attn_mask=np.zeros((2, 3), bool)),
            ShapeError,
            r"it must be \(3, 3\), for all alike, or \(4, 3, 3\)",
        ),
        (
            lambda: nn.MultiheadAttention(4, 2)(X, X, X, np.zeros((3, 2), bool)),
            ShapeError,
            r"for each sequence: \(2, 3\)",
        ),
        (
            lambda: nn.MultiheadAttention(4, 2)(X, X, X, np.zeros((2, 3), int)),
            DtypeError,
            "True then means hidden",
        ),
        (lambda: F.scaled_dot_product_attention(X, X[..., 1:], X), ShapeError, r"\(3, 2, 3\)"),
        (
            lambda: F.scaled_dot_product_attention(X, X, X, np.ones((3, 3), bool)),
            ShapeError,
            r"attn_mask \(3, 3\).*\(..., 2, 2\)",
        ),
        (
            lambda: F.scaled_dot_product_attention(X, X, X, np.ones((2, 2), bool), is_causal=True),
            ArgumentError,
            "not both",
        ),
        (
            lambda: F.scaled_dot_product_attention(X, X[:2], X[:2], enable_gqa=True),
            ShapeError,
            "3 query heads cannot share 2",
        ),
        (lambda: nn.Transformer(4, 2, 1, 1)(X, X[:, :1]), ShapeError, r"tgt \(3, 1, 4\)"),
    ],
)
def test_what_is_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_an_error_names_the_place():
    model = nn.Transformer(4, 2, 1, 1)
    with pytest.raises(
        ShapeError, match=r"encoder\.layers\.0\.self_attn: MultiheadAttention\(4, 2\)"
    ):
        model(X, X, src_mask=np.zeros((2, 2), bool))


def test_an_encoder_learns_which_token_comes_first():
    nn.seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 5, 8)).astype(np.float32)
    y = (x[:, 0, 0] > 0).astype(int)
    x += np.eye(5, 8, dtype=np.float32) * 2
    layer = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True, norm_first=True)
    head = nn.Linear(8, 2)
    optimizer = nn.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.02)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(head(layer(x).mean(axis=1)), y)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.2
