"""Python's cycle collector waits while a long calculation is recorded, and only then."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd_core import collector, grad

DEFAULT = (700, 10, 10)
LONG = 20 * collector.MANY

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
    first, *others = seen(LONG)
    assert LONG // 2 < first <= LONG
    assert tuple(others) == DEFAULT[1:]
    assert gc.get_threshold() == DEFAULT


def test_new_objects_are_looked_at_a_few_times_while_their_number_doubles() -> None:
    def passes() -> int:
        return sum(s["collections"] for s in gc.get_stats())

    n, before = 64 * collector.MANY, passes()
    until_asked = 3 * collector.MANY // DEFAULT[0] + 3
    seen(n)
    first = passes() - before
    assert first <= until_asked + 8
    seen(n)  # now it is known how long it is
    assert passes() - before - first <= until_asked
    assert n // DEFAULT[0] > 10 * until_asked


def test_short_calculations_change_nothing() -> None:
    found = {seen(100) for _ in range(LONG // 50)}
    assert found == {DEFAULT}


@pytest.mark.parametrize("own", [(700, 10, 0), (0, 10, 10), (50, 3, 2), (100_000, 50, 1000)])
def test_thresholds_of_ones_own_come_back(own: tuple[int, int, int]) -> None:
    gc.set_threshold(*own)
    first, *others = seen(LONG)
    assert first == own[0] if own[0] in (0, 100_000) else first > own[0]
    assert tuple(others) == own[1:]
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
