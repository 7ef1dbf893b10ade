"""A real JupyterLab in a real browser: what the browser tests drive.

How to write a test::

    def test_curve_moves(lab, notebook):
        lab.write("run.ipynb", ["%load_ext nnkit", "model = ...", "trainer.fit(x, y)"])
        notebook.open("run.ipynb")              # a kernel starts
        notebook.run_cell(0)                    # starts the cell and returns at once
        notebook.wait_idle()                    # every started cell has ended
        notebook.run_cell(2)
        notebook.cell_output(2).get_by_role("button", name="Pause").click()
        ...
        notebook.save()
        notebook.reopen(kernel=False)           # a fresh page on the saved file, no kernel anywhere
        assert notebook.cell_output(2).locator("img").count() == 1
        assert not notebook.console_errors

The fixtures live in ``conftest.py`` beside this file:

``lab``
    The `LabServer` that all browser tests share. `LabServer.write` makes a notebook from cell
    sources, `LabServer.copy` brings one from the repository, `LabServer.saved` reads one back.
``notebook``
    A `Notebook` in a fresh, empty browser profile; its kernels end with the test.
``open_notebook``
    Makes such a `Notebook` on a server with JupyterLab settings of its own (`QUIET` shows the
    form): ``with LabServer(tmp_path, settings=...) as other: notebook = open_notebook(other)``.

Cells are counted from 0 and include the markdown cells, as in the file. ``notebook.page`` is the
playwright page, with all that playwright offers: ``notebook.page.evaluate``,
``expect(locator).to_have_text``, ``page.wait_for_function``. When a test fails, a screenshot, the
console and the server's log are saved and their folder is printed.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

START_TIMEOUT = 90.0  # seconds; a cold start on a loaded two-core machine takes 10 to 20
CELL_TIMEOUT = 60.0

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",  # /dev/shm is tiny in containers
    "--disable-quic",
    "--disable-background-networking",  # nothing here may depend on, or wait for, the network
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)

# JupyterLab settings by plug-in: no pop-ups, and a file changes only when a test saves it.
QUIET = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}

# Console errors that JupyterLab itself causes on a healthy page. One line each, with the reason.
BENIGN_ERRORS: tuple[str, ...] = ()


def find_chromium():
    """Return the path of ``$CHROMIUM`` if set, else of the first on the PATH, else None."""
    wanted = os.environ.get("CHROMIUM")
    names = (wanted,) if wanted else CHROMIUM_NAMES
    return next((path for path in map(shutil.which, names) if path), None)


class LabServer:
    """JupyterLab on loopback with its own folder, settings and token, untouched by the user's own.

    Parameters
    ----------
    folder : Path
        An empty folder for all this server reads and writes; notebooks are in ``folder/notebooks``.
    settings : dict of str to dict, optional
        JupyterLab settings by plug-in id, on top of `QUIET`.
    """

    def __init__(self, folder, settings=None):
        self.folder = Path(folder)
        self.root = self.folder / "notebooks"
        self.log = self.folder / "server.log"
        self.token = secrets.token_hex(16)
        self.url = None
        self._process = None
        self._settings = {**QUIET, **(settings or {})}

    def __enter__(self):
        self.root.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc):
        if self.url is not None and self._process.poll() is None:
            self.shutdown_kernels()
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # Kernels watch their parent, so they end with the server even here.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def write(self, name, sources):
        """Write the notebook `name`: a code cell per source, or markdown for a 1-tuple."""
        cells = [
            _cell("markdown", source[0]) if isinstance(source, tuple) else _cell("code", source)
            for source in sources
        ]
        kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = {
            "cells": [{**cell, "id": f"cell-{index}"} for index, cell in enumerate(cells)],
            "metadata": {"kernelspec": kernelspec},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = self.root / name
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
        return path

    def copy(self, source):
        """Copy a notebook of the repository into this server's folder and return its path."""
        return Path(shutil.copy(source, self.root))

    def saved(self, name):
        """Return the notebook `name` as it now is on disk, as a dict in the nbformat 4 layout."""
        return json.loads((self.root / name).read_text(encoding="utf-8"))

    def shutdown_kernels(self):
        """End every session and kernel."""
        for session in self.request("api/sessions"):
            self.request(f"api/sessions/{session['id']}", method="DELETE")
        for kernel in self.request("api/kernels"):
            self.request(f"api/kernels/{kernel['id']}", method="DELETE")

    def request(self, path, method="GET"):
        """Call the server's REST interface and return the decoded answer, None if empty."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(self.url + path, headers=headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            body = response.read()
        return json.loads(body) if body else None

    def _command(self):
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": _free_port(),
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "ServerApp.root_dir": self.root,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,  # window.jupyterapp, which Notebook talks to
            "LabApp.news_url": None,
            # Should the tests be killed, nothing is left behind for long.
            "ServerApp.shutdown_no_activity_timeout": 600,
            "MappingKernelManager.cull_idle_timeout": 600,
        }
        return [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]

    def _environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))}
        return kept | {
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.folder / "workspaces"),
            "IPYTHONDIR": str(self.folder / "ipython"),
            # First place to look for kernels: "python3" is the Python that runs the tests.
            "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"),
        }

    def _write_settings(self):
        for plugin, values in self._settings.items():
            package, name = plugin.rsplit(":", 1)
            path = self.folder / "settings" / package / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values), encoding="utf-8")

    def _wait_until_up(self):
        info = self.folder / "runtime" / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.url = json.loads(info.read_text(encoding="utf-8"))["url"]
                self.request("api/status")
                return
            except (OSError, ValueError, urllib.error.URLError):
                time.sleep(0.1)
        self.url = None
        tail = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"JupyterLab did not come up. The end of its log:\n{tail}")


class Notebook:
    """One notebook in one browser page, in a JupyterLab started by `LabServer`."""

    def __init__(self, page, server):
        self.page = page
        self.server = server
        self.name = None
        self._console = []
        page.on("console", self._keep_console)
        page.on("pageerror", lambda error: self._console.append(("error", f"uncaught: {error}")))

    def open(self, name, kernel=True):
        """Load a fresh page on the notebook `name`; with ``kernel=False`` none is started."""
        self.name = name
        self.page.goto(f"{self.server.url}lab?reset&token={self.server.token}")
        self.page.wait_for_function("window.jupyterapp", timeout=START_TIMEOUT * 1000)
        self.page.evaluate(_OPEN, {"path": name, "kernelPreference": {"shouldStart": kernel}})
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=START_TIMEOUT * 1000)
        if kernel:
            self.wait_idle(START_TIMEOUT)

    def reopen(self, kernel=True):
        """End the kernel, then load a fresh page on the file as it was last saved."""
        self.server.shutdown_kernels()
        self.open(self.name, kernel=kernel)

    def run_all(self):
        """Start all cells and return at once."""
        self.page.evaluate(_START, {"command": "notebook:run-all-cells"})

    def run_cell(self, index):
        """Start cell `index` and return at once."""
        self.page.evaluate(_START, {"command": "notebook:run-cell", "cell": index})

    def wait_idle(self, timeout=CELL_TIMEOUT):
        """Wait until every started cell has ended; raise `TimeoutError` after `timeout` s."""
        from playwright.sync_api import TimeoutError as PlaywrightTimeout

        try:
            self.page.wait_for_function(_IDLE, timeout=timeout * 1000, polling=50)
        except PlaywrightTimeout:
            raise TimeoutError(f"{self.name} was still running after {timeout:g} s") from None

    def interrupt(self):
        """Press Jupyter's Interrupt button and return at once."""
        self.page.locator('jp-button[data-command="notebook:interrupt-kernel"]').click()

    def save(self):
        """Save, as Ctrl+S does, and return when the file is written."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    @property
    def kernel_status(self):
        """What JupyterLab believes of the kernel: idle, busy, ... or "none" without one.

        It may lag behind the truth; `wait_idle` is what to wait for.
        """
        return self.page.evaluate(f"() => ({_STATUS})() ?? 'none'")

    def cell(self, index):
        """Return the locator of cell `index`, input and output."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def cell_output(self, index):
        """Return the locator of the output area of cell `index`."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    @property
    def cell_errors(self):
        """The exceptions that cells ended with, as ``"Name: message"``."""
        return self.page.evaluate(_CELL_ERRORS)

    @property
    def console(self):
        """All the browser console said so far, as ``"type: text"``."""
        return [f"{kind}: {text}" for kind, text in self._console]

    @property
    def console_errors(self):
        """The console's errors and uncaught exceptions, without those of `BENIGN_ERRORS`."""
        errors = [text for kind, text in self._console if kind == "error"]
        return [text for text in errors if not any(known in text for known in BENIGN_ERRORS)]

    def screenshot(self, path):
        """Save a PNG of the visible page."""
        self.page.screenshot(path=path)

    def save_evidence(self, folder):
        """Save screenshot, console and server log into `folder`, to look at after a failure."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "console.txt").write_text("\n".join(self.console) + "\n", encoding="utf-8")
        shutil.copy(self.server.log, folder / "server.log")
        self.screenshot(folder / "page.png")

    def _keep_console(self, message):
        where = message.location.get("url", "")
        self._console.append((message.type, f"{message.text} ({where})"))


def evidence_folder():
    """Return a new folder for what failures leave, inside ``$NNKIT_BROWSER_EVIDENCE`` if set."""
    parent = os.environ.get("NNKIT_BROWSER_EVIDENCE")
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="nnkit-browser-", dir=parent))


def _cell(kind, source):
    cell = {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# The page side. Cells are started through JupyterLab's commands, as its menu and keys do.
_STATUS = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status"
_OPEN = """async options => {
    await window.jupyterapp.restored;
    const panel = await window.jupyterapp.commands.execute('docmanager:open', options);
    window.commandsUnderWay = 0;
    await panel.context.ready;
    await panel.revealed;
    await panel.sessionContext.ready;
}"""
_START = """({command, cell}) => {
    if (cell !== undefined) window.jupyterapp.shell.currentWidget.content.activeCellIndex = cell;
    window.commandsUnderWay += 1;
    const done = () => { window.commandsUnderWay -= 1; };
    window.jupyterapp.commands.execute(command).then(done, done);
}"""
_IDLE = """() => {
    const panel = window.jupyterapp.shell.currentWidget;
    const waiting = [...panel.node.querySelectorAll('.jp-InputPrompt')]
        .some(prompt => prompt.textContent.includes('[*]'));
    const status = panel.sessionContext.session?.kernel?.status;
    return window.commandsUnderWay === 0 && !waiting && status === 'idle';
}"""
_CELL_ERRORS = """() => window.jupyterapp.shell.currentWidget.model.sharedModel.cells
    .flatMap(cell => cell.outputs ?? [])
    .filter(output => output.output_type === 'error')
    .map(output => `${output.ename}: ${output.evalue}`)"""
