"""`nnkit.compile`: a training step gives compiled what it gives eagerly, step after step."""

from __future__ import annotations

import signal
import sys
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
import nnkit.functional as F
from autograd_core import compiled as compiled_module
from autograd_core import grad
from autograd_core.collector import FREE_THREADED
from nnkit.utils import parametrizations
from tests.steps import (
    Make,
    Pair,
    check_same,
    mlp,
    numbers,
    of_classes,
    of_squares,
    rows,
    sgd,
    trained,
    warmed,
)

OPTIMIZERS: dict[str, Any] = {
    "SGD": {"lr": 0.1},
    "SGD momentum": {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
    "Adam": {"lr": 0.01},
    "Adam amsgrad": {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1},
    "AdamW": {"lr": 0.01},
    "NAdam": {}, "RAdam": {}, "Adamax": {}, "Adagrad": {}, "Adadelta": {}, "RMSprop": {},
    "RMSprop centered": {"centered": True, "momentum": 0.5},
    "Rprop": {}, "ASGD": {}, "Lion": {}, "Muon": {}, "Adafactor": {},
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer(name: str) -> None:
    kind = getattr(nn.optim, name.split()[0])

    def optimizer_of(model: nn.Module) -> Any:
        params: Any = model.parameters()
        if name == "Muon":
            params = [p for p in params if p.ndim == 2]
        return kind(params, **OPTIMIZERS[name])

    check_same(mlp, optimizer_of, of_classes, rows(6, 6), rate=lambda i: 0.02 / (1 + i))


IMAGE, LINE, FLAT = (2, 4, 8, 8), (2, 4, 10), (5, 6)
LAYERS: dict[str, tuple[Make, tuple[int, ...]]] = {
    "Linear": (lambda: nn.Linear(6, 3), FLAT),
    "Conv1d": (lambda: nn.Conv1d(4, 3, 3, padding=1), LINE),
    "Conv2d": (lambda: nn.Conv2d(4, 3, 3, stride=2), IMAGE),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 3, 3), IMAGE),
    "BatchNorm1d": (lambda: nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4)), FLAT),
    "BatchNorm1d, all": (
        lambda: nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4, momentum=None)), FLAT,
    ),
    "spectral_norm": (lambda: parametrizations.spectral_norm(nn.Linear(6, 4)), FLAT),
    "orthogonal": (lambda: parametrizations.orthogonal(nn.Linear(6, 4)), FLAT),
    "weight_norm": (lambda: parametrizations.weight_norm(nn.Linear(6, 4)), FLAT),
    "BatchNorm2d": (lambda: nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)), IMAGE),
    "InstanceNorm2d": (
        lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True), IMAGE,
    ),
    "LayerNorm": (lambda: nn.LayerNorm(6), FLAT),
    "RMSNorm": (lambda: nn.RMSNorm(6), FLAT),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), IMAGE),
    "MaxPool2d": (lambda: nn.Sequential(nn.Conv2d(4, 3, 3), nn.MaxPool2d(2)), IMAGE),
    "AvgPool2d": (lambda: nn.Sequential(nn.Conv2d(4, 3, 3), nn.AvgPool2d(2)), IMAGE),
    "Dropout": (lambda: nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.4)), FLAT),
    "Dropout2d": (lambda: nn.Sequential(nn.Conv2d(4, 3, 3), nn.Dropout2d(0.4)), IMAGE),
    "AlphaDropout": (lambda: nn.Sequential(nn.Linear(6, 8), nn.AlphaDropout(0.4)), FLAT),
    "RReLU": (lambda: nn.Sequential(nn.Linear(6, 8), nn.RReLU()), FLAT),
    "PReLU": (lambda: nn.Sequential(nn.Linear(6, 8), nn.PReLU()), FLAT),
    "GELU": (lambda: nn.Sequential(nn.Linear(6, 8), nn.GELU()), FLAT),
    "SiLU": (lambda: nn.Sequential(nn.Linear(6, 8), nn.SiLU()), FLAT),
    "Softmax": (lambda: nn.Sequential(nn.Linear(6, 8), nn.Softmax(dim=1)), FLAT),
    "MultiheadAttention": (lambda: Attending(), (2, 5, 6)),
    "TransformerEncoderLayer": (
        lambda: nn.TransformerEncoderLayer(6, 2, 8, dropout=0.1, batch_first=True), (2, 5, 6),
    ),
    "LSTM": (lambda: Recurrent(nn.LSTM(6, 4, batch_first=True)), (2, 5, 6)),
    "GRU": (lambda: Recurrent(nn.GRU(6, 4, batch_first=True)), (2, 5, 6)),
    "RNN": (lambda: Recurrent(nn.RNN(6, 4, batch_first=True)), (2, 5, 6)),
}  # fmt: skip


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.inner(x, x, x)[0]


class Recurrent(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return self.inner(x)[0]


@pytest.mark.parametrize("name", LAYERS)
def test_each_layer(name: str) -> None:
    make, shape = LAYERS[name]
    check_same(make, sgd, of_squares, numbers(*shape))


# --- what may change between two steps ------------------------------------------------------------


def rebind(model: Any, _optimizer: Any) -> None:
    model[0].weight.data = model[0].weight.detach().numpy() * 2


def load(model: Any, _optimizer: Any) -> None:
    model.load_state_dict({k: v * 0.5 for k, v in model.state_dict().items()})


def replace_layer(model: Any, optimizer: Any) -> None:
    nn.seed(9)
    model[0] = nn.Linear(3, 8)
    optimizer.add_param_group({"params": list(model[0].parameters()), "lr": 0.1})


def freeze(model: Any, _optimizer: Any) -> None:
    model[0].weight.requires_grad_(False)


CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "a parameter is bound anew": rebind,
    "weights are loaded": load,
    "a layer is replaced": replace_layer,
    "a parameter is frozen": freeze,
    "lr": lambda _m, o: o.param_groups[0].update(lr=0.001),
    "momentum": lambda _m, o: o.param_groups[0].update(momentum=0.9),
    "weight decay": lambda _m, o: o.param_groups[0].update(weight_decay=0.1),
    "optimizer state is loaded": lambda _m, o: o.load_state_dict(o.state_dict()),
    "gradients are cleared": lambda _m, o: o.zero_grad(),
    "weights are written in place": lambda m, _o: m[0].weight.detach().numpy().fill(0.25),
    "evaluation": lambda m, _o: m.eval(),
    "double": lambda m, _o: m.double(),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_between_steps_takes_effect(name: str) -> None:
    def make() -> nn.Module:
        return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Tanh(), nn.Linear(8, 4))

    pair = warmed(Pair(make))
    pair.each(CHANGES[name])
    for batch in rows(6, 4):
        pair.run(*batch)
    assert pair.states[-1] == "ready", pair.compiled.report()


def test_other_shapes_are_recorded_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    entry_of = compiled_module.entry_of
    monkeypatch.setattr(compiled_module, "entry_of", lambda *a: made.append(a) or entry_of(*a))
    pair = Pair()
    for n in (6, 4) * 8:
        pair.run(*rows(n, 1)[0])
    assert pair.states == ["ready", "ready"]
    assert len(made) == 2, "each has its short way in, made once"
    assert "float32[6, 3]" in pair.compiled.report() and "float32[4, 3]" in pair.compiled.report()
    for name in ("lr", "weights are loaded", "a parameter is frozen", "evaluation"):
        pair.each(CHANGES[name])
        for n in (6, 4, 4, 6):
            pair.run(*rows(n, 1)[0])


def test_a_schedule_in_the_step_moves_on() -> None:
    class Scheduled(Pair):
        def step_of(self, model: Any, optimizer: Any, loss_of: Any) -> Any:
            schedule = nn.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
            inner = super().step_of(model, optimizer, loss_of)

            def step(*batch: Any) -> Any:
                loss = inner(*batch)
                schedule.step()
                return loss

            return step

    pair = warmed(Scheduled(), 6)
    assert pair.sides[0][1].param_groups[0]["lr"] == 0.05 / 64


class Accumulating(Pair):
    """Gradients are added up over calls, and used in every second one."""

    def step_of(self, model: Any, optimizer: Any, loss_of: Any) -> Any:
        def step(*batch: Any) -> Any:
            loss = loss_of(model, *batch)
            loss.backward()
            return loss

        return step


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("to_none", [True, False])
def test_gradients_that_accumulate_over_calls(times: int, to_none: bool) -> None:
    """The first call after zero_grad is one recording, those that add to its gradients another."""
    pair = Accumulating()
    for i, batch in enumerate(rows(6, 9 * times)):
        pair.run(*batch)
        if (i + 1) % times == 0:
            pair.each(lambda _m, o: (o.step(), o.zero_grad(to_none)))
            pair.check()
    first = "ready" if to_none else "recorded"  # only the very first call found no gradients
    adding = ["ready"] * (times > 1 or not to_none)
    assert pair.states == [first, *adding], pair.compiled.report()


class Clearing(Pair):
    def step_of(self, model: Any, optimizer: Any, loss_of: Any) -> Any:
        def step(*batch: Any) -> Any:
            loss = loss_of(model, *batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
            return loss

        return step


def test_gradients_that_are_set_to_zero() -> None:
    pair = Clearing()
    for batch in rows(6, 6):
        pair.run(*batch)
    assert pair.states[-1] == "ready", pair.compiled.report()


def test_results_of_any_form() -> None:
    w = np.array([1.0, 2.0])
    f = nn.compile(lambda x, scale, how: {"a": x * w * scale, "b": [how, (x.sum(), None)]})
    for scale in (2.0, 3.0, 4.0):
        out = f(np.ones(2), scale, "mean")
        np.testing.assert_array_equal(out["a"], w * scale)
        assert out["b"] == ["mean", (2.0, None)]
    assert [r.state for r in f.recordings.values()] == ["ready"]
    w[0] = 10.0  # a captured array that is written is read again
    assert f(np.ones(2), 1.0, "mean")["a"][0] == 10.0
    w = np.array([5.0, 5.0])  # and one that is bound anew is noticed
    assert f(np.ones(2), 1.0, "mean")["a"][0] == 5.0


# --- optimizers over one vector -------------------------------------------------------------------


def wide() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 300), nn.Tanh(), nn.Linear(300, 400), nn.Linear(400, 4))


@pytest.mark.parametrize("name", ["SGD momentum", "Adam amsgrad", "RMSprop centered", "NAdam"])
def test_a_vector_in_blocks(name: str) -> None:
    kind = getattr(nn.optim, name.split()[0])
    check_same(wide, lambda m: kind(m.parameters(), **OPTIMIZERS[name]), of_classes, rows(6, 6))


def test_groups_with_settings_of_their_own() -> None:
    def optimizer_of(model: Any) -> Any:
        groups = [
            {"params": list(model[0].parameters()), "lr": 0.1, "momentum": 0.9},
            {"params": list(model[2].parameters())},
        ]
        return nn.optim.SGD(groups, lr=0.01)

    check_same(mlp, optimizer_of, of_classes, rows(6, 6))


def test_an_array_that_somebody_holds_stays_where_it_is() -> None:
    pair = Pair()
    weight = pair.sides[0][0][0].weight.detach().numpy()
    for batch in rows(6, 4):
        pair.run(*batch)
    np.testing.assert_array_equal(weight, pair.sides[0][0][0].weight.detach().numpy())


def test_hooks_of_the_optimizer_are_called() -> None:
    pair = warmed(Pair())
    norms: list[list[float]] = [[], []]
    for (model, optimizer, _), found in zip(pair.sides, norms, strict=True):
        optimizer.register_step_post_hook(
            lambda *_, m=model, f=found: f.append(float((m[0].weight.grad ** 2).sum()))
        )
    for batch in rows(6, 3):
        pair.run(*batch)
    assert len(norms[0]) == 3 and norms[0] == norms[1]


def test_a_graph_that_is_alive_notices_the_step() -> None:
    pair = warmed(Pair())
    model = pair.sides[0][0]
    x, y = rows(6, 1)[0]
    loss = of_classes(model, x, y)
    pair.run(x, y)
    with pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()


@pytest.mark.parametrize("after", range(1, 12))
def test_an_interrupt_leaves_the_weights_whole(after: int) -> None:
    """Wherever it comes, the weights are those before or those after the step."""
    pair = warmed(Pair(), 4)
    model, _, step = pair.sides[0]
    x, y = rows(6, 1)[0]
    before = [p.detach().numpy().copy() for p in model.parameters()]
    count = 0

    def interrupt(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")
        if count == 4 * after:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    sys.setprofile(interrupt)
    try:
        step(x, y)
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(None)
    now = [p.detach().numpy() for p in model.parameters()]
    same = [np.array_equal(a, b) for a, b in zip(before, now, strict=True)]
    assert all(same) or not any(same)


def test_nothing_of_the_first_calls_stays_in_memory() -> None:
    """Neither gradients, which have places of their own then, nor intermediate results."""
    model = nn.Sequential(nn.Linear(500, 500), nn.Tanh(), nn.Linear(500, 500))
    pair = [nn.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)]
    x = np.ones((400, 500), np.float32)

    def step(x: Any) -> Any:
        pair[0].zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        pair[0].step()
        return loss

    compiled = nn.compile(step)
    weights = sum(p.nbytes for p in model.parameters())
    tracemalloc.start()
    try:
        for _ in range(4):
            compiled(x)
        now = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert [r.state for r in compiled.recordings.values()] == ["ready"], compiled.report()
    # weights in one vector, which has taken the place of what was not counted; momentum; scratch
    assert now < (2.6 if FREE_THREADED else 2.4) * weights  # objects are larger without the GIL


def test_frozen_parameters_and_grad_modes() -> None:
    pair = warmed(Pair())
    model = pair.sides[0][0]
    predict = nn.compile(lambda x: model(x).detach())
    x = rows(6, 1)[0][0]
    for _ in range(3):
        with nn.no_grad():
            np.testing.assert_array_equal(predict(x).numpy(), model(x).numpy())
    pair.run(*rows(6, 1)[0])  # the weights are others now, in the same memory
    with nn.no_grad():
        np.testing.assert_array_equal(predict(x).numpy(), model(x).numpy())


def test_running_statistics_in_evaluation_are_read_each_time() -> None:
    nn.seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    predict = nn.compile(lambda x: model(x).detach())
    x = rows(6, 1)[0][0]
    for i in range(4):
        model.train()
        model(x + i)
        model.eval()
        np.testing.assert_array_equal(predict(x).numpy(), model(x).detach().numpy(), strict=True)


# --- steps of all kinds ---------------------------------------------------------------------------


def weighted(model: nn.Module, x: Any, y: Any) -> Any:
    return F.cross_entropy(model(x), y, weight=[1.0, 2.0, 0.5, 1.0])


def with_labels_that_are_ignored(model: nn.Module, x: Any, y: Any) -> Any:
    return F.cross_entropy(model(x), y, ignore_index=2, label_smoothing=0.1)


def with_a_penalty(model: nn.Module, x: Any, y: Any) -> Any:
    return F.cross_entropy(model(x), y) + 0.01 * sum(abs(p).sum() for p in model.parameters())


def through_a_gradient(model: nn.Module, x: Any, y: Any) -> Any:
    slope = grad(lambda z: np.sum(model(z) ** 2))(x)
    return F.cross_entropy(model(x), y) + 0.1 * (slope**2).sum()


LOSSES = {
    f.__name__: f
    for f in (weighted, with_labels_that_are_ignored, with_a_penalty, through_a_gradient)
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_all_kinds(name: str) -> None:
    check_same(mlp, sgd, LOSSES[name], rows(6))


def test_labels_that_are_missing_in_some_batches_only() -> None:
    """A check of the labels that finds something else than it did leads back to the step itself."""
    batches = [
        (x, np.where(y == 2, -100 if i % 3 else 1, y)) for i, (x, y) in enumerate(rows(6, 9))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got, wanted = (
            trained(mlp, sgd, of_classes, batches, compiled) for compiled in (True, False)
        )
    assert got[0] == wanted[0]
    for a, b in zip(got[1], wanted[1], strict=True):
        np.testing.assert_array_equal(a, b)


class Averaged(Pair):
    """The step also updates an average of the weights."""

    def step_of(self, model: Any, optimizer: Any, loss_of: Any) -> Any:
        average = nn.optim.EMA(model[0], decay=0.9)
        self.averages = [*getattr(self, "averages", []), average]
        inner = super().step_of(model, optimizer, loss_of)

        def step(*batch: Any) -> Any:
            loss = inner(*batch)
            average.update_parameters(model[0])
            return loss

        return step


def test_averages_of_the_weights_move() -> None:
    pair = warmed(Averaged(), 6)
    for a, b in zip(*(e.module.parameters() for e in pair.averages), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_a_rate_that_the_step_itself_sets_is_not_lost() -> None:
    class Decaying(Pair):
        def step_of(self, model: Any, optimizer: Any, loss_of: Any) -> Any:
            inner = super().step_of(model, optimizer, loss_of)

            def step(*batch: Any) -> Any:
                loss = inner(*batch)
                optimizer.param_groups[0]["lr"] *= 0.5
                return loss

            return step

    pair = Decaying()
    with pytest.warns(match="changes settings of an optimizer"):
        pair.run(*rows(6, 1)[0])
    for batch in rows(6, 5):
        pair.run(*batch)


@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
def test_clipping_in_the_step(clip: Any) -> None:
    class Clipping(Pair):
        def step_of(self, model: Any, optimizer: Any, loss_of: Any) -> Any:
            def step(*batch: Any) -> Any:
                optimizer.zero_grad()
                loss = loss_of(model, *batch)
                loss.backward()
                clip(model.parameters(), 0.05)
                optimizer.step()
                return loss

            return step

    warmed(Clipping(), 6)
