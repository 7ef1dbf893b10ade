"""The feed: who writes every message down where it says holds the history, whatever was missed."""

import math

import numpy as np
import pytest

from nnkit.notebook.feed import Feed
from nnkit.training.run import live


class Page:
    """What a page does with messages, in a few lines."""

    def __init__(self):
        self.names, self.series, self.events, self.missed = [], {}, [], False

    def read(self, message, buffers):
        raw, offset = buffers[0], 0
        self.names = message.get("names", self.names)
        for index, start, count in message["series"]:
            steps = np.frombuffer(raw, "<i4", count, offset)
            values = np.frombuffer(raw, "<f4", count, offset + 4 * count)
            offset += 8 * count
            known = self.series.setdefault(self.names[index], [])
            self.missed |= start > len(known)
            known[start:] = zip(steps.tolist(), values.tolist(), strict=True)
        assert offset == len(raw)
        self.missed |= message["events_from"] > len(self.events)
        self.events[message["events_from"] :] = message["events"]
        self.setup = message.get("setup", getattr(self, "setup", None))
        self.state = message["state"]


def steps_of(run, feed, pages=(), every=3):
    """Run the loop; every so often a message goes to the pages."""
    for _ in run:
        run.log(loss=1 / run.step)
        if run.step % 5 == 0:
            run.log(val_loss=2 / run.step)
        if run.step % every == 0:
            feed.look(run, heard=False)
            message = feed.take()
            for page in pages:
                page.read(*message)
    feed.look(run, heard=True)
    message = feed.take()
    for page in pages:
        page.read(*message)


def test_a_page_that_hears_everything_holds_the_history():
    run, page = live(range(20)), Page()
    feed = Feed(run)
    steps_of(run, feed, [page])
    assert not page.missed
    assert page.names == ("loss", "val_loss")
    for name in run.history.names:
        steps, values = run.history.series(name)
        assert [s for s, _ in page.series[name]] == steps.tolist()
        assert [v for _, v in page.series[name]] == values.astype(np.float32).tolist()


def test_a_page_that_comes_late_notices_and_is_told_everything_on_request():
    run, page = live(range(20)), Page()
    feed = Feed(run)
    steps_of(run, feed)
    page.names = run.history.names
    page.read(*feed.take())
    assert page.missed
    page = Page()
    page.read(*feed.take(everything=True))
    assert not page.missed
    assert len(page.series["loss"]) == 20


def test_messages_stay_small_however_long_the_run():
    run = live(range(5000))
    feed = Feed(run)
    sizes = []
    for _ in run:
        run.log(loss=1.0)
        if run.step % 10 == 0:
            feed.look(run, heard=True)
            sizes.append(len(feed.take()[1][0]))
    assert set(sizes[1:]) == {8 * 11}  # ten new points and the last one again


def test_a_row_written_over_after_it_was_sent_is_put_right():
    run, page = live(range(2)), Page()
    feed = Feed(run)
    feed.look(run, heard=True)
    for _ in run:
        run.log(loss=1.0)
        feed.look(run, heard=True)
        page.read(*feed.take())
        run.log(loss=2.0)
    feed.look(run, heard=True)
    page.read(*feed.take())
    assert [v for _, v in page.series["loss"]] == [2.0, 2.0]


def test_events_travel_once():
    run, page = live(range(3)), Page()
    feed = Feed(run)
    feed.look(run, heard=True)
    run.history.mark(1, "pause")
    page.read(*feed.take())
    run.history.mark(2, "lr", old=0.1, new=0.2)
    message, _ = feed.take()
    assert [event["kind"] for event in message["events"]] == ["lr"]
    page.read(message, [b""])
    assert page.events[1] == {"step": 2, "kind": "lr", "details": {"old": 0.1, "new": 0.2}}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_what_is_no_float32_arrives_as_not_finite(value):
    run, page = live(range(1)), Page()
    for _ in run:
        run.log(loss=value)
    feed = Feed(run)
    feed.look(run, heard=True)
    page.read(*feed.take())
    assert not math.isfinite(page.series["loss"][0][1])


def test_pace_and_time_left(monkeypatch):
    run = live(range(1000), epochs=2, name="a name")
    feed = Feed(run)
    monkeypatch.setattr(type(run), "seconds", property(lambda self: 0.01 * self.step))
    for _ in run:
        run.log(loss=1.0)
        feed.look(run, heard=True)
        if run.step == 500:
            break
        assert run.step < 2 or feed.state["rate"] == pytest.approx(100)
    assert feed.state["left"] == pytest.approx(15.0)
    assert feed.state["active"]
    assert feed.take()[0]["setup"]["name"] == "a name"


class Layered:
    """Modules with paths, as `labels` asks for them."""

    def named_parameters(self):
        return []

    def named_modules(self):
        return [("", self), ("body", []), ("body.0", {})]


def test_layers_are_called_by_path_and_class():
    feed = Feed(live(model=Layered()))
    assert feed.labels == {"Layered": "Layered", "body": "body list", "body.0": "body.0 dict"}
    assert Feed(live()).labels == {}
