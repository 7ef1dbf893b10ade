"""Letting a zero cotangent absorb NaN and infinity: `absorbing_zeros`."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

import numpy as np

from .errors import ArgumentError

__all__ = ["absorb", "absorbing", "absorbing_zeros"]

absorbing: ContextVar[bool] = ContextVar("absorbing", default=False)


class absorbing_zeros:  # noqa: N801 (a context manager, as no_grad)
    """Let 0 times infinity, and 0 times NaN, be 0 in backward passes: a context manager.

    In `np.where(x > 0, np.sqrt(x), 0.0)` the branch that was not taken receives a cotangent of
    zero. At x = 0 the chain rule multiplies it by the derivative of the root, which is infinite
    there, and the gradient is NaN, in every system that follows the chain rule to the letter.
    Inside this block elementwise functions pass on zero where they receive zero.

    The mode hides a NaN where a zero cotangent is by chance, and not by choice, so it is off by
    default. It costs two passes over each array of a backward pass. Second derivatives need the
    block around the outer one, too. Holds for this thread and this async task.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> f = lambda x: np.where(x > 0, np.sqrt(x), 0.0)
    >>> with np.errstate(all="ignore"):
    ...     grad(f)(0.0)
    np.float64(nan)
    >>> with np.errstate(all="ignore"), absorbing_zeros():
    ...     float(grad(f)(0.0))
    0.0
    """

    _token: Token[bool] | None = None

    def __enter__(self) -> absorbing_zeros:
        if self._token is not None:
            raise ArgumentError("an absorbing_zeros() block is entered once; make a new one")
        self._token = absorbing.set(True)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            absorbing.reset(self._token)
            self._token = None


def absorb(c: Any, g: Any) -> Any:
    """Put zero where the cotangent `g` that `c` was made of is zero."""
    return np.where(g == 0, 0.0, c)
