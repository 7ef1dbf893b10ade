"""Without a browser: a run ends as a picture that nbval, nbconvert and any reader can see."""

import json
import re
import subprocess
import sys

import pytest

pytest.importorskip("nbclient")

VIEW = "application/vnd.jupyter.widget-view+json"
TRAIN = """\
run = live(range(200), epochs=2, name="a run")
for x in run:
    run.log(loss=1 / run.step, accuracy=x / 200, **{"grad/a": 1.0, "ratio/a": 1e-3, "dead/a": 0.0})
run.history"""
CELLS = (
    "%load_ext nnkit\nfrom nnkit import live",
    TRAIN,
    "for _ in range(2):\n    for _ in (run := live(range(3))): run.log(loss=1.0)",
    "%nnkit show",
    "%%nnkit off\nfor _ in (run := live(range(3))): run.log(loss=1.0)\nrun",
    "%nnkit on live\nfor _ in (run := live(range(3))): run.log(loss=1.0)",
    "%nnkit help",
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The path of a notebook run by `jupyter execute`."""
    path = tmp_path_factory.mktemp("batch") / "run.ipynb"
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{index}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for index, source in enumerate(CELLS)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4}
    path.write_text(json.dumps({**notebook, "nbformat_minor": 5}), encoding="utf-8")
    command = [sys.executable, "-m", "jupyter", "execute", "--inplace", str(path)]
    subprocess.run(command, check=True, capture_output=True, cwd=path.parent)
    return path


def outputs(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell["outputs"] for cell in notebook["cells"]], notebook["metadata"]


def test_each_run_left_one_picture(executed):
    cells, metadata = outputs(executed)
    kinds = [[sorted(o["data"]) for o in cell if "data" in o] for cell in cells]
    picture = ["image/png", "text/plain"]
    assert kinds == [
        [],
        [picture, ["text/plain"]],
        [picture, picture],
        [picture],
        [["text/plain"]],
        [[VIEW, *picture]],
        [],
    ]
    shown = [o for cell in cells for o in cell if "image/png" in o.get("data", {})]
    assert all(len(o["data"]["image/png"]) > 5_000 for o in shown)
    assert all(o["metadata"]["image/png"] == {"width": 960} for o in shown)
    assert "widgets" in metadata  # stored by jupyter execute, and no danger to the pictures


def test_the_text_has_nothing_that_changes(executed):
    cells, _ = outputs(executed)
    first, second = cells[1]
    assert "".join(first["data"]["text/plain"]) == "nnkit live view of a run"
    assert "".join(second["data"]["text/plain"]) == (
        "History(400 steps: loss, accuracy; gradient flow of 1 layers)"
    )


def test_nbval_finds_no_difference(executed):
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, executed.name], cwd=executed.parent, capture_output=True, text=True
    )
    assert f"{len(CELLS)} passed" in done.stdout, done.stdout


@pytest.mark.parametrize("state", ["stored", "not stored"])
def test_nbconvert_shows_the_pictures(executed, state):
    nbformat = pytest.importorskip("nbformat")
    exporters = pytest.importorskip("nbconvert.exporters")
    notebook = nbformat.read(executed, 4)
    if state == "not stored":
        del notebook.metadata["widgets"]
    html, _ = exporters.HTMLExporter().from_notebook_node(notebook)
    pictures = re.findall(r'<img[^>]*src="data:image/png;base64,([^"]*)"', html)
    # The one that was asked to stay live gives way to its view where widget state is stored.
    assert len(pictures) == (4 if state == "stored" else 5)
    assert all(len(picture) > 5_000 for picture in pictures)
