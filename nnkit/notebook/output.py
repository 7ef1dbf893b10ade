"""Output: the one display of a panel, live first and a picture for ever after.

The bundle has the same text and the same kinds of content from beginning to end, apart from the
live view, so tools that compare a stored notebook with a new run (nbval) find no difference. At
the end the live view is taken out by default: converters prefer it to the picture wherever the
state of widgets is stored in the file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import IPython.display

__all__ = ["Output", "Picture"]

PLACEHOLDER = (  # one transparent pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Picture(NamedTuple):
    """A PNG as base64 text, and the width in CSS pixels at which to show it."""

    base64: str
    width: int


class Output:
    """One place in the notebook: shown where it was first put, and updated there.

    Parameters
    ----------
    name : str or None
        The title of the run, part of the text for those who see neither view nor picture.
    """

    def __init__(self, name: str | None) -> None:
        self._text = f"nnkit live view{f' of {name}' if name else ''}"
        self._handle: Any = None

    def put(self, picture: Picture | None, view: dict[str, Any]) -> None:
        """Show `picture` and the live `view`, either of which may be missing."""
        data = {"text/plain": self._text, "image/png": picture.base64 if picture else PLACEHOLDER}
        metadata = {"image/png": {"width": picture.width}} if picture else {}
        if self._handle is None:
            show: Any = IPython.display.display
            self._handle = show(data | view, metadata=metadata, raw=True, display_id=True)
        else:
            self._handle.update(data | view, metadata=metadata, raw=True)
