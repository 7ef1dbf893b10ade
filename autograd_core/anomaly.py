"""Finding where a NaN or an infinity was born: `detect_anomaly`."""

from __future__ import annotations

import linecache
import os
import sys
import sysconfig
from contextvars import ContextVar, Token
from types import FrameType
from typing import Any

import numpy as np

from .errors import ArgumentError, NonFiniteError, describe

__all__ = [
    "check_backward",
    "check_forward",
    "detect_anomaly",
    "levels_to_user",
    "user_line",
    "watchers",
    "watching",
]

watching: ContextVar[bool] = ContextVar("watching", default=False)
watchers: list[Any] = []  # the open blocks of all threads: while there is none, nobody need ask


def folder(*parts: str) -> str:
    """Write the name of a folder so that the files in it begin with it."""
    return os.path.join(os.path.abspath(os.path.join(*parts)), "")


OURS = (
    folder(os.path.dirname(__file__)),
    folder(os.path.dirname(__file__), "..", "nnkit"),
    folder(os.path.dirname(np.__file__)),
    "<frozen ",
)
OTHERS = tuple({folder(p) for k, p in sysconfig.get_paths().items() if "lib" in k})
"""Where libraries are: their lines are named only if there is no other."""


LISTENING = ("autograd_core.trace", "autograd_core.traced")


def is_of_library(file: str) -> bool:
    """Whether a file is not the user's."""
    return file.startswith(OURS) or file.startswith(OTHERS)


class detect_anomaly:  # noqa: N801 (torch's name)
    """Report the first NaN or infinity, forward or backward, with the line of your code.

    A context manager. The calculation stops with a `NonFiniteError` that names the operation, its
    operands, and the line (in a notebook the cell and the line) that called it. Values that are
    not finite already when they come in are not reported.

    Inside, every operation looks at its result and at its caller, which makes small ones several
    times slower; outside it costs nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_core import grad
    >>> with np.errstate(all="ignore"), detect_anomaly():  # doctest: +IGNORE_EXCEPTION_DETAIL
    ...     grad(lambda x: np.sqrt(x - 1.0))(1.0)
    Traceback (most recent call last):
        ...
    autograd_core.errors.NonFiniteError: the backward pass of np.sqrt made the first inf, ...
    """

    _token: Token[bool] | None = None

    def __enter__(self) -> detect_anomaly:
        if self._token is not None:
            raise ArgumentError("a detect_anomaly() block is entered once; make a new one")
        self._token = watching.set(True)
        watchers.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            watchers.remove(self)
            watching.reset(self._token)
            self._token = None


def user_line(frame: FrameType | None = None) -> str:
    """Say which line of the user's code is being run: the innermost one outside of libraries."""
    frame = frame or sys._getframe(1)
    found = None
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(OURS):
            found = found or frame
            if not file.startswith(OTHERS):
                found = frame
                break
        frame = frame.f_back
    if found is None:
        return "an unknown line"
    file, number = found.f_code.co_filename, found.f_lineno
    text = linecache.getline(file, number).strip()
    return f"{place_name(file)}, line {number}" + (f": {text}" if text else "")


def is_called_by_user() -> bool:
    """Whether a call that is noted stands in the user's code itself, not in a function of ours."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in LISTENING:
        frame = frame.f_back
    return frame is not None and not is_of_library(frame.f_code.co_filename)


def levels_to_user() -> int:
    """Return the `stacklevel` that lets a warning of the caller's name the line outside of ours."""
    frame: FrameType | None = sys._getframe(1)
    level = 1
    while frame is not None and frame.f_code.co_filename.startswith(OURS):
        frame, level = frame.f_back, level + 1
    return level


def place_name(file: str) -> str:
    """Name a file, or the cell of a notebook as IPython names it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        named = shell.compile.format_code_name(file)
        if named is not None:
            return " ".join(named)
    return file


def is_finite(x: Any) -> bool:
    """Whether an array holds neither NaN nor infinity; other things are."""
    dtype = getattr(x, "dtype", None)
    if not isinstance(x, float) and (dtype is None or dtype.kind not in "fc" or is_spec(x)):
        return True
    return bool(np.all(np.isfinite(x)))


def is_spec(x: Any) -> bool:
    """Whether x only stands for an operand that was not kept."""
    return not hasattr(x, "__array_ufunc__")


def which(x: Any) -> str:
    """Name what is not finite in an array."""
    return "NaN" if np.any(np.isnan(x)) else "inf"


def check_forward(rule: Any, values: Any, y: Any) -> None:
    """Refuse a result that is not finite though all operands are."""
    outputs = y if isinstance(y, (tuple, list)) else [y]
    bad = next((v for v in outputs if not is_finite(v)), None)
    if bad is not None and all(map(is_finite, values)):
        raise NonFiniteError(
            f"{rule.name}({', '.join(map(describe, values))}) made the first {which(bad)}, in "
            f"{user_line()}"
        )


def check_backward(node: Any, i: int, g: Any, c: Any) -> None:
    """Refuse a cotangent that is not finite though the one it was made from is."""
    came_in = (*(g if isinstance(g, tuple) else (g,)), *node.operands)
    if not is_finite(c) and all(map(is_finite, came_in)):
        raise NonFiniteError(
            f"the backward pass of {node.rule.name} made the first {which(c)}, in the gradient of "
            f"operand {i}, shape {node.parents[i].shape}. It was called in {node.where}"
        )
