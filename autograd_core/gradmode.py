"""Switching the recording off and on: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference`.

Each holds for this thread and this async task only. Each is a context manager and a decorator: of
functions, and of generators and coroutines, where it holds while their own code runs, and not
while their caller's does. A thread begins with gradients on - except where Python lets it inherit
the context of who started it (`sys.flags.thread_inherit_context`, set in free-threaded builds).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar, Token
from typing import Any, Self

from .errors import ArgumentError
from .graph import new_level, recording_from

__all__ = [
    "enable_grad",
    "inference",
    "inference_mode",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_grad_enabled",
]

sealed_below: ContextVar[int] = ContextVar("sealed_below", default=0)
"""Levels below this number cannot be recorded again inside: `inference` sets it."""

Mode = tuple[int, int]
"""What `recording_from` and `sealed_below` are set to."""

Function = Callable[..., Any]


class Switch:
    """A context manager that sets a mode, and a decorator."""

    _tokens: tuple[Token[int], Token[int]] | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a switch; take `@no_grad` for `@no_grad()`, as torch does."""
        return cls()(args[0]) if args and callable(args[0]) else super().__new__(cls)

    def mode(self) -> Mode:
        """Return the mode that holds inside."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        if self._tokens is not None:
            name = type(self).__name__
            raise ArgumentError(f"this {name} block is entered already; make a new {name}()")
        self._tokens = set_mode(self.mode())
        return self

    def __exit__(self, *exc: object) -> None:
        if self._tokens is not None:
            reset_mode(self._tokens)
            self._tokens = None

    def __call__(self, function: Function) -> Function:
        """Return the function with this mode inside; it may run in many threads at once."""
        return with_mode(function, self.mode)


class no_grad(Switch):  # noqa: N801 (torch's name)
    """Do not record what is calculated inside: a context manager and a decorator.

    Derivatives that are opened inside (`grad(f)(x)`) do record.

    Examples
    --------
    >>> from autograd_core import tensor
    >>> x = tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def mode(self) -> Mode:
        """Record levels that are opened from now on."""
        return new_level(), sealed_below.get()


class enable_grad(Switch):  # noqa: N801 (torch's name)
    """Record again inside a `no_grad` block: a context manager and a decorator.

    Has no effect inside `inference`.

    Examples
    --------
    >>> with no_grad(), enable_grad():
    ...     is_grad_enabled()
    True
    """

    def mode(self) -> Mode:
        """Record all levels that may be recorded."""
        return sealed_below.get(), sealed_below.get()


class set_grad_enabled(Switch):  # noqa: N801 (torch's name)
    """Switch recording on or off from here on; in a `with` block, until its end.

    Parameters
    ----------
    mode : bool
        Whether to record.

    Examples
    --------
    >>> from autograd_core import tensor
    >>> x, training = tensor(2.0, requires_grad=True), False
    >>> with set_grad_enabled(training):
    ...     y = x * x
    >>> y.requires_grad, is_grad_enabled()
    (False, True)
    """

    def __init__(self, mode: bool) -> None:
        self._enabled = bool(mode)
        self._tokens = set_mode(self.mode())

    def mode(self) -> Mode:
        """Do as `enable_grad` or as `no_grad`."""
        return enable_grad.mode(self) if self._enabled else no_grad.mode(self)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        return self

    def __call__(self, function: Function) -> Function:
        """Return the function with this mode inside; outside, all stays as it was."""
        self.__exit__()
        return super().__call__(function)


class inference(Switch):  # noqa: N801
    """Do not record what is calculated inside, whatever the code inside says.

    Like `no_grad`, but `enable_grad` inside has no effect: for code of others that is to be run
    without a tape. What is calculated are ordinary Tensors without a history. They can be used
    in recorded calculations afterwards, as constants (in torch they cannot). Derivatives that are
    opened inside (`grad(f)(x)`) do record. torch's name `inference_mode` is the same.

    Parameters
    ----------
    mode : bool, default True
        False lifts the mode inside.

    Examples
    --------
    >>> from autograd_core import tensor
    >>> x = tensor(2.0, requires_grad=True)
    >>> with inference(), enable_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def __init__(self, mode: bool = True) -> None:
        self._enabled = bool(mode)

    def mode(self) -> Mode:
        """Seal what is open now."""
        level = new_level() if self._enabled else 0
        return level, level


inference_mode = inference


def is_grad_enabled() -> bool:
    """Whether operations on Tensors with `requires_grad` are recorded here and now.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_grad_enabled()
    True
    >>> with no_grad():
    ...     is_grad_enabled()
    False
    """
    return recording_from.get() == 0


def is_inference_mode_enabled() -> bool:
    """Whether this code runs inside `inference`.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_inference_mode_enabled()
    False
    >>> with inference():
    ...     is_inference_mode_enabled()
    True
    """
    return sealed_below.get() > 0


def set_mode(mode: Mode) -> tuple[Token[int], Token[int]]:
    """Switch to a mode; return what `reset_mode` needs to go back."""
    return recording_from.set(mode[0]), sealed_below.set(mode[1])


def reset_mode(tokens: tuple[Token[int], Token[int]]) -> None:
    """Switch back."""
    recording_from.reset(tokens[0])
    sealed_below.reset(tokens[1])


# --- decorators -----------------------------------------------------------------------------------


class Held:
    """A mode that holds while certain code runs, and not in the pauses between its steps.

    Code that changes its mode itself and pauses inside (`with enable_grad(): yield x`) finds the
    mode again as it left it.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode

    def run(self, step: Function, *args: Any, **kwargs: Any) -> Any:
        """Call a function in this mode."""
        tokens = set_mode(self.mode)
        try:
            return step(*args, **kwargs)
        finally:
            self.mode = recording_from.get(), sealed_below.get()
            reset_mode(tokens)

    def drive(self, steps: Any) -> Generator[Any, Any, Any]:
        """Pass on what a generator yields and what it is sent, its own code run in this mode."""
        step, value = steps.send, None
        while True:
            try:
                item = self.run(step, value)
            except StopIteration as stop:
                return stop.value
            try:
                step, value = steps.send, (yield item)
            except GeneratorExit:
                self.run(steps.close)
                raise
            except BaseException as error:
                step, value = steps.throw, error


class Driven:
    """An awaitable whose own code runs in a mode."""

    def __init__(self, held: Held, inner: Awaitable[Any]) -> None:
        self.held, self.inner = held, inner

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.held.drive(self.inner.__await__())


def with_mode(function: Function, mode: Callable[[], Mode]) -> Function:
    """Return the function with a mode inside; it stays of the kind that it is."""
    changed: Function
    if inspect.isasyncgenfunction(function):
        changed = async_generator_with_mode(function, mode)
    elif inspect.isgeneratorfunction(function):

        def changed(*args: Any, **kwargs: Any) -> Any:
            return (yield from Held(mode()).drive(function(*args, **kwargs)))

    elif inspect.iscoroutinefunction(function):

        async def changed(*args: Any, **kwargs: Any) -> Any:
            return await Driven(Held(mode()), function(*args, **kwargs))

    else:

        def changed(*args: Any, **kwargs: Any) -> Any:
            return Held(mode()).run(function, *args, **kwargs)

    return functools.wraps(function)(changed)


def async_generator_with_mode(function: Function, mode: Callable[[], Mode]) -> Function:
    """Do for an asynchronous generator what `Held.drive` does for a generator."""

    async def changed(*args: Any, **kwargs: Any) -> Any:
        held, steps = Held(mode()), function(*args, **kwargs)
        step = steps.__anext__()
        try:
            while True:
                try:
                    item = await Driven(held, step)
                except StopAsyncIteration:
                    return
                try:
                    step = steps.asend((yield item))
                except GeneratorExit:
                    raise
                except BaseException as error:
                    step = steps.athrow(error)
        finally:
            await Driven(held, steps.aclose())

    return changed
