"""Work in a second thread, and BLAS meanwhile."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from autograd_core import blocks, threads
from autograd_core.threads import alone, in_two

pytest.importorskip("threadpoolctl")


class Library:
    """Stands for a BLAS."""

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads

    def set_num_threads(self, n: int) -> None:
        self.num_threads = n


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library(2)
    monkeypatch.setattr(threads, "libraries", lambda: [found])
    return found


def test_numpys_blas_is_found_and_gets_its_threads_back() -> None:
    (numpys, *_) = threads.libraries()
    before = numpys.num_threads
    with alone():
        assert numpys.num_threads == 1
        assert np.allclose(np.eye(300) @ np.eye(300), np.eye(300))
    assert numpys.num_threads == before


def test_blas_has_one_thread_until_nobody_wants_it(library: Library) -> None:
    with pytest.raises(ZeroDivisionError), alone():
        with alone():
            assert library.num_threads == 1
        assert library.num_threads == 1
        raise ZeroDivisionError
    assert library.num_threads == 2


def test_blas_gets_its_threads_back_when_many_ask_at_once(library: Library) -> None:
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        for _ in range(200):
            with alone():
                assert library.num_threads == 1

    asking = [threading.Thread(target=ask) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert library.num_threads == 2


def test_two_parts_run_at_once_inside_alone_only(library: Library) -> None:
    meet = threading.Barrier(2, timeout=10)

    def together(_part: int) -> int:
        meet.wait()  # would time out if the parts came one after the other
        return threading.get_ident()

    with alone():
        first, second = in_two(together, [0, 1])
        assert first == threading.get_ident() != second
        assert in_two(lambda part: part + 1, [3]) == [4]
    assert in_two(lambda _part: threading.get_ident(), [0, 1]) == [threading.get_ident()] * 2


def test_what_the_second_thread_does_is_not_shared_out_again(library: Library) -> None:
    with alone():
        nested = in_two(lambda i: in_two(lambda j: (i, j), [0, 1]), [0, 1])
    assert nested == [[(0, 0), (0, 1)], [(1, 0), (1, 1)]]


def test_nothing_is_shared_out_where_somebody_left_blas_one_thread(library: Library) -> None:
    library.num_threads = 1
    with alone():
        assert in_two(lambda _part: threading.get_ident(), [0, 1]) == [threading.get_ident()] * 2
    assert library.num_threads == 1


@pytest.mark.parametrize("wrong", [0, 1])
def test_an_error_in_either_thread_comes_out(library: Library, wrong: int) -> None:
    def run(part: int) -> None:
        with np.errstate(divide="raise"):
            np.divide(1.0, np.array([float(part != wrong)]))

    with pytest.raises(FloatingPointError), alone():
        in_two(run, [0, 1])
    assert library.num_threads == 2


def test_the_second_thread_has_the_settings_of_the_first(library: Library) -> None:
    with alone(), np.errstate(divide="raise"):
        settings = in_two(lambda _part: np.geterr()["divide"], [0, 1])
    assert settings == ["raise", "raise"]


class Shared:
    """A function that says how much it shares out."""

    def __init__(self, work: int) -> None:
        self.shared_work = lambda call: work


class Call:
    def __init__(self, f: Any, *args: Any) -> None:
        self.f, self.args = f, args


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([Call(Shared(1000))], True),
        ([Call(Shared(1000)), Call(np.dot, np.ones((5, 5)), np.ones((5, 10)))], True),
        ([Call(Shared(999)), Call(np.dot, np.ones((5, 5)), np.ones((5, 10)))], False),
        ([Call(Shared(0))], False),
        ([Call(np.matmul, np.ones((5, 5)), np.ones((5, 5)))], False),
    ],
)
def test_blas_is_held_where_most_products_are_shared_out(
    monkeypatch: pytest.MonkeyPatch, library: Library, calls: list, expected: bool
) -> None:
    monkeypatch.setattr(blocks, "can_share", lambda: True)
    run = blocks.shared_out(lambda: library.num_threads, calls)
    assert run() == (1 if expected else 2)
    monkeypatch.setattr(blocks, "can_share", lambda: False)
    assert blocks.shared_out(run, calls) is run


def test_nothing_is_held_where_a_process_has_one_core_or_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for n in (1, 2, 8):
        threads.can_share.cache_clear()
        monkeypatch.setattr(threads, "cores", lambda n=n: n)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
        assert threads.can_share() == (n == 2)
    threads.can_share.cache_clear()
    monkeypatch.setattr(threads, "cores", lambda: 2)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    assert not threads.can_share()
    threads.can_share.cache_clear()
