"""Callbacks: their moments and what they are told; early stopping and the best weights."""

import math
import signal

import numpy as np
import pytest

import nnkit as nn
from nnkit.training.callbacks import MOMENTS

X = np.linspace(-1, 1, 20)[:, None]


def make_trainer(lr=0.1, **more):
    nn.seed(0)
    model = nn.Linear(1, 1)
    optimizer = nn.optim.SGD(model.parameters(), lr=lr)
    return nn.Trainer(model, nn.MSELoss(), optimizer, **more)


class Told(nn.Callback):
    """Writes down what it is told."""

    def __init__(self):
        self.moments = []

    def __getattribute__(self, name):
        if name not in MOMENTS:
            return super().__getattribute__(name)
        return lambda *args: self.moments.append((name, args))


def test_moments_come_in_their_order_with_their_numbers():
    told, trainer = Told(), make_trainer()
    history = trainer.fit(X, X, epochs=2, batch_size=10, callbacks=told, validation_data=(X, X))
    names = [name for name, _ in told.moments]
    step = ["on_batch_begin", "on_batch_end"]
    epoch = ["on_epoch_begin", *step, *step, "on_epoch_end"]
    assert names == ["on_train_begin", *epoch, *epoch, "on_train_end"]
    at = {name: [args for n, args in told.moments if n == name] for name in names}
    assert [a[0] for a in at["on_batch_end"]] == [0, 1, 0, 1]
    assert [a[1]["loss"] for a in at["on_batch_end"]] == history["loss"].tolist()
    assert [a[0] for a in at["on_epoch_end"]] == [0, 1]
    logs = [a[1] for a in at["on_epoch_end"]]
    assert list(logs[0]) == ["loss", "val_loss", "lr"]
    assert logs[1]["loss"] == pytest.approx(history["loss"][2:].mean())
    assert [log["val_loss"] for log in logs] == history["val_loss"].tolist()
    assert history.epochs["val_loss"] == history["val_loss"].tolist()
    assert history.epochs["step"] == [2, 4]


def test_the_loss_of_an_epoch_counts_rows_not_batches():
    trainer = make_trainer(lr=1e-9)
    history = trainer.fit(X, X, batch_size=19)
    assert history.epochs["loss"][0] == pytest.approx(trainer.evaluate(X, X)["loss"], rel=1e-5)


@pytest.mark.parametrize(
    "form",
    [
        lambda f: f,
        lambda f: [f],
        lambda f: {"on_epoch_end": f},
        lambda f: [{"on_epoch_end": f}],
        lambda f: nn.Callback(on_epoch_end=f),
        lambda f: type("Own", (), {"on_epoch_end": staticmethod(f)})(),
    ],
    ids=["function", "list", "dict", "list of dicts", "callback", "own class"],
)
def test_a_lambda_is_enough(form):
    seen = []
    make_trainer().fit(X, X, epochs=3, callbacks=form(lambda epoch, logs: seen.append(epoch)))
    assert seen == [0, 1, 2]


def test_callbacks_know_trainer_and_model_and_may_stop():
    class Stops(nn.Callback):
        def on_batch_end(self, batch, logs):
            assert self.model is self.trainer.model
            if batch == 1:
                self.trainer.stop()

    told = Told()
    history = make_trainer().fit(X, X, epochs=5, batch_size=5, callbacks=[Stops(), told])
    assert len(history) == 2
    assert [e.kind for e in history.events] == ["stop"]
    assert told.moments[-1][0] == "on_train_end"
    assert history.epochs == {}


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: nn.Callback(on_epoch_ends=print), ValueError, "Did you mean 'on_epoch_end'"),
        (lambda: nn.Callback(on_epoch_end=3), TypeError, r"function of \(epoch, logs\), got 3"),
        (lambda: [nn.EarlyStopping], TypeError, "the class EarlyStopping; write brackets"),
        (lambda: [3], TypeError, r"a callback is a function f\(epoch, logs\).*got 3"),
        (lambda: "best", TypeError, "a callback is a function"),
        (lambda: {"on_end": print}, ValueError, "no moment 'on_end'"),
        (lambda: nn.EarlyStopping("val_loss"), ValueError, "gave only loss, lr.*validation_data"),
        (lambda: nn.EarlyStopping("accuracy"), ValueError, "'accuracy', but an epoch gave only"),
        (lambda: nn.EarlyStopping("x"), ValueError, "say mode='min' or mode='max'"),
        (lambda: nn.EarlyStopping(mode="less"), ValueError, "mode is 'auto', 'min' or 'max'"),
        (lambda: nn.EarlyStopping(patience=1.5), ValueError, "patience .* got 1.5"),
        (lambda: nn.EarlyStopping(min_delta=-1), ValueError, "min_delta .* got -1"),
        (lambda: nn.EarlyStopping(3), ValueError, "monitor is the name of a value"),
    ],
)
def test_wrong_callbacks_are_told(make, error, words):
    with pytest.raises(error, match=words):
        make_trainer().fit(X, X, callbacks=make())


def test_errors_in_callbacks_go_up_and_the_training_is_closed():
    told = Told()
    trainer = make_trainer()
    with pytest.raises(ZeroDivisionError):
        trainer.fit(X, X, callbacks=[told, lambda epoch, logs: 1 / 0])
    assert told.moments[-1][0] == "on_train_end"
    trainer.fit(X, X)  # and another can begin


def test_stop_and_fit_at_the_wrong_time_are_told():
    trainer = make_trainer()
    with pytest.raises(RuntimeError, match="there is none"):
        trainer.stop()
    for call in (lambda: trainer.fit(X, X), lambda: trainer.load("x")):
        with pytest.raises(RuntimeError, match="while this Trainer trains|during a training"):
            trainer.fit(X, X, callbacks=lambda epoch, logs, call=call: call())


# --- the best weights -----------------------------------------------------------------------------


def watch(values, trainer):
    """Let validation give these values, one after the other; and remember the weights of each."""
    seen, weights = iter(values), []

    def scores(*_):
        weights.append(trainer.model.state_dict())
        return {"loss": next(seen)}

    trainer._scores = scores
    return weights


@pytest.mark.parametrize(
    ("values", "settings", "epochs", "best"),
    [
        ([3, 2, 1, 2, 3, 4, 5], {"patience": 2}, 5, 2),
        ([3, 2, 1, 2, 0, 4, 5, 6], {"patience": 2}, 7, 4),
        ([3, 2.9, 2.8, 2.7, 1], {"patience": 2, "min_delta": 0.5}, 3, 0),
        ([1, math.nan, math.nan, 0], {"patience": 2}, 3, 0),
        ([1, 2, 3, 2, 1], {"patience": 1, "mode": "max"}, 4, 2),
        ([5, 4, 3, 2, 1, 0, -1, -2, -3, -4], {"patience": 1}, 10, 9),
    ],
)
def test_early_stopping(values, settings, epochs, best):
    trainer = make_trainer()
    weights = watch(values, trainer)
    stopper = nn.EarlyStopping(**settings)
    history = trainer.fit(X, X, epochs=10, validation_data=(X, X), callbacks=stopper)
    assert len(history.epochs["loss"]) == epochs
    assert (stopper.best_epoch, stopper.best) == (best, values[best])
    assert stopper.stopped_epoch == (None if epochs == 10 else epochs - 1)
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, weights[best][name])


def interrupt(trainer):
    signal.raise_signal(signal.SIGINT)


def fail(trainer):
    raise ZeroDivisionError


@pytest.mark.parametrize("how", [None, interrupt, fail, lambda trainer: trainer.stop()])
@pytest.mark.parametrize("keeper", ["keep_best", "stopper"])
def test_the_best_weights_are_back_however_training_ends(how, keeper):
    trainer = make_trainer()
    weights = watch([3, 1, 2, 4, 5], trainer)

    def end(batch, logs):
        if how and trainer.history.last_step == 8:
            how(trainer)

    callbacks = [nn.Callback(on_batch_begin=end)]
    if keeper == "stopper":
        callbacks.append(nn.EarlyStopping(patience=9))
    more = {"keep_best": True} if keeper == "keep_best" else {}
    more |= {"callbacks": callbacks, "epochs": 5, "batch_size": 10, "validation_data": (X, X)}
    try:
        trainer.fit(X, X, **more)
    except ZeroDivisionError:
        assert how is fail
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, weights[1][name])


def test_keep_best_by_a_name_and_without_validation():
    trainer = make_trainer(lr=1.5)
    history = trainer.fit(X, 3 * X, epochs=6, keep_best="loss", batch_size=20)
    best = int(np.argmin(history.epochs["loss"]))
    assert best < 5 or history.epochs["loss"][-1] == min(history.epochs["loss"])
    with pytest.raises(ValueError, match="KeepBest watches 'val_loss'"):
        trainer.fit(X, X, keep_best="val_loss")


# --- schedules ------------------------------------------------------------------------------------

lr = nn.optim.lr_scheduler


@pytest.mark.parametrize(
    ("make", "settings", "steps"),
    [
        (lambda o: lr.StepLR(o, 1), {}, 3),
        (lambda o: lr.StepLR(o, 1), {"scheduler_interval": "step"}, 12),
        (lambda o: lr.OneCycleLR(o, 1.0, total_steps=99), {}, 12),
        (lambda o: lr.WarmupCosineLR(o, 2, 99), {}, 12),
        (lambda o: lr.WarmupCosineLR(o, 2, 99), {"scheduler_interval": "epoch"}, 3),
        (lambda o: lr.OneCycleLR(o, 1.0, total_steps=99), {"accumulate": 3}, 6),
        (lambda o: lr.SequentialLR(o, [lr.StepLR(o, 1), lr.CyclicLR(o, 0.1, 1)], [2]), {}, 12),
        (lambda o: lr.ReduceLROnPlateau(o), {}, 3),
    ],
)
def test_schedules_are_called_when_they_need_it(make, settings, steps):
    nn.seed(0)
    model = nn.Linear(1, 1)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.01)
    scheduler = make(optimizer)
    before = scheduler.last_epoch
    trainer = nn.Trainer(model, nn.MSELoss(), optimizer, scheduler=scheduler, **settings)
    trainer.fit(X, X, epochs=3, batch_size=5)
    assert scheduler.last_epoch - before == steps


@pytest.mark.parametrize(
    ("monitor", "validated", "watched"),
    [(None, False, "loss"), (None, True, "val_loss"), ("loss", True, "loss")],
)
def test_plateaus_are_seen_in_the_value_that_is_watched(monitor, validated, watched):
    nn.seed(0)
    model = nn.Linear(1, 1)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    scheduler = lr.ReduceLROnPlateau(optimizer, verbose=False)
    seen = []
    step = scheduler.step
    scheduler.step = lambda value: (seen.append(value), step(value))
    trainer = nn.Trainer(model, nn.MSELoss(), optimizer, scheduler=scheduler, monitor=monitor)
    more = {"validation_data": (X, -X)} if validated else {}
    history = trainer.fit(X, X, epochs=2, **more)
    assert seen == history.epochs[watched]


def test_the_learning_rate_of_each_epoch_is_recorded():
    nn.seed(0)
    model = nn.Linear(1, 1)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.8)
    trainer = nn.Trainer(
        model, nn.MSELoss(), optimizer, scheduler=lr.StepLR(optimizer, 1, gamma=0.5)
    )
    assert trainer.fit(X, X, epochs=3).epochs["lr"] == [0.8, 0.4, 0.2]
