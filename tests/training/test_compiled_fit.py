"""`fit` replays recorded steps: the same numbers to the bit, and nothing is lost."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nnkit as nn
from autograd_core.compiled import CompileWarning

rng = np.random.default_rng(0)
X = rng.normal(size=(50, 4)).astype(np.float32)
Y = rng.integers(0, 3, 50)
IMAGES = rng.normal(size=(20, 1, 6, 6)).astype(np.float32)
TEXTS = rng.integers(0, 7, (20, 5))


def mlp(*extra: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), *extra, nn.Linear(8, 3))


def cnn() -> nn.Module:
    layers = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(36, 3))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(7, 6), nn.LSTM(6, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        return self.head(self.lstm(self.embedding(x))[0][:, -1])


def adam(model: nn.Module) -> Any:
    return nn.optim.AdamW(model.parameters(), lr=0.01)


def sgd(model: nn.Module) -> Any:
    return nn.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


def trained(make: Callable[[], nn.Module], optimizer_of: Any, compile: bool, **more: Any) -> Any:
    """Train, and return the trainer and all that came out."""
    data, settings, loss = more.pop("data", (X, Y)), more.pop("fit", {}), more.pop("loss", None)
    nn.seed(1)
    model = make()
    optimizer = optimizer_of(model)
    if "schedule" in more:
        more["scheduler"] = more.pop("schedule")(optimizer)
    trainer = nn.Trainer(model, loss or nn.CrossEntropyLoss(), optimizer, compile=compile, **more)
    trainer.fit(*data, **{"epochs": 3, "batch_size": 8, "progress": False} | settings)
    arrays = {k: np.array(v) for k, v in model.state_dict().items()}
    arrays |= {f"history.{k}": trainer.history[k] for k in trainer.history.names}
    return trainer, arrays


def check_equal(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert a.keys() == b.keys()
    for name, value in a.items():
        np.testing.assert_array_equal(value, b[name], err_msg=name)


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "metrics": {"metrics": ["accuracy"]},
    "dropout": {"make": lambda: mlp(nn.Dropout(0.3))},
    "convolution and BatchNorm": {"make": cnn, "data": (IMAGES, Y[:20])},
    "LSTM": {"make": Recurrent, "data": (TEXTS, Y[:20])},
    "AdamW": {"optimizer_of": adam},
    "clipping": {"clip_norm": 0.1, "optimizer_of": adam},
    "accumulation": {"accumulate": 3},
    "class weights": {"fit": {"class_weight": "balanced"}},
    "weights and accumulation": {"accumulate": 2, "fit": {"sample_weight": np.arange(50.0)}},
    "weights of 0": {"fit": {"sample_weight": np.r_[np.zeros(20), np.ones(30)], "shuffle": False}},
    "schedule": {"schedule": lambda o: nn.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=21)},
    "validation": {"fit": {"validation_split": 0.2, "keep_best": True}},
    "large sums": {
        "make": lambda: nn.Sequential(nn.Linear(4, 40_000), nn.Tanh(), nn.Linear(40_000, 3)),
        "fit": {"epochs": 1},
    },
    "regression": {"loss": nn.MSELoss(), "data": (X, X[:, :3])},
}


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_steps_that_are_not_compiled(name: str) -> None:
    case = {"make": mlp, "optimizer_of": sgd} | CASES[name]
    trainer, compiled = trained(compile=True, **case)
    _, plain = trained(compile=False, **case)
    check_equal(compiled, plain)
    assert "recorded" in trainer.compiled.report(), trainer.compiled.report()
    assert "as it is" not in trainer.compiled.report()
    assert "def fit(x0, x1" in trainer.compiled.source


def test_a_training_goes_on_exactly_whichever_way_its_parts_were_run() -> None:
    _, expected = trained(mlp, adam, True, fit={"epochs": 4})
    trainer, _ = trained(mlp, adam, False, fit={"epochs": 2})
    trainer.compile = True
    trainer.fit(X, Y, epochs=4, batch_size=8, resume=True)
    assert trainer.compiled is not None
    np.testing.assert_array_equal(trainer.history["loss"], expected["history.loss"])


def test_other_parts_are_recorded_anew() -> None:
    results = []
    for compile in (True, False):
        trainer, _ = trained(mlp, sgd, compile)
        trainer.loss = nn.MultiMarginLoss()
        trainer.fit(X, Y)
        trainer.loss = nn.CrossEntropyLoss(label_smoothing=0.1)
        trainer.fit(X, Y)
        trainer.optimizer.add_param_group({"params": [nn.Parameter(np.ones(2))]})
        trainer.fit(X, Y)
        results.append(trainer.history["loss"])
    np.testing.assert_array_equal(*results)


# --- what is not array calls ----------------------------------------------------------------------

seen: list[Any] = []


class Doing(nn.Module):
    """Does something in forward besides calculating."""

    def __init__(self, action: Callable[[Any], Any]) -> None:
        super().__init__()
        self.action = action

    def forward(self, x: Any) -> Any:
        return x * (self.action(x) or 1.0)


def show(_x: Any) -> None:
    print("forward", end="")


def log(_x: Any) -> None:
    logging.getLogger("test").info("forward")


def look_at_clock(_x: Any) -> float:
    return float(time.time() > 0)


def remember(x: Any) -> None:
    seen.append(x.shape)


def branch(x: Any) -> float:
    return 2.0 if x.sum() > 0 else 1.0


FALLS: dict[str, Callable[[Any], Any]] = {
    r"it prints \(.*test_compiled_fit.py, line \d+: print\(": show,
    r"it logs \(.*test_compiled_fit.py, line \d+: logging": log,
    r"it looks at the clock \(.*line \d+: return float\(time": look_at_clock,
    "changes the length of seen": remember,
    r"if x.sum\(\) > 0 else": branch,
}


@pytest.mark.parametrize("reason", FALLS)
def test_what_cannot_be_repeated_runs_as_it_is_and_says_why(reason: str) -> None:
    make = lambda: mlp(Doing(FALLS[reason]))
    with pytest.warns(
        CompileWarning, match=f"^fit runs as it is, not compiled: .*{reason}"
    ) as said:
        _, compiled = trained(make, sgd, True)
    assert len(said) == 1
    assert said[0].filename == __file__
    _, plain = trained(make, sgd, False)
    check_equal(compiled, plain)


def test_what_forward_prints_is_printed_in_each_step(capsys: Any) -> None:
    with pytest.warns(CompileWarning):
        trained(lambda: mlp(Doing(show)), sgd, True, fit={"validation_split": 0.0})
    assert capsys.readouterr().out.count("forward") >= 21


# --- what others look at --------------------------------------------------------------------------


def test_gradients_that_a_callback_keeps_stay_what_they_were() -> None:
    """A recording writes gradients into the same memory in each step; who looks has a copy."""
    kept: dict[bool, list[Any]] = {}
    for compile in (True, False):
        nn.seed(1)
        model = mlp()
        trainer = nn.Trainer(model, nn.CrossEntropyLoss(), sgd(model), compile=compile)
        kept[compile] = []
        keep = {"on_batch_end": lambda *_: kept[compile].append(model[0].weight.grad.numpy()[1:])}  # noqa: B023
        trainer.fit(X, Y, epochs=4, batch_size=8, callbacks=keep)
        assert not compile or trainer.compiled.last.state == "ready"
    for a, b in zip(kept[True], kept[False], strict=True):
        np.testing.assert_array_equal(a, b)


def test_gradients_that_a_callback_keeps_late_stay_what_they_were() -> None:
    def keep(_batch: int, _logs: Any) -> None:
        seen.append(1)
        if len(seen) in (7, 8):
            kept[-1].append(model[0].weight.grad.numpy()[:1])

    kept: list[list[Any]] = []
    for compile in (True, False):
        nn.seed(1)
        model, seen = mlp(), list[int]()
        kept.append([])
        trainer = nn.Trainer(model, nn.CrossEntropyLoss(), sgd(model), compile=compile)
        trainer.fit(X, Y, epochs=4, batch_size=10, callbacks={"on_batch_end": keep})
    np.testing.assert_array_equal(kept[0], kept[1])


def test_gradients_that_a_callback_only_looks_at_do_not_matter() -> None:
    nn.seed(1)
    model = mlp()
    trainer = nn.Trainer(model, nn.CrossEntropyLoss(), sgd(model))
    norms: list[float] = []
    look = {"on_batch_end": lambda *_: norms.append(float(np.abs(model[0].weight.grad).max()))}
    trainer.fit(X, Y, epochs=3, batch_size=10, callbacks=look)
    assert "recorded" in trainer.compiled.report()
    assert len(set(norms)) == len(norms)


def test_hooks_are_called_in_each_step_while_they_are_there() -> None:
    nn.seed(1)
    model = mlp()
    trainer = nn.Trainer(model, nn.CrossEntropyLoss(), sgd(model))
    calls: list[int] = []
    handles: list[Any] = []

    def change(epoch: int, _logs: Any) -> None:
        if epoch == 0:
            handles.append(model[0].register_forward_hook(lambda *_: calls.append(1)))
        elif epoch == 1:
            handles.pop().remove()

    trainer.fit(X, Y, epochs=4, batch_size=10, callbacks=change)
    assert len(calls) == 5
    assert "as it is" not in trainer.compiled.report()


def test_activation_statistics_and_gradient_flow_see_all_their_steps() -> None:
    nn.seed(1)
    model = mlp()
    optimizer = sgd(model)
    trainer = nn.Trainer(model, nn.CrossEntropyLoss(), optimizer)
    flow = nn.GradientFlow(model, optimizer, budget=1.0)
    trainer.fit(X, Y, epochs=3, batch_size=10, callbacks=flow)
    assert flow.samples == 15
    statistics = nn.ActivationStatistics(model, budget=1.0)
    trainer.fit(X, Y, epochs=3, batch_size=10, callbacks=statistics)
    assert statistics.samples == 15


def test_under_a_debugger_each_line_is_run() -> None:
    lines: list[int] = []
    own = Doing(lambda x: 1.0)

    def trace(frame: Any, event: str, _arg: Any) -> Any:
        if frame.f_code is Doing.forward.__code__ and event == "line":
            lines.append(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        trainer, _ = trained(lambda: mlp(own), sgd, True)
    finally:
        sys.settrace(before)
    assert trainer.compiled is None
    assert len(lines) >= 21


def test_a_trainer_can_be_told_not_to_compile() -> None:
    trainer, _ = trained(mlp, sgd, False)
    assert trainer.compiled is None
