"""The panel without a browser: what it sends, when, and what a message from a page does."""

import gc
import threading
import weakref

import pytest

from nnkit.notebook import panel as panel_module
from nnkit.notebook.panel import Panel
from nnkit.training import run as run_module
from nnkit.training.run import live
from tests.training.fakes import FakeModel, FakeSGD


class FakeChannel:
    """Keeps what was sent; `hear` plays a page."""

    made = ()

    def __init__(self, receive):
        self.hear, self.sent, self.closed = receive, [], False
        FakeChannel.made = (*FakeChannel.made, self)

    def send(self, message, buffers=None):
        self.sent.append(message)

    def view(self):
        return {"widget": "view"}

    def close(self):
        self.closed = True

    def kinds(self):
        return [message["type"] for message in self.sent]


class FakeOutput:
    """Keeps what was put."""

    made = ()

    def __init__(self, name):
        self.name, self.puts = name, []
        FakeOutput.made = (*FakeOutput.made, self)

    def put(self, picture, view):
        self.puts.append((picture.base64 if picture else None, bool(view)))


@pytest.fixture
def stage(monkeypatch):
    """A stage without browser, display, clock and matplotlib: runs get a panel with fakes."""
    FakeChannel.made = FakeOutput.made = ()
    monkeypatch.setattr(panel_module, "Channel", FakeChannel)
    monkeypatch.setattr(panel_module, "Output", FakeOutput)
    monkeypatch.setattr(panel_module, "available", lambda: True)
    monkeypatch.setattr("nnkit.plot.history_png", lambda history, labels: (b"a picture", 960))

    def begin(**options):
        panel = Panel(**options)
        monkeypatch.setattr(run_module, "observers", [lambda run: panel])
        return panel

    return begin


PNG = "YSBwaWN0dXJl"


def train(steps=10, hear=None, **arguments):
    """Train, and at step 5 play a message of a page from another thread, as the kernel does."""
    run = live(range(steps), **arguments)
    for _ in run:
        run.log(loss=1.0)
        if run.step == 5 and hear is not None:
            thread = threading.Thread(target=FakeChannel.made[0].hear, args=(hear,))
            thread.start()
            thread.join()
    return run, FakeChannel.made[0], FakeOutput.made[0]


def test_a_run_is_shown_once_and_ends_as_a_picture(stage):
    stage()
    _, channel, output = train(name="digits")
    assert output.name == "digits"
    assert output.puts == [(None, True), (PNG, False)]
    assert channel.kinds()[-1] == "end"
    assert channel.sent[-1]["picture"] == PNG[-80:]
    last = channel.sent[-2]["state"]
    assert (last["status"], last["step"], last["active"]) == ("finished", 10, False)


def test_the_live_view_can_be_kept(stage):
    stage(finish="live")
    _, channel, output = train()
    assert output.puts == [(None, True), (PNG, True)]
    assert "end" not in channel.kinds()


def test_messages_are_throttled(stage, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(panel_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(panel_module.time, "thread_time", lambda: 0.0)
    stage()
    for _ in (run := live(range(1000))):
        now[0] += 1e-3
        run.log(loss=1.0)
    news = FakeChannel.made[0].kinds().count("news")
    assert news == pytest.approx(1.0 / panel_module.INTERVAL, abs=2)


def test_dear_messages_become_rare(stage, monkeypatch):
    now, cpu = [0.0], [0.0]

    def slow(self, message, buffers=None):
        cpu[0] += 0.01
        self.sent.append(message)

    monkeypatch.setattr(panel_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(panel_module.time, "thread_time", lambda: cpu[0])
    monkeypatch.setattr(FakeChannel, "send", slow)
    stage()
    for _ in (run := live(range(20_000))):
        now[0] += 1e-3
        run.log(loss=1.0)
    assert cpu[0] <= panel_module.SHARE * now[0] + 0.03


@pytest.mark.parametrize(
    ("content", "marks", "status"),
    [
        ({"action": "stop"}, ["stop"], "stopped"),
        ({"action": "lr", "value": 0.5}, ["lr"], "finished"),
        ({"action": "lr", "value": 1}, ["lr"], "finished"),
    ],
)
def test_a_click_is_acknowledged_at_once_and_obeyed_between_two_steps(
    stage, content, marks, status
):
    stage()
    optimizer = FakeSGD(None, lr=0.1)
    run, channel, _ = train(hear={"type": "control", "id": 7, **content}, optimizer=optimizer)
    assert {"type": "ack", "id": 7} in channel.sent
    assert [event.kind for event in run.history.events] == marks
    assert [event.step for event in run.history.events] == [5]
    assert run.status == status


@pytest.mark.parametrize("value", [None, "much", -1, float("nan"), [1], {}])
def test_a_learning_rate_that_is_none_is_refused_in_words(stage, value):
    stage()
    hear = {"type": "control", "id": 1, "action": "lr", "value": value}
    run, channel, _ = train(hear=hear, optimizer=FakeSGD(None))
    (ack,) = [message for message in channel.sent if message["type"] == "ack"]
    assert "must be a finite number" in ack["error"]
    assert run.history.events == []


@pytest.mark.parametrize("content", [{}, {"type": "??"}, {"type": "control", "action": "explode"}])
def test_nonsense_from_a_page_does_nothing(stage, content):
    stage()
    run, _, _ = train(hear=content)
    assert (run.status, run.history.events) == ("finished", [])


def test_pause_and_resume_from_another_thread(stage):
    stage()
    waker = []

    def resume_soon(run):
        waker.append(run.status)
        FakeChannel.made[0].hear({"type": "control", "id": 2, "action": "resume"})

    run = live(range(10))
    for _ in run:
        run.log(loss=1.0)
        if run.step == 5:
            FakeChannel.made[0].hear({"type": "control", "id": 1, "action": "pause"})
            threading.Timer(0.05, resume_soon, [run]).start()
    assert waker == ["paused"]
    assert [event.kind for event in run.history.events] == ["pause", "resume"]
    states = [m["state"]["status"] for m in FakeChannel.made[0].sent if m["type"] == "news"]
    assert "paused" in states


def test_the_loop_learns_that_it_is_heard(stage):
    stage()
    _, channel, _ = train(hear={"type": "pong"})
    states = [m["state"]["heard"] for m in channel.sent if m["type"] == "news"]
    assert (states[0], states[-1]) == (False, True)


@pytest.mark.parametrize("over", [False, True])
def test_a_page_that_asks_is_told_everything(stage, over):
    stage()
    _, channel, _ = train(hear=None if over else {"type": "sync"})
    if over:
        channel.hear({"type": "sync"})
        message = channel.sent[-1]
    else:
        news = [m for m in channel.sent if m["type"] == "news"]
        message = next(m for m in news if m["state"]["step"] == 6)
    assert message["names"] == ("loss",)
    assert message["series"] == [(0, 0, 10 if over else 6)]


def test_a_click_after_the_end_is_answered_in_words(stage):
    stage()
    _, channel, _ = train()
    channel.hear({"type": "control", "id": 3, "action": "pause"})
    assert channel.sent[-1] == {"type": "ack", "id": 3, "error": "the run has ended"}


def test_shown_again_live_where_a_page_answers_and_as_picture_where_none_does(stage):
    panel = stage()
    run, channel, _ = train()
    run.show()
    assert FakeOutput.made[1].puts == [(PNG, False)]  # nobody ever answered
    assert len(FakeChannel.made) == 1
    channel.hear({"type": "pong"})
    panel.show()
    assert FakeOutput.made[2].puts == [(PNG, True)]
    assert len(FakeChannel.made) == 2  # a page that was reloaded knows only a new line
    assert channel.closed
    channel = FakeChannel.made[1]
    channel.hear({"type": "sync"})
    assert channel.sent[-1]["series"] == [(0, 0, 10)]
    channel.hear({"type": "shown"})
    assert channel.sent[-1] == {"type": "end", "picture": PNG[-80:]}
    assert FakeOutput.made[2].puts == [(PNG, True), (PNG, False)]
    channel.hear({"type": "shown"})
    assert len(FakeOutput.made[2].puts) == 2


def test_a_view_that_stays_live_is_not_ended_by_showing_it_again(stage):
    panel = stage(finish="live")
    train()
    panel.show()
    first, second = FakeChannel.made
    assert not first.closed
    second.hear({"type": "sync"})
    assert first.sent[-1]["series"] == second.sent[-1]["series"] == [(0, 0, 10)]


def test_without_matplotlib_the_view_stays_and_without_widgets_the_picture_comes(
    stage, monkeypatch
):
    def missing(history, labels):
        raise ImportError("no matplotlib")

    stage()
    monkeypatch.setattr("nnkit.plot.history_png", missing)
    _, channel, output = train()
    assert output.puts == [(None, True), (None, True)]
    assert "end" not in channel.kinds()


def test_without_widgets_the_picture_comes_alone(stage, monkeypatch):
    stage()
    monkeypatch.setattr(panel_module, "available", lambda: False)
    run = live(range(3))
    for _ in run:
        run.log(loss=1.0)
    assert FakeChannel.made == ()
    assert FakeOutput.made[0].puts == [(None, False), (PNG, False)]


def test_a_run_that_recorded_nothing_ends_in_peace(stage):
    stage()
    list(live(range(3)))
    assert FakeOutput.made[0].puts[-1] == (PNG, False)


def test_the_model_is_free_after_the_run_though_the_panel_lives(stage):
    panel = stage()
    model = FakeModel(a__weight=[1.0])
    run = live(range(3), model=model, optimizer=FakeSGD(model))
    for _ in run:
        run.log(loss=1.0)
    alive = weakref.ref(model)
    gc.disable()
    try:
        del model, run
        assert alive() is None
    finally:
        gc.enable()
    assert panel.summary == "finished, step 3"


def test_closing_ends_the_line_and_showing_opens_another(stage):
    panel = stage()
    _, channel, _ = train()
    assert panel.disposable
    panel.close()
    assert channel.closed
    channel.hear({"type": "sync"})  # a straggler does no harm
    panel._heard = True
    panel.show()
    assert len(FakeChannel.made) == 2
