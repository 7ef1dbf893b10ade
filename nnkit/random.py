"""Randomness: a stream of its own for each purpose, all set by one `seed`.

NumPy's global state is neither read nor changed. Weights, dropout and shuffling draw from
different streams, so that a dropout layer more or less does not change the order of the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.anomaly import watchers
from autograd_core.errors import ArgumentError
from autograd_core.live import live
from autograd_core.trace import recorder

__all__ = ["draw", "seed", "stream"]

PURPOSES = ("init", "dropout", "shuffle", "sampling")

_streams: dict[str, np.random.Generator] = {}


def seed(n: int) -> None:
    """Start all random streams anew: initial weights, dropout, shuffling and
    splitting of data, drawing from models.

    Parameters
    ----------
    n : int
        Not negative. The same number gives the same run on the same machine.

    Raises
    ------
    ArgumentError
        If `n` is not a whole number that is not negative.

    Examples
    --------
    >>> import nnkit as nn
    >>> nn.seed(0)
    >>> first = nn.Linear(2, 1).weight
    >>> nn.seed(0)
    >>> bool((nn.Linear(2, 1).weight == first).all())
    True
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
        raise ArgumentError(f"nnkit.seed needs a whole number >= 0, for example 0; got {n!r}.")
    for i, purpose in enumerate(PURPOSES):
        sequence = np.random.SeedSequence(int(n), spawn_key=(i,))
        _streams[purpose] = np.random.default_rng(sequence)


def stream(purpose: str) -> np.random.Generator:
    """Return the generator of one purpose: "init", "dropout", "shuffle" or "sampling".

    Without a call of `seed` it starts from entropy of the operating system.

    Examples
    --------
    >>> sorted(stream("shuffle").permutation(3).tolist())
    [0, 1, 2]
    """
    if purpose not in _streams:
        if purpose not in PURPOSES:
            raise ArgumentError(f"random streams are {', '.join(PURPOSES)}; got {purpose!r}.")
        _streams[purpose] = np.random.default_rng()
    return _streams[purpose]


def generator_of(purpose: str | np.random.Generator) -> np.random.Generator:
    """Return the generator of one purpose, or the one that is given."""
    return stream(purpose) if isinstance(purpose, str) else purpose


def drawn_from(purpose: str | np.random.Generator, method: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method of the generator of one purpose, or of a given one."""
    return getattr(generator_of(purpose), method)(*args, **kwargs)


live_draw = live(drawn_from, always=True)


def draw(purpose: str | np.random.Generator, method: str, *args: Any, **kwargs: Any) -> Any:
    """Draw random numbers: ``draw("dropout", "random", (3,))``, anew in each step of `compile`.

    Parameters
    ----------
    purpose : str or numpy.random.Generator
        The stream, as for `stream`, or a generator of one's own.
    method : str
        The name of a method of `numpy.random.Generator`.
    *args, **kwargs
        Its arguments.

    Returns
    -------
    What the method returns.

    Examples
    --------
    >>> draw("dropout", "random", (3,)).shape
    (3,)
    """
    if watchers and (found := recorder()) is not None:
        found.generators.append(lambda: generator_of(purpose))
    return live_draw(purpose, method, *args, **kwargs)
