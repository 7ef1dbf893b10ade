"""The mailbox: a wish is there until it is taken, and only the newest counts."""

import math
import threading
import time

import pytest

from nnkit.training.controls import Controls


def test_nothing_is_pending_at_first():
    controls = Controls()
    assert not controls.pending
    assert not controls.paused and not controls.stopped
    assert controls.take_lr() is None
    assert not controls.take_step()


@pytest.mark.parametrize(
    ("wish", "paused", "stopped"),
    [
        (lambda c: c.pause(), True, False),
        (lambda c: (c.pause(), c.resume()), False, False),
        (lambda c: c.step_once(), True, False),
        (lambda c: c.stop(), False, True),
        (lambda c: (c.pause(), c.stop()), True, True),
    ],
)
def test_wishes(wish, paused, stopped):
    controls = Controls()
    wish(controls)
    assert controls.pending
    assert (controls.paused, controls.stopped) == (paused, stopped)
    controls.settle()
    assert controls.pending == (paused or stopped)


def test_only_the_newest_learning_rate_counts_and_only_once():
    controls = Controls()
    controls.set_lr(0.1)
    controls.set_lr(1)
    assert controls.take_lr() == 1.0
    assert controls.take_lr() is None


def test_as_many_steps_as_asked_for():
    controls = Controls()
    controls.step_once()
    controls.step_once()
    assert [controls.take_step() for _ in range(3)] == [True, True, False]
    controls.step_once()
    controls.resume()
    assert not controls.take_step()


@pytest.mark.parametrize("lr", [math.nan, math.inf, -0.1, "0.1", None, True])
def test_a_learning_rate_that_is_none_is_refused(lr):
    controls = Controls()
    with pytest.raises(ValueError, match="finite number >= 0"):
        controls.set_lr(lr)
    assert not controls.pending


def test_a_wish_from_another_thread_ends_the_wait():
    controls = Controls()
    controls.pause()
    controls.wait(0)  # the pause itself counts as news
    waker = threading.Timer(0.05, controls.resume)
    waker.start()
    began = time.monotonic()
    controls.wait(30)
    waker.join()
    assert not controls.paused
    assert time.monotonic() - began < 20
