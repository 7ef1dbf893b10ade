"""Fixtures of the browser tests: one Chromium and one JupyterLab for all, a fresh page for each."""

import contextlib
import os
import signal

import pytest

from tests.browser.lab import LabServer, Notebook, evidence_folder, find_chromium

REQUIRED = os.environ.get("NNKIT_REQUIRE_BROWSER", "0") not in ("", "0")
_pages = pytest.StashKey[list[Notebook]]()


@pytest.fixture(scope="package")
def browser():
    """A headless Chromium; without one the test is skipped, or fails if NNKIT_REQUIRE_BROWSER=1."""
    executable = find_chromium()
    if executable is None:
        give_up = pytest.fail if REQUIRED else pytest.skip
        give_up("no Chromium: install the package chromium, or set CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    from tests.browser.lab import CHROMIUM_FLAGS

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, headless=True, args=list(CHROMIUM_FLAGS)
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def lab(browser, tmp_path_factory):
    """The JupyterLab that the browser tests share."""
    # A killed test run ends its server and kernels, as an interrupted one does.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with LabServer(tmp_path_factory.mktemp("lab")) as server:
        yield server
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def open_notebook(browser, request):
    """Return a function that opens a `Notebook` on a server, in a browser profile of its own."""
    pages = request.node.stash[_pages] = []
    with contextlib.ExitStack() as stack:

        def make(server):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            stack.callback(context.close)
            pages.append(Notebook(context.new_page(), server))
            return pages[-1]

        yield make


@pytest.fixture
def notebook(lab, open_notebook):
    """A `Notebook` on the shared JupyterLab; its kernels end with the test."""
    yield open_notebook(lab)
    lab.shutdown_kernels()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed:
        for notebook in item.stash.get(_pages, []):
            folder = evidence_folder()
            notebook.save_evidence(folder)
            report.sections.append(("browser", f"screenshot and console: {folder}"))
    return report


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    if any("no Chromium" in str(report.longrepr) for report in skipped):
        terminalreporter.write_line("skipped: no Chromium (the browser tests did not run)")
