"""Python's cycle collector waits while a long calculation is recorded, and only then."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd_core import collector, grad

DEFAULT = (700, 10, 10)
LONG = 6 * collector.MANY

pytestmark = pytest.mark.skipif(
    collector.FREE_THREADED or not gc.get_threshold()[2],
    reason="this Python's collector has no generations",
)


@pytest.fixture(autouse=True)
def as_python_begins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = gc.get_threshold()
    collector.expect_fewer()
    gc.set_threshold(*DEFAULT)
    yield
    collector.expect_fewer()
    gc.set_threshold(*before)


def seen(n: int, meanwhile: Any = None) -> Any:
    """Differentiate n operations; return the thresholds before the backward pass."""
    found: list[Any] = []

    def f(x: Any) -> Any:
        for _ in range(n // 2):
            x = x * 0.99999 + 1
        if meanwhile is not None:
            meanwhile()
        found.append(gc.get_threshold())
        return x

    assert grad(f)(1.0) == pytest.approx(0.99999 ** (n // 2))
    return found[0]


def test_it_waits_while_more_and_more_is_recorded_and_no_longer() -> None:
    first, second, third = seen(LONG)
    assert (first, second) == DEFAULT[:2]
    assert third >= collector.FURTHER * DEFAULT[2]
    assert gc.get_threshold() == DEFAULT


def test_all_is_walked_through_at_most_once() -> None:
    n = 60 * collector.MANY
    seen(n)  # from which it is known how long it is
    before = gc.get_stats()[2]["collections"]
    seen(n)
    assert gc.get_stats()[2]["collections"] - before <= 1


def test_short_calculations_change_nothing() -> None:
    found = {seen(100) for _ in range(LONG // 50)}
    assert found == {DEFAULT}


@pytest.mark.parametrize("own", [(700, 10, 0), (0, 10, 10), (50, 3, 2), (100_000, 50, 1000)])
def test_thresholds_of_ones_own_come_back(own: tuple[int, int, int]) -> None:
    gc.set_threshold(*own)
    during = seen(LONG)
    assert during[:2] == own[:2]
    assert during[2] >= own[2]
    assert gc.get_threshold() == own


def test_thresholds_that_are_set_meanwhile_stay() -> None:
    seen(LONG, meanwhile=lambda: gc.set_threshold(600, 9, 8))
    assert gc.get_threshold() == (600, 9, 8)


def test_garbage_is_found_when_somebody_asks() -> None:
    class Loop:
        alive = 0

        def __init__(self) -> None:
            self.me, Loop.alive = self, Loop.alive + 1

        def __del__(self) -> None:
            Loop.alive -= 1

    def litter() -> None:
        Loop()
        gc.collect()

    seen(LONG, meanwhile=litter)
    assert Loop.alive == 0


def test_after_a_calculation_without_a_backward_pass_the_next_one_gives_them_back() -> None:
    def stop() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        seen(LONG, meanwhile=stop)
    np.testing.assert_equal(grad(np.sin)(0.0), 1.0)
    assert gc.get_threshold() == DEFAULT
