"""The learning-rate range test: what it does, how it ends, and that it leaves nothing behind."""

import copy
import signal

import numpy as np
import pytest

import nnkit as nn
from autograd_core.dispatch import raw
from nnkit.data import DataLoader
from nnkit.training.suggestions import RULES, averaged

X = np.random.default_rng(0).standard_normal((96, 4)).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(int)


class Net(nn.Module):
    """Everything that a trial could leave traces in."""

    def __init__(self):
        self.rng = np.random.default_rng(5)
        self.fc1 = nn.Linear(4, 16)
        self.norm = nn.BatchNorm1d(16)
        self.drop = nn.Dropout(0.2)
        self.register_buffer("calls", np.zeros(1))
        self.frozen = nn.Linear(16, 16)
        self.fc2 = nn.Linear(16, 2)
        nn.freeze(self, "frozen")

    def forward(self, x):
        self.calls = self.calls + 1
        hidden = self.drop(nn.functional.relu(self.norm(self.fc1(x))))
        return self.fc2(self.frozen(hidden) + np.float32(0.01 * self.rng.random()))


def make(kind="Adam", seed=0):
    nn.seed(seed)
    model = Net()
    groups = [{"params": model.fc1.parameters()}, {"params": model.fc2.parameters(), "lr": 0.02}]
    settings = {"momentum": 0.9} if kind == "SGD" else {}
    return model, getattr(nn.optim, kind)(groups, lr=0.01, **settings)


def train(model, optimizer, loader, epochs=1):
    loss_of = nn.CrossEntropyLoss()
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss_of(model(x), y).backward()
            optimizer.step()


def footprint(model, optimizer, loader):
    state = optimizer.state_dict()
    return {
        "values": {name: value.tobytes() for name, value in model.state_dict().items()},
        "grads": {n: getattr(p.grad, "tobytes", int)() for n, p in model.named_parameters()},
        "modes": [module.training for module in model.modules()],
        "streams": [nn.random.stream(p).bit_generator.state for p in nn.random.PURPOSES],
        "own": (model.rng.bit_generator.state, loader.generator.bit_generator.state),
        "groups": state["param_groups"],
        "state": {
            i: {key: np.asarray(value).tobytes() for key, value in entry.items()}
            for i, entry in state["state"].items()
        },
        "hooks": [bool(module._hooks) for module in model.modules()],
        "warned": (optimizer._has_stepped, optimizer._has_warned),
    }


class Loss:
    """A loss that does something at one of its calls."""

    def __init__(self, at, what):
        self.at, self.what, self.calls = at, what, 0
        self.loss_of = nn.CrossEntropyLoss()

    def __call__(self, output, target):
        self.calls += 1
        if self.calls == self.at:
            self.what()
        return self.loss_of(output, target)


def interrupt():
    raise KeyboardInterrupt


def fail():
    raise RuntimeError("no")


@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop", "Muon", "NAdam"])
@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize("what", [None, interrupt, fail, lambda: signal.raise_signal(2)])
def test_nothing_is_left_behind(kind, before, what):
    if kind == "Muon":
        nn.seed(0)
        model = Net()
        optimizer = nn.optim.Muon([model.fc1.weight, model.fc2.weight], lr=0.01)
    else:
        model, optimizer = make(kind)
    loader = DataLoader((X, Y), 16, shuffle=True, generator=np.random.default_rng(9))
    train(model, optimizer, loader, before)
    model.drop.eval()
    arrays = [raw(p) for p in model.parameters()] + [model.norm.running_mean, model.calls]
    states = {id(p): id(entry) for p, entry in optimizer.state.items()}
    expected = footprint(model, optimizer, loader)
    loss = Loss(9, what or (lambda: None))
    if what is fail:
        with pytest.raises(RuntimeError, match="no"):
            nn.lr_find(model, loss, optimizer, loader)
    else:
        test = nn.lr_find(model, loss, optimizer, loader, num_steps=30, end_lr=0.01)
        assert len(test.losses) == (8 if what else 30)
        assert test.status == ("interrupted" if what else "finished")
    assert footprint(model, optimizer, loader) == expected
    now = [raw(p) for p in model.parameters()] + [model.norm.running_mean, model.calls]
    assert all(a is b for a, b in zip(arrays, now, strict=True))
    assert {id(p): id(entry) for p, entry in optimizer.state.items()} == states


def test_training_goes_on_as_if_nothing_had_been():
    results = []
    for look in (False, True):
        model, optimizer = make()
        scheduler = nn.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
        loader = DataLoader((X, Y), 16, shuffle=True)
        train(model, optimizer, loader)
        scheduler.step()
        if look:
            nn.lr_find(model, nn.CrossEntropyLoss(), optimizer, X, Y, batch_size=8)
        train(model, optimizer, loader)
        scheduler.step()
        results.append([p.tolist() for p in model.parameters()] + [scheduler.get_last_lr()])
    assert results[0] == results[1]


def test_it_trains_with_growing_rates_that_keep_their_ratios():
    model, optimizer = make("SGD")
    seen, called = [], []
    optimizer.register_step_pre_hook(lambda *_: called.append(1))
    own = type(optimizer).step

    class Watched(type(optimizer)):
        def step(self, closure=None):
            seen.append([group["lr"] for group in self.param_groups])
            return own(self, closure)

    optimizer.__class__ = Watched
    test = nn.lr_find(
        model, nn.CrossEntropyLoss(), optimizer, X, Y, start_lr=1e-4, end_lr=1, num_steps=20
    )
    np.testing.assert_allclose(test.lrs, np.geomspace(1e-4, 1, 20))
    np.testing.assert_allclose([first for first, _ in seen], test.lrs)
    np.testing.assert_allclose([second / first for first, second in seen], 2)
    assert not called
    model(X).sum().backward()
    optimizer.step()
    assert called == [1]


def test_it_stops_when_the_loss_runs_away():
    nn.seed(0)
    model = nn.Linear(4, 1)
    optimizer = nn.optim.SGD(model, lr=0.1)
    target = X @ np.ones((4, 1), np.float32)
    test = nn.lr_find(model, nn.MSELoss(), optimizer, X, target, end_lr=1e4)
    assert test.status == "diverged" and len(test.lrs) == len(test.losses) < 100
    assert test.lrs[-1] < 1e3
    assert 0.01 < test.suggestion < 0.5
    for divergence in (1.1, 100):
        again = nn.lr_find(
            model, nn.MSELoss(), optimizer, X, target, end_lr=1e4, divergence=divergence
        )
        assert (len(again.lrs) < len(test.lrs)) == (divergence < 4)


def test_a_loss_that_is_not_finite_ends_it():
    model, optimizer = make()
    calls = []

    def loss(output, _target):
        calls.append(1)
        return output.sum() * 0 + (np.nan if len(calls) == 7 else 1.0)

    test = nn.lr_find(model, loss, optimizer, X, Y)
    assert (test.status, len(test.losses)) == ("diverged", 6)
    assert test.suggestion is None


def test_data_that_end_early():
    model, optimizer = make()
    batches = [(X[i : i + 8], Y[i : i + 8]) for i in range(0, 96, 8)]
    test = nn.lr_find(model, nn.CrossEntropyLoss(), optimizer, iter(batches))
    assert (test.status, len(test.losses)) == ("exhausted", 12)
    loader = DataLoader((X, Y), 8)  # again and again
    test = nn.lr_find(model, nn.CrossEntropyLoss(), optimizer, loader, num_steps=50)
    assert len(test.losses) == 50


@pytest.mark.parametrize("start", [0.0, -2.0])
def test_a_loss_around_zero_does_not_end_it_at_once(start):
    nn.seed(0)
    model = nn.Linear(1, 1)
    ones = np.ones((32, 1), np.float32)

    def loss(output, target):
        return ((output - target) ** 2).mean() + start

    test = nn.lr_find(model, loss, nn.optim.Adam(model), ones, ones, num_steps=60, end_lr=0.3)
    assert test.status == "finished"


def curve(f):
    lrs = np.geomspace(1e-6, 10, 141)
    return nn.training.RangeTest(lrs, f(np.log10(lrs)), "minimum", "finished")


def test_suggestions_of_known_curves():
    # Falls from 1e-4 on, fastest at 1e-2, lowest at 1.
    bell = curve(lambda e: np.where(e < -4, 2.0, 1 + np.cos((np.clip(e, -4, 1) + 4) * np.pi / 4)))
    assert bell.suggestions["steep"] == pytest.approx(1e-2, rel=0.3)
    lowest = bell.lrs[np.argmin(bell.smoothed[:-5])]
    assert bell.suggestions["minimum"] == pytest.approx(lowest / 10, rel=0.01)
    assert 1e-3 < bell.suggestions["valley"] < 0.1
    assert bell.suggestion == bell.suggestions["minimum"]
    rises = curve(lambda e: 2 + e / 10)
    assert rises.suggestions == dict.fromkeys(RULES)
    short = nn.training.RangeTest([0.1, 0.2], [2.0, 1.0], "steep", "interrupted")
    assert short.suggestions == dict.fromkeys(RULES)


def test_the_valley_is_the_longest_decreasing_subsequence():
    losses = np.array([5.0, 6, 4, 9, 3, 7, 2, 8, 1])
    found = RULES["valley"](np.arange(9.0), losses, losses)
    assert found == 4  # 6 4 3 2 1 or 5 4 3 2 1: the middle is 3


def test_the_running_average():
    np.testing.assert_allclose(averaged(np.array([1.0, 1.0, 1.0])), 1)
    expected = (0.9 * 0.1 * 2 + 0.1 * 4) / (1 - 0.9**2)
    np.testing.assert_allclose(averaged(np.array([2.0, 4.0])), [2, expected])


def find(*data, **settings):
    model, optimizer = make()
    return nn.lr_find(model, nn.CrossEntropyLoss(), optimizer, *data, **settings)


WRONG = [
    (lambda: find(X), ValueError, "y is missing"),
    (lambda: find(DataLoader((X, Y)), Y), ValueError, "leave out y"),
    (lambda: find(X, Y[:3]), ValueError, "lr_find: X has 96 rows"),
    (lambda: find(X, Y, start_lr=0), ValueError, "start_lr is a finite number above 0"),
    (lambda: find(X, Y, end_lr=np.nan), ValueError, "end_lr is a finite number above 0"),
    (lambda: find(X, Y, start_lr=1, end_lr=0.1), ValueError, "grows from start_lr to end_lr"),
    (lambda: find(X, Y, num_steps=0), ValueError, "num_steps must be a positive whole number"),
    (lambda: find(X, Y, batch_size=0), ValueError, "batch_size must be a positive whole number"),
    (lambda: find(X, Y, divergence=1), ValueError, "divergence is a factor above 1"),
    (lambda: find(X, Y, rule="best"), ValueError, "rule is one of 'minimum'"),
    (
        lambda: nn.lr_find(make()[0], nn.CrossEntropyLoss(), make()[1], X, Y),
        ValueError,
        "holds none of the parameters",
    ),
    (
        lambda: nn.lr_find(make()[0], lambda o, t: o, 3, X, Y),
        TypeError,
        "optimizer must be an Optimizer",
    ),
]


@pytest.mark.parametrize(("call", "error", "words"), WRONG)
def test_wrong_arguments(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_trainer_has_it_with_its_settings():
    model, optimizer = make("SGD")
    trainer = nn.Trainer(model, nn.CrossEntropyLoss(), optimizer, clip_norm=1e-9)
    loader = DataLoader((X, Y), 16, generator=np.random.default_rng(9))
    expected = footprint(model, optimizer, loader)
    clipped = trainer.lr_find(X, Y, num_steps=40)
    assert clipped.status == "finished" and np.ptp(clipped.smoothed[20:]) < 0.1  # nothing moves
    weight = np.where(Y, 1.0, 1e-6)
    weighted = trainer.lr_find(X, Y, num_steps=10, sample_weight=weight)
    by_class = trainer.lr_find(X, Y, num_steps=10, class_weight={0: 1e-6, 1: 1.0})
    np.testing.assert_allclose(weighted.losses, by_class.losses, rtol=1e-5)
    assert not np.allclose(weighted.losses, clipped.losses[:10], rtol=1e-3)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd")).assign(label=np.array(["no", "yes"])[Y])
    found = trainer.lr_find(frame, "label", num_steps=10)
    np.testing.assert_allclose(found.losses, trainer.lr_find(X, Y, num_steps=10).losses)
    assert trainer.lr_find(loader, num_steps=20).status == "finished"
    assert footprint(model, optimizer, loader) == expected
    assert len(trainer.history) == 0
    with pytest.raises(ValueError, match="num_steps"):
        trainer.lr_find(X, Y, num_steps=0)


def test_a_loss_of_many_numbers_is_refused():
    model, optimizer = make()
    with pytest.raises(ValueError, match="the loss must be one number"):
        nn.lr_find(model, nn.CrossEntropyLoss(reduction="none"), optimizer, X, Y)


def test_how_it_looks():
    test = find(X, Y)
    figure = test.plot()
    (axes,) = figure.axes
    assert axes.get_xlabel() == "learning rate"
    marked = {text.get_text().split()[0] for text in axes.texts}
    assert marked == {name for name, lr in test.suggestions.items() if lr is not None}
    png, metadata = test._repr_png_()
    assert png[:4] == b"\x89PNG" and metadata == {"width": 560}
    short = nn.training.RangeTest([], [], "valley", "interrupted")
    assert repr(short) == "RangeTest(0 steps, interrupted; suggestion by valley: none)"
    assert short.plot().axes
    assert copy.copy(test).suggestion == test.suggestion
