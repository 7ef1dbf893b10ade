"""Threads, async tasks and exceptions do not get into each other's derivatives.

The same tests show it on a build of Python without the GIL, where threads really run at once.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from autograd_core import (
    MissingRuleError,
    absorbing_zeros,
    checkpoint,
    detect_anomaly,
    enable_grad,
    grad,
    hessian,
    is_grad_enabled,
    jvp,
    no_grad,
    tensor,
    vjp,
    vmap,
)
from tests.amounts import amount

THREADS = 8
GRADIENTS = amount("GRADIENTS", 200, 10_000)


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    """Let Python change threads every 10 microseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run_together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run each job in a thread of its own, all starting at once, and return their results."""
    start, results = threading.Barrier(len(jobs)), [None] * len(jobs)
    errors: list[BaseException] = []

    def run(i: int) -> None:
        try:
            start.wait()
            results[i] = jobs[i]()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


# Each takes the number of the gradient, and gives one that no other number gives.


def of_a_function(i: int) -> Any:
    return grad(lambda v: np.sum(np.tanh(v * (i % 7 + 1.0)) / (1.0 + v * v)))(np.arange(3.0) + i)


def of_the_tape(i: int) -> Any:
    x = tensor(np.arange(4.0) + 0.01 * i, requires_grad=True)
    y = np.exp(-x) * x
    y[1] = y[0] ** 2
    np.sum(y * np.sin(x)).backward()
    assert x.grad is not None
    return x.grad.numpy()


def of_a_buffer(i: int) -> Any:
    c = np.full((3, 4), 1.0 + i)  # a plain array, which is watched
    return vjp(lambda v: np.log(v @ c), np.ones((2, 3)))[1](np.ones((2, 4)))[0]


def of_second_order(i: int) -> Any:
    return hessian(lambda v: np.sum(v**3) * (i + 1.0))(np.array([1.0, 2.0]))


def of_both_modes(i: int) -> Any:
    return jvp(grad(lambda v: np.sum(np.sin(v * i))), (np.ones(2),), (np.arange(2.0),))[1]


def of_a_batch(i: int) -> Any:
    return vmap(grad(lambda v: v[0] ** 2 * v[1]))(np.arange(6.0).reshape(3, 2) + i)


KINDS = [of_a_function, of_the_tape, of_a_buffer, of_second_order, of_both_modes, of_a_batch]


def test_gradients_of_eight_threads_equal_the_serial_ones() -> None:
    def job(thread: int) -> Callable[[], list]:
        return lambda: [
            KINDS[(thread + i) % len(KINDS)](thread * GRADIENTS + i) for i in range(GRADIENTS)
        ]

    together = run_together(*map(job, range(THREADS)))
    for thread in range(THREADS):
        for ours, alone in zip(together[thread], job(thread)(), strict=True):
            np.testing.assert_array_equal(ours, alone)


def test_evaluation_beside_training_loses_nothing() -> None:
    w = tensor(np.arange(1.0, 4.0), requires_grad=True)
    done = threading.Event()

    def evaluate() -> int:
        recorded = 0
        while not done.is_set():
            with no_grad():
                recorded += np.sum(w * w).requires_grad
                with enable_grad():
                    recorded += not np.sum(w * w).requires_grad
        return recorded

    def train() -> int:
        wrong = 0
        try:
            for _ in range(GRADIENTS):
                x = tensor([1.0, 2.0, 3.0], requires_grad=True)
                np.sum(x * x).backward()
                wrong += x.grad is None or x.grad.tolist() != [2.0, 4.0, 6.0]
        finally:
            done.set()
        return wrong

    assert run_together(evaluate, train, evaluate, evaluate) == [0, 0, 0, 0]


def test_a_constant_shared_by_threads() -> None:
    """It is watched in each; large ones are kept from being written."""
    for size in (1_000, 600_000):
        c = np.random.default_rng(0).random(size)
        gradient = grad(lambda v, c=c: np.sum(v * c))
        x = np.ones(size)
        jobs = [lambda g=gradient, x=x: [g(x) for _ in range(2)]] * THREADS
        for found in run_together(*jobs):
            for g in found:
                np.testing.assert_array_equal(g, c)
        gc.collect()
        c[0] = 1.0  # writable again


def test_first_use_of_a_rule_in_many_threads() -> None:
    """What is read from a rule once (which operands it needs) may be read by several at once."""
    for f in (np.hypot, np.logaddexp, np.arctan2, np.copysign):
        jobs = [lambda f=f: grad(lambda v: np.sum(f(v, v + 1.0)))(np.ones(3))] * THREADS
        first, *others = run_together(*jobs)
        assert all(np.array_equal(first, g) for g in others)


# --- async tasks ----------------------------------------------------------------------------------


def test_async_tasks_keep_their_modes_and_their_graphs() -> None:
    async def train(i: int) -> Any:
        x = tensor(np.arange(3.0) + i, requires_grad=True)
        y = x * x
        await asyncio.sleep(0)
        loss = np.sum(y * np.sin(x))
        await asyncio.sleep(0)
        assert loss.requires_grad and is_grad_enabled()
        loss.backward()
        assert x.grad is not None
        return x.grad.numpy()

    async def evaluate() -> None:
        x = tensor(1.0, requires_grad=True)
        for _ in range(5):
            with no_grad():
                await asyncio.sleep(0)
                assert not (x * x).requires_grad
                with enable_grad(), detect_anomaly():
                    await asyncio.sleep(0)
                    assert (x * x).requires_grad
            await asyncio.sleep(0)
            assert (x * x).requires_grad

    async def all_at_once() -> list:
        return await asyncio.gather(*[f for i in range(50) for f in (train(i), evaluate())])

    for i, g in enumerate(asyncio.run(all_at_once())[::2]):
        x = np.arange(3.0) + i
        np.testing.assert_allclose(g, 2 * x * np.sin(x) + x * x * np.cos(x), rtol=1e-12)


# --- exceptions -----------------------------------------------------------------------------------


class StoppedError(Exception):
    pass


def stop(*_: Any) -> Any:
    raise StoppedError


def in_a_gradient() -> None:
    grad(lambda x: stop(x * x))(1.0)


def in_an_inner_gradient() -> None:
    grad(lambda x: grad(lambda y: stop(x * y))(2.0) * x)(1.0)


def in_forward_mode() -> None:
    jvp(lambda x: stop(np.sin(x)), (1.0,), (1.0,))


def in_a_batch() -> None:
    vmap(lambda x: stop(np.sin(x)))(np.ones(3))


def in_no_grad() -> None:
    with no_grad():
        stop()


def in_a_function_without_grad() -> None:
    no_grad()(stop)(1.0)


def in_anomaly_mode() -> None:
    with detect_anomaly():
        stop()


def in_absorbing_mode() -> None:
    with absorbing_zeros():
        stop()


def in_a_checkpoint() -> None:
    checkpoint(stop)(tensor(1.0, requires_grad=True))


def in_a_hook() -> None:
    x = tensor(1.0, requires_grad=True)
    y = x * x
    y.register_hook(stop)
    y.backward()


def without_a_rule() -> None:
    def f(x: Any) -> Any:
        with no_grad(), enable_grad(), detect_anomaly():
            return np.linalg.eigh(np.sin(x), UPLO=stop(x))

    grad(f)(np.eye(2))


def in_a_generator() -> None:
    def values() -> Iterator[Any]:
        with no_grad():
            yield 1.0
            stop()

    list(values())


FAILURES = [
    in_a_gradient,
    in_an_inner_gradient,
    in_forward_mode,
    in_a_batch,
    in_no_grad,
    in_a_function_without_grad,
    in_anomaly_mode,
    in_absorbing_mode,
    in_a_checkpoint,
    in_a_hook,
    without_a_rule,
    in_a_generator,
]


@pytest.mark.parametrize("fail", FAILURES, ids=lambda f: f.__name__)
def test_an_exception_leaves_everything_as_it_was(fail: Any) -> None:
    before = dict(contextvars.copy_context())
    for _ in range(3):
        with pytest.raises((StoppedError, MissingRuleError)):
            fail()
    after = dict(contextvars.copy_context())
    assert {k.name: v for k, v in after.items() if before.get(k, v) is not v} == {}
    assert is_grad_enabled()
    assert grad(grad(lambda x: x**3))(2.0) == 12.0
    assert jvp(grad(lambda x: x**3), (2.0,), (1.0,))[1] == 12.0


@pytest.mark.parametrize("f", [np.log, np.linalg.inv], ids=["log", "inv"])
def test_an_exception_in_a_backward_pass_leaves_other_graphs_alone(f: Any) -> None:
    x = tensor(np.eye(2), requires_grad=True)
    y = np.sum(x * x)
    z = x @ x
    z.register_hook(stop)
    with pytest.raises(StoppedError):
        np.sum(f(z + 3.0 * np.eye(2) + 1.0)).backward()
    x.grad = None
    y.backward()
    assert x.grad is not None and x.grad.tolist() == [[2.0, 0.0], [0.0, 2.0]]
