"""Anomaly mode names the cell and the line, in a shell and in a kernel of its own."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

MODEL = """\
import numpy as np

def model(w):
    z = np.exp(-w)
    return np.log(z - 1.0)
"""
USE = """\
from autograd_core import detect_anomaly, tensor

w = tensor([0.0, 1.0], requires_grad=True)
with np.errstate(all="ignore"), detect_anomaly():
    model(w)
"""
HERE = """\
with np.errstate(all="ignore"), detect_anomaly():
    x = w * 1.0

    np.stack([np.sqrt(v) for v in x]).sum().backward()
"""


def test_the_cell_and_the_line_in_a_kernel() -> None:
    cells = [nbformat.v4.new_code_cell(text) for text in ("1 + 1", MODEL, USE, HERE)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    NotebookClient(notebook, timeout=120, allow_errors=True).execute()
    in_model, in_list = (cell.outputs[-1] for cell in cells[2:])
    assert in_model.ename == in_list.ename == "NonFiniteError"
    assert "np.log(" in in_model.evalue and "made the first" in in_model.evalue
    assert "Cell In[2], line 5: return np.log(z - 1.0)" in in_model.evalue
    assert "the backward pass of np.sqrt" in in_list.evalue
    assert (
        "Cell In[4], line 4: np.stack([np.sqrt(v) for v in x]).sum().backward()" in in_list.evalue
    )


@pytest.mark.parametrize(
    ("cell", "number", "line"),
    [
        ("f = lambda v: np.sqrt(v)\n\nf(x).sum().backward()", 1, "f = lambda v: np.sqrt(v)"),
        ("y = [np.log(v)\n     for v in x]", 1, "y = [np.log(v)"),
        ("async def g(v):\n    return np.log(v)\nawait g(x)", 2, "return np.log(v)"),
        ("import functools\nfunctools.partial(\n    np.log\n)(x)", 2, ""),
        ("import imported_model\nimported_model.loss(x)", 5, "return 1.0 / x  # born here"),
    ],
    ids=["lambda", "list", "async", "partial", "module"],
)
def test_the_line_in_a_cell_or_a_module(shell, tmp_path, monkeypatch, cell, number, line) -> None:
    module = "import numpy as np\n\n\ndef loss(x):\n    return 1.0 / x  # born here\n"
    (tmp_path / "nnkit").mkdir()  # a folder of the user's that has our name
    (tmp_path / "nnkit" / "imported_model.py").write_text(module)
    monkeypatch.syspath_prepend(str(tmp_path / "nnkit"))
    shell.run_cell(
        "import numpy as np\nfrom autograd_core import detect_anomaly, tensor\n"
        "x = tensor([0.0], requires_grad=True)",
        store_history=True,
    )
    body = "\n".join("    " + text for text in cell.splitlines())
    start = 'with np.errstate(all="ignore"), detect_anomaly():\n'
    result = shell.run_cell(start + body, store_history=True)
    assert type(result.error_in_exec).__name__ == "NonFiniteError", result
    found = re.search(r".* in (.*), line (\d+)(?:: (.*))?$", str(result.error_in_exec))
    assert found, str(result.error_in_exec)
    place, told, text = found.groups()
    if "imported_model" in cell:
        assert place.endswith("imported_model.py") and int(told) == number
    else:
        assert place == "Cell In[2]" and int(told) == number + 1
    assert (text or "").startswith(line)
