"""The summary: shapes and counts of all kinds of models, what it leaves alone, how it looks."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import nnkit as nn
from autograd_core.errors import ArgumentError, DtypeError


class Shared(nn.Module):
    """One layer at two places and called three times; another never called; tied weights."""

    def __init__(self):
        self.first = nn.Linear(4, 4)
        self.block = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh())
        self.again = self.block
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.first.weight
        self.unused = nn.Linear(2, 2)
        self.parts = nn.ModuleList([nn.ReLU()])

    def forward(self, x):
        return self.tied(self.again(self.block(self.first(x))[:1])) + self.parts[0](x[:1])


class Words(nn.Module):
    """Whole numbers in; a recurrent layer with its tuple; a dict out."""

    def __init__(self):
        self.embedding = nn.Embedding(10, 8)
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.norm = nn.BatchNorm1d(16)

    def forward(self, x, *, scale=None):
        sequence, (h, _) = self.lstm(self.embedding(x))
        return {"norm": self.norm(h[0]), "all": [sequence], "scale": scale, "what": "words"}


def rows(made):
    return {row.path: row for row in made.rows}


def test_each_layer_with_its_shapes_and_counts():
    model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Flatten())
    model.add_module("head", nn.Sequential(nn.Linear(4 * 36, 5)))
    nn.freeze(model, "0")
    made = nn.summary(model, (2, 1, 6, 6))
    assert [
        (r.path, r.type, r.depth, r.parameters, r.trainable, r.buffers, r.calls) for r in made.rows
    ] == [
        ("", "Sequential", 0, 0, 0, 0, [((2, 1, 6, 6), (2, 5), 0)]),
        ("0", "Conv2d", 1, 40, 0, 0, [((2, 1, 6, 6), (2, 4, 6, 6), 4 * 288)]),
        ("1", "BatchNorm2d", 1, 8, 8, 9, [((2, 4, 6, 6), (2, 4, 6, 6), 4 * 288)]),
        ("2", "Flatten", 1, 0, 0, 0, [((2, 4, 6, 6), (2, 144), 4 * 288)]),
        ("head", "Sequential", 1, 0, 0, 0, [((2, 144), (2, 5), 0)]),
        ("head.0", "Linear", 2, 725, 725, 0, [((2, 144), (2, 5), 40)]),
    ]
    assert (made.parameters, made.trainable, made.frozen, made.buffers) == (773, 733, 40, 9)
    assert made.parameter_bytes == 4 * 773
    assert made.buffer_bytes == 4 * 8 + 8
    assert (made.input_bytes, made.activation_bytes) == (4 * 72, 3 * 4 * 288 + 40)


def test_a_view_needs_no_memory():
    # After a convolution, whose output is channels-last in memory, Flatten has to copy; not here.
    assert nn.summary(nn.Flatten(), (2, 3, 4)).activation_bytes == 0


def test_what_is_used_again_counts_once():
    model = Shared()
    made = rows(nn.summary(model, (3, 4)))
    assert list(made) == [
        *("", "first", "block", "block.0", "block.1", "again", "tied", "unused", "parts"),
        "parts.0",
    ]
    assert [r.parameters for r in made.values()] == [0, 20, 0, 16, 0, 0, 4, 6, 0, 0]
    assert (made["again"].shared, made["tied"].shared) == ("block", "first.weight")
    assert [c.output for c in made["block.1"].calls] == [(3, 4), (1, 4)]
    text = str(nn.summary(model, (3, 4)))
    assert re.search(
        r"block\.1 \(2 calls\) +Tanh +\(3, 4\) \| \(1, 4\) +\(3, 4\) \| \(1, 4\)", text
    )
    assert re.search(r"unused +Linear +not called +not called +6", text)
    assert re.search(r"parts +ModuleList +- +- +-", text)
    assert "Used again, and counted once: again (block), tied (first.weight)" in text
    assert nn.summary(model).parameters == nn.count_parameters(model) == 46


def test_tuples_dicts_and_whole_numbers():
    made = rows(nn.summary(Words(), (3, 5), dtype=int))
    assert made["lstm"].calls[0].output == ((3, 5, 16), ((1, 3, 16), (1, 3, 16)))
    assert made[""].calls[0].output == {
        "norm": (3, 16),
        "all": [(3, 5, 16)],
        "scale": None,
        "what": "str",
    }
    text = str(nn.summary(Words(), np.zeros((3, 5), int)))
    assert "((3, 5, 16), ((1, 3, 16), (1, 3, 16)))" in text
    assert "{norm: (3, 16), all: [(3, 5, 16)], scale: None, what: str}" in text


class Call(nn.Module):
    """Something that hands on what it is called with."""

    def forward(self, *args, **kwargs):
        self.got = args, kwargs
        return args


INPUTS = [
    (lambda: (2, 3), ((2, 3),), {}),
    (lambda: ((2, 3), (4,)), ((2, 3), (4,)), {}),
    (lambda: np.ones((2, 3)), ((2, 3),), {}),
    (lambda: nn.tensor([1.0, 2.0]), ((2,),), {}),
    (lambda: [[1.0, 2.0]], ((1, 2),), {}),
    (lambda: (np.ones((2, 3)), (1, 5)), ((2, 3), (1, 5)), {}),
    (lambda: ((2, 3), ((1, 2), (1, 4))), ((2, 3), ((1, 2), (1, 4))), {}),
    (lambda: {"x": (2, 3), "mask": np.ones(3)}, (), {"x": (2, 3), "mask": (3,)}),
    (lambda: ((2, 3), None), ((2, 3), None), {}),
]


@pytest.mark.parametrize(("given", "args", "kwargs"), INPUTS)
def test_inputs_of_all_kinds(given, args, kwargs):
    model = Call()
    made = nn.summary(model, given())
    assert shapes_of(model.got) == (args, kwargs)
    assert made.input_bytes > 0


def shapes_of(x):
    if isinstance(x, tuple):
        return tuple(map(shapes_of, x))
    if isinstance(x, dict):
        return {key: shapes_of(value) for key, value in x.items()}
    return getattr(x, "shape", x)


def test_made_inputs_have_the_dtype_of_the_model():
    model = nn.Sequential(Call()).double()
    model.add_module("scale", nn.Linear(1, 1).double())
    with pytest.raises(Exception):  # noqa: B017, PT011 (it is a tuple that Linear gets)
        nn.summary(model, (2, 3))
    assert model[0].got[0][0].dtype == np.float64


class Busy(nn.Module):
    """A module with everything that a run could leave traces in."""

    def __init__(self):
        self.rng = np.random.default_rng(3)
        self.embedding = nn.Embedding(5, 4, max_norm=0.1)
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.register_buffer("seen", np.zeros(2))
        self.register_buffer("late", None)
        self.eval_only = nn.ReLU().eval()

    def forward(self, x):
        self.seen = self.seen + 1  # another array
        self.late = np.ones(3)
        return self.drop(self.norm(self.embedding(x))) * self.rng.random()


@pytest.mark.parametrize("mode", ["train", "eval", "same"])
@pytest.mark.parametrize("fails", [False, True])
def test_nothing_is_left_behind(mode, fails):
    nn.seed(0)
    model = Busy()
    x = np.array([1, 2, 3])
    loss = model(x).sum()
    arrays = [model.seen, model.norm.running_mean]
    before = footprint(model)
    if fails:
        with pytest.raises(Exception, match="numbers"):
            nn.summary(model, np.array([0.5]), mode=mode)
    else:
        nn.summary(model, x, mode=mode)
    assert footprint(model) == before
    assert model.seen is arrays[0] and model.norm.running_mean is arrays[1]
    model.embedding.max_norm = None
    loss.backward()  # the graph of before is whole
    assert not any(module._hooks for module in model.modules())
    grad = model.embedding.weight.grad
    nn.summary(model, x, mode=mode)
    assert model.embedding.weight.grad is grad


def footprint(model):
    state = {name: value.tobytes() for name, value in model.state_dict().items()}
    streams = [nn.random.stream(p).bit_generator.state for p in nn.random.PURPOSES]
    modes = [module.training for module in model.modules()]
    return state, streams, modes, model.rng.bit_generator.state, model.late


def test_depth_adds_up_what_it_hides():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1))))
    nn.freeze(model, "0.0")
    texts = [str(nn.summary(model, (1, 2), depth=depth)) for depth in (0, 1, 2, None)]
    assert [len(text.split("\n")) for text in texts] == [6, 7, 9, 10]
    assert re.search(r"Sequential +\(1, 2\) +\(1, 1\) +13 +partly", texts[0])
    assert re.search(r"\n0 +Sequential +\(1, 2\) +\(1, 1\) +13 +partly", texts[1])
    assert re.search(r"\n0.0 +Linear +\(1, 2\) +\(1, 3\) +9 +frozen", texts[2])
    assert re.search(r"\n0.1 +Sequential +\(1, 3\) +\(1, 1\) +4 +yes", texts[2])


def test_columns_are_those_asked_for():
    model = nn.Linear(2, 3)
    assert str(nn.summary(model, columns=["parameters"])).split("\n")[0].split() == [
        *("Layer", "Type", "Parameters")
    ]
    assert str(nn.summary(model)).split("\n")[0].split() == [
        *("Layer", "Type", "Parameters", "Trainable")
    ]
    text = str(nn.summary(nn.BatchNorm1d(3), columns=["buffers", "output"]))
    assert re.search(r"BatchNorm1d +7 +not called", text)


class Cells(HTMLParser):
    """Collects tags and text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data


def test_html_says_the_same_and_escapes():
    kind = type("<script>alert(1)</script>", (nn.Module,), {"forward": lambda self, x: {"<b>": x}})
    model = nn.ModuleDict({"<img src=x>": kind()})
    made = nn.summary(kind(), (2, 3))
    made.rows.extend(nn.summary(model).rows)
    page = Cells(made._repr_html_())
    assert page.tags == {"table", "thead", "tbody", "tr", "th", "td", "p", "br"}
    for words in ("<script>alert(1)</script>", "{<b>: (2, 3)}", "<img src=x>", "Parameters: 0"):
        assert words in page.text


WRONG = [
    (lambda: nn.summary(nn.Linear), DtypeError, r"Write Linear\(\)"),
    (lambda: nn.summary(3), DtypeError, "model must be a Module, got 3"),
    (lambda: nn.summary(nn.ReLU(), (None, 3)), ArgumentError, "the batch included"),
    (lambda: nn.summary(nn.ReLU(), (-1, 3)), ArgumentError, "the batch included"),
    (lambda: nn.summary(nn.ReLU(), ()), ArgumentError, "the shape of the input is empty"),
    (lambda: nn.summary(nn.ReLU(), depth=-1), ArgumentError, "depth is a whole number"),
    (lambda: nn.summary(nn.ReLU(), depth=True), ArgumentError, "depth is a whole number"),
    (lambda: nn.summary(nn.ReLU(), mode="test"), ArgumentError, "mode is"),
    (lambda: nn.summary(nn.ReLU(), columns=["params"]), ArgumentError, "mean 'parameters'"),
    (lambda: nn.summary(nn.ReLU(), columns="input"), ArgumentError, "columns is a list"),
]


@pytest.mark.parametrize(("call", "error", "words"), WRONG)
def test_wrong_arguments(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_an_error_inside_says_how_far_it_came():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(5, 2))
    with pytest.raises(ValueError, match="1: ") as caught:
        nn.summary(model, (3, 4))
    assert "with an input of ((3, 4),). Layers that ran: 0." in caught.value.__notes__[0]
    with pytest.raises(TypeError) as caught:
        nn.summary(Words(), (3, 5))
    assert "Layers that ran: none" in caught.value.__notes__[0]
    assert "dtype=int" in caught.value.__notes__[1]


def test_one_sample_is_enough_for_batch_norm():
    assert nn.summary(nn.BatchNorm1d(3), (1, 3)).rows[0].calls[0].output == (1, 3)


def test_lazy_layers_get_their_sizes_in_a_copy():
    nn.seed(0)
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(5))
    nn.freeze(model, "2")
    before = [nn.random.stream(p).bit_generator.state for p in nn.random.PURPOSES]
    made = nn.summary(model, (2, 1, 6, 6))
    assert [(r.type, r.parameters, r.trainable) for r in made.rows[1:]] == [
        *(("Conv2d", 40, 40), ("Flatten", 0, 0), ("Linear", 325, 0))
    ]
    assert type(model[0]) is nn.LazyConv2d and type(model[2]) is nn.LazyLinear
    assert [nn.random.stream(p).bit_generator.state for p in nn.random.PURPOSES] == before
    with pytest.raises(ArgumentError, match="lazy layers"):
        nn.summary(model)


def test_a_parametrized_layer():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    made = nn.summary(nn.Sequential(layer), (4, 3))
    assert made.parameters == nn.count_parameters(layer) == 2 + 2 + 6
    assert made.rows[1].calls[0].output == (4, 2)
