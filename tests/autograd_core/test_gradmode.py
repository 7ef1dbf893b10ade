"""no_grad, enable_grad, set_grad_enabled, inference: where they hold, and where they must not."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from autograd_core import (
    ArgumentError,
    GraphError,
    enable_grad,
    grad,
    inference,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
    tensor,
)


def records() -> bool:
    """Whether an operation is recorded; `is_grad_enabled` must say the same."""
    found = (tensor(2.0, requires_grad=True) * 3.0).requires_grad
    assert found == is_grad_enabled()
    return found


OFF = [no_grad, inference, inference_mode, lambda: set_grad_enabled(False)]
ON = [enable_grad, lambda: inference(False), lambda: set_grad_enabled(True)]


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("on", ON)
def test_blocks_nest_and_end(off: Any, on: Any) -> None:
    assert records()
    with off():
        assert not records()
        sealed = is_inference_mode_enabled() and on is not ON[1]
        with on():
            assert records() is not sealed
            with no_grad():
                assert not records()
        assert not records()
    assert records() and not is_inference_mode_enabled()
    with pytest.raises(ZeroDivisionError), off():
        raise ZeroDivisionError
    assert records()


def test_set_grad_enabled_as_a_statement() -> None:
    before = set_grad_enabled(False)
    assert not records()
    set_grad_enabled(True)
    assert records()
    before.__exit__()
    assert records()


def test_a_block_is_entered_once() -> None:
    block = no_grad()
    with block, pytest.raises(ArgumentError, match=r"no_grad.*make a new"), block:
        pass
    with block:  # again, after its end
        assert not records()
    assert records()


@pytest.mark.parametrize("off", [no_grad, inference])
def test_derivatives_opened_inside_do_record(off: Any) -> None:
    with off():
        assert grad(lambda x: x * x)(3.0) == 6.0
        assert grad(grad(lambda x: x**3))(2.0) == 12.0


def test_results_of_inference_are_constants_afterwards() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with inference():
        y = x * 3.0
    (x * y).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [3.0, 6.0]
    y += 1.0
    y.requires_grad_()
    (y * y).sum().backward()
    assert y.grad is not None and y.grad.tolist() == [8.0, 14.0]


def test_a_result_of_inference_that_changes_is_noticed() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    with inference():
        y = x * 3.0
    loss = (x * y).sum()
    y += 1.0
    with pytest.raises(GraphError, match="operand 1"):
        loss.backward()


# --- decorators -----------------------------------------------------------------------------------

DECORATORS = [no_grad(), no_grad, inference(), inference, set_grad_enabled(False)]
DECORATORS[-1].__exit__()


@pytest.mark.parametrize("decorate", DECORATORS)
def test_functions(decorate: Any) -> None:
    @decorate
    def f(a: int, b: int = 2) -> Any:
        """Say."""
        return a, b, records()

    assert f(1, b=3) == (1, 3, False)
    assert (f.__name__, f.__doc__, records()) == ("f", "Say.", True)


def test_decorating_changes_nothing_outside() -> None:
    @set_grad_enabled(False)
    def f() -> bool:
        return records()

    assert records() and not f() and records()


def pausing() -> Iterator[Any]:
    """Say in each step what holds; go on with what is sent."""
    sent = yield records()
    with enable_grad():
        again = yield records()
        assert records()  # the generator's own block still holds after the pause
    try:
        yield records(), sent, again
    except ZeroDivisionError:
        yield "caught", records()
    return "done"


def test_a_generator_does_not_leak_its_mode() -> None:
    steps = no_grad(pausing)()
    assert inspect.isgenerator(steps)
    found = []
    for act, value in [
        (steps.send, None),
        (steps.send, 1),
        (steps.send, 2),
        (steps.throw, ZeroDivisionError()),
    ]:
        found.append(act(value))
        assert records()
    assert found == [False, True, (False, 1, 2), ("caught", False)]
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value == "done"


def test_a_generator_keeps_its_mode_in_a_caller_without_gradients() -> None:
    @enable_grad()
    def steps() -> Iterator[bool]:
        while True:
            yield records()

    running = steps()
    with no_grad():
        assert next(running)
        assert not records()
    assert next(running)
    running.close()
    assert records()


def test_the_clean_up_of_a_generator_runs_in_its_mode() -> None:
    found = []

    @no_grad()
    def steps() -> Iterator[None]:
        try:
            yield
        finally:
            found.append(records())

    running = steps()
    next(running)
    running.close()
    assert found == [False]


async def awaiting(log: Callable[[bool], None]) -> str:
    for _ in range(3):
        log(records())
        await asyncio.sleep(0)
    return "done"


def test_a_coroutine_does_not_leak_its_mode_to_who_drives_it() -> None:
    """Whoever calls `send` runs in the same context, unlike the tasks of asyncio."""

    class Pause:
        def __await__(self) -> Iterator[None]:
            yield

    @no_grad()
    async def f() -> bool:
        await Pause()
        return records()

    running = f()
    assert inspect.iscoroutine(running)
    running.send(None)
    assert records()
    with pytest.raises(StopIteration) as stop:
        running.send(None)
    assert stop.value.value is False


def test_tasks_keep_their_own_mode() -> None:
    logs: list[list[bool]] = [[], [], [], []]

    async def inside_a_block() -> None:
        with no_grad():
            await awaiting(logs[1].append)

    async def main() -> Any:
        return await asyncio.gather(
            no_grad(awaiting)(logs[0].append),
            inside_a_block(),
            inference(awaiting)(logs[2].append),
            awaiting(logs[3].append),
        )

    assert asyncio.run(main()) == ["done", None, "done", "done"]
    assert logs == [[False] * 3, [False] * 3, [False] * 3, [True] * 3]


def test_asynchronous_generators() -> None:
    @no_grad
    async def steps() -> AsyncIterator[Any]:
        try:
            sent = yield records()
            await asyncio.sleep(0)
            yield records(), sent
        except ZeroDivisionError:
            yield "caught", records()
        finally:
            log.append(records())

    async def main() -> None:
        running: Any = steps()
        assert await running.__anext__() is False and records()
        assert await running.asend(5) == (False, 5) and records()
        assert await running.athrow(ZeroDivisionError()) == ("caught", False) and records()
        await running.aclose()
        assert [item async for item in steps()] == [False, (False, None)]
        assert records()

    log: list[bool] = []
    asyncio.run(main())
    assert log == [False, False]


def test_decorators_stack() -> None:
    """What is decorated is still a generator function, a coroutine function ..."""

    async def async_steps() -> AsyncIterator[None]:
        yield

    for f, kind in [
        (pausing, inspect.isgeneratorfunction),
        (awaiting, inspect.iscoroutinefunction),
        (async_steps, inspect.isasyncgenfunction),
    ]:
        assert kind(no_grad(enable_grad(f)))
    steps = no_grad(enable_grad(pausing))()
    assert next(steps) is True
    assert records()


def test_threads_keep_their_own_mode() -> None:
    """What a thread begins with is up to Python; what it does then is its own affair."""
    inherits = bool(getattr(sys.flags, "thread_inherit_context", False))
    found = []
    with inference():
        thread = threading.Thread(target=lambda: found.append(records()))
        thread.start()
        thread.join()
        assert not records()
    assert found == [not inherits]
    thread = threading.Thread(target=inference().__enter__)
    thread.start()
    thread.join()
    assert records()
