"""Panel: the live view of one run, from the first step to the picture that stays.

Messages to the pages: ``news`` (see feed.py), ``ack`` (a click was heard), ``end`` (the picture
comes next). Messages from a page: ``sync`` (send everything), ``pong`` (I am here), ``shown`` (a
view is there), ``control`` (a click, with a number to acknowledge).
"""

from __future__ import annotations

import base64
import threading
import time
from typing import Any

from nnkit.notebook.feed import Feed
from nnkit.notebook.output import Output, Picture
from nnkit.notebook.widget import Channel, available
from nnkit.training.controls import Controls
from nnkit.training.run import Run

__all__ = ["Panel"]

INTERVAL = 0.15  # seconds between two messages, at the least
SHARE = 0.0025  # of the training time may go into sending

ACTIONS = {
    "pause": Controls.pause,
    "resume": Controls.resume,
    "step": Controls.step_once,
    "stop": Controls.stop,
}


class Place:
    """Where the panel is shown: an output, and the line to the live view in it."""

    def __init__(self, output: Output, channel: Channel | None) -> None:
        self.output, self.channel = output, channel

    def put(self, picture: Picture | None, live: bool) -> None:
        """Show the picture there, and if `live` the live view where there is one."""
        self.output.put(picture, self.channel.view() if live and self.channel else {})

    def close(self) -> None:
        """End the line."""
        channel, self.channel = self.channel, None
        if channel is not None:
            channel.close()


class Panel:
    """The observer that shows a run in a notebook.

    Once the run is over nothing here refers to it any more: model and optimizer can go, the history
    stays for whoever wants to see the run again.

    Parameters
    ----------
    finish : {"static", "live"}
        What the output is at the end: the picture alone, or the picture and the live view. The
        latter outlives a reload of the page, but converters prefer it to the picture where a file
        stores the state of widgets.
    """

    def __init__(self, finish: str = "static") -> None:
        self._finish_as = finish
        self._places: list[Place] = []
        self._controls: Controls | None = None
        self._sending = threading.Lock()
        self._heard = False
        self._everything = True
        self._due = 0.0
        self._told: tuple[str, int] | None = None
        self._picture: Picture | None = None
        self._leaving = False

    # ------------------------------------------------------------------ called by the run

    def started(self, run: Run) -> None:
        """Open the view."""
        self._controls = run.controls
        self._feed = Feed(run)
        self._feed.look(run, self._heard)
        self.show()

    def progressed(self, run: Run) -> None:
        """Send what is new, if it is time."""
        if time.monotonic() >= self._due:
            self._flush(run, INTERVAL)

    def waiting(self, run: Run) -> None:
        """Show at once that the run is paused, and then that it is still there."""
        if (run.status, run.step) != self._told or time.monotonic() >= self._due:
            self._flush(run, 1.0)

    def ended(self, run: Run) -> None:
        """Send the rest, then leave a picture."""
        self._controls = None
        self._flush(run, INTERVAL)
        self._picture = self._draw()
        self._leave()

    def show(self, _run: Run | None = None) -> None:
        """Show the panel, here and now."""
        over = self._controls is None
        if over and not self._keeps_view:
            self.close()  # a picture stands there by now
        # Of a run that is over, only a page that has answered before wants more than a picture.
        wanted = available() and (not over or self._heard or self._keeps_view)
        # A new line each time: a page that was reloaded meanwhile may not know the old one.
        place = Place(Output(self._feed.name), Channel(self._receive) if wanted else None)
        self._places.append(place)
        self._everything = True
        self._leaving = over
        place.put(self._picture, live=True)

    # ------------------------------------------------------------------ asked by the session

    @property
    def disposable(self) -> bool:
        """Whether the panel has done its work, and its picture stands for it."""
        return self._controls is None and not self._keeps_view

    @property
    def summary(self) -> str:
        """How the run stands, in words."""
        state = self._feed.state
        return f"{state['status']}, step {state['step']}"

    def close(self) -> None:
        """End the lines to the pages; the pictures stay."""
        for place in self._places:
            place.close()

    # ------------------------------------------------------------------ sending

    def _flush(self, run: Run, interval: float) -> None:
        began = time.thread_time()
        self._told = run.status, run.step
        self._feed.look(run, self._heard)
        self._send_news()
        cost = time.thread_time() - began
        self._due = time.monotonic() + max(interval, cost / SHARE)

    def _send_news(self) -> None:
        with self._sending:
            everything, self._everything = self._everything, False
            self._send(*self._feed.take(everything))

    def _send(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        for place in self._places:
            if place.channel is not None:
                place.channel.send(message, buffers)

    def _leave(self) -> None:
        """Leave the picture in all places; a page may let the live view stand there as well."""
        self._leaving = False
        if self._picture and not self._keeps_view:
            # The end of its text is enough to know the picture by when it appears in the page.
            self._send({"type": "end", "picture": self._picture.base64[-80:]})
        for place in self._places:
            place.put(self._picture, live=self._keeps_view)

    @property
    def _keeps_view(self) -> bool:
        return self._finish_as == "live" or (self._controls is None and self._picture is None)

    def _draw(self) -> Picture | None:
        from nnkit.plot import history_png

        try:
            png, width = history_png(self._feed.history, self._feed.labels)
        except ImportError:  # no matplotlib: the live view is all there is
            return None
        return Picture(base64.b64encode(png).decode("ascii"), width)

    # ------------------------------------------------------------------ hearing, in any thread

    def _receive(self, content: dict[str, Any]) -> None:
        self._heard = True
        kind = content.get("type")
        if kind == "sync":
            self._everything = True
            if self._controls is None:
                self._send_news()
            else:
                self._due = 0.0
        elif kind == "shown" and self._leaving:
            self._leave()
        elif kind == "control":
            self._send({"type": "ack", "id": content.get("id"), **self._obey(content)})

    def _obey(self, content: dict[str, Any]) -> dict[str, str]:
        """Put a wish into the mailbox; return what there is to say against it."""
        controls, action = self._controls, content.get("action")
        if controls is None:
            return {"error": "the run has ended"}
        if action in ACTIONS:
            ACTIONS[action](controls)
            return {}
        try:
            controls.set_lr(content["value"])
        except (KeyError, ValueError) as error:
            return {"error": str(error)}
        return {}
