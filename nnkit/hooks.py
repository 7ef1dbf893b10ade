"""Hooks: functions that are called at a known moment, and the handle that takes one off again."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Hooks", "RemovableHandle"]

new_key = itertools.count().__next__


class RemovableHandle:
    """What a registration returns; `remove()` takes the hook off again.

    It is a context manager too: the hook stays on for the length of the `with` block.

    Examples
    --------
    >>> import nnkit as nn
    >>> layer = nn.Linear(2, 3)
    >>> with layer.register_forward_hook(lambda module, args, output: print(output.shape)):
    ...     y = layer([[1.0, 2.0]])
    (1, 3)
    """

    def __init__(self, hooks: Hooks, key: int) -> None:
        self._hooks, self._key = hooks, key

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        self._hooks.functions.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class Hooks:
    """Functions in the order of their registration; false where there are none."""

    __slots__ = ("functions",)

    def __init__(self) -> None:
        self.functions: dict[int, Callable[..., Any]] = {}

    def add(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Register a function, after the others or before them."""
        if not callable(hook):
            raise TypeError(f"a hook must be a function, got a {type(hook).__name__}")
        key = new_key()
        if prepend:
            others = dict(self.functions)
            self.functions.clear()
            self.functions |= {key: hook, **others}
        else:
            self.functions[key] = hook
        return RemovableHandle(self, key)

    def __bool__(self) -> bool:
        return bool(self.functions)

    def __iter__(self) -> Iterator[Callable[..., Any]]:
        return iter(list(self.functions.values()))  # a hook may take itself off
