"""A run: it counts, obeys between two steps, ends in every way, and no observer can hurt it."""

import signal
import threading
import time

import pytest

from nnkit.training import run as run_module
from nnkit.training.history import Event, History
from nnkit.training.run import RunError, live
from tests.training.fakes import FakeModel, FakeSGD


class Watcher:
    """An observer that writes down what it is told, and may do something then."""

    def __init__(self, **reactions):
        self.told, self.reactions = [], reactions

    def __getattr__(self, what):
        if what not in ("started", "progressed", "waiting", "ended", "show"):
            raise AttributeError(what)

        def tell(run):
            self.told.append(what)
            if what in self.reactions:
                self.reactions[what](run)

        return tell


@pytest.fixture
def watch(monkeypatch):
    """Register a watcher for the runs of this test."""

    def register(**reactions):
        watcher = Watcher(**reactions)
        monkeypatch.setattr(run_module, "observers", [lambda run: watcher])
        return watcher

    return register


def test_iterator_form_counts_steps_epochs_and_total():
    run = live([5.0, 6.0, 7.0], epochs=2)
    seen = []
    for value in run:
        run.log(loss=value)
        seen.append((value, run.step, run.epoch, run.total, run.status))
    assert [s[:3] for s in seen] == [
        (5, 1, 1),
        (6, 2, 1),
        (7, 3, 1),
        (5, 4, 2),
        (6, 5, 2),
        (7, 6, 2),
    ]
    assert {s[3:] for s in seen} == {(6, "running")}
    assert (run.status, len(run.history), run.running) == ("finished", 6, False)


def test_context_form_and_validation_in_the_same_row():
    with live(epochs=2) as run:
        for _ in range(2):
            for value in run([1.0, 2.0]):
                run.log(loss=value)
            run.log(val_loss=3.0)
    assert run.total == 4
    assert run.history.to_dict() == {
        "step": [1, 2, 3, 4],
        "loss": [1.0, 2.0, 1.0, 2.0],
        "val_loss": [None, 3.0, None, 3.0],
    }


@pytest.mark.parametrize(
    ("arguments", "total"),
    [
        ({"iterable": [1, 2]}, 2),
        ({"iterable": [1, 2], "epochs": 3}, 6),
        ({"iterable": iter([1, 2])}, None),
        ({"iterable": iter([1, 2]), "total": 2}, 2),
        ({"iterable": [1, 2], "total": 9}, 9),
    ],
)
def test_the_end_is_foretold_where_it_can_be(arguments, total):
    run = live(**arguments)
    for _ in run:
        pass
    assert run.total == total
    assert run.step == 2 * (arguments.get("epochs") or 1)


def test_a_run_on_an_old_history_goes_on_counting():
    history = History()
    for _ in range(2):
        run = live([1.0, 2.0], history=history)
        for value in run:
            run.log(loss=value)
    assert history.steps.tolist() == [1, 2, 3, 4]
    assert run.total == 4


def test_stop_between_two_passes_is_a_stop():
    with live() as run:
        for _ in range(3):
            for _ in run(range(4)):
                pass
            run.controls.stop()  # as a click that arrives after the last batch, or in validation
            if run.stopped:
                break
    assert (run.status, run.step) == ("stopped", 4)
    assert run.history.events == [Event(4, "stop", {})]


def test_stop_ends_this_pass_and_all_later_ones():
    with live() as run:
        for _ in range(3):
            for value in run([1.0, 2.0, 3.0]):
                run.log(loss=value)
                if run.step == 2:
                    run.controls.stop()
    assert (run.status, run.stopped, run.step) == ("stopped", True, 2)
    assert run.history.events == [Event(2, "stop", {})]


def test_pause_freezes_until_resume_and_is_not_training_time(watch):
    watcher = watch(waiting=lambda run: run.controls.resume() if len(run.history) else None)
    run = live(range(4))
    for _ in run:
        run.log(loss=1.0)
        if run.step == 2:
            run.controls.pause()
    assert run.status == "finished"
    assert run.history.events == [Event(2, "pause", {}), Event(2, "resume", {})]
    assert watcher.told.count("waiting") == 1
    assert run._idle > 0


def test_single_steps_while_paused(watch):
    steps = []

    def waiting(run):
        steps.append(run.step)
        run.controls.step_once() if len(steps) < 3 else run.controls.stop()

    watch(waiting=waiting)
    run = live(range(100))
    for _ in run:
        run.controls.pause() if run.step == 5 else None
    assert steps == [5, 6, 7]
    assert [e.kind for e in run.history.events] == ["pause", "stop"]


def test_learning_rate_reaches_all_groups_between_two_steps_and_is_marked():
    optimizer = FakeSGD(None, groups=[{"lr": 0.1}, {"lr": 0.01}])
    run = live(range(3), optimizer=optimizer)
    rates = []
    for _ in run:
        rates.append([g["lr"] for g in optimizer.param_groups])
        if run.step == 1:
            run.controls.set_lr(0.05)
            run.controls.set_lr(0.2)
    assert rates == [[0.1, 0.01], [0.2, pytest.approx(0.02)], [0.2, pytest.approx(0.02)]]
    assert run.history.events == [Event(1, "lr", {"old": 0.1, "new": 0.2})]
    assert run.lr == 0.2


def test_learning_rate_from_zero_and_without_optimizer():
    optimizer = FakeSGD(None, groups=[{"lr": 0.0}, {"lr": 0.0}])
    run = live(range(2), optimizer=optimizer)
    run.controls.set_lr(0.3)
    list(run)
    assert [g["lr"] for g in optimizer.param_groups] == [0.3, 0.3]
    run = live(range(2))
    run.controls.set_lr(0.3)
    with pytest.warns(UserWarning, match="no optimizer"):
        list(run)


def test_interrupt_in_the_block_ends_the_run_and_goes_no_further():
    with live() as run:
        for _ in run(range(10)):
            run.log(loss=1.0)
            if run.step == 3:
                raise KeyboardInterrupt
    assert (run.status, len(run.history)) == ("interrupted", 3)
    assert run.history.events == [Event(3, "interrupt", {})]
    again = live(range(2), history=run.history)
    for _ in again:
        again.log(loss=2.0)
    assert again.step == 5


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
def test_interrupt_while_paused_works_at_once():
    threading.Timer(0.1, lambda: signal.raise_signal(signal.SIGINT)).start()
    with live() as run:
        run.controls.pause()
        for _ in run(range(10)):
            pass
    assert run.status == "interrupted"


@pytest.mark.parametrize("form", ["with", "for"])
def test_an_error_goes_up_and_ends_the_run(form):
    run = live(range(10))
    with pytest.raises(ZeroDivisionError):
        if form == "with":
            with run:
                for _ in run(range(10)):
                    1 / 0  # noqa: B018
        else:
            for _ in run:
                1 / 0  # noqa: B018
    assert run.status == ("failed" if form == "with" else "stopped")
    assert not run.running


def test_break_ends_the_run():
    run = live(range(10))
    for _ in run:
        break
    assert (run.status, run.running, run.step) == ("stopped", False, 1)


def test_observers_hear_the_whole_story(watch):
    watcher = watch()
    run = live(range(2))
    for _ in run:
        run.log(loss=1.0)
    run.show()
    assert watcher.told == ["started", "progressed", "progressed", "ended", "show"]


@pytest.mark.parametrize("what", ["started", "progressed", "ended"])
def test_a_broken_observer_is_dropped_and_training_goes_on(watch, what):
    def fail(run):
        raise OSError("no display")

    watcher = watch(**{what: fail})
    run = live(range(3))

    def train():
        for _ in run:
            run.log(loss=1.0)

    with pytest.warns(UserWarning, match="training goes on. OSError: no display") as caught:
        train()
    assert len(caught) == 1
    assert watcher.told[-1] == what
    assert run.status == "finished"


def test_a_factory_may_decline_or_fail(monkeypatch):
    def fail(run):
        raise OSError("no display")

    monkeypatch.setattr(run_module, "observers", [lambda run: None, fail])
    with pytest.warns(UserWarning, match="no display"):
        assert len(list(live(range(3)))) == 3


@pytest.mark.parametrize("watched", [True, False])
def test_gradient_flow_is_measured_only_while_somebody_looks(watch, watched):
    if watched:
        watch()
    model = FakeModel(a__weight=[1.0, 2.0])
    optimizer = FakeSGD(model)
    run = live(range(4), model=model, optimizer=optimizer)
    for _ in run:
        model.set_grad(a__weight=[0.3, 0.4])
        optimizer.step()
        run.log(loss=1.0)
    names = ("grad/a", "dead/a", "ratio/a", "loss") if watched else ("loss",)
    assert run.history.names == names
    if watched:
        steps, values = run.history.series("grad/a")
        assert {1, 2, 4} <= set(steps.tolist())
        assert values == pytest.approx([0.5] * len(values))
    assert not optimizer.before and not optimizer.after


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda: live(10), r"live\(range\(10\)\)"),
        (lambda: live(epochs=0), "epochs must be a positive whole number; got 0"),
        (lambda: live(total=2.5), "total must be a positive whole number; got 2.5"),
        (lambda: live(iter([1]), epochs=2), "walked only once"),
        (lambda: live(model=3), "must be a Module"),
        (lambda: live(optimizer="sgd"), "must be an optimizer"),
        (lambda: live(history={}), "must be a History"),
        (lambda: list(live()), "nothing to iterate over"),
        (lambda: live([1]).log(loss=1.0), "before the first step"),
        (lambda: list(live()([1])), "while a run is on, and this one is new"),
        (lambda: live([1]).show(), "load_ext nnkit"),
    ],
)
def test_wrong_use_is_explained(use, message):
    with pytest.raises((ValueError, TypeError, RunError), match=message):
        use()


def test_a_run_cannot_be_used_twice():
    run = live(range(2))
    list(run)
    with pytest.raises(RunError, match="ended already.*history=run.history"):
        list(run)


def test_seconds_stand_still_after_the_end():
    run = live(range(2))
    assert run.seconds == 0
    list(run)
    first = run.seconds
    time.sleep(0.002)
    assert run.seconds == first > 0
