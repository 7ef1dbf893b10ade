"""Switching the recording off and on: `no_grad`, `enable_grad`, per thread and async task."""

from __future__ import annotations

import contextlib
from contextvars import Token

from .errors import ArgumentError
from .graph import new_level, recording_from

__all__ = ["enable_grad", "is_grad_enabled", "no_grad"]


class no_grad(contextlib.ContextDecorator):  # noqa: N801 (torch's name)
    """Do not record what is calculated inside: a context manager and a decorator.

    Holds for this thread and this async task only. Derivatives that are opened inside
    (`grad(f)(x)`) do record.

    Examples
    --------
    >>> from autograd_core import tensor
    >>> x = tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def __init__(self) -> None:
        self._token: Token[int] | None = None

    def _recreate_cm(self) -> no_grad:
        return self.__class__()  # a decorated function may run in many threads at once

    def _threshold(self) -> int:
        return new_level()

    def __enter__(self) -> no_grad:
        if self._token is not None:
            raise ArgumentError("a no_grad() block is entered once; make a new one")
        self._token = recording_from.set(self._threshold())
        return self

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            recording_from.reset(self._token)
            self._token = None


class enable_grad(no_grad):  # noqa: N801 (torch's name)
    """Record again inside a `no_grad` block: a context manager and a decorator."""

    def _threshold(self) -> int:
        return 0


def is_grad_enabled() -> bool:
    """Whether operations on Tensors with `requires_grad` are recorded here and now."""
    return recording_from.get() == 0
