"""Channel: a private widget that carries messages between a panel and the pages that show it.

Nothing but custom messages travels on it. Its state is set once, before it is shown: traits have
no locks, and a page that writes one while the loop writes another makes notifications vanish.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["Channel", "available"]

MIME = "application/vnd.jupyter.widget-view+json"


def available() -> bool:
    """Whether the packages for a live view are installed."""
    try:
        import anywidget  # noqa: F401
    except ImportError:
        return False
    return True


@cache
def _widget_class() -> Any:
    import anywidget

    files = resources.files("nnkit.notebook")

    class LiveView(anywidget.AnyWidget):
        # Text, not paths: a path would be watched for changes, and its widget never freed.
        _esm = (files / "live.js").read_text(encoding="utf-8")
        _css = (files / "live.css").read_text(encoding="utf-8")

        def __repr__(self) -> str:
            return "nnkit live view"

    return LiveView


class Channel:
    """A line to the pages that show one panel.

    Parameters
    ----------
    receive : callable
        Called with the content of each message from a page, in whatever thread the kernel handles
        it.
    """

    def __init__(self, receive: Callable[[dict[str, Any]], None]) -> None:
        self._widget = _widget_class()()
        self._widget.on_msg(lambda _widget, content, _buffers: receive(content))
        _answer_where_asked(self._widget.comm)

    def send(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Send a message to every page."""
        self._widget.send(message, buffers)

    def view(self) -> dict[str, Any]:
        """Return the part of a display bundle that shows the widget."""
        bundle, _ = self._widget._repr_mimebundle_()
        return {MIME: bundle[MIME]}

    def close(self) -> None:
        """End the line; pages drop their live views."""
        self._widget.close()


def _answer_where_asked(comm: Any) -> None:
    """Have the messages of a page handled in the thread that the page chose.

    ipykernel 7.4 sends them instead to the thread that last sent on this comm. While a cell runs
    that is the busy main thread, and no button would be heard before the cell has ended. The name
    is private to ipykernel: should it go, the handshake tells the person at the panel.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default: default
