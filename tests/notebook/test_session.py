"""Who shows a run: a panel in a kernel, lines in a terminal, nobody where nothing is loaded."""

import subprocess
import sys
import threading

import pytest

from nnkit.notebook import line as line_module
from nnkit.notebook import session as session_module
from nnkit.notebook.line import Line
from nnkit.notebook.session import KEPT, Session
from nnkit.training.history import History
from nnkit.training.run import live


class Kernel:
    kernel = True


@pytest.mark.parametrize(
    ("shell", "on", "kind"),
    [
        (None, True, "NoneType"),
        (object(), True, "Line"),
        (object(), False, "NoneType"),
        (Kernel(), True, "Panel"),
        (Kernel(), False, "NoneType"),
    ],
)
def test_who_shows_a_run(monkeypatch, shell, on, kind):
    monkeypatch.setattr(session_module, "_shell", lambda: shell)
    session = Session()
    session.on = on
    assert type(session.observe(live())).__name__ == kind


class FakePanel:
    def __init__(self, finish):
        self.disposable, self.closed = finish == "static", False

    def close(self):
        self.closed = True


@pytest.mark.parametrize("finish", ["static", "live"])
def test_lines_of_old_panels_are_closed_unless_they_stay_live(monkeypatch, finish):
    monkeypatch.setattr(session_module, "_shell", Kernel)
    monkeypatch.setattr(session_module, "Panel", FakePanel)
    session = Session()
    session.finish = finish
    panels = [session.observe(None) for _ in range(KEPT + 3)]
    closed = [panel.closed for panel in panels]
    assert closed == [finish == "static"] * 3 + [False] * KEPT


def test_a_terminal_gets_a_line_now_and_then_and_one_at_the_end(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(line_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr("nnkit.training.run.observers", [lambda run: Line()])
    for _ in (run := live(range(12))):
        now[0] += 1.0
        run.log(loss=1 / run.step, **{"grad/a": 1.0})
    assert capsys.readouterr().out.splitlines() == [
        "running: step 5/12  loss 0.2",
        "running: step 10/12  loss 0.1",
        "finished: step 12/12  loss 0.08333",
    ]


def test_plain_python_prints_nothing_and_imports_nothing():
    code = (
        "import sys, threading\n"
        "from nnkit.training.run import live\n"
        "for _ in (run := live(range(3))): run.log(loss=1.0)\n"
        "print(run, threading.active_count(), sorted(n for n in sys.modules if n in\n"
        "      ('IPython', 'ipywidgets', 'anywidget', 'matplotlib', 'nnkit.notebook')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "Run(finished, step 3) 1 []\n"
    assert done.stderr == ""


def test_no_thread_is_left_over(monkeypatch):
    before = threading.active_count()
    monkeypatch.setattr("nnkit.training.run.observers", [lambda run: Line()])
    for _ in (run := live(range(3), history=History())):
        run.log(loss=1.0)
    assert threading.active_count() == before
