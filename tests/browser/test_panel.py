"""The whole path: a network trains in JupyterLab; a person watches, steers, saves, comes back."""

import ast

import pytest
from playwright.sync_api import expect

from tests.browser.lab import LabServer

SETUP = """\
%load_ext nnkit
import numpy as np
import nnkit

nnkit.seed(0)
rng = np.random.default_rng(0)
x = rng.standard_normal((512, 20)).astype(np.float32)
y = (x[:, :3].sum(1) > 0).astype(int)
model = nnkit.Sequential(nnkit.Linear(20, 64), nnkit.ReLU(), nnkit.Linear(64, 2))
loss = nnkit.CrossEntropyLoss()
optimizer = nnkit.optim.SGD(model.parameters(), lr=0.1)
trainer = nnkit.Trainer(model, loss, optimizer, metrics=["accuracy"])

def train(steps):
    run = nnkit.live(range(steps), model=model, optimizer=optimizer)
    for step in run:
        batch = slice(32 * step % 480, 32 * step % 480 + 32)
        optimizer.zero_grad()
        error = loss(model(x[batch]), y[batch])
        error.backward()
        optimizer.step()
        run.log(loss=error)
"""
FIT = "trainer.fit(x, y, epochs={}, validation_split=0.2)"
FOREVER = FIT.format(1_000_000)
# What JupyterLab's own widget manager says on every page without a kernel, and on some that were
# reloaded while a cell ran.
NO_KERNEL = "Cannot read properties of null (reading 'kernel')"
NO_MODEL = "widget model not found"


class Seen:
    """What a person sees of the panel below one cell."""

    def __init__(self, notebook, cell, nth=0):
        self.notebook = notebook
        self.root = notebook.cell_output(cell).locator(".nnkit").nth(nth)

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def says(self, text):
        expect(self.root).to_contain_text(text, timeout=15_000)

    @property
    def step(self):
        words = self.root.locator(".nnkit-facts").inner_text()
        return int("".join(c for c in words.split("/")[0].split("·")[0] if c.isdigit()))

    def curve(self):
        return self.root.locator("canvas").first.evaluate("(c) => c.toDataURL()")

    def wait_for_step(self, step):
        self.root.page.wait_for_function(
            """([root, step]) => Number(root.querySelector('.nnkit-facts').textContent
                .split('/')[0].replace(/\\D/g, '')) >= step""",
            arg=[self.root.element_handle(), step],
            timeout=15_000,
        )


@pytest.fixture
def trainer(lab, notebook):
    """Open a notebook that begins with SETUP, already run, and return it."""

    def begin(*cells):
        lab.write("train.ipynb", [SETUP, *cells])
        notebook.open("train.ipynb")
        notebook.run_cell(0)
        notebook.wait_idle()
        assert notebook.cell_errors == []
        return notebook

    return begin


def test_watch_pause_step_resume_change_the_rate_stop_save_reopen(lab, trainer):
    notebook = trainer(FOREVER, "dict((e.kind, tuple(e)) for e in trainer.history.events)")
    notebook.run_cell(1)
    panel = Seen(notebook, 1)
    panel.says("Training")

    panel.wait_for_step(20)
    before = panel.curve()
    panel.wait_for_step(panel.step + 50)
    assert panel.curve() != before  # it moves while the cell runs

    panel.press("Pause")
    panel.says("Paused")
    frozen = panel.step
    notebook.page.wait_for_timeout(700)
    assert panel.step == frozen
    panel.press("Step")
    panel.wait_for_step(frozen + 1)
    notebook.page.wait_for_timeout(300)
    assert panel.step == frozen + 1
    panel.root.get_by_role("button", name="Resume").press("Enter")  # keys are not Jupyter's here
    panel.wait_for_step(frozen + 50)

    field = panel.root.get_by_label("learning rate", exact=True)
    field.fill("0.0125")
    field.press("Enter")
    panel.wait_for_step(panel.step + 50)
    panel.press("Stop")
    notebook.wait_idle()
    panel.says("Stopped")  # and is still there to be pointed at
    assert panel.root.locator("canvas:visible").count() == 3  # loss, accuracy, gradient flow

    notebook.run_cell(2)
    notebook.wait_idle()
    events = notebook.cell_output(2).inner_text()
    events = ast.literal_eval(events.partition(":")[2].strip())
    assert events["pause"] == (frozen, "pause", {})
    assert events["resume"] == (frozen + 1, "resume", {})
    assert events["lr"][2] == {"old": 0.1, "new": 0.0125}
    assert events["resume"][0] < events["lr"][0] < events["stop"][0] - 20

    notebook.save()
    assert notebook.console_errors == []
    output, result = lab.saved("train.ipynb")["cells"][1]["outputs"]
    assert set(output["data"]) == {"text/plain", "image/png"}
    assert result["data"]["text/plain"][0].startswith("History(")
    notebook.reopen(kernel=False)
    picture = notebook.cell_output(1).locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(img) => img.complete && img.naturalWidth") == 1440
    assert [e for e in notebook.console_errors if NO_KERNEL not in e] == []


def test_interrupt_ends_the_cell_and_keeps_all(trainer):
    again = FIT.format(2)
    steps = "len(trainer.history)"
    notebook = trainer(
        f"{FOREVER}\nprint('the cell goes on')",
        f"before = {steps}\n{again}\nprint(before > 50, {steps} - before)",
    )
    notebook.run_cell(1)
    Seen(notebook, 1).wait_for_step(50)
    notebook.interrupt()
    notebook.wait_idle()
    expect(notebook.cell_output(1)).to_contain_text("the cell goes on")
    Seen(notebook, 1).says("Interrupted")
    notebook.run_cell(2)
    notebook.wait_idle()
    expect(notebook.cell_output(2)).to_contain_text("True 26")  # 2 epochs of 13 batches
    assert notebook.cell_errors == []
    assert notebook.console_errors == []


def test_two_panels_in_a_cell_and_the_cell_again(trainer):
    notebook = trainer("train(400)\ntrain(400)")
    for _ in range(2):
        notebook.run_cell(1)
        notebook.wait_idle()
        panels = notebook.cell_output(1).locator(".nnkit, img:visible")
        expect(panels).to_have_count(2)
    assert notebook.console_errors == []


def test_after_a_reload_during_the_run_it_can_be_shown_again(lab, trainer):
    notebook = trainer("train(4000)", "%nnkit show")
    notebook.run_cell(1)
    Seen(notebook, 1).wait_for_step(50)
    notebook.save()
    notebook.open("train.ipynb")  # waits until the kernel is idle again
    notebook.run_cell(2)
    notebook.wait_idle()
    panel = Seen(notebook, 2)
    panel.says("step 4 000 / 4 000")
    panel.says("Finished")
    expect(panel.root.locator("canvas:visible")).to_have_count(2)
    expect(notebook.cell_output(2).locator("img")).to_have_count(1)  # which it now stands in for
    notebook.save()
    (output,) = lab.saved("train.ipynb")["cells"][2]["outputs"]
    assert set(output["data"]) == {"text/plain", "image/png"}
    assert [e for e in notebook.console_errors if NO_MODEL not in e] == []


def test_a_view_that_stays_live_fills_itself_after_a_reload(trainer):
    notebook = trainer("%nnkit on live\ntrain(300)")
    notebook.run_cell(1)
    notebook.wait_idle()
    notebook.save()
    notebook.open("train.ipynb")
    panel = Seen(notebook, 1)
    panel.says("step 300 / 300")
    panel.says("Finished")
    expect(panel.root.locator("canvas:visible")).to_have_count(2)
    assert notebook.console_errors == []


def test_a_kernel_that_cannot_hear_says_so(open_notebook, browser, tmp_path):
    deaf = {"@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"}}
    with LabServer(tmp_path, settings=deaf) as server:
        server.write("deaf.ipynb", [SETUP, FOREVER])
        notebook = open_notebook(server)
        notebook.open("deaf.ipynb")
        notebook.run_all()
        panel = Seen(notebook, 1)
        warning = panel.root.get_by_role("alert")
        expect(warning).to_contain_text("interrupt the kernel", timeout=15_000)
        notebook.interrupt()
        notebook.wait_idle()
        panel.says("Interrupted")
        assert notebook.console_errors == []
