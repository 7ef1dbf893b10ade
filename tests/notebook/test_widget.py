"""The private widget: one line, nothing but messages on it, heard while a cell runs."""

import pytest

from nnkit.notebook.widget import MIME, Channel, _answer_where_asked


@pytest.fixture
def channel(monkeypatch):
    """A channel whose messages go into a list; `heard` is what it received."""
    heard, sent = [], []
    channel = Channel(heard.append)
    monkeypatch.setattr(channel._widget, "_send", lambda msg, buffers=None: sent.append(msg))
    channel.heard, channel.sent = heard, sent
    yield channel
    channel.close()


def test_messages_go_both_ways(channel):
    channel.send({"type": "news"}, [b"1234"])
    assert channel.sent == [{"method": "custom", "content": {"type": "news"}}]
    channel._widget._handle_custom_msg({"type": "sync"}, [])
    assert channel.heard == [{"type": "sync"}]


def test_state_is_text_set_once_and_no_file_is_watched(channel):
    state = channel._widget.get_state()
    assert state["_esm"].startswith("// The live view")
    assert state["_css"].startswith(".nnkit {")
    own = {key for key in state if not key.startswith("_")}
    assert own <= {"layout", "tooltip", "tabbable"}
    assert len(state["_esm"]) + len(state["_css"]) < 50_000  # stored in a file once per widget


def test_what_shows_the_widget_has_no_address(channel):
    assert channel.view()[MIME]["model_id"] == channel._widget.model_id
    assert repr(channel._widget) == "nnkit live view"


def test_answers_are_handled_where_the_page_asked():
    class Comm:
        def _reply_subshell_for(self, data, default):
            return "the thread that is busy"

    comm = Comm()
    _answer_where_asked(comm)
    assert comm._reply_subshell_for({"id": 1}, "the subshell") == "the subshell"
    older = object()
    _answer_where_asked(older)  # nothing to undo


def test_the_module_puts_text_in_as_text():
    source = Channel.__init__.__globals__["_widget_class"]()._esm
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "http://"):
        allowed = {"http://": 2}.get(forbidden, 0)  # the name space of SVG
        assert str(source).count(forbidden) <= allowed
