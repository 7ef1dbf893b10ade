"""The harness itself: a tiny notebook runs, stops, is saved and reopened as it is for a person."""

import sys

import pytest
from playwright.sync_api import expect


def test_runs_a_notebook_without_console_errors(lab, notebook, tmp_path):
    lab.write("tiny.ipynb", [("# A heading",), "import sys", "print(6 * 7, sys.executable)"])
    notebook.open("tiny.ipynb")
    assert notebook.kernel_status != "none"
    notebook.run_all()
    notebook.wait_idle()
    expect(notebook.cell_output(2)).to_have_text(f"42 {sys.executable}")
    assert notebook.cell_errors == []
    assert notebook.console_errors == []
    notebook.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_interrupt_ends_a_busy_cell(lab, notebook):
    lab.write("busy.ipynb", ["import time\nprint('started')\nwhile True: time.sleep(0.01)"])
    notebook.open("busy.ipynb")
    notebook.run_cell(0)
    expect(notebook.cell_output(0)).to_have_text("started")
    with pytest.raises(TimeoutError, match="busy.ipynb was still running"):
        notebook.wait_idle(timeout=0.3)
    notebook.interrupt()
    notebook.wait_idle()
    assert notebook.cell_errors == ["KeyboardInterrupt: "]


def test_saved_file_reopens_without_a_kernel(lab, notebook):
    lab.write("keep.ipynb", ["print('kept')", "1 / 0"])
    notebook.open("keep.ipynb")
    notebook.run_all()
    notebook.wait_idle()
    notebook.save()
    notebook.reopen(kernel=False)
    expect(notebook.cell_output(0)).to_have_text("kept")
    assert notebook.cell_errors == ["ZeroDivisionError: division by zero"]
    assert notebook.kernel_status == "none"
    assert lab.request("api/kernels") == []
    assert lab.saved("keep.ipynb")["cells"][0]["outputs"][0]["text"] == ["kept\n"]


def test_javascript_errors_are_seen(lab, notebook):
    lab.write("faulty.ipynb", ["pass"])
    notebook.open("faulty.ipynb")
    notebook.page.evaluate("() => { console.error('said so'); setTimeout(() => { gone() }, 0); }")
    notebook.page.wait_for_timeout(100)
    assert any("said so" in text for text in notebook.console_errors)
    assert any("gone is not defined" in text for text in notebook.console_errors)
