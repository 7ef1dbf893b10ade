"""Lazy layers: after the first input they are the ordinary layer, and before it they say so."""

import copy
import inspect

import numpy as np
import pytest

import nnkit as nn
from autograd_core.dispatch import raw
from autograd_core.errors import GraphError
from nnkit.optim import Adam

RNG = np.random.default_rng(0)
SIZES = {1: (7,), 2: (6, 5), 3: (4, 5, 3)}

# the lazy layer, the ordinary one with its size, and the shape of an input
PAIRS = {
    "Linear": (lambda: nn.LazyLinear(4), lambda: nn.Linear(6, 4), (3, 6)),
    "Linear of sequences": (
        lambda: nn.LazyLinear(4, bias=False),
        lambda: nn.Linear(6, 4, bias=False),
        (3, 2, 6),
    ),
    **{
        f"Conv{n}d": (
            lambda n=n: getattr(nn, f"LazyConv{n}d")(4, 3, 2, 1, 1, 2),
            lambda n=n: getattr(nn, f"Conv{n}d")(6, 4, 3, 2, 1, 1, 2),
            (2, 6, *SIZES[n]),
        )
        for n in SIZES
    },
    **{
        f"ConvTranspose{n}d": (
            lambda n=n: getattr(nn, f"LazyConvTranspose{n}d")(4, 3, 2, 1, 1, 2, False),
            lambda n=n: getattr(nn, f"ConvTranspose{n}d")(6, 4, 3, 2, 1, 1, 2, False),
            (2, 6, *SIZES[n]),
        )
        for n in SIZES
    },
    "Conv2d of one image, circular": (
        lambda: nn.LazyConv2d(4, (3, 2), padding="same", padding_mode="circular"),
        lambda: nn.Conv2d(6, 4, (3, 2), padding="same", padding_mode="circular"),
        (6, 5, 4),
    ),
    **{
        f"{kind}{n}d": (
            lambda n=n, kind=kind: getattr(nn, f"Lazy{kind}{n}d")(momentum=0.3),
            lambda n=n, kind=kind: getattr(nn, f"{kind}{n}d")(6, 1e-5, 0.3, True, True),
            (2, 6, *SIZES[n]),
        )
        for n in SIZES
        for kind in ("BatchNorm", "InstanceNorm")
    },
    "BatchNorm1d of rows": (nn.LazyBatchNorm1d, lambda: nn.BatchNorm1d(6), (5, 6)),
    "BatchNorm1d, bare": (
        lambda: nn.LazyBatchNorm1d(affine=False, track_running_stats=False),
        lambda: nn.BatchNorm1d(6, affine=False, track_running_stats=False),
        (5, 6),
    ),
    "InstanceNorm1d of one": (
        nn.LazyInstanceNorm1d,
        lambda: nn.InstanceNorm1d(6, affine=True, track_running_stats=True),
        (6, 5),
    ),
}


def same_state(a, b):
    left, right = a.state_dict(), b.state_dict()
    assert list(left) == list(right)
    for name in left:
        np.testing.assert_array_equal(left[name], right[name])


@pytest.mark.parametrize("name", PAIRS)
def test_the_first_input_makes_it_the_ordinary_layer(name):
    lazy, ordinary, shape = PAIRS[name]
    x = RNG.normal(size=shape)
    nn.seed(3)
    expected = ordinary()
    nn.seed(3)
    layer = lazy()
    assert f"Lazy{type(expected).__name__}" == type(layer).__name__
    parameters = list(layer.parameters())
    np.testing.assert_array_equal(raw(layer(x)), raw(expected(x)))
    assert type(layer) is type(expected) and repr(layer) == repr(expected)
    assert list(vars(layer)) == list(vars(expected))
    assert [type(p) for p in parameters] == [nn.Parameter] * len(parameters)
    assert all(a is b for a, b in zip(parameters, layer.parameters(), strict=True))
    same_state(layer, expected)


@pytest.mark.parametrize("name", PAIRS)
def test_a_state_dict_gives_the_sizes(name):
    lazy, ordinary, shape = PAIRS[name]
    if "bare" in name:
        return
    trained = nn.Sequential(ordinary())
    trained(RNG.normal(size=shape))
    model = nn.Sequential(lazy())
    model.load_state_dict(trained.state_dict())
    assert type(model[0]) is type(trained[0])
    same_state(model, trained)


def test_an_optimizer_made_before_the_first_input_trains_it():
    nn.seed(0)
    model = nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.Tanh(), nn.LazyLinear(1))
    trainer = nn.Trainer(model, nn.MSELoss(), Adam(model.parameters(), lr=0.05))
    X = RNG.normal(size=(64, 3))
    trainer.fit(X, X[:, :1], epochs=20)
    assert trainer.evaluate(X, X[:, :1])["loss"] < 0.1
    assert "Lazy" not in repr(model)


def test_what_is_set_before_holds_after():
    layer = nn.LazyLinear(2)
    assert layer.double() is layer and layer.weight.dtype == np.float64
    layer.weight.requires_grad_(False)
    layer.eval()
    twin = copy.deepcopy(layer)
    layer(np.ones((1, 3)))
    assert layer.weight.dtype == layer.bias.dtype == np.float64
    assert not layer.weight.requires_grad and layer.bias.requires_grad
    assert not layer.training and layer.weight.grad is None
    assert type(twin) is nn.LazyLinear and not twin.weight.requires_grad
    layer.zero_grad()
    layer(np.ones((1, 3))).sum().backward()
    assert layer.bias.grad.tolist() == [1, 1]


def test_hooks_run_and_the_layer_is_used_in_two_places():
    layer, seen = nn.LazyLinear(2), []
    layer.register_forward_hook(lambda module, args, y: seen.append(y.shape))
    model = nn.Sequential(layer, nn.Linear(2, 3), layer)
    model(np.ones((4, 3)))
    assert seen == [(4, 2), (4, 2)]


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p.shape,
        lambda p: p.size,
        lambda p: p * 2,
        lambda p: np.sin(p),
        lambda p: p[0],
        lambda p: np.asarray(p),
        lambda p: nn.init.zeros_(p),
        lambda p: p.detach(),
        lambda p: nn.functional.linear(np.ones((2, 3)), p),
    ],
)
def test_values_that_are_not_there_yet_are_told(use):
    with pytest.raises(GraphError, match=r"no values and no shape yet.*model\(X\[:2\]\)"):
        use(nn.LazyLinear(2).weight)


def test_the_state_of_a_lazy_layer_cannot_be_saved_yet():
    with pytest.raises(GraphError, match="first input"):
        nn.Sequential(nn.LazyLinear(2)).state_dict()


def test_a_state_dict_that_does_not_fit_changes_nothing():
    model = nn.Sequential(nn.LazyLinear(2), nn.Linear(2, 2))
    other = nn.Sequential(nn.Linear(5, 2), nn.Linear(2, 3)).state_dict()
    with pytest.raises(ValueError, match="1.weight: Sequential has"):
        model.load_state_dict(other)
    with pytest.raises(ValueError, match=r"missing: 0.weight, 0.bias"):
        model.load_state_dict({k: v for k, v in other.items() if k[0] == "1"})
    assert type(model[0]) is nn.LazyLinear
    report = model.load_state_dict(
        nn.Sequential(nn.Identity(), model[1]).state_dict(), strict=False
    )
    assert report.missing_keys == ["0.weight", "0.bias"]
    assert type(model[0]) is nn.LazyLinear


@pytest.mark.parametrize(
    ("layer", "x", "words"),
    [
        (lambda: nn.LazyLinear(2), 3.0, r"0: LazyLinear\(.*\) got \(\)"),
        (lambda: nn.LazyLinear(0), None, "out_features must be a positive whole number, got 0"),
        (lambda: nn.LazyConv2d(2, 3), np.ones((4, 4)), r"0: LazyConv2d\(0, 2, .*got \(4, 4\)"),
        (lambda: nn.LazyConv1d(4, 3, groups=2), np.ones((1, 3, 9)), "0: Conv1d: in_channels=3"),
        (lambda: nn.LazyConv1d(4, 3, padding_mode="x"), None, "padding_mode"),
        (nn.LazyBatchNorm2d, np.ones((4, 3)), r"0: LazyBatchNorm2d.*\(N, C, H, W\)\."),
        (nn.LazyBatchNorm1d, np.ones(4), r"\(N, C, L\), or \(N, C\)"),
        (nn.LazyInstanceNorm2d, np.ones((4, 3)), r"\(C, H, W\) for one example"),
    ],
)
def test_mistakes_are_told(layer, x, words):
    with pytest.raises(ValueError, match=words):
        nn.Sequential(layer())(x)


@pytest.mark.parametrize("name", [name for name in nn.layers.__all__ if name.startswith("Lazy")])
def test_arguments_are_those_of_the_ordinary_layer_without_the_size(name):
    lazy = list(inspect.signature(getattr(nn, name)).parameters)
    ordinary = list(inspect.signature(getattr(nn, name.removeprefix("Lazy"))).parameters)
    assert lazy == ordinary[1:]


@pytest.mark.parametrize(
    ("layer", "text"),  # as PyTorch 2.13 shows them
    [
        (nn.LazyLinear(3), "LazyLinear(in_features=0, out_features=3, bias=True)"),
        (nn.LazyConv2d(3, 3), "LazyConv2d(0, 3, kernel_size=(3, 3), stride=(1, 1))"),
        (
            nn.LazyBatchNorm1d(),
            "LazyBatchNorm1d(0, eps=1e-05, momentum=0.1, affine=True, bias=True, "
            "track_running_stats=True)",
        ),
    ],
)
def test_how_it_looks(layer, text):
    assert repr(layer) == text
