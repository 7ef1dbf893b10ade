"""Random generators: all that a training draws from, found, and their states kept and put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np

from nnkit.module import Module
from nnkit.random import PURPOSES, stream

__all__ = ["Generators"]

DEPTH = 5  # how far the parts of a loader are searched: loader, dataset, its parts, a transform
MOST = 64  # entries of a list or dict that are looked at
MOST_OBJECTS = 10_000


class Generators:
    """The streams of `nnkit.seed`, and the generators that a model and a loader own.

    Parameters
    ----------
    model : Module
        All its parts are looked at.
    loader : iterable
        Its samplers and datasets, and what they hold, are looked at.

    Examples
    --------
    >>> import nnkit as nn
    >>> generators = Generators(nn.Linear(1, 1), [])
    >>> before = generators.states()
    >>> first = stream("shuffle").random()
    >>> generators.set_states(before)
    >>> stream("shuffle").random() == first
    True
    """

    def __init__(self, model: Module, loader: Any) -> None:
        own: dict[str, np.random.Generator] = {}
        seen: set[int] = set()
        for path, part in model.named_modules():
            for name, value in vars(part).items():
                for where, generator in search(value, f"model.{path}.{name}", 1, seen):
                    own[where] = generator
        self.of_model = bool(own)
        for where, generator in search(loader, "loader", DEPTH, seen):
            own[where] = generator
        self._own = own

    def states(self) -> dict[str, Any]:
        """Return the states of all generators by their names."""
        found = {f"stream.{p}": stream(p).bit_generator.state for p in PURPOSES}
        for name, generator in self._own.items():
            found[name] = deepcopy(generator.bit_generator.state)
        return found

    def set_states(self, states: Mapping[str, Any]) -> None:
        """Put the states back, of those generators that are there."""
        for purpose in PURPOSES:
            if f"stream.{purpose}" in states:
                stream(purpose).bit_generator.state = states[f"stream.{purpose}"]
        for name, generator in self._own.items():
            if name in states:
                generator.bit_generator.state = states[name]


def search(
    x: Any, name: str, depth: int, seen: set[int]
) -> Iterator[tuple[str, np.random.Generator]]:
    """Yield the generators in an object and its parts, each once."""
    if (
        id(x) in seen
        or len(seen) > MOST_OBJECTS
        or isinstance(x, (Module, np.ndarray, str, bytes, int, float, type))
    ):
        return
    seen.add(id(x))
    if isinstance(x, np.random.Generator):
        yield name, x
    elif depth and isinstance(x, (list, tuple)):
        for i, item in enumerate(x[:MOST]):
            yield from search(item, f"{name}.{i}", depth - 1, seen)
    elif depth and isinstance(x, Mapping):
        for key, item in list(x.items())[:MOST]:
            yield from search(item, f"{name}.{key}", depth - 1, seen)
    elif depth and hasattr(x, "__dict__"):
        for key, item in list(vars(x).items()):
            yield from search(item, f"{name}.{key}", depth - 1, seen)
