"""Trainer: learning, validation, interrupts, stopping before bad numbers, and what it refuses."""

import signal

import numpy as np
import pytest

import nnkit as nn
from nnkit.training import NonFiniteError
from nnkit.training.run import observers

rng = np.random.default_rng(0)
CENTRES = rng.normal(size=(3, 4)) * 3
Y = rng.integers(3, size=120)
X = CENTRES[Y] + rng.normal(size=(120, 4))


def make_trainer(lr=0.1, metrics=("accuracy",), layers=None, loss=None):
    nn.seed(0)
    model = nn.Sequential(*(layers or [nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)]))
    optimizer = nn.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    return nn.Trainer(model, loss or nn.CrossEntropyLoss(), optimizer, metrics=metrics)


def test_fit_learns_and_records_each_step():
    trainer = make_trainer()
    history = trainer.fit(X, Y, epochs=8, batch_size=32, validation_data=(X, Y))
    assert history is trainer.history
    assert len(history) == 8 * 4
    assert history.names == ("loss", "accuracy", "val_loss", "val_accuracy")
    assert history.series("val_loss")[0].tolist() == list(range(4, 33, 4))
    assert history["val_accuracy"][-1] > 0.9
    assert trainer.evaluate(X, Y)["accuracy"] == history["val_accuracy"][-1]
    assert trainer.evaluate(X, Y)["loss"] == pytest.approx(history["val_loss"][-1])


def test_fit_is_the_loop_that_anybody_would_write():
    trainer, twin = make_trainer(), make_trainer()
    trainer.fit(X, Y, epochs=3, batch_size=50)
    nn.seed(0)
    make_trainer()  # draws the same weights, so that the streams stand at the same place
    loss_fn, losses = nn.CrossEntropyLoss(), []
    loader = nn.data.DataLoader((X.astype(np.float32), Y), batch_size=50, shuffle=True)
    for _ in range(3):
        for xb, yb in loader:
            twin.optimizer.zero_grad()
            loss = loss_fn(twin.model(xb), yb)
            loss.backward()
            twin.optimizer.step()
            losses.append(loss.item())
    np.testing.assert_array_equal(trainer.history["loss"], losses)


def test_the_same_seed_gives_the_same_run():
    def run():
        layers = [nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)]
        trainer = make_trainer(layers=layers)
        nn.seed(4)
        trainer.model.apply(lambda m: m.reset_parameters() if isinstance(m, nn.Linear) else None)
        return trainer.fit(X, Y, epochs=3, validation_split=0.25)["loss"]

    np.testing.assert_array_equal(run(), run())


def test_the_next_fit_goes_on():
    trainer = make_trainer()
    trainer.fit(X, Y, epochs=1)
    trainer.fit(X, Y, epochs=1)
    assert trainer.history.steps.tolist() == list(range(1, 9))


@pytest.mark.parametrize(
    "data",
    [
        lambda: nn.data.DataLoader((X, Y), 30),
        lambda: nn.data.TensorDataset(X, Y),
        lambda: [(X[:60], Y[:60]), (X[60:], Y[60:])].__iter__(),
        lambda: nn.data.Subset(nn.data.TensorDataset(X, Y), range(60)),
    ],
    ids=["loader", "dataset", "iterator", "subset"],
)
def test_data_may_come_as_loaders_and_datasets(data):
    trainer = make_trainer()
    trainer.fit(data(), batch_size=30)
    assert len(trainer.history) in (2, 4)
    assert set(trainer.evaluate(data())) == {"loss", "accuracy"}
    assert trainer.predict(data()).shape[1] == 3


def test_data_stay_in_the_dtype_of_the_model():
    trainer, seen = make_trainer(), set()
    trainer.model.register_forward_pre_hook(lambda _m, args: seen.add(args[0].dtype))
    trainer.fit(X, Y)  # float64 comes in
    trainer.evaluate(X, Y)
    assert trainer.predict(X).dtype == np.float32
    assert seen == {np.dtype(np.float32)}
    assert make_trainer().predict([[1, 2, 3, 4]]).shape == (1, 3)


def test_evaluation_leaves_everything_as_it_was():
    layers = [nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 3)]
    trainer = make_trainer(layers=layers)
    trainer.model[2].eval()
    modes = [m.training for m in trainer.model.modules()]
    before = trainer.model.state_dict()
    np.testing.assert_allclose(trainer.predict(X), trainer.predict(X, batch_size=7), rtol=1e-5)
    trainer.evaluate(X, Y)
    assert [m.training for m in trainer.model.modules()] == modes
    assert all(p.grad is None for p in trainer.model.parameters())
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("call", ["evaluate", "predict"])
def test_evaluation_that_fails_or_is_interrupted_leaves_everything_as_it_was(call):
    trainer = make_trainer()
    args = (X, Y) if call == "evaluate" else (X,)
    handler = signal.getsignal(signal.SIGINT)
    for error, act in [
        (ZeroDivisionError, lambda *_: 1 / 0),
        (KeyboardInterrupt, lambda *_: signal.raise_signal(signal.SIGINT)),
    ]:
        hook = trainer.model.register_forward_hook(lambda *_, act=act: act() and None)
        with pytest.raises(error) as caught:  # which keeps the frames alive
            getattr(trainer, call)(*args, batch_size=7)
        hook.remove()
        assert signal.getsignal(signal.SIGINT) == handler
        assert trainer.model.training
        assert (trainer.model(X[:2]) * 1).requires_grad
        del caught


def test_evaluate_does_not_depend_on_the_batch_size():
    trainer = make_trainer(loss=nn.CrossEntropyLoss(weight=[1.0, 5.0, 0.1]))
    scores = [trainer.evaluate(X, Y, batch_size=n) for n in (7, 120)]
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)


def test_metrics_of_ones_own_see_plain_arrays():
    seen = []

    def error(output, target):
        seen.append((type(output), type(target)))
        return abs(output - target).mean()

    model = nn.Linear(4, 1)
    trainer = nn.Trainer(
        model,
        nn.MSELoss(),
        nn.optim.SGD(model.parameters(), lr=0.01),
        metrics={"mae": error, "bias": lambda o, t: (o - t).mean()},
    )
    trainer.fit(X, X[:, :1], validation_data=(X, X[:, :1]))
    assert trainer.history.names == ("loss", "mae", "bias", "val_loss", "val_mae", "val_bias")
    assert set(seen) == {(np.ndarray, np.ndarray)}


def test_validation_split_keeps_the_same_rows_in_every_call():
    trainer, seen = make_trainer(), []

    def look(module, args):
        if module.training:
            seen.extend(map(tuple, np.round(args[0], 4).tolist()))

    trainer.model.register_forward_pre_hook(look)
    trainer.fit(X, Y, epochs=2, validation_split=0.25)
    first = set(seen)
    trainer.fit(X, Y, epochs=2, validation_split=0.25)
    assert len(first) == 90
    assert set(seen) == first
    assert len(trainer.history["val_loss"]) == 4


@pytest.mark.filterwarnings("ignore:fit runs as it is")
@pytest.mark.parametrize(
    ("loss", "y", "is_wrong"),
    [
        (lambda o, t: ((o - t) ** 2).mean(), X[:, 0], True),
        (lambda o, t: ((o - t) ** 2).sum(), X[:, 0], True),
        (lambda o, t: ((o - t) ** 2).mean(), X[:, :1], False),
        (lambda o, t: ((o[:, 0] - t) ** 2).mean(), X[:, 0], False),
        (lambda o, t: ((o - t[:, None]) ** 2).sum(), X[:, 0], False),
        (lambda o, t: (o * 0).sum(), X[:, 0], False),
    ],
)
def test_a_loss_of_ones_own_that_stretches_is_refused(loss, y, is_wrong):
    model = nn.Linear(4, 1)
    trainer = nn.Trainer(model, loss, nn.optim.SGD(model, lr=1e-3))
    if is_wrong:
        with pytest.raises(ValueError, match=r"each row with all others, 8 x 8.*reshape\(-1, 1\)"):
            trainer.fit(X, y)
    else:
        trainer.fit(X, y)


# --- ending early ---------------------------------------------------------------------------------


def test_an_interrupt_ends_fit_and_keeps_everything():
    trainer = make_trainer()
    count = 0

    def interrupt(_optimizer, _args, _kwargs):
        nonlocal count
        count += 1
        if count == 6:
            signal.raise_signal(signal.SIGINT)

    handle = trainer.optimizer.register_step_post_hook(interrupt)
    history = trainer.fit(X, Y, epochs=10)
    assert [e.kind for e in history.events] == ["interrupt"]
    assert len(history) == 6  # a step is taken whole
    handle.remove()
    trainer.fit(X, Y, epochs=1)
    assert len(history) == 10
    assert np.isfinite(history["loss"]).all()


def test_random_interrupts_of_fit_leave_whole_steps_only():
    trainer = make_trainer()
    trainer.optimizer = nn.optim.Adam(trainer.model.parameters())
    alarm = signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    times, too_early = np.random.default_rng(0), 0
    try:
        for _ in range(50):
            try:
                signal.setitimer(signal.ITIMER_REAL, times.uniform(3e-3, 9e-3))
                trainer.fit(X, Y, epochs=10_000)
            except KeyboardInterrupt:  # before the run was opened
                too_early += 1
            counts = {state["step"] for state in trainer.optimizer.state.values()}
            assert len(counts) <= 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
    assert [e.kind for e in trainer.history.events] == ["interrupt"] * (50 - too_early)
    assert counts == {len(trainer.history)}


def test_stop_ends_fit_after_the_step():
    class Stopper:
        def __init__(self, run):
            self.run = run

        def progressed(self, run):
            if run.step == 3:
                run.controls.stop()

        def started(self, run):
            pass

        ended = waiting = show = started

    observers.append(Stopper)
    try:
        trainer = make_trainer()
        trainer.fit(X, Y, epochs=5, validation_data=(X, Y))
    finally:
        observers.remove(Stopper)
    assert len(trainer.history) == 3
    assert "val_loss" not in trainer.history
    assert [e.kind for e in trainer.history.events] == ["stop"]


# --- numbers that are not finite ------------------------------------------------------------------


class Explode(nn.Module):
    """Gives infinite numbers from the third batch on."""

    def __init__(self, factor=np.inf):
        super().__init__()
        self.calls, self.factor = 0, factor

    def forward(self, x):
        self.calls += self.training
        return x * (self.factor if self.training and self.calls > 2 else 1.0)


class RootOfZero(nn.Module):
    """Finite numbers with an infinite slope."""

    def forward(self, x):
        return np.sqrt(x * 0.0) + x


@pytest.mark.filterwarnings("ignore:fit runs as it is")
@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([nn.Linear(4, 3), Explode()], "the loss became nan.* not finite is 1 \\(Explode\\)"),
        (
            [nn.Sequential(nn.Linear(4, 4), Explode()), nn.Linear(4, 3)],
            r"not finite is 0.1 \(Explode\); the largest number it received was",
        ),
        (
            [nn.Linear(4, 4), RootOfZero(), nn.Linear(4, 3)],
            "gradients are not in batch 0 of epoch 0 .*: first that of '0.bias'",
        ),
    ],
)
def test_what_is_not_finite_stops_before_the_update(layers, words):
    trainer = make_trainer(layers=layers)
    states = []
    trainer.optimizer.register_step_post_hook(lambda *_: states.append(trainer.model.state_dict()))
    states.append(trainer.model.state_dict())
    with pytest.raises(NonFiniteError, match=words):
        trainer.fit(X, Y, epochs=3)
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, states[-1][name])
    assert trainer.history.events[-1].kind == "failed"
    with pytest.raises(NonFiniteError, match="learning rate"):
        trainer.fit(X, Y, epochs=3)


@pytest.mark.filterwarnings("ignore:fit runs as it is")
def test_running_statistics_stay_those_before_a_step_that_fails():
    layers = [nn.Linear(4, 3), Explode(), nn.BatchNorm1d(3)]
    trainer, states = make_trainer(layers=layers), []
    trainer.optimizer.register_step_post_hook(lambda *_: states.append(trainer.model.state_dict()))
    with pytest.raises(NonFiniteError):
        trainer.fit(X, Y)
    for name, value in trainer.model.state_dict().items():
        np.testing.assert_array_equal(value, states[-1][name])
    assert int(states[-1]["2.num_batches_tracked"]) == 2


def test_a_step_that_fails_is_not_half_in_the_next_one():
    trainer, expected = make_trainer(), make_trainer()

    def fail(*_):
        raise ZeroDivisionError

    handle = trainer.optimizer.register_step_pre_hook(fail)
    with pytest.raises(ZeroDivisionError):
        trainer.fit(X, Y, shuffle=False)
    handle.remove()
    trainer.fit(X, Y, shuffle=False, resume=True)
    expected.fit(X, Y, shuffle=False)
    np.testing.assert_array_equal(trainer.history["loss"], expected.history["loss"])


def test_a_too_large_learning_rate_is_caught():
    trainer = make_trainer(lr=1e30, layers=[nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)])
    with pytest.raises(NonFiniteError, match=r"smaller learning rate \(it is 1e\+30\)"):
        trainer.fit(X, Y, epochs=20)


def test_a_loader_with_bad_rows_is_named():
    bad = X.copy()
    bad[5, 0] = np.nan
    with pytest.raises(NonFiniteError, match=r"holds NaN or infinite numbers, in its rows \[5\]"):
        make_trainer().fit(nn.data.DataLoader((bad, Y), 32))


def test_weights_that_were_not_finite_before_are_named():
    trainer = make_trainer()
    trainer.model[2].bias.data = np.array([np.nan, 0, 0], np.float32)
    with pytest.raises(NonFiniteError, match=r"The parameter '2.bias' was not finite before"):
        trainer.fit(X, Y)


def test_looking_for_the_culprit_does_not_draw_random_numbers():
    layers = [nn.Linear(4, 3), nn.Dropout(0.5), Explode()]
    trainer = make_trainer(layers=layers)
    state = []
    trainer.model[2].register_forward_hook(
        lambda *_: state.append(nn.random.stream("dropout").bit_generator.state)
    )
    with pytest.raises(NonFiniteError):
        trainer.fit(X, Y)
    assert nn.random.stream("dropout").bit_generator.state == state[-2]


@pytest.mark.filterwarnings("ignore:fit runs as it is")
def test_large_but_finite_gradients_are_no_error():
    trainer = make_trainer(lr=1e-30, layers=[nn.Linear(4, 3), Explode(1e25)], metrics=None)
    trainer.loss = lambda output, target: output.mean()
    trainer.fit(X, Y, epochs=1)
    assert len(trainer.history) == 4


def test_a_model_may_return_several_arrays():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x):
            y = self.layer(x)
            return y, y.sum(axis=1)

    model, seen = Two(), []
    trainer = nn.Trainer(
        model,
        lambda output, y: nn.functional.cross_entropy(output[0], y) + (output[1] ** 2).mean(),
        nn.optim.SGD(model.parameters(), lr=0.01),
        metrics={"sum": lambda output, y: seen.append(output) or float(output[1].sum())},
    )
    trainer.fit(X, Y, epochs=2)
    assert all(isinstance(part, np.ndarray) for output in seen for part in output)
    scores, sums = trainer.predict(X, batch_size=7)
    np.testing.assert_allclose(sums, scores.sum(axis=1), rtol=1e-5)
    assert trainer.evaluate(X, Y, batch_size=7)["sum"] == pytest.approx(sums.sum(), rel=1e-4)
